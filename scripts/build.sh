#!/usr/bin/env bash
# Builds the server for production: one file, chat-server in target/release.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
cargo build --release --package chat-server "$@"
ls -lh "$target/release/chat-server"
