"""`soli check`, `soli fmt`, `soli lsp` and `soli doc` answer any text, or refuse it in our words.

Other texts each time: the seed is printed, and `python -m tests.fuzz.desk_run --seed` makes them
again.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .desk import Desk, TooSlow, failing_part
from .desk_run import judged, look
from .front import PROGRAM, REFUSED
from .inputs import Program, programs

pytestmark = pytest.mark.long

SECONDS = 5.0
"""CPU time."""


def test_no_changed_program_stops_a_tool() -> None:
    """Lines and tokens of every program are left out, put in, swapped and cut off."""
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")

    failures, outcomes = look(Desk(), seed, SECONDS)

    assert not failures, f"seed {seed}: {dict(failures)}"
    assert outcomes[PROGRAM] > 10
    assert outcomes[REFUSED] > 10


def test_what_a_tool_does_wrong_is_found_and_cut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up that fails in the body of a class, as one did."""
    checked = Desk._checked

    def broken(self: Desk, path: Path, text: str) -> None:
        checked(self, path, text)
        if "class " in text:
            raise KeyError(140)

    monkeypatch.setattr(Desk, "_checked", broken)

    failures, _ = look(Desk(), 1, 2.5)

    assert list(failures) == ["KeyError in broken: 140"]


def test_a_tool_that_takes_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is that of a text's length."""
    monkeypatch.setattr("tests.fuzz.desk.MOST_SECONDS", -1.0)

    outcome, cause = judged(Desk(), Program(Path("x.soli"), "x = 1"), 1)

    assert outcome == "failed"
    assert cause is not None
    assert cause.startswith(TooSlow.__name__)


def test_a_failing_program_is_cut_down_to_its_lines() -> None:
    program = Program(Path("x.soli"), "".join(f"a{number}\n" for number in range(40)))

    part = failing_part(program, lambda one: "a7\n" in one.text and "a31\n" in one.text)

    assert part.text == "a7\na31\n"


def test_the_programs_are_those_of_the_whole_repository() -> None:
    """Files, pages and vectors."""
    suffixes = [program.path.name for program in programs()]

    assert suffixes.count("vector.soli") > 200
    assert suffixes.count("page.soli") > 50
    assert len(suffixes) > 500
