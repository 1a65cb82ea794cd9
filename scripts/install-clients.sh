#!/usr/bin/env bash
# Installs the packages for the tests with clients of other languages into target/clients: Node packages and Python
# environments, in the versions that docs/examples and scripts/documents lock. Does nothing if they are installed. As
# root on Debian and Ubuntu it installs Node and Python too.
set -euo pipefail
cd "$(dirname "$0")/.."
examples=$PWD/docs/examples
documents=$PWD/scripts/documents
clients=${CARGO_TARGET_DIR:-target}/clients
mkdir -p "$clients/generated"
cd "$clients"
# Two runs at once would overwrite each other's files.
exec 9>.lock
if command -v flock >/dev/null; then flock 9; fi

ensure_programs() {
  if command -v node && command -v npm && command -v python3 && python3 -c 'import ensurepip, venv'; then
    return
  fi >/dev/null 2>&1
  if command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]]; then
    printf '\n==> Installing Node and Python\n'
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm python3 python3-venv
  else
    echo "Node (18 or later, with npm) or Python (3.10 or later, with venv) is missing:" \
      "apt install nodejs npm python3-venv, or brew install node python." >&2
    exit 1
  fi
}

# install LOCKS: into the current folder. A copy of the lock file, written last, marks a complete installation.
install() {
  local locks=$1
  if ! cmp -s "$locks/package-lock.json" node_modules/.installed || ! node --version >/dev/null 2>&1; then
    ensure_programs
    cp "$locks/package.json" "$locks/package-lock.json" .
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp "$locks/package-lock.json" node_modules/.installed
  fi
  if ! cmp -s "$locks/requirements.txt" python/.installed || ! python/bin/python --version >/dev/null 2>&1; then
    ensure_programs
    python3 -m venv --clear python
    python/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
      --requirement "$locks/requirements.txt"
    cp "$locks/requirements.txt" python/.installed
  fi
}

install "$examples"
# The programs that generate clients from the OpenAPI document and check their types.
cd generated
install "$documents"
