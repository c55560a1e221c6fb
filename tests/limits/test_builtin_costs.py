"""Every builtin pays for its work, whatever it is called with, and raises nothing of Python's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from .builtin_costs import declared, name_of

pytestmark = pytest.mark.load

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
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-500:]}{done.stderr[-500:]}"
    return {(line := json.loads(text))["name"]: line for text in done.stdout.splitlines()}


@pytest.mark.parametrize("name", NAMES)
def test_a_builtin_raises_only_our_errors(reports: dict[str, Any], name: str) -> None:
    """Whatever it is given."""
    assert not reports[name]["kind"].startswith("!"), reports[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_builtin_pays_for_its_work(reports: dict[str, Any], name: str) -> None:
    """Long calls cost steps, so that the clock is looked at in time."""
    report = reports[name]
    per_step = report["seconds"] / (report["steps"] + 1)
    if report["kind"] != "LimitError" and report["seconds"] > 0.02:
        assert per_step < MOST_SECONDS_PER_STEP, report
    assert report["seconds"] < 5, report
