#!/usr/bin/env bash
# Shows that tests detect faults: leaves out idempotency, resume or repair in the cluster test, or one kind of event
# after the other when a client catches up, and succeeds if the test then reports faults. See docs/testing.md.
set -euo pipefail
cd "$(dirname "$0")/.."
mechanism=${1:-}
test=cluster::faults::nothing_is_lost_or_repeated_while_a_node_redis_and_postgres_are_killed
source=.

if [ "$mechanism" = changes ]; then
  test=catching_up::a_snapshot_and_the_changes_after_it_equal_a_fresh_snapshot_on_sqlite
  events="message:received message:updated message:deleted conversation:updated"
  for event in $events participant:added participant:updated participant:removed; do
    export CHAT_CATCHING_UP_WITHOUT=$event
    if output=$(cargo test --quiet --package chat-server --test it "$test" -- --exact 2>&1); then
      echo "without $event: NO FAULT WAS DETECTED" >&2
      exit 1
    fi
    if ! grep -a 'differences, the first of them' <<<"$output"; then
      tail -n 50 <<<"$output" >&2
      echo "without $event: the run failed, but the test reported no differences" >&2
      exit 1
    fi
    echo "without $event: differences detected"
  done
  exit 0
fi

case $mechanism in
  idempotency | resume) export CHAT_CLUSTER_WITHOUT=$mechanism ;;
  repair)
    copy=$(mktemp -d)
    trap 'git worktree remove --force "$copy" 2>/dev/null; rm -rf "$copy"' EXIT
    git worktree add --quiet --detach "$copy" HEAD
    git -C "$copy" apply -C1 crates/chat-server/tests/it/cluster/without-repair.patch
    # A separate target folder: cargo would take the copy's output for that of the original.
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/without-repair
    source=$copy
    ;;
  *)
    echo "usage: scripts/without.sh idempotency|resume|repair|changes" >&2
    exit 2
    ;;
esac

output=$(mktemp)
if (cd "$source" && cargo test --quiet --package chat-server --test it "$test" -- --exact --nocapture) \
  >"$output" 2>&1; then
  echo "without $mechanism: NO FAULT WAS DETECTED" >&2
  exit 1
fi
if ! grep -a -q 'faults, the first of them' "$output"; then
  tail -n 50 "$output" >&2
  echo "without $mechanism: the run failed, but the test reported no faults" >&2
  exit 1
fi
grep -a 'sends acked\|messages stored' "$output"
grep -a -A 12 'faults, the first' "$output" | tail -n 12
echo "without $mechanism: faults detected"
