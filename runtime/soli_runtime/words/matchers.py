"""What stands in an expectation for a value of the run: `any_id()`, `any_time()`, …

`expect(message).to_equal({ "id": any_id(), "text": "hello" })`
"""

from __future__ import annotations

import re
from collections.abc import Callable

from soli_lang.native.native import function
from soli_lang.values.semantics import equals
from soli_lang.values.values import Value

OWNER = "Matcher"

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?\Z")
EARLIEST = 946_684_800
"""Unix seconds of the year 2000. Smaller numbers are taken for counts."""
LATEST = 4_102_444_800
"""Unix seconds of the year 2100; a thousand times as much is milliseconds."""


class Matcher:
    """Equals every value of one kind."""

    __slots__ = ("_holds", "name")

    soli_type = OWNER

    def __init__(self, name: str, holds: Callable[[Value], bool]) -> None:
        self.name = name
        self._holds = holds

    def soli_text(self) -> str:
        return f"{self.name}()"

    def matches(self, value: Value) -> bool:
        """Whether *value* is of the kind."""
        return self._holds(value)


TYPES: dict[str, tuple[type, ...]] = {OWNER: (Matcher,)}


def matches(actual: Value, expected: Value) -> bool:
    """Whether *actual* is *expected*, in which matchers may stand, however deep."""
    pending = [(actual, expected)]
    while pending:
        left, right = pending.pop()
        if isinstance(right, Matcher):
            if not right.matches(left):
                return False
        elif isinstance(right, dict) and isinstance(left, dict):
            if left.keys() != right.keys():
                return False
            pending.extend((left[key], item) for key, item in right.items())
        elif isinstance(right, list) and isinstance(left, list):
            if len(left) != len(right):
                return False
            pending.extend(zip(left, right, strict=True))
        elif not equals(left, right):
            return False
    return True


def is_number(value: Value) -> bool:
    """Whether it is an Int or a Float."""
    return value.__class__ in (int, float)


def is_time(value: Value) -> bool:
    """Whether it can be a moment: Unix seconds or milliseconds, or the text of a date and time."""
    if isinstance(value, str):
        return MOMENT.match(value) is not None
    if value.__class__ not in (int, float):
        return False
    seconds = float(value)
    return EARLIEST < seconds < LATEST or EARLIEST < seconds / 1000 < LATEST


def is_id(value: Value) -> bool:
    """Whether it can be an id that was made up: a UUID, or digits in a String."""
    return isinstance(value, str) and (UUID.match(value) is not None or value.isdigit())


@function("anything")
def anything() -> Matcher:
    """In an expectation: any value, null too."""
    return Matcher("anything", lambda value: True)


@function("any_string")
def any_string() -> Matcher:
    """In an expectation: any String."""
    return Matcher("any_string", lambda value: isinstance(value, str))


@function("any_number")
def any_number() -> Matcher:
    """In an expectation: any Int or Float."""
    return Matcher("any_number", is_number)


@function("any_id")
def any_id() -> Matcher:
    """In an expectation: a UUID, or a String of digits such as `phx_ref`."""
    return Matcher("any_id", is_id)


@function("any_time")
def any_time() -> Matcher:
    """In an expectation: a date and time, Unix seconds or milliseconds."""
    return Matcher("any_time", is_time)
