"""JSON: values to text and text to values, and the class `JSON` (docs/spec §L1.3-L1.4).

orjson does the work wherever its result is Soli's to the character. `encode` first surveys the
value: one C call of orjson cannot be interrupted, and forty nested two-item arrays that share
their items would be a terabyte of text. `decode` leaves what orjson reads
otherwise (Ints of 64 bits without a sign) or refuses (raw control characters) to `fallback_parser`.

orjson is imported where it is used: it loads uuid, dataclasses and json, a tenth of what it takes
to start a script.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import (
    LimitError,
    SoliError,
    SoliPlainTypeError,
    SoliTypeError,
    SoliValueError,
)
from soli_lang.base.records import Record
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, function, method, static
from soli_lang.values.semantics import MAX_INT
from soli_lang.values.values import Value

from ..ground.costs import copy_text
from .plain import MAX_DEPTH, NotEncodable, PlainCopy

MAX_ENCODED_BYTES = 64 * 1024 * 1024
"""Bytes of one encoded text, unless the caller says otherwise."""
MAX_DECODED_CHARACTERS = 16 * 1024 * 1024
"""Characters of one text to decode: its value may take twenty times as much."""
MAX_ORJSON_DEPTH = 250
"""Levels that orjson writes by itself."""

_SMALL_HASH = 16
_SMALL_TEXT = 65_536
_FLAT = frozenset({int, bool, type(None)})
_STRING = frozenset({str})
_EXPONENT_FROM = 1e16
"""From here on orjson writes `1e+16` where Soli writes `1e16`."""


# --- encoding ---


def encode(value: Value, limit: int = MAX_ENCODED_BYTES) -> str:
    """The JSON text of *value*, at most *limit* bytes.

    Raises NotEncodable for functions, classes, cycles and the like, LimitError beyond *limit*.
    """
    import orjson

    if value.__class__ is dict and len(value) <= _SMALL_HASH:
        # What handlers send, nearly always: a few texts and numbers under a few names.
        size = 0
        for item in value.values():
            if item.__class__ is str:
                size += len(item)
            elif item.__class__ not in _FLAT:
                break
        else:
            if size <= _SMALL_TEXT:
                try:
                    return orjson.dumps(value).decode()
                except TypeError:
                    pass  # A key that is no String.
    return _encode(value, limit)


def _encode(value: Value, limit: int) -> str:
    import orjson

    try:
        try:
            _, height = _Survey(limit).of(value)
        except _NotPlain:
            value = PlainCopy().of(value)
            _, height = _Survey(limit).of(value)
        if height > MAX_DEPTH:
            raise NotEncodable.too_deep()
        if height > MAX_ORJSON_DEPTH:
            return _deep_text(value, {})
        data = orjson.dumps(value)
    except RecursionError:
        raise NotEncodable.too_deep() from None
    except orjson.JSONEncodeError as error:
        # Only a host can make such a value: a lone surrogate, an Int beyond 64 bits.
        raise NotEncodable(f"Cannot convert to JSON: {error}") from None
    if len(data) > limit:
        raise _too_large(len(data), limit)
    return data.decode()


def _too_large(size: int, limit: int) -> LimitError:
    return LimitError(f"JSON text too large: {size} bytes (limit {limit})")


class _NotPlain(Exception):
    """The value holds something that orjson does not write as Soli does."""


class _Survey:
    """How long the text of a value gets at least, and how deep it nests.

    Every container is looked into once, however often it occurs.
    """

    __slots__ = ("_known", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[int, tuple[int, int] | None] = {}
        """id of a container -> (size, height); None while it is open."""

    def of(self, value: Value) -> tuple[int, int]:
        """Size in characters (a lower bound) and height (0: no container) of *value*."""
        if value.__class__ is dict or value.__class__ is list:
            return self._container(value, 1)
        return _scalar_size(value), 0

    # One frame per level, so that MAX_DEPTH levels fit on Python's stack.
    def _container(self, value: Any, depth: int) -> tuple[int, int]:  # noqa: C901 - hot loop
        known, identity = self._known, id(value)
        if identity in known:
            return _closed(known[identity])
        if depth > MAX_DEPTH:
            raise NotEncodable.too_deep()
        known[identity] = None
        size, height = 2, 0
        if value.__class__ is dict:
            items: Any = value.values()
            if not _STRING.issuperset(map(type, value)):
                raise _NotPlain
            size += sum(map(len, value)) + 4 * len(value)
        else:
            items = value
            if len(items) > 8 and _FLAT.issuperset(map(type, items)):
                size += 2 * len(items)
                items = ()
        for item in items:
            kind = item.__class__
            if kind is str:
                size += len(item) + 3
            elif kind is dict or kind is list:
                inner, levels = self._container(item, depth + 1)
                size += inner + 1
                if levels > height:
                    height = levels
            elif kind in _FLAT:
                size += 2
            else:
                size += _scalar_size(item)
        if size > self._limit:
            raise _too_large(size, self._limit)
        result = known[identity] = (size, height + 1)
        return result


def _closed(known: tuple[int, int] | None) -> tuple[int, int]:
    if known is None:
        raise NotEncodable.too_deep()
    return known


def _scalar_size(value: Value) -> int:
    kind = value.__class__
    if kind is str:
        return len(value) + 2
    if kind is float and (-_EXPONENT_FROM < value < _EXPONENT_FROM or value != value):
        return 3
    if kind in _FLAT or _is_fragment(kind):
        return 2
    raise _NotPlain


def _is_fragment(kind: type) -> bool:
    import orjson

    return kind is orjson.Fragment


def _deep_text(value: Any, known: dict[int, str]) -> str:
    """The text of a plain value that nests deeper than orjson goes. One frame per level."""
    import orjson

    if value.__class__ is not dict and value.__class__ is not list:
        return orjson.dumps(value).decode()
    if id(value) in known:
        return known[id(value)]
    parts: list[str] = []
    if isinstance(value, list):
        for item in value:
            parts.append(_deep_text(item, known))
        text = f"[{','.join(parts)}]"
    else:
        for key, item in value.items():
            parts.append(f"{orjson.dumps(key).decode()}:{_deep_text(item, known)}")
        text = f"{{{','.join(parts)}}}"
    known[id(value)] = text
    return text


# --- decoding ---

_ANY_DIGIT = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
"""After `_ANY_DIGIT`: digits enough to leave 64 bits."""
_LONG_DIGITS = re.compile(rb"[0-9]{19,}")
_MAX_INT_DIGITS = str(MAX_INT).encode()


def decode(
    text: str, limit: int = MAX_DECODED_CHARACTERS, spend: Callable[[int], None] | None = None
) -> Value:
    """The value of a JSON text.

    *spend* is charged for what orjson cannot read alone; for the rest the caller has paid (see
    `pay_for_reading`). Raises SoliValueError for what is not JSON, with the texts of
    docs/spec §L1.4, and LimitError for a text of more than *limit* characters. Positions in
    errors are characters.
    """
    if len(text) > limit:
        raise LimitError(f"JSON text too large: {len(text)} characters (limit {limit})")
    import orjson

    try:
        data = text.encode()
        if not _has_unsigned(data):
            value = orjson.loads(data)
            if len(data) > 2 * MAX_DEPTH and _is_too_deep(data, value):
                raise SoliValueError("JSON structure nested too deeply")
            return value
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass
    # Imported when it is needed: programs start sooner without it.
    from . import fallback_parser

    return fallback_parser.read(text, spend)


def _has_unsigned(data: bytes) -> bool:
    """Whether there may be Ints beyond 2^63 - 1 of which orjson does not make Floats."""
    if _LONG_NUMBER not in data.translate(_ANY_DIGIT):
        return False
    return any(
        len(digits) == 20 or (len(digits) == 19 and digits > _MAX_INT_DIGITS)
        for digits in _LONG_DIGITS.findall(data)
    )


def _is_too_deep(data: bytes, value: Value) -> bool:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return False
    level = [value] if value.__class__ in (list, dict) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        level = [
            item
            for container in level
            for item in (container.values() if container.__class__ is dict else container)
            if item.__class__ is list or item.__class__ is dict
        ]
    return bool(level)


def charge(machine: Machine, text: str) -> None:
    """Charge for having made *text*."""
    if len(text) > SMALL:
        machine.spend(len(text) >> 4)
        machine.claim(len(text))


_BYTES_PER_MARK = ((",", 40), ("[", 64), ("{", 64), (":", 120))
"""What a value takes, at most, for each of these characters of its text."""


def pay_for_reading(machine: Machine, text: str) -> None:
    """Charge the steps of decoding *text*, and claim the memory that its value may take."""
    if len(text) > SMALL:
        machine.spend(len(text) >> 4)
        machine.claim(sum([text.count(mark) * size for mark, size in _BYTES_PER_MARK]) + len(text))


SMALL = 128
"""Characters of a text whose value takes little more than what the call itself costs."""


def hash_from_text(machine: Machine, text: str) -> dict[Any, Value]:
    """The hash of a JSON object, `{}` for any other text (docs/spec §L1.4)."""
    if not text.startswith("{") and not text.lstrip(" \t\r\n").startswith("{"):
        return {}
    value = value_from_text(machine, text)
    return value if value.__class__ is dict else {}


def value_from_text(machine: Machine, text: str) -> Value:
    """The value of a JSON text, `{}` for text that is no JSON."""
    pay_for_reading(machine, text)
    try:
        return decode(text, spend=machine.spend)
    except SoliValueError:
        return {}


# --- builtins ---


def _stringify(machine: Machine, value: Value) -> str:
    try:
        text = encode(value, machine.max_length)
    except NotEncodable as error:
        raise SoliPlainTypeError(f"JSON serialization error: {error.message}") from None
    charge(machine, text)
    return text


@static("JSON", "stringify", Any_)
@function("json_stringify", Any_)
def json_stringify(machine: Machine, value: Value) -> str:
    """The JSON text of a value."""
    return _stringify(machine, value)


_IN_HTML = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


@static("JSON", "for_html", Any_)
def json_for_html(machine: Machine, value: Value) -> str:
    """The JSON text of a value for a `<script>` of a page: nothing in it ends the element."""
    text = _stringify(machine, value)
    for character, escape in _IN_HTML.items():
        count = text.count(character)
        if count:
            copy_text(machine, text)
            machine.check_length(len(text) + count * (len(escape) - 1))
            text = text.replace(character, escape)
    return text


@static("JSON", "parse", String)
@function("json_parse", String)
def json_parse(machine: Machine, text: str) -> Value:
    """The value of a JSON text."""
    pay_for_reading(machine, text)
    return decode(text, spend=machine.spend)


@static("JSON", "parse_jsonp", String)
def json_parse_jsonp(machine: Machine, text: str) -> Value:
    """The value inside the parentheses of a JSONP response."""
    text = text.lstrip().removeprefix("/**/")
    start, end = text.find("("), text.rfind(")")
    if start < 0:
        raise _not_jsonp("no '(' found")
    if end < 0:
        raise _not_jsonp("no ')' found")
    if end < start:
        raise SoliValueError("malformed JSONP response: ')' before '('")
    return json_parse(machine, text[start + 1 : end])


def _not_jsonp(reason: str) -> SoliError:
    return SoliValueError(f"not a JSONP response: {reason}")


@method("array", "to_json", bare=True)
@method("hash", "to_json", bare=True)
def to_json(machine: Machine, value: Value) -> str:
    """Its JSON text."""
    try:
        text = encode(value, machine.max_length)
    except NotEncodable as error:
        raise SoliTypeError(error.message) from None
    charge(machine, text)
    return text


class JsonCodec(Record, frozen=True):
    """Soli's JSON rules, for those who embed a program and read and write it."""

    encode: Callable[[Value], str]
    decode: Callable[[str], Value]


JSON: MachineKey[JsonCodec] = MachineKey("json")


def json_codec(machine: Machine) -> JsonCodec:
    """The codec of a machine that its host has set up."""
    return machine.library[JSON]
