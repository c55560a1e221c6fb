"""What each operator means (docs/spec §3.10, §4.2).

Integers stay within 64 bits (§3.10); `/` truncates and `%` takes the sign of the dividend.
"""

from __future__ import annotations

import math
import operator as python
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from ..base.errors import SoliError, SoliOverflowError, SoliTypeError, SoliZeroDivisionError
from ..machine.machine import Machine
from ..values.display import to_text
from ..values.kinds import type_name
from ..values.objects import ErrorValue
from ..values.semantics import MAX_INT, MIN_INT, compare, equals
from ..values.values import Value

DECIMALS = Context(prec=28, Emin=-6143, Emax=6144)
"""Digits and exponents of results: written out, none is longer than some thousand characters."""


def integer(value: int) -> int:
    """*value*, or `Integer overflow` when it does not fit 64 bits."""
    if MIN_INT <= value <= MAX_INT:
        return value
    raise SoliOverflowError("Integer overflow")


def _is_number(value: Value) -> bool:
    return value.__class__ is int or value.__class__ is float


def add(machine: Machine, left: Value, right: Value) -> Value:
    """`+`: numbers, arrays, or text when either side is a String (or an error, as text)."""
    kind, other = left.__class__, right.__class__
    if kind is int and other is int:
        return integer(left + right)
    if _is_number(left) and _is_number(right):
        return float(left + right)
    if kind is str or other is str or kind is ErrorValue or other is ErrorValue:
        return _join_text(machine, left, right)
    if kind is list and other is list:
        machine.check_length(8 * (len(left) + len(right)))
        machine.spend((len(left) + len(right)) >> 4)
        return left + right
    if kind is Decimal or other is Decimal:
        return _decimal(python.add, left, right, lambda: _cannot("add", left, right))
    raise _cannot("add", left, right)


def _join_text(machine: Machine, left: Value, right: Value) -> str:
    first, second = to_text(left, machine.spend), to_text(right, machine.spend)
    size = len(first) + len(second)
    machine.check_length(size)
    machine.spend(size >> 8)
    return first + second


def _cannot(verb: str, left: Value, right: Value) -> SoliError:
    names = type_name(left), type_name(right)
    if verb == "subtract":
        return SoliTypeError(f"Cannot subtract {names[1]} from {names[0]}")
    joint = "by" if verb in ("divide", "modulo") else "and"
    return SoliTypeError(f"Cannot {verb} {names[0]} {joint} {names[1]}")


def subtract(machine: Machine, left: Value, right: Value) -> Value:
    kind, other = left.__class__, right.__class__
    if kind is int and other is int:
        return integer(left - right)
    if _is_number(left) and _is_number(right):
        return float(left - right)
    if kind is list and other is list:
        return without(machine, left, right)
    if kind is Decimal or other is Decimal:
        return _decimal(python.sub, left, right, lambda: _cannot("subtract", left, right))
    raise _cannot("subtract", left, right)


