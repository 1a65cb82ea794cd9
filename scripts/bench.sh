#!/usr/bin/env bash
# Measures a release build of the server beside an official Socket.IO server: scripts/bench.sh [all|SCENARIO] [options];
# --help lists the options.
# `all` measures every scenario with its defaults and stores the figures in target/bench. Needs Node with npm, the
# PostgreSQL programs, and sqlite3 for `history` and `lists` on the embedded database. See docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

# Installs the locked versions of the peer. A copy of the lock file, written last, marks a complete installation.
install_peers() {
  local from=crates/chat-bench/peers to=$target/peers
  mkdir -p "$to"
  cp "$from/package.json" "$from/package-lock.json" "$from/socketio.mjs" "$to"
  if ! cmp -s "$from/package-lock.json" "$to/node_modules/.installed"; then
    (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$from/package-lock.json" "$to/node_modules/.installed"
  fi
}

bench() {
  "$target/release/chat-bench" --server "$target/release/chat-server" "$@"
}

install_peers
cargo build --release --quiet --package chat-server --package chat-bench
[[ ${1:-all} == all ]] || { bench "$@"; exit; }
mkdir -p "$target/bench"
for scenario in fanout burst "burst --steady" "latency --seconds 10" idle send "send --store postgres" history lists \
  reconnect-storm "reconnect-storm --store sqlite" mixed "mixed --store postgres"; do
  read -ra words <<<"$scenario"
  bench "${words[@]}" --json "$target/bench/$(tr -cs 'a-z0-9\n' - <<<"$scenario").json"
done
