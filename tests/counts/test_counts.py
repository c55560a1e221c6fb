"""What an operation costs in calls, bytecodes, memory and system calls does not grow unseen.

Each version of Python has a file of counts that somebody looked at; a version without one is
skipped. A count that moves by more than `TOLERANCE` fails: `make golden` writes the file anew, and
the difference belongs in the commit that is the reason for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..support.live import serve
from . import system_calls
from .counting import APP

VERSION = ".".join(map(str, sys.version_info[:2]))
GOLDEN = Path(__file__).with_name(f"golden-{VERSION}.json")
REWRITE = bool(os.environ.get("SOLI_REWRITE_GOLDEN"))
TOLERANCE = 0.02
LEAST = {"peak": 128, "blocks": 0.5, "held": 1, "clocks": 0.1, "calls": 0.1}
"""By which a count may differ in any case: sizes of what the allocator has at hand, and halves."""

BY_THE_CLOCK = {("presence change, saturated", "bytecodes"), ("presence change, saturated", "peak")}
"""Not compared: how many diffs of a channel become one depends on when they are told."""


def moved(golden: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Which counts are others, in words."""
    lines = []
    for operation in sorted({*golden, *found}):
        before, now = golden.get(operation, {}), found.get(operation, {})
        for name in sorted({*before, *now}):
            if (operation, name) in BY_THE_CLOCK:
                continue
            was, is_ = before.get(name), now.get(name)
            if was is None or is_ is None or _differs(name, was, is_):
                lines.append(f"{operation}: {name} {was} -> {is_}")
    return lines


def _differs(name: str, was: float, is_: float) -> bool:
    return abs(is_ - was) > max(TOLERANCE * was, LEAST.get(name, 0))


def _compare(part: str, found: dict[str, Any]) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
    if REWRITE:
        golden[part] = found
        GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n", "utf-8")
        return
    if part not in golden:
        pytest.skip(f"there are no golden counts of {part} for Python {VERSION}")
    lines = moved(golden[part], found)
    assert not lines, "\n".join(
        [
            "these counts moved by more than two per cent:",
            *lines,
            f"if that is meant, `make golden` writes {GOLDEN.name} anew; say why in the commit",
        ]
    )


@pytest.fixture(scope="module")
def counts() -> dict[str, Any]:
    if not GOLDEN.exists() and not REWRITE:
        pytest.skip(f"there are no golden counts for Python {VERSION}")
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    for name in ("PYTEST_CURRENT_TEST", "COV_CORE_SOURCE", "PYTHONDEVMODE", "PYTHONASYNCIODEBUG"):
        environment.pop(name, None)
    result = subprocess.run(
        [sys.executable, "-m", "tests.counts.counting"],
        cwd=Path(__file__).parents[2],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    counts: dict[str, Any] = json.loads(result.stdout)
    return counts


@pytest.mark.timeout(320)
def test_operations_cost_what_they_did(counts: dict[str, Any]) -> None:
    _compare("operations", counts)


@pytest.mark.timeout(320)
def test_saturated_means_held_back(counts: dict[str, Any]) -> None:
    """Else the counts of the scheduler's queues would be those of an idle loop."""
    saturated = [found for name, found in counts.items() if name.endswith(", saturated")]
    assert len(saturated) == 5
    assert all(found["held"] >= 1 for found in saturated)


@pytest.mark.timeout(320)
def test_operations_leave_nothing_behind(counts: dict[str, Any]) -> None:
    for name, found in counts.items():
        assert found["blocks"] < 1, name


@pytest.mark.timeout(120)
def test_operations_ask_the_system_as_often_as_they_did(tmp_path: Path) -> None:
    if not system_calls.strace_works():
        pytest.skip("strace cannot trace processes here")
    with serve(APP, *system_calls.FLAGS) as served:
        found = system_calls.count(served, tmp_path)
    _compare("system calls", {name: {"calls": calls} for name, calls in found.items()})


def test_a_count_that_moves_is_named() -> None:
    golden = {"echo": {"calls": 100.0, "peak": 1000.0}, "gone": {"calls": 1.0}}
    assert moved(golden, {"echo": {"calls": 102.0, "peak": 1100.0}, "gone": {"calls": 1.0}}) == []
    lines = moved(golden, {"echo": {"calls": 102.1, "peak": 1200.0}, "new": {"calls": 1.0}})
    assert lines == [
        "echo: calls 100.0 -> 102.1",
        "echo: peak 1000.0 -> 1200.0",
        "gone: calls 1.0 -> None",
        "new: calls None -> 1.0",
    ]
