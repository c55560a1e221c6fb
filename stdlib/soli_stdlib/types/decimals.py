"""Methods of Decimal (docs/spec §L8). Halves go to even."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from soli_lang.base.errors import SoliTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Arg, method
from soli_lang.values.semantics import compare
from soli_lang.values.values import Value

from ..ground.rounding import decimal_int, decimal_places, square_root
from .array_callbacks import NOT_GIVEN
from .integers import checked_clamp

_Bound = Arg("decimal", "decimal or integer arguments", frozenset({Decimal, int}))
_Numeric = Arg("number", "numeric arguments", frozenset({Decimal, int, float}))


@method("decimal", ("to_s", "to_string"), bare=True)
def to_s(machine: Machine, number: Decimal) -> str:
    """Its digits with the scale kept."""
    return machine.text(number)


@method("decimal", ("to_f", "to_float"), bare=True)
def to_f(number: Decimal) -> float:
    """The nearest Float."""
    return float(number)


@method("decimal", ("truncate", "to_i", "to_int"), bare=True)
def truncate(number: Decimal) -> int:
    """Cut toward zero."""
    return decimal_int(number, ROUND_DOWN)


@method("decimal", "floor", bare=True)
def floor(number: Decimal) -> int:
    """The greatest Int that is not above it."""
    return decimal_int(number, ROUND_FLOOR)


@method("decimal", "ceil", bare=True)
def ceil(number: Decimal) -> int:
    """The smallest Int that is not below it."""
    return decimal_int(number, ROUND_CEILING)


@method("decimal", "round", Any_.optional(NOT_GIVEN), bare=True)
def round_(number: Decimal, places: Value) -> int | Decimal:
    """The nearest Int; with *places*, a Decimal of so many decimals."""
    if places is NOT_GIVEN:
        return decimal_int(number, ROUND_HALF_EVEN)
    if places.__class__ is not int:
        raise SoliTypeError("round expects an integer argument")
    return decimal_places(number, places)


@method("decimal", "abs", bare=True)
def abs_(number: Decimal) -> Decimal:
    """Its distance from zero."""
    return number.copy_abs()


@method("decimal", "sqrt", bare=True)
def sqrt(number: Decimal) -> float:
    """Its square root as a Float; NaN of a negative number."""
    return square_root(number)


@method("decimal", "between?", _Numeric, _Numeric)
def is_between(number: Decimal, low: Value, high: Value) -> bool:
    """Whether it lies between the bounds, these included."""
    return compare("<=", low, number) and compare("<=", number, high)


@method("decimal", "clamp", _Bound, _Bound)
def clamp(number: Decimal, low: Decimal | int, high: Decimal | int) -> Decimal:
    """Itself, or the bound that it goes beyond, as a Decimal."""
    return Decimal(checked_clamp(number, low, high))
