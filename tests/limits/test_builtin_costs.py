"""Every builtin pays for its work, whatever it is called with, and raises nothing of Python's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from .builtin_costs import declared, name_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

MOST_SECONDS_PER_STEP = 0.001
"""At 4096 steps between two looks at the clock, a limit of time is passed by four seconds at most,
on a machine this slow; what is unpaid is ten times worse at once."""
NAMES = sorted({name_of(declaration) for declaration, _ in declared()})


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the worst of a few calls of each builtin did."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.limits.builtin_costs", str(tmp_path_factory.mktemp("root"))],
        capture_output=True,
        text=True,
        timeout=390,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-500:]}{done.stderr[-500:]}"
    return {(line := json.loads(text))["name"]: line for text in done.stdout.splitlines()}


def test_every_builtin_was_called(reports: dict[str, Any]) -> None:
    assert sorted(reports) == NAMES


def test_builtins_raise_only_our_errors(reports: dict[str, Any]) -> None:
    """Whatever they are given."""
    assert [one for one in reports.values() if one["kind"].startswith("!")] == []


def test_builtins_pay_for_their_work(reports: dict[str, Any]) -> None:
    """Long calls cost steps, so that the clock is looked at in time."""
    assert [one for one in reports.values() if not _has_paid(one)] == []


def _has_paid(report: dict[str, Any]) -> bool:
    per_step = report["seconds"] / (report["steps"] + 1)
    is_cheap = report["kind"] == "LimitError" or report["seconds"] <= 0.02
    return report["seconds"] < 5 and (is_cheap or per_step < MOST_SECONDS_PER_STEP)
