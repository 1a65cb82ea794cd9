#!/usr/bin/env bash
# Measures a release build of the server: scripts/bench.sh [all|fanout|idle|send|history] [options], --help for these. Needs the programs of
# PostgreSQL for what is measured on it, and sqlite3 for `history` on the embedded database. See docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
cargo build --release --quiet --package chat-server --package chat-bench
exec "$target/release/chat-bench" --server "$target/release/chat-server" "${@:-all}"
