#!/usr/bin/env bash
# Lists the lines of source, scripts, SQL and manifests that are longer than 120 columns, and fails if there is one.
set -euo pipefail
cd "$(dirname "$0")/.."
patterns=(--include='*.rs' --include='*.sql' --include='*.sh' --include='*.toml' --include='*.lua' --include=run
  --include='*.py' --include='*.js' --include='*.mjs' --include='*.ts')
if LC_ALL=C.UTF-8 grep -rnE '.{121,}' "${patterns[@]}" --exclude-dir={.git,target,node_modules} .; then
  echo "The lines above are longer than 120 columns." >&2
  exit 1
fi
