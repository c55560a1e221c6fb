#!/usr/bin/env bash
# Install Debian packages, as root, waiting while another apt is at work (a fresh machine upgrades itself).
#
#   scripts/install-debian.sh PACKAGE...
set -euo pipefail

patience=${SOLI_APT_SECONDS:-300}

say() { printf '%s\n' "$*" >&2; }

# `update` takes a lock for which DPkg::Lock::Timeout does not wait.
update() {
  local deadline=$((SECONDS + patience)) report
  until report=$(LC_ALL=C apt-get update -qq 2>&1); do
    case $report in
      *"Could not get lock"*) ;;
      *)
        say "$report"
        return 1
        ;;
    esac
    if [ "$SECONDS" -ge "$deadline" ]; then
      say "$report"
      say "another apt has been at work for $patience seconds; try again when it is done"
      return 1
    fi
    sleep 1
  done
}

update
# RUNLEVEL=1: no service is started that comes with a package.
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  -o DPkg::Lock::Timeout="$patience" "$@" >/dev/null
