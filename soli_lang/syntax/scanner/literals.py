"""Values of literals (docs/spec §1.5, §1.7, §1.8)."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from typing import Final

MAX_INT: Final = 2**63 - 1

MAX_DECIMAL_DIGITS: Final = 1000
"""Characters of a Decimal literal, and the most that its exponent may move the point."""

_ESCAPES: Final = {
    **{"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "0": "\0"},
    **{"\\": "\\", '"': '"', "'": "'"},
}
_ESCAPE: Final = re.compile(
    r"\\(u\{[0-9A-Fa-f]{1,6}\}|u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"
    r"|u[0-9A-Fa-f]{4}|.)",
    re.DOTALL,
)

_PAIR: Final = len(r"ud83d\ude00")


class BadLiteral(ValueError):
    """A literal that means nothing; the message is for the person who wrote it.

    `start` and `end` are offsets within the text that was given, when only a part is wrong.
    """

    def __init__(self, message: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


def decode_escapes(text: str) -> str:
    """Replace the escapes of quoted strings: eight of one character, `\\u00e9` and `\\u{1F600}`.

    Raises:
        BadLiteral: for any other escape, which its offsets enclose.
    """

    def replace(match: re.Match[str]) -> str:
        char = _ESCAPES.get(match[1]) or _character(match[1])
        if char is None:
            message = f"Invalid escape sequence '\\{match[1]}'"
            raise BadLiteral(message, match.start(), match.end())
        return char

    return _ESCAPE.sub(replace, text)


def _character(escape: str) -> str | None:
    """The character of `u00e9`, `u{1F600}` or a pair of surrogates, None if that is none."""
    if len(escape) == 1:
        return None
    if len(escape) == _PAIR:
        return bytes.fromhex(escape[1:5] + escape[7:]).decode("utf-16-be")
    number = int(escape[1:].strip("{}"), 16)
    return chr(number) if number <= sys.maxunicode and not 0xD800 <= number < 0xE000 else None


def read_int(text: str) -> int:
    """An integer literal; underscores do not count.

    Raises:
        BadLiteral: if it does not fit 64 bits.
    """
    digits = text.replace("_", "").lstrip("0") or "0"
    # int() refuses more than 4,300 digits with a ValueError of its own: look at the length first
    if len(digits) > len(str(MAX_INT)) or int(digits) > MAX_INT:
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise BadLiteral(f"Invalid number '{shown}'")
    return int(digits)


def read_decimal(text: str) -> Decimal:
    """A decimal literal without its `D`: trailing zeros go, an empty fraction becomes `00`.

    Raises:
        BadLiteral: for more than MAX_DECIMAL_DIGITS digits.
    """
    if len(text) > MAX_DECIMAL_DIGITS:
        raise BadLiteral(f"Decimal too long: {len(text)} digits (limit {MAX_DECIMAL_DIGITS})")
    whole, fraction = text.replace("_", "").split(".")
    return Decimal(f"{whole}.{fraction.rstrip('0') or '00'}")


def read_percent_number(text: str) -> int | float | Decimal:
    """One item of `%n[...]`; 0 for what is not a number (docs/spec §1.8)."""
    try:
        if text[-1] in "dD":
            number = Decimal(text[:-1]) if len(text) <= MAX_DECIMAL_DIGITS else Decimal("NaN")
            is_writable = number.is_finite() and abs(number.adjusted()) <= MAX_DECIMAL_DIGITS
            return number if is_writable else 0
        if re.fullmatch(r"-?[0-9]{1,19}", text):
            number_ = int(text)
            return number_ if -MAX_INT - 1 <= number_ <= MAX_INT else 0
        if re.fullmatch(r"-?[0-9]+\.[0-9]+", text):
            return float(text)
    except (ValueError, ArithmeticError):
        pass
    return 0
