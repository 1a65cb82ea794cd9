#!/usr/bin/env bash
# Installs the servers that chat-bench compares with into target/peers: packages of npm in the versions that
# crates/chat-bench/peers locks (Socket.IO, ws, Bun), NATS and ejabberd of Debian. Does nothing if they are installed.
# NATS is unpacked into the folder; ejabberd, with Erlang, is installed on the machine, as root on Debian only. Without
# one of them the bench measures the others.
set -euo pipefail
cd "$(dirname "$0")/.."
from=$PWD/crates/chat-bench/peers
to=${CARGO_TARGET_DIR:-target}/peers
# The first release of Debian whose NATS can sync every message (`sync_interval: always`, NATS 2.10).
nats_suite=trixie
mkdir -p "$to"
cp "$from"/package.json "$from"/package-lock.json "$from"/*.mjs "$to"
cd "$to"
# Two runs at once would overwrite each other's files.
exec 9>.lock
if command -v flock >/dev/null; then flock 9; fi

# A copy of the lock file, written last, marks a complete installation.
install_packages() {
  cmp -s package-lock.json node_modules/.installed && return
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed
}

# Unpacks Debian's nats-server without touching the machine's own packages and package lists.
install_nats() {
  [[ -x nats/usr/sbin/nats-server ]] && return
  local keys=/usr/share/keyrings/debian-archive-keyring.gpg archive=
  if command -v apt-get >/dev/null && [[ -e $keys ]]; then
    # The archive that the machine itself uses.
    archive=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' 'Created-By: Packages' | sort -u | head -n 1)
  fi
  if [[ -z $archive ]]; then
    echo "NATS is missing: it is installed on Debian only." >&2
    return
  fi
  rm -rf apt nats
  mkdir -p apt/lists/partial apt/cache/archives/partial
  echo "deb [signed-by=$keys] $archive $nats_suite main" >apt/sources.list
  local options=(-qq -o "Dir::Etc::SourceList=$PWD/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  (cd apt && apt-get "${options[@]}" download nats-server)
  dpkg -x apt/nats-server_*.deb nats
  rm -rf apt
}

install_ejabberd() {
  compgen -G '/usr/lib/*/ejabberd-*/ebin' >/dev/null && command -v erl >/dev/null && return
  if ! command -v apt-get >/dev/null || [[ $(id -u) -ne 0 ]]; then
    echo "ejabberd is missing: apt install ejabberd erlang-p1-pgsql" >&2
    return
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ejabberd erlang-p1-pgsql
}

install_packages
install_nats
install_ejabberd
