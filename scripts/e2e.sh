#!/usr/bin/env bash
# Runs the tests against the real server binary. Arguments filter tests by name: scripts/e2e.sh resume
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-clients.sh
if cargo nextest --version >/dev/null 2>&1; then
  # Not --package, which would build dependencies again that scripts/test.sh has built with more features.
  exec cargo nextest run --workspace --test it -E 'package(chat-server)' "$@"
fi
exec cargo test --package chat-server --test it -- "$@"
