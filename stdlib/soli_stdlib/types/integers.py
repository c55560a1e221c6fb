"""Methods of Int (docs/spec §L6). What leaves 64 bits raises `Integer overflow`."""

from __future__ import annotations

import math
from typing import Any

from soli_lang.base.errors import SoliOverflowError, SoliTypeError
from soli_lang.machine import iteration
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Arg, Callable_, Int, method
from soli_lang.values.kinds import type_name
from soli_lang.values.semantics import MAX_INT, MIN_INT
from soli_lang.values.values import Value

from ..ground import sleeping
from ..ground.number_text import int_text
from ..ground.rounding import power, square_root

_Numeric = Arg("number", "numeric arguments", frozenset({int, float}))
_Bound = Int(phrase="integer arguments")
_Limit = Int(phrase="an integer limit")


def within_64_bits(number: int) -> int:
    """*number*, if it is an Int of Soli. Raises SoliOverflowError."""
    if not MIN_INT <= number <= MAX_INT:
        raise SoliOverflowError("Integer overflow")
    return number


def _rest_of_two(py: Any, number: Any, rest: int) -> Any:
    """Whether *number* modulo two is *rest*, for `NativeMethod.quick`."""
    return py.compare(py.binary(number, "%", py.constant(2)), "==", py.constant(rest))


@method(
    "int",
    ("to_s", "to_string"),
    Any_.optional(10),
    bare=True,
    quick=lambda py, number: py.call("str", number),
)
def to_s(number: int, base: Value) -> str:
    """Its digits in *base* (2 to 36), lower case."""
    if base.__class__ is not int:
        raise SoliTypeError(f"to_s expects an integer base, got {type_name(base)}")
    if not 2 <= base <= 36:
        raise SoliTypeError(f"to_s base must be between 2 and 36, got {base}")
    return int_text(number, base)


@method("int", ("to_i", "to_int"), bare=True)
def to_i(number: int) -> int:
    """Itself."""
    return number


@method("int", ("to_f", "to_float"), bare=True)
def to_f(number: int) -> float:
    """The nearest Float."""
    return float(number)


@method(
    "int",
    "abs",
    bare=True,
    when=lambda py, number: py.compare(number, ">", py.name("MIN_INT")),
    quick=lambda py, number: py.call("abs", number),
)
def abs_(number: int) -> int:
    """Its distance from zero."""
    return within_64_bits(abs(number))


@method("int", "sqrt", bare=True)
def sqrt(number: int) -> float:
    """Its square root; NaN of a negative number."""
    return square_root(number)


@method("int", "pow", Arg("number", "a numeric argument", frozenset({int, float})))
def pow_(number: int, exponent: int | float) -> int | float:
    """*number* to the power of *exponent*: an Int unless the exponent is negative or a Float."""
    if exponent.__class__ is float or exponent < 0:
        return power(float(number), float(exponent))
    if exponent > 64 and number not in (-1, 0, 1):
        raise SoliOverflowError("Integer overflow")
    if exponent > 64:
        exponent = 64 + exponent % 2
    return within_64_bits(number ** int(exponent))


@method("int", "even?", bare=True, quick=lambda py, number: _rest_of_two(py, number, 0))
def is_even(number: int) -> bool:
    """Whether it is a multiple of 2."""
    return number % 2 == 0


@method("int", "odd?", bare=True, quick=lambda py, number: _rest_of_two(py, number, 1))
def is_odd(number: int) -> bool:
    """Whether it is no multiple of 2."""
    return number % 2 == 1


@method(
    "int", "zero?", bare=True, quick=lambda py, number: py.compare(number, "==", py.constant(0))
)
@method("float", "zero?", bare=True)
@method("decimal", "zero?", bare=True)
def is_zero(number: Value) -> bool:
    """Whether it is 0."""
    return bool(number == 0)


@method(
    "int", "positive?", bare=True, quick=lambda py, number: py.compare(number, ">", py.constant(0))
)
@method("float", "positive?", bare=True)
@method("decimal", "positive?", bare=True)
def is_positive(number: Value) -> bool:
    """Whether it is greater than 0."""
    return bool(number > 0)


@method("int", "negative?", bare=True)
@method("float", "negative?", bare=True)
@method("decimal", "negative?", bare=True)
def is_negative(number: Value) -> bool:
    """Whether it is less than 0."""
    return bool(number < 0)


@method("int", ("succ", "next"), bare=True)
def succ(number: int) -> int:
    """The Int after it."""
    return within_64_bits(number + 1)


@method("int", "pred", bare=True)
def pred(number: int) -> int:
    """The Int before it."""
    return within_64_bits(number - 1)


@method("int", "between?", _Numeric, _Numeric)
@method("float", "between?", _Numeric, _Numeric)
def is_between(number: Value, low: Value, high: Value) -> bool:
    """Whether it lies between the bounds, these included."""
    return bool(low <= number <= high)


@method("int", "clamp", _Bound, _Bound)
def clamp(number: int, low: int, high: int) -> int:
    """Itself, or the bound that it goes beyond."""
    return checked_clamp(number, low, high)  # type: ignore[no-any-return]


def checked_clamp(number: Value, low: Value, high: Value) -> Value:
    """*number* held between *low* and *high*, which must not cross."""
    if low > high:
        raise SoliTypeError("clamp expects the lower bound first")
    return max(low, min(high, number))


@method("int", "divmod", Int(message="divmod expects integer, got {got}"))
def divmod_(number: int, divisor: int) -> list[int]:
    """`[quotient, remainder]` with a remainder that is never negative."""
    if divisor == 0:
        raise SoliTypeError("divmod: division by zero")
    remainder = number % abs(divisor)
    return [within_64_bits((number - remainder) // divisor), remainder]


@method("int", "gcd", Int)
def gcd(number: int, other: int) -> int:
    """Greatest common divisor, never negative."""
    return within_64_bits(math.gcd(number, other))


@method("int", "lcm", Int)
def lcm(number: int, other: int) -> int:
    """Least common multiple, never negative."""
    return within_64_bits(math.lcm(number, other))


@method("int", "chr", bare=True)
def chr_(number: int) -> str:
    """The character of that code point."""
    if not 0 <= number <= 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise SoliTypeError(f"{number} is not a valid character code")
    return chr(number)


# --- counting ---


@method("int", "times", Callable_)
def times(machine: Machine, number: int, function: Value) -> int:
    """Call *function* with 0, 1, … up to the number (excluded); gives the number."""
    _count(machine, range(number), function)
    return number


@method("int", "upto", _Limit, Callable_)
def upto(machine: Machine, number: int, limit: int, function: Value) -> int:
    """Call *function* with every Int from it up to *limit*; gives the number."""
    _count(machine, range(number, limit + 1), function)
    return number


@method("int", "downto", _Limit, Callable_)
def downto(machine: Machine, number: int, limit: int, function: Value) -> int:
    """Call *function* with every Int from it down to *limit*; gives the number."""
    _count(machine, range(number, limit - 1, -1), function)
    return number


def _count(machine: Machine, numbers: range, function: Value) -> None:
    if abs(numbers.stop - numbers.start) > MAX_INT:  # more than Python can count: never done
        iteration.exhaust(map(machine.callback(function, 1), numbers))
    else:
        iteration.each(machine, function, numbers)


@method("int", "sleep", bare=True)
@method("float", "sleep", bare=True)
def sleep(machine: Machine, seconds: int | float) -> None:
    """Wait that many seconds."""
    sleeping.sleep(machine, seconds, "sleep")
