#!/usr/bin/env bash
# Checks openapi.json and asyncapi.json as programs read them: the recommended rules of redocly and spectral, and
# requests that schemathesis generates from openapi.json, with its checks, for a server with its data in a temporary
# folder. Installs the tools into target/documents, in locked versions. Needs Node 20.19 and Python 3.11 or later. Takes
# a few minutes.
#
#   scripts/check-documents.sh              everything
#   scripts/check-documents.sh rules        only the rules: a few seconds
#   EXAMPLES=100 scripts/check-documents.sh more requests per operation (default: 20)
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
checks=$root/scripts/documents/checks
target=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
tools=$target/documents
port=${PORT:-3990}

step() { printf '\n==> %s\n' "$*"; }

mkdir -p "$tools"
cd "$tools"
# A copy of the lock file, written last, marks a complete installation.
if ! cmp -s "$checks/package-lock.json" node_modules/.installed; then
  step "Installing redocly and spectral"
  cp "$checks/package.json" "$checks/package-lock.json" .
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp "$checks/package-lock.json" node_modules/.installed
fi

step "Rules of redocly"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
documents=("$root/openapi.json" "$root/asyncapi.json")
node_modules/.bin/redocly lint --config "$checks/redocly.yaml" --max-problems 1000 "${documents[@]}" 2>&1 |
  tee redocly.log
# Warnings do not fail it.
if grep -qE 'You have [0-9]+ (warning|error)' redocly.log; then exit 1; fi
step "Rules of spectral"
node_modules/.bin/spectral lint --fail-severity=hint --ruleset "$checks/spectral.yaml" "${documents[@]}"
if [[ ${1:-} == rules ]]; then exit 0; fi

if ! cmp -s "$checks/requirements.txt" python/.installed; then
  step "Installing schemathesis"
  python3 -m venv --clear python
  python/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
    --requirement "$checks/requirements.txt"
  cp "$checks/requirements.txt" python/.installed
fi

step "A server"
(cd "$root" && cargo build --quiet --bin chat-server)
base=http://127.0.0.1:$port
if curl --silent --output /dev/null "$base/"; then
  echo "A program is already listening at $base: choose another PORT." >&2
  exit 1
fi
data=$(mktemp -d)
server=
finish() {
  if [[ -n $server ]]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; fi
  rm -rf "$data"
}
trap finish EXIT
HOST=127.0.0.1 PORT=$port REALTIME_PORT='' ADMIN_PORT=0 DATABASE_URL="sqlite://$data/chat.db" RATE_LIMIT=off \
  BCRYPT_COST=4 JWT_EXPIRATION=1d "$target/debug/chat-server" >"$data/server.log" 2>&1 &
server=$!
for _ in $(seq 1 300); do
  curl --silent --fail --output /dev/null "$base/health/ready" && break
  kill -0 "$server" 2>/dev/null || { cat "$data/server.log"; exit 1; }
  sleep 0.1
done
account='{"email": "checks@example.com", "username": "checks", "password": "correct horse battery"}'
token=$(curl --silent --fail --header 'Content-Type: application/json' --data "$account" \
  "$base/api/v1/auth/register" |
  python/bin/python -c 'import json, sys; print(json.load(sys.stdin)["data"]["accessToken"])')

step "Requests of schemathesis"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$checks SCHEMATHESIS_HOOKS=hooks \
  python/bin/schemathesis --config-file "$checks/schemathesis.toml" run "$root/openapi.json" --url "$base" \
  --header "Authorization: Bearer $token" --max-examples "${EXAMPLES:-20}" --continue-on-failure --warnings off
