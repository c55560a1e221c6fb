"""Is the judge any good? Three deliberate faults a day are looked for; `make harden` takes all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from .faults import FAULTS, ROOT, SECONDS, Fault, chosen, measurements, search

FOLDERS = (
    "evaluator", "evaluator/helpers", "evaluator/writers", "meaning", "syntax/resolver",
)  # fmt: skip
UNJUDGED = {"evaluator/watching.py"}
"""Nothing of it is written but under a debugger, and no random program has one: `tests/e2e/dap`
judges it."""
SOON = 15.0
"""Seconds of CPU, below those that a search may take. CI looks for three faults a day, so it
pays 45 s for the slowest."""
TODAY = (datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC)).days


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_has_its_place(fault: Fault) -> None:
    """The line that it damages is there, once."""
    fault.applied_to((ROOT / "soli_lang" / fault.file).read_text("utf-8"))


def test_every_file_has_a_fault() -> None:
    files = {
        f"{folder}/{path.name}"
        for folder in FOLDERS
        for path in (ROOT / "soli_lang" / folder).glob("*.py")
        if path.name != "__init__.py"
    }
    assert sorted(files - {fault.file for fault in FAULTS}) == sorted(UNJUDGED)
    assert len(FAULTS) >= 30


def test_every_fault_has_a_row() -> None:
    """The table says of each fault, and of no other, when it was found: soon, so that any may have
    its turn in `make test`."""
    rows = {name: seconds for name, seconds in measurements().items() if name.startswith(FOLDERS)}
    assert sorted(rows.keys() ^ {fault.name for fault in FAULTS}) == []
    assert {name: shown for name, shown in rows.items() if float(shown) > SOON} == {}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", chosen(TODAY), ids=lambda fault: fault.name)
def test_a_fault_of_today_is_found(fault: Fault) -> None:
    found = search(fault)
    assert found.seconds is not None, f"not found within {SECONDS} s\n{found.report}"
