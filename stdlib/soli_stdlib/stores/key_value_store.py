"""What all `KV.*` builtins stand on: typed entries, sizes, bounds (docs/spec §L21.2).

Unlike the cache, a full store refuses to grow: a program relies on what it put here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from soli_lang.base.errors import SoliError, SoliPlainTypeError, SoliValueError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import String
from soli_lang.values.semantics import MAX_INT, MIN_INT
from soli_lang.values.values import Value

from ..ground import clock
from ..ground.costs import BIG_TEXT
from .expiring import Entry, ExpiringStore

MAX_KEYS = 100_000
MAX_BYTES = 64 * 1024 * 1024
"""Of all keys and values together."""
ITEM_OVERHEAD = 64
"""Bytes that an item takes beside its text, roughly."""
KEY: MachineKey[ExpiringStore[Any]] = MachineKey("key_values")

Key = String("string key")
Held = TypeVar("Held")
WRONG_KIND = "KV: WRONGTYPE Operation against a key holding the wrong kind of value"
NOT_AN_INTEGER = "KV: ERR value is not an integer or out of range"
NOT_A_FLOAT = "KV: ERR value is not a valid float"
BAD_EXPIRY = "KV: ERR invalid expire time"
NO_SUCH_KEY = "KV: ERR no such key"
KINDS: dict[type, str] = {str: "string", dict: "hash", deque: "list", set: "set"}


class SortedMembers(dict[str, float]):
    """A sorted set: score by member."""


def store(machine: Machine) -> ExpiringStore[Any]:
    """The store of this interpreter."""
    held = machine.library.get(KEY)
    if held is None:
        held = machine.library[KEY] = ExpiringStore()
    return held


def entry_of(machine: Machine, key: str) -> Entry[Any] | None:
    """The live entry of *key*, whatever it holds."""
    return store(machine).find(key, clock.steady(machine))


def held(machine: Machine, key: str, kind: type[Held]) -> Held | None:
    """What *key* holds, None when nothing. Raises when that is no *kind*."""
    entry = entry_of(machine, key)
    if entry is None:
        return None
    if entry.value.__class__ is not kind:
        raise SoliPlainTypeError(WRONG_KIND)
    return entry.value


def held_or_new(machine: Machine, key: str, kind: type[Held]) -> Held:
    """What *key* holds, an empty *kind* put there when nothing."""
    value = held(machine, key, kind)
    if value is None:
        reserve(machine, key, size_of(key))
        value = kind()
        store(machine).put(key, value, size_of(key), None)
    return value


def text_of(machine: Machine, value: Value) -> str:
    """A value as KV stores it: its display form."""
    text = machine.text(value)
    if len(text) > BIG_TEXT:
        machine.spend(len(text) >> 6)
    return text


def size_of(*texts: str) -> int:
    return sum(map(len, texts)) + ITEM_OVERHEAD


def reserve(machine: Machine, key: str, size: int) -> None:
    """Refuse to store *size* bytes more under *key* than there is room for."""
    everything = store(machine)
    if _is_full(everything, key, size):
        machine.spend(len(everything) >> 2)
        everything.drop_expired(clock.steady(machine))
        if _is_full(everything, key, size):
            raise SoliValueError(f"KV: store is full (limits: {MAX_KEYS} keys, {MAX_BYTES} bytes)")


def _is_full(everything: ExpiringStore[Any], key: str, size: int) -> bool:
    too_many = len(everything) >= MAX_KEYS and key not in everything
    return too_many or everything.bytes_used + size > MAX_BYTES


def resized(machine: Machine, key: str, difference: int) -> None:
    """Note that what *key* holds grew by *difference* bytes; drop it when it became empty."""
    everything = store(machine)
    entry = everything.find(key, clock.steady(machine))
    if entry is None:
        return
    if not entry.value:
        everything.drop(key)
        return
    everything.resize(entry, entry.size + difference)


def put_text(machine: Machine, key: str, text: str, expires_at: float | None) -> None:
    """Store *text* under *key* in place of what was there."""
    size = size_of(key, text)
    reserve(machine, key, size)
    store(machine).put(key, text, size, expires_at)


def change_text(machine: Machine, key: str, change: Callable[[str | None], str]) -> str:
    """Replace the text under *key* by what *change* makes of it, expiry kept; the new text."""
    entry = entry_of(machine, key)
    text = change(held(machine, key, str))
    put_text(machine, key, text, entry.expires_at if entry is not None else None)
    return text


def integer(text: str | None) -> int:
    """The Int in *text* (0 for None), written as Redis writes it. Raises when there is none."""
    if text is None:
        return 0
    digits = text[1:] if text[:1] == "-" else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        raise SoliValueError(NOT_AN_INTEGER)
    if digits[0] == "0" and text != "0":
        raise SoliValueError(NOT_AN_INTEGER)
    return within_64_bits(int(text))


def within_64_bits(number: int) -> int:
    if not MIN_INT <= number <= MAX_INT:
        raise SoliValueError(NOT_AN_INTEGER)
    return number


def floating(text: Value) -> float:
    """The Float in *text* (0.0 for None). Raises when there is none."""
    if text is None:
        return 0.0
    if text.__class__ in (int, float):
        return float(text)
    try:
        if not isinstance(text, str) or len(text) > 400 or "_" in text:
            raise ValueError
        number = float(text)
    except ValueError:
        raise SoliValueError(NOT_A_FLOAT) from None
    if number != number:
        raise SoliValueError(NOT_A_FLOAT)
    return number


def no_such_key() -> SoliError:
    return SoliValueError(NO_SUCH_KEY)
