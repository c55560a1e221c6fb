"""Hashes in `KV` (docs/spec §L21.2)."""

from __future__ import annotations

from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Int, Number, String, static
from soli_lang.values.display import float_text
from soli_lang.values.values import Value

from .key_value_store import (
    Key,
    floating,
    held,
    held_or_new,
    integer,
    reserve,
    resized,
    size_of,
    text_of,
    within_64_bits,
)

_Field = String("string field")
Fields = dict[str, str]


def _fields(machine: Machine, key: str) -> Fields:
    """The hash under *key*, an empty one when there is none."""
    return held(machine, key, dict) or {}


def _write(machine: Machine, key: str, field: str, text: str) -> bool:
    """Store one field; whether it is new."""
    held(machine, key, dict)
    size = size_of(field, text)
    reserve(machine, key, size)
    fields: Fields = held_or_new(machine, key, dict)
    before = fields.get(field)
    fields[field] = text
    resized(machine, key, size - (0 if before is None else size_of(field, before)))
    return before is None


@static("KV", "hset", Key, _Field, Any_)
def hset(machine: Machine, key: str, field: str, value: Value) -> int:
    """Store a field; 1 when it is new, else 0."""
    return int(_write(machine, key, field, text_of(machine, value)))


@static("KV", "hsetnx", Key, _Field, Any_)
def hsetnx(machine: Machine, key: str, field: str, value: Value) -> bool:
    """Store a field unless it is there; whether it was stored."""
    if field in _fields(machine, key):
        return False
    return _write(machine, key, field, text_of(machine, value))


@static("KV", "hget", Key, _Field)
def hget(machine: Machine, key: str, field: str) -> str | None:
    """The text of a field, null when there is none."""
    return _fields(machine, key).get(field)


@static("KV", "hmget", Key, _Field.rest())
def hmget(machine: Machine, key: str, *names: str) -> list[str | None]:
    """The texts of several fields, null for each that is not there."""
    fields = _fields(machine, key)
    return [fields.get(name) for name in names]


@static("KV", "hgetall", Key)
def hgetall(machine: Machine, key: str) -> Fields:
    """All fields; an empty Hash when there are none."""
    fields = _fields(machine, key)
    machine.check_length(16 * len(fields))
    return dict(fields)


@static("KV", "hdel", Key, _Field.rest())
def hdel(machine: Machine, key: str, *names: str) -> int:
    """Remove fields; how many were there."""
    fields = _fields(machine, key)
    removed = 0
    for name in names:
        text = fields.pop(name, None)
        if text is not None:
            removed += 1
            resized(machine, key, -size_of(name, text))
    return removed


@static("KV", "hexists", Key, _Field)
def hexists(machine: Machine, key: str, field: str) -> bool:
    """Whether the hash under *key* has the field."""
    return field in _fields(machine, key)


@static("KV", "hkeys", Key)
def hkeys(machine: Machine, key: str) -> list[str]:
    """The names of all fields of the hash under *key*."""
    fields = _fields(machine, key)
    machine.check_length(8 * len(fields))
    return list(fields)


@static("KV", "hvals", Key)
def hvals(machine: Machine, key: str) -> list[str]:
    """The texts of all fields of the hash under *key*."""
    fields = _fields(machine, key)
    machine.check_length(8 * len(fields))
    return list(fields.values())


@static("KV", "hlen", Key)
def hlen(machine: Machine, key: str) -> int:
    """The number of fields of the hash under *key*."""
    return len(_fields(machine, key))


@static("KV", "hincrby", Key, _Field, Int)
def hincrby(machine: Machine, key: str, field: str, amount: int) -> int:
    """Add to the Int in a field; a missing one counts as 0."""
    number = within_64_bits(integer(_fields(machine, key).get(field)) + amount)
    _write(machine, key, field, str(number))
    return number


@static("KV", "hincrbyfloat", Key, _Field, Number)
def hincrbyfloat(machine: Machine, key: str, field: str, amount: int | float) -> float:
    """Add to the Float in a field; a missing one counts as 0."""
    number = floating(_fields(machine, key).get(field)) + amount
    _write(machine, key, field, float_text(number))
    return number
