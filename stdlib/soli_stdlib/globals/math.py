"""The class `Math` (docs/spec §L11)."""

from __future__ import annotations

import math

from soli_lang.machine.machine import Machine
from soli_lang.native.native import Number, static

from ..ground import randomness
from ..ground.arguments import truncated


@static("Math", "pi")
def pi() -> float:
    """The ratio of a circle's circumference to its diameter."""
    return math.pi


@static("Math", "e")
def e() -> float:
    """The base of natural logarithms."""
    return math.e


@static("Math", "floor", Number)
def floor(number: int | float) -> int:
    """The greatest Int not above *number*, within 64 bits."""
    return truncated(math.floor(number)) if math.isfinite(number) else truncated(number)


@static("Math", "ceil", Number)
def ceil(number: int | float) -> int:
    """The least Int not below *number*, within 64 bits."""
    return truncated(math.ceil(number)) if math.isfinite(number) else truncated(number)


@static("Math", "round", Number)
def round_(number: int | float) -> int:
    """The nearest Int, half away from zero."""
    if number.__class__ is int:
        return int(number)
    whole = truncated(number)
    # The difference is exact where it matters: beyond 2**52 floats have no fraction.
    if math.isfinite(number) and abs(number - whole) >= 0.5:
        return truncated(whole + (1 if number > 0 else -1))
    return whole


@static("Math", "random")
def random(machine: Machine) -> float:
    """A Float from 0, below 1. Not for secrets."""
    return randomness.of(machine).random()


def _log(number: int | float, base_ten: bool) -> float:
    if number == 0:
        return -math.inf
    if number < 0:
        return math.nan
    return math.log10(number) if base_ten else math.log(number)


@static("Math", "log", Number)
def log(number: int | float) -> float:
    """The natural logarithm; -inf for 0, NaN below."""
    return _log(number, base_ten=False)


@static("Math", "log10", Number)
def log10(number: int | float) -> float:
    """The logarithm to base 10; -inf for 0, NaN below."""
    return _log(number, base_ten=True)


@static("Math", "exp", Number)
def exp(number: int | float) -> float:
    """*e* to that power; infinite when too large for a Float."""
    try:
        return math.exp(number)
    except OverflowError:
        return math.inf


@static("Math", "sin", Number)
def sin(number: int | float) -> float:
    """The sine of an angle in radians."""
    return math.sin(number) if math.isfinite(number) else math.nan


@static("Math", "cos", Number)
def cos(number: int | float) -> float:
    """The cosine of an angle in radians."""
    return math.cos(number) if math.isfinite(number) else math.nan


@static("Math", "tan", Number)
def tan(number: int | float) -> float:
    """The tangent of an angle in radians."""
    return math.tan(number) if math.isfinite(number) else math.nan
