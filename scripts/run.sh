#!/usr/bin/env bash
# Starts the server. Settings come from the environment and .env; arguments go to the server.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --quiet -- "$@"
