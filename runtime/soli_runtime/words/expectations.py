"""`expect(value)` and its matchers (docs/spec §L25.2). Each yields true, or raises."""

from __future__ import annotations

from soli_lang.base.errors import SoliTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, function, method
from soli_lang.values import display, kinds, semantics
from soli_lang.values.values import Value

from .assertions import AssertionFailed, Difference, is_json, passed
from .matchers import matches

OWNER = "Expectation"
MAX_TEXT = 80
"""Characters of a String that a failure quotes."""

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class Expectation:
    """What `expect(value)` yields."""

    __slots__ = ("value",)

    soli_type = OWNER

    def __init__(self, value: Value) -> None:
        self.value = value

    def soli_text(self) -> str:
        return f"<expectation of {shown(self.value)}>"


TYPES: dict[str, tuple[type, ...]] = {OWNER: (Expectation,)}


def shown(value: Value) -> str:
    """*value* as failures show it: strings quoted, escaped and cut."""
    if value.__class__ is not str:
        return display.inspect(value)
    text = value if len(value) <= MAX_TEXT else value[:MAX_TEXT] + "..."
    return f'"{text.translate(_ESCAPES)}"'


@function("expect", Any_)
def expect(value: Value) -> Expectation:
    """Begin an assertion about *value*: `expect(total).to_equal(3)`."""
    return Expectation(value)


def _judge(
    machine: Machine, holds: bool, actual: Value, relation: str, expected: Value, *, diff: bool
) -> bool:
    if not holds:
        difference = Difference(actual, expected) if diff else None
        text = f"Expected {shown(actual)} {relation} {shown(expected)}"
        raise AssertionFailed(text, difference)
    return bool(passed(machine))


@method(OWNER, "actual", bare=True)
def actual_value(expectation: Expectation) -> Value:
    """The value that the expectation is about."""
    return expectation.value


@method(OWNER, "to_be", Any_)
def to_be(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The value equals *other* (`==`)."""
    actual = expectation.value
    return _judge(machine, semantics.equals(actual, other), actual, "to be", other, diff=True)


@method(OWNER, "to_equal", Any_)
def to_equal(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The value equals *other* (`==`), in which `any_id()` and the like may stand for values."""
    actual = expectation.value
    holds = semantics.equals(actual, other) or matches(actual, other)
    return _judge(machine, holds, actual, "to equal", other, diff=True)


@method(OWNER, "to_not_be", Any_)
def to_not_be(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The value differs from *other* (`!=`)."""
    actual = expectation.value
    holds = not semantics.equals(actual, other)
    return _judge(machine, holds, actual, "to not be", other, diff=False)


@method(OWNER, "to_not_equal", Any_)
def to_not_equal(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The value differs from *other* (`!=`)."""
    actual = expectation.value
    holds = not semantics.equals(actual, other)
    return _judge(machine, holds, actual, "to not equal", other, diff=False)


@method(OWNER, "to_be_null", bare=True)
def to_be_null(machine: Machine, expectation: Expectation) -> bool:
    """The value is null."""
    actual = expectation.value
    return _judge(machine, actual is None, actual, "to be", None, diff=False)


@method(OWNER, "to_not_be_null", bare=True)
def to_not_be_null(machine: Machine, expectation: Expectation) -> bool:
    """The value is not null."""
    if expectation.value is None:
        raise AssertionFailed("Expected value to not be null")
    return bool(passed(machine))


_NUMBERS = frozenset({int, float})


def _ordered(
    machine: Machine, expectation: Expectation, name: str, operator: str, other: Value
) -> bool:
    actual = expectation.value
    if actual.__class__ not in _NUMBERS or other.__class__ not in _NUMBERS:
        decimals = kinds.type_name(actual), kinds.type_name(other)
        if "decimal" not in decimals or not {*decimals} <= {"decimal", "int", "float"}:
            raise SoliTypeError(f"{name} expects numbers")
    words = {">": "to be greater than", "<": "to be less than"}
    relation = words.get(operator, f"to be {operator}")
    holds = semantics.compare(operator, actual, other)
    return _judge(machine, holds, actual, relation, other, diff=False)


@method(OWNER, "to_be_greater_than", Any_)
def to_be_greater_than(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The value is a number greater than *other*."""
    return _ordered(machine, expectation, "to_be_greater_than", ">", other)


@method(OWNER, "to_be_less_than", Any_)
def to_be_less_than(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The value is a number less than *other*."""
    return _ordered(machine, expectation, "to_be_less_than", "<", other)


@method(OWNER, "to_be_greater_than_or_equal", Any_)
def to_be_greater_than_or_equal(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The value is a number, at least *other*."""
    return _ordered(machine, expectation, "to_be_greater_than_or_equal", ">=", other)


@method(OWNER, "to_be_less_than_or_equal", Any_)
def to_be_less_than_or_equal(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The value is a number, at most *other*."""
    return _ordered(machine, expectation, "to_be_less_than_or_equal", "<=", other)


@method(OWNER, "to_contain", Any_)
def to_contain(machine: Machine, expectation: Expectation, other: Value) -> bool:
    """The string has the text, the array the item or the hash the *value* given."""
    actual = expectation.value
    if actual.__class__ is str:
        holds = other.__class__ is str and other in actual
    elif isinstance(actual, list | dict):
        items = actual.values() if isinstance(actual, dict) else actual
        holds = any(semantics.equals(item, other) for item in items)
    else:
        raise SoliTypeError("to_contain expects string, array or hash")
    return _judge(machine, holds, actual, "to contain", other, diff=False)


@method(OWNER, "to_match", Any_)
def to_match(machine: Machine, expectation: Expectation, text: Value) -> bool:
    """The string contains *text* (no regular expression; see `assert_match`)."""
    actual = expectation.value
    if actual.__class__ is not str or text.__class__ is not str:
        raise SoliTypeError("to_match expects strings")
    return _judge(machine, text in actual, actual, "to match", text, diff=False)


@method(OWNER, "to_be_valid_json", bare=True)
def to_be_valid_json(machine: Machine, expectation: Expectation) -> bool:
    """The value is a string of JSON."""
    actual = expectation.value
    if actual.__class__ is not str or not is_json(actual):
        raise AssertionFailed(f"Expected valid JSON, got: {shown(actual)}")
    return bool(passed(machine))
