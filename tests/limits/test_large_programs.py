"""Functions of ten thousand lines, and whatever else a program can have much of.

They are run, or refused in our words, never in Python's; reading and compiling one twice as large
takes twice as long, and who asked for it pays for it.
"""

from __future__ import annotations

import sys
import time
from types import FrameType
from typing import Any

import pytest
from soli_runtime.calling.recursion import RECURSION_LIMIT
from soli_stdlib import install

from soli_lang import Interpreter, LimitError, Limits, SoliSyntaxError

from ..support.recursion import PYTHONS_OWN, recursion_limit
from .large_programs import ANSWER, NESTED, SIZES

PATIENT = Limits(max_seconds=120)
LEVELS_THAT_RUN = 60
LINKS = 600
"""More than one expression can have links."""
LEVELS = (9, 19, 21, 90, 165, 500)
"""Around Python's limit of twenty blocks inside each other, and up to what the parser refuses."""

large = pytest.mark.parametrize("name", SIZES)
nested = pytest.mark.parametrize("name", NESTED)


def answered(text: str, limits: Limits = PATIENT) -> Any:
    """What `answer()` gives, called twice: the second time nothing is left to be compiled."""
    program = Interpreter(install, limits=limits).load(text, "large")
    found = program.call("answer")
    assert program.call("answer") == found
    return found


@pytest.mark.long
@large
def test_a_large_program_is_run(name: str) -> None:
    """As `soli run` would."""
    text, size = SIZES[name]
    with recursion_limit(RECURSION_LIMIT):
        assert answered(text(size)) == ANSWER


@large
def test_a_large_program_is_run_or_refused_in_a_host_with_little_stack(name: str) -> None:
    """An embedder may have Python's own recursion limit."""
    text, size = SIZES[name]
    with recursion_limit(PYTHONS_OWN):
        _answered_or_refused(text(min(size, LINKS)))


REFUSALS = ("nested too deeply", "Python's stack is used up")


def _answered_or_refused(text: str) -> None:
    try:
        found = answered(text)
    except (SoliSyntaxError, LimitError) as error:
        found = error.message
    assert found == ANSWER or any(one in str(found) for one in REFUSALS)


@nested
def test_blocks_inside_blocks_are_run(name: str) -> None:
    """Python allows twenty; we do not mind."""
    with recursion_limit(RECURSION_LIMIT):
        assert answered(NESTED[name](LEVELS_THAT_RUN)) == ANSWER


@nested
@pytest.mark.parametrize("limit", [PYTHONS_OWN, RECURSION_LIMIT])
def test_whatever_the_depth_nothing_of_pythons_comes_out(name: str, limit: int) -> None:
    """A value, or an error of ours that says what is too deep."""
    with recursion_limit(limit):
        for levels in LEVELS:
            _answered_or_refused(NESTED[name](levels))


# --- what that takes ---

SMALL = 120
MORE_THAN_TWICE = 2.6
"""Of calls of Python's, for a program twice as large."""


def calls_of(text: str) -> int:
    """Calls of Python functions while *text* is loaded and `answer()` is called."""
    count = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    interpreter = Interpreter(install, limits=PATIENT)
    interpreter.load("def answer\n7\nend\nanswer()")  # what is done once
    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        interpreter.load(text, "large").call("answer")
    finally:
        sys.setprofile(before)
    return count


@large
def test_twice_as_large_takes_twice_as_many_calls(name: str) -> None:
    """Counted, not timed."""
    text, size = SIZES[name]
    size = min(size, 2 * SMALL)
    with recursion_limit(RECURSION_LIMIT):
        assert calls_of(text(size)) < MORE_THAN_TWICE * calls_of(text(size // 2))


FOUR_TIMES_AND_MORE = 12
TOO_LITTLE_TO_MEASURE = 0.004
"""CPU seconds."""


def seconds_of(text: str) -> float:
    """CPU seconds to load and call it."""
    interpreter = Interpreter(install, limits=PATIENT)
    before = time.process_time()
    interpreter.load(text, "large").call("answer")
    return time.process_time() - before


@pytest.mark.long
@large
def test_four_times_as_large_takes_four_times_as_long(name: str) -> None:
    """What is done in C, among it Python's own compiler, is not counted above."""
    text, size = SIZES[name]

    def times() -> float:
        small = max(TOO_LITTLE_TO_MEASURE, seconds_of(text(size // 16)))
        return seconds_of(text(size // 4)) / small

    with recursion_limit(RECURSION_LIMIT):
        assert any(times() < FOUR_TIMES_AND_MORE for _ in range(3))  # a neighbour disturbs one


@large
@pytest.mark.parametrize("few", [Limits(max_steps=5_000), Limits(max_call_bytes=200_000)])
def test_loading_is_paid_for(name: str, few: Limits) -> None:
    """It ends at the limit of steps, or of bytes, soon."""
    text, size = SIZES[name]
    if size > LINKS:
        with pytest.raises(LimitError):
            Interpreter(install, limits=few).load(text(size), "large")


def test_the_first_call_pays_for_what_it_has_compiled() -> None:
    """A function that is never called costs no more than reading it."""
    program = Interpreter(install, limits=PATIENT).load(SIZES["lines"][0](2_000), "large")
    machine = program.interpreter.machine
    machine.limit_calls(Limits(max_steps=5_000))
    with pytest.raises(LimitError):
        program.call("answer")
    machine.limit_calls(PATIENT)
    assert program.call("answer") == ANSWER
    machine.limit_calls(Limits(max_steps=3_000))
    assert program.call("answer") == ANSWER
