#!/usr/bin/env bash
# Make the virtual environment and install Soli in it, editable.
#
#   scripts/setup.sh VENV        what `soli run` needs
#   scripts/setup.sh VENV dev    that, and the tools of the developers
#
# Leaves VENV/.installed (and VENV/.installed-dev) behind, which the Makefile reads.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${1:?usage: scripts/setup.sh VENV [dev]}
extra=${2:-}

say() { printf '%s\n' "$*" >&2; }

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  say "Soli needs Python 3.11 or newer, and found none."
  say "On Debian or Ubuntu:  apt-get install python3 python3-venv"
  say "Elsewhere, name it:   make PYTHON=/path/to/python3 ..."
  return 1
}

make_venv() {
  local python=$1
  if "$python" -m venv "$venv"; then return; fi
  # Debian splits ensurepip off into a package of its own.
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    rm -rf "$venv"
    scripts/install-debian.sh python3-venv
    "$python" -m venv "$venv"
    return
  fi
  say "Could not make a virtual environment. On Debian or Ubuntu:  apt-get install python3-venv"
  return 1
}

if ! [ -x "$venv/bin/python" ] || ! is_new_enough "$venv/bin/python"; then
  python=$(find_python)
  say "setting up $venv ($("$python" --version))"
  make_venv "$python"
fi

target=.
[ -z "$extra" ] || target=".[$extra]"
say "installing soli${extra:+ with its $extra tools}"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-input --retries 5 -e "$target"

touch "$venv/.installed"
[ -z "$extra" ] || touch "$venv/.installed-$extra"
