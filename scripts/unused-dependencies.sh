#!/usr/bin/env bash
# Finds dependencies that a crate lists in its Cargo.toml but does not use, and entries of the workspace's table that no
# crate lists. It only reads text, so it takes less than a second and needs no build.
set -euo pipefail
cd "$(dirname "$0")/.."

# Dependencies that a crate lists only to enable their features: "crate dependency".
exceptions=(
  # Builds SQLite from source (its feature `bundled`).
  "chat-sqlite libsqlite3-sys"
)

# The names in the sections of a manifest whose heading matches a pattern.
names() {
  awk -v heading="$2" '
    /^\[/ { inside = $0 ~ heading }
    inside && match($0, /^[A-Za-z0-9_-]+/) { print substr($0, 1, RLENGTH) }
  ' "$1"
}

# Whether Rust code below these folders names the library, comments aside.
uses() {
  local library=${1//-/_}
  shift
  local pattern="(^|[^A-Za-z0-9_:])(r#)?$library(::|!)|(use|extern crate) $library( as |;)"
  grep -qvE '^[[:space:]]*//' <(grep -rhE --include='*.rs' "$pattern" "$@" 2>/dev/null)
}

found=0
report() {
  echo "$1" >&2
  found=1
}

for manifest in crates/*/Cargo.toml; do
  folder=${manifest%/Cargo.toml}
  crate=${folder#crates/}
  for dependency in $(names "$manifest" '^\[(target\..*\.)?dependencies\]'); do
    [[ " ${exceptions[*]-} " == *" $crate $dependency "* ]] && continue
    uses "$dependency" "$folder/src" || report "$manifest: unused dependency $dependency"
  done
  for dependency in $(names "$manifest" '^\[(target\..*\.)?dev-dependencies\]'); do
    uses "$dependency" "$folder" || report "$manifest: unused dev-dependency $dependency"
  done
done
for dependency in $(names Cargo.toml '^\[workspace\.dependencies\]'); do
  grep -qE "^$dependency( |\.|=)" crates/*/Cargo.toml || report "Cargo.toml: no crate uses $dependency"
done
exit "$found"
