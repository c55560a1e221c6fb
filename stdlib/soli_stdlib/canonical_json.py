"""Canonical JSON: one text for one value, for hashing and signing (spec/stdlib.md §17)."""

from __future__ import annotations

import math
from decimal import Decimal

import orjson

from soli_lang.errors import SoliValueError
from soli_lang.machine import Machine
from soli_lang.objects import EnumValue, Instance
from soli_lang.semantics import from_key, to_text
from soli_lang.values import Symbol, Value

from .json_plain import MAX_DEPTH, NotEncodable, is_hidden


def canonical_text(machine: Machine, value: Value) -> str:
    """*value* as JSON: keys sorted by code point, Floats in display form, Decimals bare.

    Raises NotEncodable for what JSON lacks and for nesting beyond MAX_DEPTH, SoliValueError for
    NaN and infinities.
    """
    parts: list[str] = []
    _write(value, parts, 0)
    machine.check_length(sum(map(len, parts)))
    return "".join(parts)


def _write(value: Value, parts: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotEncodable.too_deep()
    value = _plain(value)
    if isinstance(value, list):
        _write_array(value, parts, depth)
    elif isinstance(value, dict):
        _write_object(value, parts, depth)
    else:
        parts.append(_scalar(value))


def _plain(value: Value) -> Value:
    """Objects as the hash or text that JSON writes for them; anything else as it is."""
    if isinstance(value, EnumValue):
        return {"variant": value.variant, **value.fields} if value.fields else value.variant
    if isinstance(value, Instance):
        return {name: item for name, item in value.fields.items() if not is_hidden(name)}
    custom = getattr(value, "soli_json", None)
    return value if custom is None else custom()


def _scalar(value: Value) -> str:
    if isinstance(value, str):
        return orjson.dumps(value).decode()
    if isinstance(value, Symbol):
        return orjson.dumps(value.name).decode()
    if isinstance(value, float) and not math.isfinite(value):
        raise SoliValueError("Crypto.canonical_json() cannot write NaN or infinity")
    if value is None or isinstance(value, bool | int | float | Decimal):
        return to_text(value)
    raise NotEncodable.of(value)


def _write_array(items: list[Value], parts: list[str], depth: int) -> None:
    parts.append("[")
    for index, item in enumerate(items):
        if index:
            parts.append(",")
        _write(item, parts, depth + 1)
    parts.append("]")


def _write_object(table: dict[Value, Value], parts: list[str], depth: int) -> None:
    named = {_name(from_key(key)): value for key, value in table.items()}
    parts.append("{")
    for index, name in enumerate(sorted(named)):
        if index:
            parts.append(",")
        parts.append(orjson.dumps(name).decode())
        parts.append(":")
        _write(named[name], parts, depth + 1)
    parts.append("}")


def _name(key: Value) -> str:
    return key.name if isinstance(key, Symbol) else to_text(key)
