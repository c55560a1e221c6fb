"""Each fault of tests/mutants still has the place where it is put, and tests that should find it."""

from __future__ import annotations

from .mutants.search import MUTANTS, Place, tests_that_are_missing


def test_every_mutant_has_its_place_and_its_tests() -> None:
    """Code that moves within its room leaves them alone; a line that is written anew does not."""
    lost = [
        fault
        for mutant in MUTANTS
        for fault in (*Place.faults(mutant), *tests_that_are_missing(mutant))
    ]
    assert len(MUTANTS) >= 60
    assert lost == []
