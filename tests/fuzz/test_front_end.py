"""Any text at all: a program, or errors of ours with places inside it."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..support.examples import examples
from .front import PROGRAM, REFUSED, Front
from .inputs import Inputs, corpus

pytestmark = pytest.mark.long

PER_SEED = examples(1_250)


@pytest.fixture(scope="module")
def front() -> Front:
    return Front()


@pytest.fixture(scope="module")
def programs() -> list[str]:
    return corpus()


@pytest.mark.parametrize("seed", range(4))
def test_any_text_is_read_or_refused_in_our_words(
    front: Front, programs: list[str], seed: int
) -> None:
    """Characters, bytes, tokens and broken programs: nothing of Python's comes out."""
    outcomes = set()
    for kind, text in islice(Inputs(seed, programs), PER_SEED):
        try:
            outcomes.add(front.examine(text))
        except Exception as error:
            pytest.fail(f"{kind} {text!r}: {type(error).__name__}: {error}")

    assert outcomes == {PROGRAM, REFUSED}


@settings(max_examples=examples(150))
@given(st.text(st.characters(codec=None), max_size=40))
def test_any_unicode_text_is_read_or_refused(front: Front, text: str) -> None:
    """Lone surrogates and unassigned characters included."""
    assert front.examine(text) in (PROGRAM, REFUSED)


def test_the_corpus_itself_is_read(front: Front, programs: list[str]) -> None:
    """Otherwise the mutants would be far from any program."""
    outcomes = [front.examine(text) for text in programs]

    assert outcomes.count(PROGRAM) > 0.9 * len(outcomes)


@pytest.mark.parametrize(
    "text",
    [
        "print(7 - -7)\nprint(- -7, - -> (a) { a })",
        "for\n (x in 0..2) { print(x) }",
        "C\n def self.a(x)\n  x\n end",
        "y = 2\n  |> was told: 1",
        'import """raw"""\npost',
        '"half a character: \ud800"',
    ],
)
def test_what_the_fuzzer_found_stays_fixed(front: Front, text: str) -> None:
    """Each of these once made something of Python's come out, or the formatter stumble."""
    assert front.examine(text) in (PROGRAM, REFUSED)
