#!/usr/bin/env bash
# Tries an upgrade from the previous release to this one, and the way back: three nodes on one PostgreSQL and one Redis
# are replaced one after the other while clients send, listen and change groups. Fails if a message is lost, repeated or
# out of order. Run it before a release: scripts/mixed-release.sh [revision]
#
# The previous release is the given revision, or else the newest tag before this commit.
set -euo pipefail
cd "$(dirname "$0")/.."

revision=${1:-$(git describe --tags --abbrev=0 HEAD^ 2>/dev/null || true)}
if [[ -z $revision ]]; then
  echo "There is no tag: name the revision of the previous release." >&2
  exit 2
fi
commit=$(git rev-parse --verify --quiet "$revision^{commit}") || { echo "There is no revision $revision." >&2; exit 2; }

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
previous=$target/previous-release
source=$previous/source-$commit
trap 'git worktree remove --force "$source" 2>/dev/null || true' EXIT
[[ -d $source ]] || git worktree add --quiet --detach "$source" "$commit"

echo "==> Building the previous release, $revision"
CARGO_TARGET_DIR=$previous cargo build --quiet --bin chat-server --manifest-path "$source/Cargo.toml"
echo "==> Building this release"
CARGO_TARGET_DIR=$target cargo build --quiet --bin chat-server
echo "==> Replacing nodes"
CARGO_TARGET_DIR=$target cargo run --quiet --example mixed_release -- \
  "$previous/debug/chat-server" "$target/debug/chat-server"
