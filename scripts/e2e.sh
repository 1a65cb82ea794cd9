#!/usr/bin/env bash
# Runs the tests against the real server binary. Arguments filter tests by name: scripts/e2e.sh resume
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-clients.sh
if cargo nextest --version >/dev/null 2>&1; then
  exec cargo nextest run --package chat-server --test it "$@"
fi
exec cargo test --package chat-server --test it -- "$@"
