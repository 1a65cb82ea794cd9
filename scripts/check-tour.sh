#!/usr/bin/env bash
# Pastes the README's tour into fresh interactive shells (bash, zsh, dash), as a new user would, and checks its output.
# Needs a running server at http://127.0.0.1:3000, the address that the tour names.
set -euo pipefail
cd "$(dirname "$0")/.."

tour=$(mktemp)
printed=$(mktemp)
trap 'rm -f "$tour" "$printed"' EXIT
awk '
  /<!-- tour:begin -->/ { inside = 1 }
  /<!-- tour:end -->/ { inside = 0 }
  inside && /^```/ { code = !code; next }
  inside && code
' README.md >"$tour"
[[ -s $tour ]] || { echo "README.md has no tour" >&2; exit 1; }

# A fresh shell inherits only the settings of cargo: with others, cargo would build the server again.
inherited=(HOME="$HOME" PATH="$PATH" TERM="${TERM:-dumb}")
for name in $(compgen -e); do
  case $name in CARGO_* | RUSTUP_* | RUSTFLAGS) inherited+=("$name=${!name}") ;; esac
done

paste_into() {
  timeout 300 env -i "${inherited[@]}" "$@" <"$tour" >"$printed" 2>&1 ||
    { cat "$printed"; echo "the tour fails in $*" >&2; exit 1; }
  for wanted in '"event":"resumed"' '"event":"message:received"' '"content":"Hello Bob"' '"seq":1' '"pagination"'; do
    grep -qF -- "$wanted" "$printed" || { cat "$printed"; echo "the tour does not print $wanted in $*" >&2; exit 1; }
  done
  if grep -E 'not found|no matches|parse error|[Ss]yntax error' "$printed"; then
    echo "the tour prints a shell error in $*" >&2
    exit 1
  fi
}

paste_into bash --noprofile --norc -i
cat "$printed"
paste_into zsh -f -i
paste_into dash -i
echo "tour: works in bash, zsh and dash"
