"""The assert family (docs/spec §L25.2). Each yields 1, or raises AssertionFailed."""

from __future__ import annotations

from soli_stdlib.json import text as json_text
from soli_stdlib.text import regex

from soli_lang.base.errors import SoliError, SoliPlainTypeError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import UNCATCHABLE, Machine
from soli_lang.native.native import CALLABLES, Any_, String, function
from soli_lang.values import display, kinds, semantics
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Value

from .suites import Suite

_SUITE: MachineKey[Suite] = MachineKey("suite")
"""Where `Machine.library` holds the `Suite` of the spec file that runs."""

Message = Any_.optional()
"""A text of the author's, shown with the failure."""


class Difference:
    """The two values of a comparison that did not hold."""

    __slots__ = ("left", "right")

    def __init__(self, left: Value, right: Value) -> None:
        self.left = display.inspect(left)
        self.right = display.inspect(right)


class AssertionFailed(SoliError):
    """An assertion did not hold. Programs can catch it, as any error."""

    kind = "AssertionError"

    def __init__(
        self, message: str, difference: Difference | None = None, note: Value = None
    ) -> None:
        super().__init__(message)
        self.difference = difference
        self.note = None if note is None else display.to_text(note)


def suite_of(machine: Machine) -> Suite:
    """The suite of this interpreter, made when it is first asked for."""
    suite = machine.library.get(_SUITE)
    if suite is None:
        suite = machine.library[_SUITE] = Suite()
    return suite


def passed(machine: Machine) -> int:
    """Count an assertion that held."""
    suite_of(machine).count_assertion()
    return 1


def _boolean(name: str, value: Value) -> bool:
    if value.__class__ is not bool:
        raise SoliPlainTypeError(f"{name} expects boolean")
    return bool(value)


@function("assert", Any_, Message)
def assert_(machine: Machine, value: Value, note: Value) -> int:
    """Fail unless *value* is true. It must be a Bool."""
    if not _boolean("assert", value):
        raise AssertionFailed("assertion failed", note=note)
    return passed(machine)


@function("assert_not", Any_, Message)
def assert_not(machine: Machine, value: Value, note: Value) -> int:
    """Fail unless *value* is false. It must be a Bool."""
    if _boolean("assert_not", value):
        raise AssertionFailed("assertion failed", note=note)
    return passed(machine)


@function("assert_eq", Any_, Any_, Message)
def assert_eq(machine: Machine, actual: Value, expected: Value, note: Value) -> int:
    """Fail unless the two are equal (`==`)."""
    if not semantics.equals(actual, expected):
        raise AssertionFailed("values not equal", Difference(actual, expected), note)
    return passed(machine)


@function("assert_ne", Any_, Any_, Message)
def assert_ne(machine: Machine, actual: Value, other: Value, note: Value) -> int:
    """Fail if the two are equal (`==`)."""
    if semantics.equals(actual, other):
        raise AssertionFailed("values should not be equal", Difference(actual, other), note)
    return passed(machine)


@function("assert_null", Any_, Message)
def assert_null(machine: Machine, value: Value, note: Value) -> int:
    """Fail unless *value* is null."""
    if value is not None:
        raise AssertionFailed("expected null", Difference(value, None), note)
    return passed(machine)


@function("assert_not_null", Any_, Message)
def assert_not_null(machine: Machine, value: Value, note: Value) -> int:
    """Fail if *value* is null."""
    if value is None:
        raise AssertionFailed("expected non-null", note=note)
    return passed(machine)


def _compared(machine: Machine, name: str, operator: str, left: Value, right: Value) -> int:
    if left.__class__ is not right.__class__ or left.__class__ not in (int, float):
        raise SoliPlainTypeError(f"{name} expects two integers or two floats")
    if not semantics.compare(operator, left, right):
        raise AssertionFailed(f"{name} failed", Difference(left, right))
    return passed(machine)


