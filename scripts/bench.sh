#!/usr/bin/env bash
# Measures a release build of the server beside other servers: scripts/bench.sh [all|SCENARIO] [options];
# --help lists the options.
# `all` measures every scenario with its defaults and stores the figures in target/bench. Needs Node with npm, the
# PostgreSQL programs, and sqlite3 for `history` and `lists` on the embedded database. See docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

bench() {
  "$target/release/chat-bench" --server "$target/release/chat-server" --peers "$target/peers" "$@"
}

scripts/install-peers.sh
cargo build --release --quiet --package chat-server --package chat-bench
[[ ${1:-all} == all ]] || { bench "$@"; exit; }
mkdir -p "$target/bench"
for scenario in fanout "fanout --pipelined --members 1000 --in-flight 16" "rooms --rounds 2" "latency --seconds 10" \
  idle "send --by rest,socket" "send --store postgres" history lists reconnect-storm \
  "reconnect-storm --store sqlite" mixed "mixed --store postgres"; do
  read -ra words <<<"$scenario"
  bench "${words[@]}" --json "$target/bench/$(tr -cs 'a-z0-9\n' - <<<"$scenario").json"
done
