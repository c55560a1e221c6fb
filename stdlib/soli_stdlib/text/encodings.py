"""Base64, Hex and character encodings (docs/spec §L16)."""

from __future__ import annotations

import binascii

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, static
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from .character_sets import decode_text, encode_text

_TO_URLSAFE = str.maketrans("+/", "-_", "=")
_FROM_URLSAFE = str.maketrans("-_", "+/", "=")


def to_bytes(value: Value, name: str) -> bytes:
    """The UTF-8 of a String, or the bytes of Bytes or an Array of Ints from 0 to 255.

    Raises SoliPlainTypeError and SoliValueError in the name of the builtin *name*.
    """
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    if not isinstance(value, list):
        raise SoliPlainTypeError(f"{name}() expects string or array, got {type_name(value)}")
    for item in value:
        if item.__class__ is not int:
            raise SoliPlainTypeError(f"{name}() expects an array of ints, got {type_name(item)}")
        if not 0 <= item <= 255:
            raise SoliValueError(f"byte value {item} out of range")
    return bytes(value)


def from_bytes(machine: Machine, data: bytes) -> Value:
    """*data* as a String when it is UTF-8, else as an Array of Ints."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return byte_array(machine, data)


def byte_array(machine: Machine, data: bytes) -> list[int]:
    """*data* as an Array of Ints, within the size limit."""
    machine.check_length(8 * len(data))
    return list(data)


def _base64(machine: Machine, value: Value, name: str) -> str:
    data = to_bytes(value, name)
    machine.check_length(4 * ((len(data) + 2) // 3))
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def _from_base64(machine: Machine, text: str) -> Value:
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        reason = "Invalid symbol" if isinstance(error, UnicodeEncodeError) else error
        raise SoliValueError(f"Base64 decode error: {reason}") from None
    return from_bytes(machine, data)


@static("Base64", "encode", Any_, linear=True)
def base64_encode(machine: Machine, value: Value) -> str:
    """Standard Base64 with padding."""
    return _base64(machine, value, "Base64.encode")


@static("Base64", "decode", String, linear=True)
def base64_decode(machine: Machine, text: str) -> Value:
    """A String, or an Array of Ints when the bytes are not UTF-8."""
    return _from_base64(machine, text)


@static("Base64", "urlsafe_encode", Any_, linear=True)
def base64_urlsafe_encode(machine: Machine, value: Value) -> str:
    """Base64 with `-` and `_` and without padding."""
    return _base64(machine, value, "Base64.urlsafe_encode").translate(_TO_URLSAFE)


@static("Base64", "urlsafe_decode", String, linear=True)
def base64_urlsafe_decode(machine: Machine, text: str) -> Value:
    """The reverse of `urlsafe_encode`; padding may be there or not."""
    if "+" in text or "/" in text:
        raise SoliValueError("Base64 decode error: Invalid symbol")
    bare = text.rstrip("=").translate(_FROM_URLSAFE)
    return _from_base64(machine, bare + "=" * (-len(bare) % 4))


@static("Hex", "encode", Any_, linear=True)
def hex_encode(machine: Machine, value: Value) -> str:
    """Two lowercase hex digits per byte."""
    data = to_bytes(value, "Hex.encode")
    machine.check_length(2 * len(data))
    return data.hex()


@static("Hex", "decode", String, linear=True)
def hex_decode(machine: Machine, text: str) -> list[int]:
    """An Array of Ints; the text may begin with `0x`."""
    digits = text[2:] if text[:2] in ("0x", "0X") else text
    if len(digits) % 2:
        raise SoliValueError("Hex.decode(): odd-length hex string")
    machine.check_length(4 * len(digits))
    try:
        return list(binascii.unhexlify(digits))
    except (binascii.Error, ValueError):
        pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
        wrong = next(pair for pair in pairs if not _is_hex(pair))
        raise SoliValueError(f"Hex.decode(): invalid hex byte '{wrong}'") from None


def _is_hex(pair: str) -> bool:
    return all(digit in "0123456789abcdefABCDEF" for digit in pair)


@static("Encoding", "decode", Any_, String, linear=True)
def encoding_decode(machine: Machine, value: Value, label: str) -> str:
    """Bytes (Array of Ints) as text; malformed ones become U+FFFD. *label* as WHATWG names it."""
    data = to_bytes(value, "Encoding.decode")
    machine.check_length(3 * len(data))
    return decode_text(data, label)


@static("Encoding", "encode", String, String, linear=True)
def encoding_encode(machine: Machine, text: str, label: str) -> list[int]:
    """Text as an Array of Ints; what the encoding lacks becomes `&#N;`."""
    machine.check_length(8 * len(text))
    return byte_array(machine, encode_text(text, label))
