"""Rounding as Soli does it (docs/spec §L7-L8, §L11)."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, InvalidOperation

from soli_lang.base.errors import SoliOverflowError
from soli_lang.values.semantics import MAX_INT, MIN_INT

from .arguments import truncated

_EXACT = Context(prec=800)
"""Wide enough for all digits of any Float and any sane number of places."""
_POWERS = tuple(10.0 ** (places + 1) for places in range(9))
_MOST_PLACES = 330
"""Places beyond which rounding leaves every Float as it is, or makes it 0."""


def half_away(number: int | float) -> int:
    """The nearest Int, halves away from zero, held within 64 bits; NaN is 0."""
    whole = truncated(number)
    if abs(number - whole) >= 0.5 and MIN_INT < whole < MAX_INT:
        return whole + 1 if number > 0 else whole - 1
    return whole


def to_places(number: float, places: int) -> float:
    """*number* with *places* decimals, halves away from zero *on its shortest text*.

    So 2.675 gives 2.68, although the Float is a little less than that text says.
    """
    if not math.isfinite(number):
        return number
    if 0 <= places <= 8:
        scaled = number * _POWERS[places]
        if -1e12 < scaled < 1e12 and 0.001 < scaled % 1.0 < 0.999:
            # More than one decimal beyond *places*: no tie, so Python rounds alike.
            return round(number, places)
    if 0 <= places <= 15:
        text = repr(number)
        if "e" not in text:
            decimals = len(text) - text.index(".") - 1
            if decimals <= places:
                return number
            if decimals > places + 1 or text[-1] != "5":
                # No tie: the text and the number it stands for round the same way.
                return round(number, places)
    places = max(-_MOST_PLACES, min(_MOST_PLACES, places))
    exact = Decimal(repr(number))
    if int(exact.as_tuple().exponent) >= -places:
        return number
    return float(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT))


def decimal_places(number: Decimal, places: int) -> Decimal:
    """*number* with *places* decimals, halves to even.

    Raises SoliOverflowError for more digits than Decimals are worked out with.
    """
    places = max(-_MOST_PLACES, min(_MOST_PLACES, places))
    if places >= 0 and int(number.as_tuple().exponent) >= -places:
        return number
    try:
        return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, _EXACT)
    except InvalidOperation:
        raise SoliOverflowError("Decimal overflow") from None


def decimal_int(number: Decimal, rounding: str) -> int:
    """The Int that *rounding* makes of a Decimal. Raises SoliOverflowError beyond 64 bits."""
    if number.adjusted() > 20:
        raise SoliOverflowError("Integer overflow")
    whole = int(number.to_integral_value(rounding))
    if not MIN_INT <= whole <= MAX_INT:
        raise SoliOverflowError("Integer overflow")
    return whole


def square_root(number: int | float | Decimal) -> float:
    """The square root as a Float; NaN of a negative number."""
    return math.sqrt(number) if number >= 0 else math.nan


def power(base: float, exponent: float) -> float:
    """*base* to the power of *exponent*, with infinities and NaN instead of errors."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        if base != 0:
            return math.nan
        is_negative_zero = math.copysign(1.0, base) < 0
        return -math.inf if is_negative_zero and exponent % 2 == 1 else math.inf
