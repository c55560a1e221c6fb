#!/usr/bin/env bash
# The tests of the sockets and the server with the oldest dependencies that pyproject.toml allows.
#
#   scripts/test-lowest.sh VENV [ARG...]    ARG... go to pytest
#
# Old versions have no wheels for new Pythons, so this wants the oldest Python too, if it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${1:?usage: scripts/test-lowest.sh VENV [ARG...]}
shift
python=$(command -v python3.11 || command -v python3)

lowest() {
  "$python" - <<'EOF'
import re, tomllib
with open("pyproject.toml", "rb") as file:
    for dependency in tomllib.load(file)["project"]["dependencies"]:
        name, version, marker = re.fullmatch(r"([\w-]+)>=([\d.]+)[^;]*(;.*)?", dependency).groups()
        print(f"{name}=={version}{marker or ''}")
EOF
}

wanted=$(lowest)
if [ "$(cat "$venv/.lowest" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$venv"
  "$python" -m venv "$venv"
  mapfile -t pins <<<"$wanted"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input --retries 5 \
    "${pins[@]}" pytest pytest-timeout hypothesis websockets kosoku -e .
  printf '%s\n' "$wanted" >"$venv/.lowest"
fi

exec "$venv/bin/pytest" -q -p no:cacheprovider tests/unit/runtime/ws tests/e2e "$@"
