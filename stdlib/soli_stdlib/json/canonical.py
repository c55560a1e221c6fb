"""Canonical JSON: one text for one value, for hashing and signing (docs/spec §L17)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from soli_lang.base.errors import SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key
from soli_lang.values.objects import EnumValue, Instance
from soli_lang.values.values import Symbol, Value

from ..ground.costs import BIG_TEXT
from .plain import MAX_DEPTH, NotEncodable, is_hidden

Token = tuple[bool, Any]
"""(finished text?, the text or a value to write)"""


def canonical_text(machine: Machine, value: Value) -> str:
    """*value* as JSON: keys sorted by code point, Floats in display form, Decimals bare.

    Raises NotEncodable for what JSON lacks and for nesting beyond MAX_DEPTH, SoliValueError for
    NaN and infinities.
    """
    parts: list[str] = []
    size = 0
    # A stack of our own: neither depth nor shared items (whose text doubles with each level) may
    # get out of hand before the limits notice.
    stack: list[Iterator[Token]] = [iter([(False, value)])]
    while stack:
        token = next(stack[-1], None)
        if token is None:
            stack.pop()
            continue
        is_text, item = token
        item = item if is_text else _plain(item)
        if not is_text and isinstance(item, list | dict):
            if len(stack) > MAX_DEPTH:
                raise NotEncodable.too_deep()
            machine.spend(1 + len(item))
            stack.append(_array(item) if isinstance(item, list) else _object(item))
            continue
        text = item if is_text else _scalar(item)
        size += len(text)
        machine.check_growth(size)
        if len(text) > BIG_TEXT:
            machine.spend(len(text) >> 4)
        parts.append(text)
    return "".join(parts)


def _plain(value: Value) -> Value:
    """Objects as the hash or text that JSON writes for them; anything else as it is."""
    if isinstance(value, EnumValue):
        return {"variant": value.variant, **value.fields} if value.fields else value.variant
    if isinstance(value, Instance):
        return {name: item for name, item in value.fields.items() if not is_hidden(name)}
    custom = getattr(value, "soli_json", None)
    return value if custom is None else custom()


def _quoted(text: str) -> str:
    import orjson  # slow to import, see json_text

    return orjson.dumps(text).decode()


def _scalar(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Symbol):
        return _quoted(value.name)
    if isinstance(value, float) and not math.isfinite(value):
        raise SoliValueError("Crypto.canonical_json() cannot write NaN or infinity")
    if value is None or isinstance(value, bool | int | float | Decimal):
        return to_text(value)
    raise NotEncodable.of(value)


def _array(items: list[Value]) -> Iterator[Token]:
    yield True, "["
    for index, item in enumerate(items):
        if index:
            yield True, ","
        yield False, item
    yield True, "]"


def _object(table: dict[Value, Value]) -> Iterator[Token]:
    named = {_name(from_key(key)): value for key, value in table.items()}
    yield True, "{"
    for index, name in enumerate(sorted(named)):
        if index:
            yield True, ","
        yield True, f"{_quoted(name)}:"
        yield False, named[name]
    yield True, "}"


def _name(key: Value) -> str:
    return key.name if isinstance(key, Symbol) else to_text(key)
