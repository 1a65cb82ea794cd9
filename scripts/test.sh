#!/usr/bin/env bash
# Runs all checks for a change: format, lints, all tests, doc tests. Needs Rust. As root on Debian and Ubuntu it
# installs the other missing programs (a C compiler, PostgreSQL, Redis, nginx, Caddy, Node, Python, a few tools).
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n==> %s\n' "$*"; }

# The bundled SQLite and the cryptography of tokens are C code: Rust does not include a C compiler.
ensure_c_compiler() {
  command -v cc >/dev/null && return
  if command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]]; then
    step "Installing a C compiler"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc libc6-dev
  else
    echo "A C compiler is missing: install gcc or clang" \
      "(Debian, Ubuntu: apt install build-essential; macOS: xcode-select --install)." >&2
    exit 1
  fi
}

# Tests start their own servers, each with its data in a temporary folder. They need only the programs; no service needs
# to run. Each line: a program, then its Debian package.
programs=(
  redis-server redis-server
  nginx nginx-light
  caddy caddy
  promtool prometheus
  faketime faketime
  zsh zsh
)
ensure_programs() {
  local missing=() index
  { command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb'; } >/dev/null || missing+=(postgresql)
  for ((index = 0; index < ${#programs[@]}; index += 2)); do
    command -v "${programs[index]}" >/dev/null || missing+=("${programs[index + 1]}")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  if command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]]; then
    step "Installing ${missing[*]}"
    apt-get update -qq
    # Do not start services, and do not create the PostgreSQL package's own cluster.
    mkdir -p /etc/postgresql-common
    local settings=/etc/postgresql-common/createcluster.conf
    [[ -e $settings ]] || echo 'create_main_cluster = false' >"$settings"
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}"
  else
    echo "Missing programs; install these packages (Debian names): ${missing[*]}." >&2
    exit 1
  fi
}

ensure_component() {
  cargo "$2" --version >/dev/null 2>&1 && return
  step "Installing $1"
  rustup component add "$1"
}

work=$(mktemp -d)
output=$work/tests.log
jobs=()
finish() {
  # Written so because bash before 4.4 takes an empty array for an unset variable.
  for job in ${jobs[@]+"${jobs[@]}"}; do kill -- "-$job" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

# in_background LOG COMMAND...: in a process group of its own, so that all of it can be stopped; without the terminal's
# input, because a background process that reads it is suspended.
in_background() {
  local log=$1
  shift
  set -m
  "$@" </dev/null >"$log" 2>&1 &
  set +m
  jobs+=("$!")
}

# cargo runs one build at a time, so the lints begin when the tests have been built and run, or have failed before that.
# Most tests wait for something most of the time; at the lowest priority the lints use what is left and do not slow them
# down.
lint_beside_tests() {
  until [[ -e $work/tests-ended ]] || grep -qE 'Starting|Running' "$output"; do sleep 0.5; done
  nice -n 19 scripts/lint.sh
}

install_programs() {
  ensure_programs
  scripts/install-clients.sh
}

ensure_c_compiler
ensure_component rustfmt fmt
ensure_component clippy clippy

step "Format"
cargo fmt --all --check

# Programs are downloaded while the tests compile.
in_background "$work/install.log" install_programs
installing=$!
has_nextest=false
cargo nextest --version >/dev/null 2>&1 && has_nextest=true
step "Compiling the tests"
if $has_nextest; then cargo nextest run --workspace --no-run; else cargo test --workspace --no-run; fi
wait "$installing" || { cat "$work/install.log" >&2; exit 1; }
cat "$work/install.log"

: >"$output"
in_background "$work/lint.log" lint_beside_tests
linting=$!
failed=
# nextest runs the tests of all crates in parallel; without it, cargo runs the same tests.
if $has_nextest; then
  step "Tests (cargo nextest)"
  cargo nextest run --workspace --no-fail-fast 2>&1 | tee "$output" || failed=tests
  passed=$(sed -n 's/.* tests\{0,1\} run: \([0-9]*\) passed.*/\1/p' "$output" | tail -n 1)
else
  step "Tests (cargo test)"
  cargo test --workspace --no-fail-fast --lib --bins --tests 2>&1 | tee "$output" || failed=tests
  passed=$(sed -n 's/^test result: .* \([0-9]*\) passed.*/\1/p' "$output" | awk '{ sum += $1 } END { print sum + 0 }')
fi

touch "$work/tests-ended"
step "Lints (they ran beside the tests)"
wait "$linting" || failed="${failed:+$failed and }lints"
cat "$work/lint.log"
if [[ -n $failed ]]; then
  echo "Failed: $failed" >&2
  exit 1
fi

step "Documentation tests"
cargo test --quiet --workspace --doc 2>&1 | tee "$output"
documented=$(sed -n 's/^test result: .* \([0-9]*\) passed.*/\1/p' "$output" | awk '{ sum += $1 } END { print sum + 0 }')

step "All passed: ${passed:-0} tests, ${documented} documentation tests"
