#!/usr/bin/env bash
# Run every check, all of them even when one fails, and the tests last (CI reads pytest's closing line).
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

check "ruff check" "$bin/ruff" check .
check "ruff format" "$bin/ruff" format --check .
check "mypy --strict" "$bin/mypy"
check "import rules" "$bin/lint-imports"

if [ "${1:-}" = --with-tests ]; then
  shift
  # tests/conftest.py repeats these names in front of pytest's closing line.
  SOLI_FAILED_CHECKS="${failed[*]:+$(IFS=,; printf '%s' "${failed[*]}")}" \
    "$bin/pytest" -q "$@" || failed+=("pytest")
fi

[ ${#failed[@]} -eq 0 ]
