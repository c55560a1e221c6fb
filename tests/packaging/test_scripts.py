"""The scripts behind `make`, as a stranger meets them on a fresh machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ..support.live import ROOT

INSTALL = ROOT / "scripts" / "install-debian.sh"

APT = """#!/bin/sh
echo "$@" >>"$APT_LOG"
[ "$1" = update ] && [ "$(grep -c update "$APT_LOG")" -le "$BUSY_TIMES" ] || exit 0
echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)" >&2
exit 100
"""


def install(tmp_path: Path, *, busy: int, patience: int) -> tuple[int, str, list[str]]:
    """Status, complaint and calls of apt-get, whose lock is held for its first *busy* updates."""
    apt = tmp_path / "apt-get"
    apt.write_text(APT)
    apt.chmod(0o755)
    log = tmp_path / "calls"
    result = subprocess.run(
        [INSTALL, "one", "two"],
        env={
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "APT_LOG": str(log),
            "BUSY_TIMES": str(busy),
            "SOLI_APT_SECONDS": str(patience),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.returncode, result.stderr, log.read_text().splitlines()


def test_a_step_of_apt_waits_for_the_lock(tmp_path: Path) -> None:
    """Another apt at work delays the installation instead of failing it."""
    status, complaint, calls = install(tmp_path, busy=2, patience=30)

    assert (status, complaint) == (0, "")
    assert [call.partition(" ")[0] for call in calls] == ["update", "update", "update", "install"]
    assert "-o DPkg::Lock::Timeout=30 one two" in calls[-1]


def test_the_wait_for_the_lock_ends(tmp_path: Path) -> None:
    """With the reason, and what to do."""
    status, complaint, calls = install(tmp_path, busy=99, patience=1)

    assert status == 1
    assert complaint.splitlines()[-1] == (
        "another apt has been at work for 1 seconds; try again when it is done"
    )
    assert "install" not in calls
