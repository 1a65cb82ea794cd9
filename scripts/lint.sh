#!/usr/bin/env bash
# Checks the form of all code: formatting, clippy without warnings, unused dependencies, the length of lines, and the
# scripts' syntax.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all --check
cargo clippy --quiet --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --workspace
scripts/unused-dependencies.sh
scripts/line-length.sh
for script in scripts/*.sh .ci/run; do
  bash -n "$script"
done
echo "lint: clean"
