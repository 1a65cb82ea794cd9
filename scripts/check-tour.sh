#!/usr/bin/env bash
# Pastes the README's tour into a fresh shell, as a newcomer would, and checks what it prints. Needs a running server at
# http://127.0.0.1:3000, the address that the tour names.
set -euo pipefail
cd "$(dirname "$0")/.."

tour=$(mktemp)
printed=$(mktemp)
trap 'rm -f "$tour" "$printed"' EXIT
awk '/<!-- tour:begin -->/ { inside = 1 } /<!-- tour:end -->/ { inside = 0 } inside && /^```/ { code = !code; next } inside && code' README.md >"$tour"
[[ -s $tour ]] || { echo "README.md has no tour" >&2; exit 1; }

# A fresh shell: nothing of this one but where cargo is.
timeout 300 env -i HOME="$HOME" PATH="$PATH" TERM="${TERM:-dumb}" \
  ${CARGO_HOME:+CARGO_HOME="$CARGO_HOME"} ${CARGO_TARGET_DIR:+CARGO_TARGET_DIR="$CARGO_TARGET_DIR"} ${RUSTUP_HOME:+RUSTUP_HOME="$RUSTUP_HOME"} \
  bash --noprofile --norc <"$tour" >"$printed" 2>&1 || { cat "$printed"; echo "the tour ended with a failure" >&2; exit 1; }
cat "$printed"

for wanted in '"event":"resumed"' '"event":"message:received"' '"content":"Hello Bob"' '"seq":1' '"pagination"'; do
  grep -qF -- "$wanted" "$printed" || { echo "the tour does not print $wanted" >&2; exit 1; }
done
echo "tour: works"
