"""Each fault of tests/mutants still has its place, and tests that should find it."""

from __future__ import annotations

from .mutants import search


def test_every_mutant_has_its_place_and_its_tests() -> None:
    """Code that moves within its room leaves them alone; a line that is written anew does not."""
    lost = [
        fault
        for mutant in search.MUTANTS
        for fault in (*search.Place.faults(mutant), *search.tests_that_are_missing(mutant))
    ]
    assert len(search.MUTANTS) >= 60
    assert lost == []
