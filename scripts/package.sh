#!/usr/bin/env bash
# Packages every published crate in dependency order and builds each from its package. Uploads nothing.
# Checks the documentation, and with cargo-semver-checks the public interfaces against the last release: the newest tag
# before this commit, or the revision BASELINE. Takes about as long as a cold build. Use --list to create the packages
# without building them.
set -euo pipefail
cd "$(dirname "$0")/.."

unpublished=(chat-bench chat-blackbox chat-testkit)
verify=()
[[ ${1:-} == --list ]] && verify=(--no-verify)

echo "==> Documentation without warnings"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --workspace

echo "==> Packages"
cargo package --quiet --workspace "${unpublished[@]/#/--exclude=}" ${verify[@]+"${verify[@]}"}
for package in "${CARGO_TARGET_DIR:-target}"/package/*.crate; do
  # Cargo packages a symbolic link as its target: check that each package has the files that its crate embeds.
  files=$(tar tzf "$package")
  name=$(basename "$package" .crate)
  for needed in README.md LICENSE-MIT LICENSE-APACHE; do
    grep -q "^$name/$needed$" <<<"$files" || { echo "$name: $needed is missing" >&2; exit 1; }
  done
  case $name in
    chat-sqlite-* | chat-postgres-*) needed="/migrations/[^/]*/up.sql$" ;;
    chat-http-*) needed="/openapi.json$" ;;
    *) needed="/src/" ;;
  esac
  grep -q "^$name$needed" <<<"$files" || { echo "$name: no file matches $needed" >&2; exit 1; }
  echo "$name: $(wc -l <<<"$files") files"
done

baseline=${BASELINE:-$(git describe --tags --abbrev=0 HEAD^ 2>/dev/null || true)}
if [[ -z $baseline ]]; then
  echo "There is no tag of a release: public interfaces were not compared (BASELINE names another revision)."
elif cargo semver-checks --version >/dev/null 2>&1; then
  echo "==> Public interfaces, compared with $baseline"
  cargo semver-checks --workspace "${unpublished[@]/#/--exclude=}" --baseline-rev "$baseline"
else
  echo "cargo-semver-checks is not installed: public interfaces were not compared (cargo install cargo-semver-checks)."
fi