def without(machine: Machine, left: list[Value], right: list[Value]) -> list[Value]:
    """The items of *left* that equal none of *right*."""
    machine.spend((len(left) + len(right)) >> 3)
    if all(item.__class__ is str for item in right):
        machine.spend(sum([len(item) for item in left if item.__class__ is str]) >> 10)
        unwanted = set(right)
        return [item for item in left if item.__class__ is not str or item not in unwanted]
    machine.spend(len(left) * len(right) // 16)
    same = machine.equals
    return [item for item in left if not any(same(item, other) for other in right)]


def multiply(machine: Machine, left: Value, right: Value) -> Value:
    kind, other = left.__class__, right.__class__
    if kind is int and other is int:
        return integer(left * right)
    if _is_number(left) and _is_number(right):
        return float(left * right)
    if kind is str and other is int:
        return _repeat(machine, left, right)
    if kind is int and other is str:
        return _repeat(machine, right, left)
    if kind is Decimal or other is Decimal:
        return _decimal(python.mul, left, right, lambda: _cannot("multiply", left, right))
    raise _cannot("multiply", left, right)


def _repeat(machine: Machine, text: str, times: int) -> str:
    if times <= 0 or not text:
        return ""
    machine.check_length(len(text) * times)
    machine.spend(len(text) * times >> 8)
    return text * times


def divide(machine: Machine, left: Value, right: Value) -> Value:
    kind, other = left.__class__, right.__class__
    if (_is_number(left) or kind is Decimal) and (_is_number(right) or other is Decimal):
        if right == 0:
            raise SoliZeroDivisionError("Division by zero")
        if kind is int and other is int:
            quotient = abs(left) // abs(right)
            return integer(quotient if (left < 0) == (right < 0) else -quotient)
        if kind is not Decimal and other is not Decimal:
            return float(left / right)
        if kind is not float and other is not float:
            return _decimal_quotient(left, right)
    raise _cannot("divide", left, right)


def _decimal_quotient(left: Value, right: Value) -> Decimal:
    first, second = Decimal(left), Decimal(right)
    places = max(_places(first), _places(second))
    try:
        trimmed = DECIMALS.divide(first, second).normalize(DECIMALS)
        if _places(trimmed) < places:
            return trimmed.quantize(Decimal(1).scaleb(-places), context=DECIMALS)
    except ArithmeticError:
        raise SoliOverflowError("Decimal overflow") from None
    return trimmed


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def modulo(machine: Machine, left: Value, right: Value) -> Value:
    kind, other = left.__class__, right.__class__
    if kind is int and other is int:
        if right == 0:
            raise SoliZeroDivisionError("Division by zero")
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    if _is_number(left) and _is_number(right):
        if right == 0 or math.isinf(left) or left != left or right != right:
            return math.nan
        return math.fmod(left, right)
    if {kind, other} <= {Decimal, int}:
        if right == 0:
            raise SoliZeroDivisionError("Division by zero")
        return _decimal(python.mod, left, right, lambda: _cannot("modulo", left, right))
    raise _cannot("modulo", left, right)


def _decimal(
    operation: Callable[[Any, Any], Any],
    left: Value,
    right: Value,
    otherwise: Callable[[], SoliError],
) -> Value:
    """Decimal with Decimal or Int stays Decimal; with Float it becomes Float."""
    kinds = {left.__class__, right.__class__}
    if kinds <= {Decimal, int}:
        name = {python.add: "add", python.sub: "subtract", python.mul: "multiply"}.get(operation)
        try:
            if name is None:
                return DECIMALS.remainder(Decimal(left), Decimal(right))
            return getattr(DECIMALS, name)(Decimal(left), Decimal(right))
        except ArithmeticError:
            raise SoliOverflowError("Decimal overflow") from None
    if kinds <= {Decimal, float}:
        return float(operation(float(left), float(right)))
    raise otherwise()


INT_BYTES = 32
"""What an Int takes beside its place in an Array."""


def make_range(machine: Machine, left: Value, right: Value) -> list[int]:
    """`a..b`: the Ints from *left* up to, not including, *right*."""
    if left.__class__ is not int or right.__class__ is not int:
        raise no_range(left, right)
    count = max(0, right - left)
    machine.check_length(8 * count)
    machine.claim(INT_BYTES * count)
    machine.spend(count >> 4)
    return list(range(left, right))


def no_range(left: Value, right: Value) -> SoliError:
    """The error of `left..right` where these are not both Ints."""
    names = type_name(left), type_name(right)
    return SoliTypeError(f"range (..) expects two integers, got {names[0]} and {names[1]}")


def append(machine: Machine, left: Value, right: Value) -> Value:
    """`array << value`"""
    if left.__class__ is not list:
        raise SoliTypeError(f"<< expects an array on the left, got {type_name(left)}")
    machine.check_growth(8 * (len(left) + 1))
    left.append(right)
    return left


Operation = Callable[[Machine, Value, Value], Value]

OPERATIONS: dict[str, Operation] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "..": make_range,
    "<<": append,
    "==": lambda machine, left, right: equals(left, right, machine.spend),
    "!=": lambda machine, left, right: not equals(left, right, machine.spend),
    "<": lambda machine, left, right: compare("<", left, right, machine.spend),
    "<=": lambda machine, left, right: compare("<=", left, right, machine.spend),
    ">": lambda machine, left, right: compare(">", left, right, machine.spend),
    ">=": lambda machine, left, right: compare(">=", left, right, machine.spend),
}
