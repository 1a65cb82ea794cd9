#!/usr/bin/env bash
# Formats all code.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all "$@"
