"""What kind of value something is, and what it is as a hash key (docs/spec §3.1, §3.9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..base.errors import SoliTypeError
from .objects import Instance, SoliClass
from .values import FALSE_KEY, TRUE_KEY, BoolKey, DecimalKey, Function, Symbol, Value

TYPE_NAMES: dict[type, str] = {
    int: "int",
    float: "float",
    Decimal: "decimal",
    str: "string",
    Symbol: "symbol",
    bool: "bool",
    type(None): "null",
    list: "array",
    dict: "hash",
    bytes: "bytes",
    Function: "Function",
    SoliClass: "Class",
}

PROPERTY_OWNERS = {"array": "Array", "string": "String", "hash": "Hash"}


def type_name(value: Value) -> str:
    """What `type(value)` is (docs/spec §3.1)."""
    name = TYPE_NAMES.get(value.__class__)
    if name is not None:
        return name
    if isinstance(value, Instance):
        return value.soli_class.name
    return getattr(value, "soli_type", "Function")


def owner_name(value: Value) -> str:
    """How property errors call the type of *value*: `Cannot access property 'x' on …`."""
    if value.__class__ is SoliClass:
        return str(value.name)
    name = type_name(value)
    return PROPERTY_OWNERS.get(name, name)


# --- hash keys ---


def to_key(value: Value) -> Any:
    """The Python dict key that stands for the hash key *value*.

    Raises SoliTypeError for a value that cannot be a key (docs/spec §3.9).
    """
    kind = value.__class__
    if kind is str or kind is int or value is None or kind is Symbol:
        return value
    if kind is bool:
        return TRUE_KEY if value else FALSE_KEY
    if kind is Decimal:
        return DecimalKey(value)
    raise SoliTypeError(f"Cannot use {type_name(value)} as hash key")


def is_key(value: Value) -> bool:
    """Whether *value* can be a hash key."""
    kind = value.__class__
    return kind in _KEY_KINDS


_KEY_KINDS = frozenset({str, int, type(None), Symbol, bool, Decimal})


def from_key(key: Any) -> Value:
    """The Soli value that the Python dict key *key* stands for."""
    if key.__class__ is BoolKey or key.__class__ is DecimalKey:
        return key.value
    return key
