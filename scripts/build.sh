#!/usr/bin/env bash
# Builds the server for production: one file, target/release/chat-server.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --package chat-server "$@"
ls -lh target/release/chat-server
