#!/usr/bin/env bash
# Install what the tests need beside Python: a browser, Redis and proxies from Debian, packages from npm.
#
# As root on Debian or Ubuntu it installs what is missing; otherwise it says what to install, and how.
set -euo pipefail
cd "$(dirname "$0")/.."

node_folder=tests/node

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

missing=()
has chromium || [ -x "${SOLI_TEST_BROWSER:-/usr/bin/chromium}" ] || missing+=(chromium)
has redis-server || missing+=(redis-server)
has nginx || missing+=(nginx-light)
has caddy || missing+=(caddy)
has node || missing+=(nodejs)
has npm || missing+=(npm)

if [ ${#missing[@]} -gt 0 ]; then
  if has apt-get && [ "$(id -u)" = 0 ]; then
    say "installing Debian packages: ${missing[*]}"
    scripts/install-debian.sh "${missing[@]}"
  else
    say "The tests need these packages, which are not here: ${missing[*]}"
    say "On Debian or Ubuntu, install them with:"
    say "    sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
    say "A browser in another place is named with SOLI_TEST_BROWSER=/path/to/chromium"
    exit 1
  fi
fi

say "installing npm packages into $node_folder/node_modules"
npm ci --prefix "$node_folder" --silent --no-audit --no-fund --no-progress

touch "$node_folder/node_modules/.installed"
