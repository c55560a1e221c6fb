"""What can stand inside itself: 64 levels deep it is a program, and somewhere it is refused.

docs/spec §2.8. Whoever walks a program recurses, and Python counts that: the same must
hold in a host with Python's own recursion limit, and in the greenlets of a server.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from soli_runtime.calling.greenlets import Failure, Runners
from soli_runtime.calling.recursion import RECURSION_LIMIT
from soli_stdlib import install

from soli_lang import Interpreter, LimitError, SoliError, SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import check, known_of

from ..support.examples import examples
from ..support.recursion import PYTHONS_OWN, recursion_limit
from .nesting import CONSTRUCTS, FLAT, Text

LEVELS = 64
FAR_TOO_DEEP = 5_000
FRAMES_OF_A_HOST = 100
"""Calls that a host is inside of already when it loads a program."""

constructs = pytest.mark.parametrize("text", CONSTRUCTS.values(), ids=CONSTRUCTS)


def in_a_host(work: Callable[[], Any]) -> Any:
    """As an embedder with Python's own limit calls, from some way down."""

    def down(frames: int) -> Any:
        return down(frames - 1) if frames else work()

    with recursion_limit(PYTHONS_OWN):
        return down(FRAMES_OF_A_HOST)


def in_a_greenlet(work: Callable[[], Any]) -> Any:
    """As `soli run` calls handlers."""
    with recursion_limit(RECURSION_LIMIT):
        outcome = Runners().run(lambda _: work(), None, lambda _: None)
    if isinstance(outcome, Failure):
        raise outcome.error
    return outcome


DEPTHS = (
    (90, in_a_host),
    (130, in_a_greenlet),
    (170, in_a_greenlet),
    (250, in_a_host),
    (400, in_a_host),
    (520, in_a_greenlet),
)
places = pytest.mark.parametrize("inside", [in_a_host, in_a_greenlet])


def run(text: str) -> None:
    """Load *text*; what its own statements raise does not matter, running out of stack does."""
    try:
        Interpreter(install).load(text, "nesting")
    except (SoliSyntaxError, LimitError):
        raise
    except SoliError:
        return


@constructs
@places
def test_64_levels_are_a_program(text: Text, inside: Callable[..., Any]) -> None:
    """It is read, compiled and run."""
    inside(lambda: run(text(LEVELS)))


@constructs
def test_what_is_too_deep_is_refused(text: Text) -> None:
    """With an error that says so, before anything is run; a host has the smaller stack."""
    with pytest.raises(SoliSyntaxError, match=r"^(expression|pattern) nested too deeply"):
        in_a_host(lambda: run(text(FAR_TOO_DEEP)))


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_in_between_nothing_breaks(name: str) -> None:
    """A program, or an error of the language, whatever the depth; places take turns.

    So do constructs: half of the depths for each, all of them where it is asked for more.
    """
    text, number = CONSTRUCTS[name], list(CONSTRUCTS).index(name)
    for levels, inside in DEPTHS if examples(1) > 1 else DEPTHS[number % 2 :: 2]:
        with suppress(SoliError):
            inside(lambda levels=levels: run(text(levels)))


@constructs
def test_the_checker_goes_as_deep(text: Text) -> None:
    """`soli check` reads what `soli run` runs."""
    interpreter = Interpreter(install)
    program = interpreter.compile(text(LEVELS), "nesting")

    with recursion_limit(RECURSION_LIMIT):
        check(program.node, known_of(interpreter.machine))


def flat(text: Text, inside: Callable[..., Any]) -> None:
    program = text(1_100)

    inside(lambda: Interpreter(install).run(program, "flat"))
    known = known_of(Interpreter(install).machine)
    inside(lambda: check(parse(Source("flat", program)), known))


@pytest.mark.parametrize("text", FLAT.values(), ids=FLAT)
def test_a_flat_sum_is_no_nesting(text: Text) -> None:
    """However many terms it has: it is read, checked, compiled and run."""
    flat(text, in_a_host)


@pytest.mark.parametrize("name", ["sums of calls", "or of and"])
def test_nor_is_it_in_a_greenlet(name: str) -> None:
    flat(FLAT[name], in_a_greenlet)
