"""Elements and fields: reading and setting them, for every kind of receiver."""

from __future__ import annotations

from decimal import Decimal

from ..base.errors import SoliIndexError, SoliTypeError
from ..machine.machine import CROWDED, Machine
from ..values.display import error_text
from ..values.kinds import to_key, type_name
from ..values.objects import ErrorValue, Instance, SoliClass
from ..values.values import BoolKey, DecimalKey, Symbol, Value

_HASHABLE = frozenset({str, int, type(None), Symbol, bool, Decimal, BoolKey, DecimalKey})

_PARTS = {
    list: "a part of an array is `items.slice(0, 2)`: from 0 up to, not including, 2",
    str: "a part of a text is `text.substring(0, 2)`: from 0 up to, not including, 2",
}


def index_value(value: Value, index: Value) -> Value:
    """`value[index]` (docs/spec §3.7-3.9, §4.8)."""
    kind = value.__class__
    if kind is dict:
        return value.get(to_key(index)) if index.__class__ in _HASHABLE else None
    if kind is list or kind is str or kind is bytes:
        if index.__class__ is not int:
            message = f"cannot index {type_name(value)} with {type_name(index)}"
            raise SoliTypeError(message, hint=_PARTS.get(kind) if index.__class__ is list else None)
        if not -len(value) <= index < len(value):
            raise SoliIndexError(f"Index out of bounds: {index} (length {len(value)})")
        return value[index]
    if isinstance(value, ErrorValue) and index.__class__ is int:
        return index_value(error_text(value), index)
    if isinstance(value, Instance) and index.__class__ in (str, Symbol):
        return value.fields.get(index if isinstance(index, str) else index.name)
    raise SoliTypeError(f"cannot index {type_name(value)}")


def set_index(machine: Machine, collection: Value, index: Value, value: Value) -> None:
    """`collection[index] = value` (docs/spec §3.7-3.9)."""
    if collection.__class__ is dict:
        machine.check_growth(8 * (len(collection) + 1))
        if index.__class__ is int and len(collection) > CROWDED:
            machine.check_time()
        collection[to_key(index)] = value
        return
    if collection.__class__ is list:
        if index.__class__ is not int:
            raise SoliTypeError(f"cannot index array with {type_name(index)}")
        if not -len(collection) <= index < len(collection):
            raise SoliIndexError(f"Index out of bounds: {index} (length {len(collection)})")
        collection[index] = value
        return
    raise SoliTypeError("invalid assignment target")


def set_member(receiver: Value, name: str, value: Value) -> None:
    """`receiver.name = value` (docs/spec §4.6)."""
    if isinstance(receiver, Instance):
        if receiver.soli_class.is_const(name) and name in receiver.fields:
            raise SoliTypeError(f"cannot reassign const field '{name}'")
        receiver.fields[name] = value
    elif receiver.__class__ is dict:
        receiver[name] = value
    elif receiver.__class__ is SoliClass:
        if receiver.is_const("." + name) and name in receiver.statics:
            raise SoliTypeError(f"cannot reassign static const field '{name}'")
        if receiver.is_enum and name in receiver.variants:
            raise SoliTypeError(f"cannot reassign enum variant '{name}'")
        receiver.statics[name] = value
    else:
        raise SoliTypeError(f"cannot set property on {type_name(receiver)}")
