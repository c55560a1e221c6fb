"""No operation breaks the rule of all limits, in some seconds of looking for one that does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

SEED = 1
SECONDS = 5
"""Of CPU time; `make harden` takes more seeds, for as long as one likes."""


def look(root: Path, *flags: str) -> list[dict[str, object]]:
    """What a run of the harness reports, its summary last."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.limits.harden", str(root), *flags],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"the process broke down: {done.stderr[-1500:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.timeout(400)  # its own bound is of CPU time
def test_nothing_breaks_the_limits(tmp_path: Path) -> None:
    """Each line that is reported names its seed, so that the same case can be made again."""
    *wrong, summary = look(tmp_path, "--seed", str(SEED), "--seconds", str(SECONDS))
    assert wrong == []
    assert int(str(summary["judged"])) > 10


def test_the_harness_sees_what_breaks_them(tmp_path: Path) -> None:
    """With a builtin that pays nothing, and one that builds without saying so."""
    flags = ("--seed", "1", "--seconds", "4", "--match", "unpaid", "--with-faults")
    *wrong, _ = look(tmp_path, *flags)
    assert {str(report["name"]) for report in wrong} == {"unpaid time", "unpaid memory"}
