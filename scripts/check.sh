#!/usr/bin/env bash
# Run every check, all of them even when one fails, and the tests last (CI reads pytest's closing line):
# those marked `load` one after the other, all others in three processes (SOLI_TEST_PROCESSES): on
# two cores, since many of them wait for something now and then.
#
#   scripts/check.sh BIN                          static checks
#   scripts/check.sh BIN --with-tests [ARG...]    static checks, then pytest ARG...
set -uo pipefail
cd "$(dirname "$0")/.."

bin=${1:?usage: scripts/check.sh BIN [--with-tests [ARG...]]}
shift
failed=()

check() {
  local name=$1
  shift
  local report
  if report=$("$@" 2>&1); then
    printf 'ok      %s\n' "$name"
  else
    printf '%s\nFAILED  %s\n' "$report" "$name"
    failed+=("$name")
  fi
}

names_files() {
  local argument
  for argument in "$@"; do
    [ -e "${argument%%::*}" ] && return 0
  done
  return 1
}

if [ "${1:-}" = --with-tests ]; then
  # Python and pytest compile modules and tests once; meanwhile mypy leaves the other core alone.
  "$bin/pytest" --collect-only -q "${@:2}" >/dev/null 2>&1 &
  compiling=$!
fi

check "ruff check" "$bin/ruff" check .
check "ruff format" "$bin/ruff" format --check .
check "mypy --strict" "$bin/mypy"
check "import rules" "$bin/lint-imports"

if [ "${1:-}" = --with-tests ]; then
  shift
  wait "$compiling"
  # What loads the machine, or puts faults in, runs first and alone: it has promises of time to judge.
  # Only their files are read, unless ARG... names some: to read all takes as long as some of the tests.
  loading=()
  names_files "$@" || mapfile -t loading < <(grep -rl --include='test_*.py' 'mark\.load\b' tests)
  "$bin/pytest" -q -m load "${loading[@]}" "$@"
  case $? in
    0 | 5) ;; # 5: none of them was asked for
    *) failed+=("tests under load") ;;
  esac
  # tests/conftest.py repeats these names in front of pytest's closing line.
  SOLI_FAILED_CHECKS="${failed[*]:+$(IFS=,; printf '%s' "${failed[*]}")}" \
    "$bin/pytest" -q -n "${SOLI_TEST_PROCESSES:-3}" --dist worksteal -m 'not load' "$@"
  case $? in
    0) ;;
    5) [ $# -gt 0 ] || failed+=("pytest") ;;
    *) failed+=("pytest") ;;
  esac
fi

[ ${#failed[@]} -eq 0 ]
