"""Values as a debugger shows them: one line for each, and what is in it when that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...base.errors import SoliError
from ...values.display import inspect_line
from ...values.kinds import from_key, type_name
from ...values.objects import EnumValue, Instance
from ...values.values import Value

WIDTH = 1_000
"""Characters of a value in one line."""
LONGEST_TEXT = 10_000
"""Characters of a String, or bytes of Bytes, that are shown of it."""
MOST_PARTS = 1_000
"""Parts of a value that are listed, unless a range of them is asked for."""


class Part(NamedTuple):
    """Something in a value: an element, an entry, a field."""

    name: str
    value: Value
    change: Callable[[Value], None] | None


def shown(value: Value, width: int = WIDTH) -> str:
    """*value* in one line."""
    kind = value.__class__
    if kind is str and len(value) > LONGEST_TEXT:
        return f"{_line(value[:LONGEST_TEXT], 8 * LONGEST_TEXT)}… ({len(value)} characters)"
    if kind is list or kind is dict or isinstance(value, Instance):
        return _line(value, width) or f"{type_name(value)} ({count_of(value)})"
    return _line(value, 8 * LONGEST_TEXT) or f"<{type_name(value)}>"


def _line(value: Value, width: int) -> str:
    try:
        return inspect_line(value, width) or ""
    except SoliError as error:
        return f"<{type_name(value)}: {error.message}>"


def count_of(value: Value) -> int:
    """How many parts *value* has."""
    if value.__class__ is list or value.__class__ is dict:
        return len(value)
    return len(value.fields) if isinstance(value, Instance) else 0


def parts_of(value: Value, start: int = 0, count: int = 0) -> list[Part]:
    """What is in *value*: all of it up to a bound, or *count* parts from *start* on."""
    end = start + (count or MOST_PARTS)
    if value.__class__ is list:
        return [
            Part(str(index), value[index], _at(value, index))
            for index in range(start, min(end, len(value)))
        ]
    if isinstance(value, Instance):
        held: dict[Any, Value] = value.fields
        fixed = isinstance(value, EnumValue)
        return [
            Part(str(name), held[name], None if fixed else _at(held, name))
            for name in list(held)[start:end]
        ]
    if value.__class__ is dict:
        keys = list(value)[start:end]
        return [Part(_key_text(key), value[key], _at(value, key)) for key in keys]
    return []


def _key_text(key: Any) -> str:
    return key if key.__class__ is str else shown(from_key(key), WIDTH)


def _at(held: Any, key: Any) -> Callable[[Value], None]:
    def change(value: Value) -> None:
        held[key] = value

    return change
