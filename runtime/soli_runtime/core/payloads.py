"""Soli values on their way to the wire: payload encoding, type names, names of rooms, reasons."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from soli_lang.base.errors import SoliError
from soli_lang.values.values import Function, Symbol

from .effects import Payload, RoomName

EncodeJson: TypeAlias = Callable[[Any], str]
"""Soli's JSON rules (docs/spec §L1.3), injected: they live in the standard library."""

MAX_ROOM_NAME_CHARACTERS = 255
"""docs/spec §W9, `max-rooms`."""

MAX_REASON_BYTES = 123
"""RFC 6455 5.5: a control frame carries 125 bytes, two of which are the close code."""

MAX_VOLATILE_KEY_CHARACTERS = 255

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
"""Control characters, marks of direction (UAX 9) and spaces without width: two ids that differ in
these only look alike. Joiners (U+200C, U+200D) are letters' own in Persian, Hindi and emoji."""

_TYPE_NAMES: dict[type, str] = {
    int: "Int",
    float: "Float",
    Decimal: "Decimal",
    str: "String",
    bool: "Bool",
    type(None): "Null",
    list: "Array",
    dict: "Hash",
    bytes: "Bytes",
    Symbol: "Symbol",
    Function: "Function",
}


def type_word(value: object) -> str:
    """The Soli name of a value's type, as error messages of the runtime use it."""
    return _TYPE_NAMES.get(type(value)) or type(value).__name__


def encode(value: Any, encode_json: EncodeJson) -> Payload:
    """The message for a Soli value: String and Bytes as they are, anything else as JSON.

    Raises whatever `encode_json` raises (a `SoliError` when the value has no JSON form).
    """
    kind = type(value)
    if kind is str or kind is bytes:
        return value  # type: ignore[no-any-return]
    return encode_json(value)


def room_name_fault(name: str) -> str | None:
    """What is wrong with the name of a room, in words, or None (docs/spec §W9)."""
    if not name:
        return "a room needs a name"
    if len(name) > MAX_ROOM_NAME_CHARACTERS:
        return f"a room name has at most {MAX_ROOM_NAME_CHARACTERS} characters, got {len(name)}"
    if _CONTROL.search(name) is not None:
        return "a room name has no control characters"
    return None


def holds_unseen(text: str) -> bool:
    """Whether *text* holds characters that nobody sees."""
    return _UNSEEN.search(text) is not None


def check_room_name(name: RoomName) -> RoomName:
    """*name*, or a `SoliError` that says what is wrong with it."""
    fault = room_name_fault(name)
    if fault is not None:
        raise SoliError(fault)
    return name


def cut_reason(reason: str) -> str:
    """*reason* cut to 123 bytes of UTF-8 on a character boundary (docs/spec §W6)."""
    raw = reason.encode("utf-8", "replace")
    if len(raw) <= MAX_REASON_BYTES:
        return raw.decode("utf-8")
    return raw[:MAX_REASON_BYTES].decode("utf-8", "ignore")


def is_close_code(code: int) -> bool:
    """Whether an endpoint may send *code* in a close frame (RFC 6455 7.4, IANA registry)."""
    return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))


def volatile_key(value: Any) -> str | None:
    """The key in the value of `volatile`: empty for `true`, None for `false`.

    Raises ValueError, with what is wrong, for any other.
    """
    if type(value) is bool:
        return "" if value else None
    if type(value) is not str:
        raise ValueError(f"expected true or a String, got {type_word(value)}")
    if not 0 < len(value) <= MAX_VOLATILE_KEY_CHARACTERS:
        raise ValueError(f"a key has 1 to {MAX_VOLATILE_KEY_CHARACTERS} characters")
    return value
