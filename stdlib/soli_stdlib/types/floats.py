"""Methods of Float (docs/spec §L7). Ints made from Floats stop at the 64-bit limits."""

from __future__ import annotations

import math

from soli_lang.base.errors import SoliTypeError
from soli_lang.native.native import Any_, Arg, Number, method
from soli_lang.values.display import float_text
from soli_lang.values.semantics import MAX_INT, MIN_INT
from soli_lang.values.values import Value

from ..ground.arguments import truncated
from ..ground.rounding import half_away, square_root, to_places
from .array_callbacks import NOT_GIVEN
from .integers import checked_clamp

_Numeric = Arg("number", "numeric arguments", frozenset({int, float}))


@method("float", "round", Any_.optional(NOT_GIVEN), bare=True)
def round_(number: float, places: Value) -> int | float:
    """The nearest Int; with *places*, a Float of so many decimals. Halves go away from zero."""
    if places is NOT_GIVEN:
        return half_away(number)
    if places.__class__ is not int:
        raise SoliTypeError("round expects an integer argument")
    return to_places(number, places)


@method("float", "floor", bare=True)
def floor(number: float) -> int:
    """The greatest Int that is not above it."""
    return _held(math.floor(number)) if math.isfinite(number) else truncated(number)


@method("float", "ceil", bare=True)
def ceil(number: float) -> int:
    """The smallest Int that is not below it."""
    return _held(math.ceil(number)) if math.isfinite(number) else truncated(number)


def _held(number: int) -> int:
    return max(MIN_INT, min(MAX_INT, number))


@method("float", ("truncate", "to_i", "to_int"), bare=True)
def truncate(number: float) -> int:
    """Cut toward zero."""
    return truncated(number)


@method("float", ("to_f", "to_float"), bare=True)
def to_f(number: float) -> float:
    """Itself."""
    return number


@method("float", ("to_s", "to_string"), bare=True)
def to_s(number: float) -> str:
    """Its display form."""
    return float_text(number)


@method("float", "abs", bare=True, quick=lambda py, number: py.call("abs", number), direct=abs)
def abs_(number: float) -> float:
    """Its distance from zero."""
    return abs(number)


@method("float", "sqrt", bare=True)
def sqrt(number: float) -> float:
    """Its square root; NaN of a negative number."""
    return square_root(number) if number == number else number


@method("float", "nan?", bare=True)
def is_nan(number: float) -> bool:
    """Whether it is not a number."""
    return number != number


@method("float", "finite?", bare=True)
def is_finite(number: float) -> bool:
    """Whether it is neither infinite nor NaN."""
    return math.isfinite(number)


@method("float", "infinite?", bare=True)
def is_infinite(number: float) -> bool:
    """Whether it is an infinity."""
    return math.isinf(number)


@method("float", "clamp", _Numeric, _Numeric)
def clamp(number: float, low: int | float, high: int | float) -> float:
    """Itself, or the bound that it goes beyond, as a Float."""
    return float(checked_clamp(number, low, high))


@method("float", "divmod", Number(message="divmod expects number, got {got}"))
def divmod_(number: float, divisor: int | float) -> list[float]:
    """`[quotient, remainder]` as Floats, the quotient floored."""
    if divisor == 0:
        raise SoliTypeError("divmod: division by zero")
    quotient, remainder = divmod(number, float(divisor))
    return [quotient, remainder]
