#!/usr/bin/env bash
# Starts the server, and starts it anew whenever a source file changes.
# Uses cargo-watch where it is installed (cargo install cargo-watch), else looks for changes every second.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

if cargo watch --version >/dev/null 2>&1; then
  exec cargo watch --watch crates --watch migrations --watch Cargo.toml --watch .env --exec 'run --package chat-server'
fi

echo "cargo-watch is not installed (cargo install cargo-watch): looking for changes every second instead."
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
  # The new build is made before the old server stops, so that a fault in the code does not end it.
  if cargo build --quiet --package chat-server; then
    stop
    "$target/debug/chat-server" &
    server=$!
  fi
  until [[ -n $(find crates migrations Cargo.toml .env -newer "$started" -type f -print -quit 2>/dev/null) ]]; do
    sleep 1
  done
  echo "A file changed: building."
done
