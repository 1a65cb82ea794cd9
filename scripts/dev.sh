#!/usr/bin/env bash
# Starts the server, and restarts it whenever a source file changes.
# Uses cargo-watch if it is installed (cargo install cargo-watch), else checks for changes every second.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

if cargo watch --version >/dev/null 2>&1; then
  exec cargo watch --watch crates --watch migrations --watch Cargo.toml --watch .env --exec run
fi

echo "cargo-watch is not installed (cargo install cargo-watch): checking for changes every second instead."
server=
stop() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
  fi
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

started=$(mktemp)
while true; do
  touch "$started"
  # Builds before it stops the old server, so that a build error does not stop the server.
  if cargo build --quiet --bin chat-server; then
    stop
    "$target/debug/chat-server" &
    server=$!
  fi
  until [[ -n $(find crates migrations Cargo.toml .env -newer "$started" -type f -print -quit 2>/dev/null) ]]; do
    sleep 1
  done
  echo "A file changed: building."
done