@function("assert_gt", Any_, Any_)
def assert_gt(machine: Machine, left: Value, right: Value) -> int:
    """Fail unless *left* is greater than *right*. Both are Ints or both are Floats."""
    return _compared(machine, "assert_gt", ">", left, right)


@function("assert_lt", Any_, Any_)
def assert_lt(machine: Machine, left: Value, right: Value) -> int:
    """Fail unless *left* is less than *right*. Both are Ints or both are Floats."""
    return _compared(machine, "assert_lt", "<", left, right)


@function("assert_raises", Any_.rest())
def assert_raises(machine: Machine, *given: Value) -> Value:
    """Fail unless the block (or function) raises; what it raised, as `rescue` has it.

    Before it may stand an error class that the error must be of, and a text that must be in its
    message: `assert_raises(ValueError, "too long") do … end`.
    """
    code = next((one for one in reversed(given) if one.__class__ in CALLABLES), None)
    if code is None:
        raise SoliPlainTypeError("assert_raises expects a block or a function")
    wanted = [one for one in given if one is not code]
    for one in wanted:
        if not isinstance(one, SoliClass | str):
            raise SoliPlainTypeError("assert_raises expects error classes and texts")
    try:
        machine.callback(code, 0)()
    except UNCATCHABLE:
        raise
    except SoliError as error:
        raised = machine.caught(error)
        for one in wanted:
            _check_raised(raised, error, one)
        passed(machine)
        return raised
    raise AssertionFailed("nothing was raised")


def _check_raised(raised: Value, error: SoliError, wanted: Value) -> None:
    """Fail unless what was raised is of a class, or says a text."""
    if isinstance(wanted, SoliClass):
        klass = getattr(raised, "soli_class", None)
        if klass is None or not klass.is_a(wanted.name):
            raise AssertionFailed(
                f"expected {wanted.name} to be raised, got {error.text()}"
            ) from error
    elif wanted not in error.message:
        raise AssertionFailed(
            "the error says something else", Difference(error.message, wanted)
        ) from error


_MATCHED = String(message="assert_match expects strings")


@function("assert_match", _MATCHED, _MATCHED)
def assert_match(machine: Machine, text: str, pattern: str) -> int:
    """Fail unless the regular expression *pattern* is found in *text*."""
    if not regex.matches(machine, pattern, text):
        raise AssertionFailed("assert_match failed", Difference(text, pattern))
    return passed(machine)


@function("assert_contains", Any_, Any_)
def assert_contains(machine: Machine, container: Value, value: Value) -> int:
    """Fail unless the array has the item, or the string the text, *value*."""
    if container.__class__ is list:
        found = any(semantics.equals(item, value) for item in container)
    elif container.__class__ is not str:
        raise SoliPlainTypeError("assert_contains expects array or string")
    elif value.__class__ is not str:
        raise SoliPlainTypeError("assert_contains expects string as second argument")
    else:
        found = value in container
    if not found:
        raise AssertionFailed("assert_contains failed", Difference(container, value))
    return passed(machine)


@function("assert_hash_has_key", Any_, Any_)
def assert_hash_has_key(machine: Machine, container: Value, key: Value) -> int:
    """Fail unless the hash has the key."""
    if container.__class__ is not dict:
        raise SoliPlainTypeError("assert_hash_has_key expects hash")
    if not kinds.is_key(key) or kinds.to_key(key) not in container:
        raise AssertionFailed("hash does not contain key", Difference(container, key))
    return passed(machine)


@function("assert_json", String(message="assert_json expects string"))
def assert_json(machine: Machine, text: str) -> int:
    """Fail unless *text* is JSON."""
    if not is_json(text):
        raise AssertionFailed("invalid JSON")
    return passed(machine)


def is_json(text: str) -> bool:
    """Whether *text* is JSON."""
    try:
        json_text.decode(text)
    except SoliError:
        return False
    return True
