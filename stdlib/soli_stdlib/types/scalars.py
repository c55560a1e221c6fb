"""Methods of Bool, Null and Symbol, and of Bytes (docs/spec §L9)."""

from __future__ import annotations

import binascii

from soli_lang.base.errors import SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import method
from soli_lang.values.display import to_text
from soli_lang.values.values import Symbol, Value


@method("bool", ("to_s", "to_string"), bare=True)
def bool_to_s(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


@method("bool", ("to_i", "to_int"), bare=True)
def bool_to_i(value: bool) -> int:
    """1 or 0."""
    return 1 if value else 0


@method("null", ("to_s", "to_string"), bare=True)
def null_to_s(value: None) -> str:
    """The empty string (its display form is `null`)."""
    return ""


@method("null", ("to_a", "to_array"), bare=True)
def null_to_a(value: None) -> list[Value]:
    """An empty array."""
    return []


@method("null", "to_h", bare=True)
def null_to_h(value: None) -> dict[Value, Value]:
    """An empty hash: `event["message"].to_h` is one for every event of a connection."""
    return {}


@method("null", ("to_i", "to_int"), bare=True)
def null_to_i(value: None) -> int:
    """0"""
    return 0


@method("null", ("to_f", "to_float"), bare=True)
def null_to_f(value: None) -> float:
    """0.0"""
    return 0.0


@method("symbol", ("to_s", "to_string"), bare=True)
def symbol_to_s(value: Symbol) -> str:
    """Its name without the colon."""
    return value.name


@method("bytes", ("length", "len", "size", "bytesize"), bare=True)
def bytes_length(value: bytes) -> int:
    """How many bytes."""
    return len(value)


@method("bytes", "empty?", bare=True)
def bytes_is_empty(value: bytes) -> bool:
    """Whether it has no bytes."""
    return not value


@method("bytes", ("to_a", "bytes"), bare=True)
def bytes_to_a(machine: Machine, value: bytes) -> list[int]:
    """The bytes as Ints."""
    machine.spend(len(value) >> 3)
    machine.check_length(8 * len(value))
    return list(value)


@method("bytes", "to_h", bare=True)
def bytes_to_h(value: bytes) -> dict[object, Value]:
    """`{}`: what is no text holds no JSON object."""
    return {}


@method("bytes", ("to_s", "to_string"), bare=True)
def bytes_to_s(value: bytes) -> str:
    """Its display form."""
    return to_text(value)


@method("bytes", "to_base64", bare=True, linear=True)
def bytes_to_base64(machine: Machine, value: bytes) -> str:
    """Standard Base64 with padding, to put the bytes into JSON. `Base64.decode` reads it."""
    machine.check_length(4 * ((len(value) + 2) // 3))
    return binascii.b2a_base64(value, newline=False).decode("ascii")


@method("bytes", "to_utf8", bare=True, linear=True)
def bytes_to_utf8(machine: Machine, value: bytes) -> str:
    """The text that the bytes are in UTF-8. Raises ValueError if they are none."""
    machine.check_length(len(value))
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise SoliValueError(
            f"to_utf8() expects UTF-8, got {error.object[error.start]} at byte {error.start}",
            hint="`to_base64` makes a text of any bytes, `to_a` an array of Ints",
        ) from None
