"""JSON texts that orjson refused, read once more by Python's own reader in C.

It takes what Soli takes and orjson does not (raw control characters, Floats beyond all bounds) and
finds Ints that need 64 bits without a sign. For what is no JSON it says where reading stopped; from
there `json_scanner` makes Soli's error text, so nobody walks the whole text in Python to find one
wrong character. Source: docs/spec §L1.4.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate
from json import JSONDecodeError, JSONDecoder
from typing import NoReturn

from soli_lang.base.collecting import Paused
from soli_lang.base.errors import SoliValueError
from soli_lang.values.semantics import MAX_INT, MIN_INT
from soli_lang.values.values import Value

from .plain import MAX_DEPTH
from .scanner import INT_DIGITS, JsonScanner, Spend

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape for half a character, perhaps: Python's reader takes halves that stand alone."""
_TEXTS = re.compile(r'"[^"]*"?')
"""Strings, where quotes in them were taken away: see `_unescaped`."""
_WORDS = re.compile(r'"[^"]*"?|-?Infinity|NaN')
_NUMBER_PARTS = frozenset("0123456789.eE")
_CLOSED_ONE = bytes.maketrans(b"[{]}", b"\x00\x00\x02\x02")
_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")


class _NotANumber(Exception):
    """`NaN` or `Infinity`, which are no JSON."""


def _integer(digits: str) -> int | float:
    if len(digits) <= INT_DIGITS:
        number = int(digits)
        if MIN_INT <= number <= MAX_INT:
            return number
    return float(digits)


def _no_constant(word: str) -> NoReturn:
    raise _NotANumber


_READER = JSONDecoder(strict=False, parse_int=_integer, parse_constant=_no_constant)


def read(text: str, spend: Spend | None = None) -> Value:
    """The value of *text*. *spend* is charged for what takes longer than reading with orjson.

    Raises SoliValueError with the place of what is wrong.
    """
    if spend is not None:
        spend(len(text) >> 3)
    if _SURROGATE.search(text) or _height(text) > MAX_DEPTH:
        return JsonScanner(text, MAX_DEPTH, spend).run()
    try:
        with Paused():
            return _READER.decode(text)
    except JSONDecodeError as error:
        _raise_fault(text, error)
    except _NotANumber:
        _raise_constant(text)
    except RecursionError:
        pass
    return JsonScanner(text, MAX_DEPTH, spend).run()


def _height(text: str) -> int:
    """How deep *text* nests, if it is JSON."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    brackets = _brackets(text)
    return max(accumulate(map((1).__sub__, brackets.translate(_CLOSED_ONE))), default=0)


def _brackets(text: str) -> bytes:
    """The brackets of *text* without those in its strings."""
    bare = _TEXTS.sub("", _unescaped(text)) if '"' in text else text
    return bare.encode("utf-8", "replace").translate(None, _NOT_BRACKETS)


def _unescaped(text: str) -> str:
    """*text* with something else, as long, for escaped backslashes and quotes.

    A pattern that knew about escapes would need memory for each of them.
    """
    return text.replace("\\\\", "__").replace('\\"', "__") if "\\" in text else text


# --- what is wrong ---------------------------------------------------------------------------


def _raise_fault(text: str, error: JSONDecodeError) -> None:
    """Raise Soli's error for what Python's reader stumbled over; nothing if that is unknown."""
    retry = _RETRIES.get(error.msg.partition(":")[0])
    if retry is not None:
        retry(JsonScanner(text, MAX_DEPTH), error.pos)


def _raise_constant(text: str) -> None:
    for found in _WORDS.finditer(_unescaped(text)):
        if found[0][0] != '"':
            scanner = JsonScanner(text, MAX_DEPTH)
            scanner.at = found.start()
            scanner.scalar(found[0][0])


def _broken_number(scanner: JsonScanner, at: int) -> None:
    """Raise the error of a number that goes on after its end: `1.`, `01`, `1e5.3`."""
    text = scanner.text
    if at >= len(text) or text[at] not in _NUMBER_PARTS or not "0" <= text[at - 1] <= "9":
        return
    start = at
    while start and text[start - 1] in "+-.0123456789eE":
        start -= 1
    scanner.at = start
    scanner.scalar(text[start])


def _delimiter(scanner: JsonScanner, at: int) -> None:
    _broken_number(scanner, at)
    scanner.at = at
    scanner.after_item("]" if _is_in_array(scanner.text[:at]) else "}")


def _is_in_array(begun: str) -> bool:
    """Whether the innermost bracket that *begun*, the beginning of a text, left open is `[`."""
    closed = 0
    for bracket in reversed(_brackets(begun)):
        if bracket in b"]}":
            closed += 1
        elif not closed:
            return bracket == ord("[")
        else:
            closed -= 1
    return False


def _trailing(scanner: JsonScanner, at: int) -> None:
    _broken_number(scanner, at)
    scanner.at = at
    raise scanner.error("Trailing content")


def _value(scanner: JsonScanner, at: int) -> None:
    scanner.at = at
    scanner.start()


def _key(scanner: JsonScanner, at: int) -> None:
    scanner.at = at
    scanner.key()


def _colon(scanner: JsonScanner, at: int) -> None:
    scanner.at = at
    scanner.colon()


def _unterminated(scanner: JsonScanner, at: int) -> None:
    text = scanner.text
    backslashes = len(text) - len(text.rstrip("\\"))
    raise SoliValueError("Unterminated string escape" if backslashes % 2 else "Unterminated string")


def _escape(scanner: JsonScanner, at: int) -> None:
    scanner.at = at + 1
    scanner.escape()


def _unicode_escape(scanner: JsonScanner, at: int) -> None:
    scanner.at = scanner.text.rfind("\\", 0, at + 1) + 1
    scanner.escape()


_RETRIES: dict[str, Callable[[JsonScanner, int], None]] = {
    "Expecting value": _value,
    "Expecting ',' delimiter": _delimiter,
    "Expecting '": _colon,
    "Expecting property name enclosed in double quotes": _key,
    "Extra data": _trailing,
    "Unterminated string starting at": _unterminated,
    "Invalid \\escape": _escape,
    "Invalid \\uXXXX escape": _unicode_escape,
}
"""Python's message up to its first colon -> what raises Soli's. All begin at the place it names."""
