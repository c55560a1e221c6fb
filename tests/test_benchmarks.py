"""The programs that are measured still run; what they take is nobody's business here."""

from __future__ import annotations

import pytest
from soli_stdlib import install

from benchmarks.library import PROGRAMS, TABLE
from soli_lang import Interpreter


@pytest.mark.parametrize("name", [row.name for row in TABLE])
def test_a_measured_call_gives_what_it_gave(name: str) -> None:
    """Twice the same, so that a second round measures the first one's work."""
    program = Interpreter(install).load((PROGRAMS / f"{name}.soli").read_text("utf-8"), name)
    prepared = program.call("prepare", 40)
    first = program.call("run", prepared)
    assert first is not None
    assert program.call("run", prepared) == first


def test_each_program_of_the_library_has_a_row() -> None:
    """And each row a program."""
    found = {str(path.relative_to(PROGRAMS).with_suffix("")) for path in PROGRAMS.rglob("*.soli")}
    assert found == {row.name for row in TABLE}
