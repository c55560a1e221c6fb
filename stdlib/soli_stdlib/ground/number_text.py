"""Numbers read from text, as Soli reads them and Python does not (docs/spec §L1.5).

Python's `int` and `float` also take underscores, white space and digits of other scripts; Soli
takes none of these.
"""

from __future__ import annotations

import re

from soli_lang.values.semantics import MAX_INT, MIN_INT

from .arguments import truncated

WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's White_Space. `str.strip()` alone would also take U+001C to U+001F."""

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)",
    re.ASCII | re.IGNORECASE,
)
_PREFIXES = {16: "0x", 8: "0o", 2: "0b"}
_SAFE_DIGITS = 18
"""Decimal digits that always fit in 64 bits."""
_MOST_DIGITS = 64
"""Digits (after leading zeros) that a 64-bit integer can have in any base."""


def parse_int(text: str) -> int | None:
    """The Int written in *text*: sign and decimal digits only. None when it is none or too big."""
    if _INTEGER.fullmatch(text) is None:
        return None
    return _within_64_bits(text, 10)


def _within_64_bits(text: str, base: int) -> int | None:
    if len(text) > _MOST_DIGITS:
        sign = text[0] if text[0] in "+-" else ""
        text = sign + (text.lstrip("+-").lstrip("0") or "0")
        if len(text) > _MOST_DIGITS + 1:
            return None
    number = int(text, base)
    return number if MIN_INT <= number <= MAX_INT else None


def parse_float(text: str) -> float | None:
    """The Float written in *text* (`1.5`, `.5`, `5.`, `1e3`, `inf`, `nan`), else None."""
    if _FLOAT.fullmatch(text) is None:
        return None
    return float(text)


def lenient_float(text: str) -> float | None:
    """Like `parse_float` after trimming, also with a decimal comma."""
    text = text.strip(WHITE_SPACE)
    number = parse_float(text)
    if number is None and "," in text:
        number = parse_float(text.replace(",", "."))
    return number


def lenient_int(text: str) -> int:
    """`s.to_i`: integer text, else float text cut toward zero, else 0."""
    if len(text) <= _SAFE_DIGITS and text.isascii() and text.isdigit():
        return int(text)
    text = text.strip(WHITE_SPACE)
    number = parse_int(text)
    if number is not None:
        return number
    real = lenient_float(text)
    return 0 if real is None else truncated(real)


def int_in_base(text: str, base: int) -> int:
    """`s.to_i(16)`: sign, optional prefix and digits of *base*; 0 for anything else."""
    text = text.strip(WHITE_SPACE)
    sign = text[:1] if text[:1] in ("+", "-") else ""
    digits = text[len(sign) :]
    prefix = _PREFIXES.get(base)
    if prefix is not None and digits[:2].lower() == prefix:
        digits = digits[2:]
    if not is_digits(digits, base):
        return 0
    return _within_64_bits(sign + digits, base) or 0


def is_digits(text: str, base: int) -> bool:
    """Whether *text* is one or more digits of *base*, in either case."""
    allowed = "0123456789abcdefghijklmnopqrstuvwxyz"[:base]
    return bool(text) and not text.lower().strip(allowed) and text.isascii()


def strict_int_in_base(text: str, base: int) -> int | str:
    """`s.hex`, `s.oct`: sign and digits; the reason as text when *text* is anything else."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    digits = text[len(sign) :]
    if not digits:
        return "invalid digit found in string" if sign else "cannot parse integer from empty string"
    if not is_digits(digits, base):
        return "invalid digit found in string"
    number = _within_64_bits(text, base)
    if number is None:
        size = "small" if sign == "-" else "large"
        return f"number too {size} to fit in target type"
    return number


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def int_text(number: int, base: int) -> str:
    """*number* in lower-case digits of *base* (2 to 36), with `-` before it when negative."""
    if base == 10 or number == 0:
        return str(number)
    digits = []
    rest = abs(number)
    while rest:
        rest, digit = divmod(rest, base)
        digits.append(_DIGITS[digit])
    return ("-" if number < 0 else "") + "".join(reversed(digits))
