"""Reading a field of whatever stands in an array: hash, instance or row (docs/spec §L4)."""

from __future__ import annotations

from operator import itemgetter

from soli_lang.base.errors import SoliTypeError
from soli_lang.native.native import CALLABLES
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import Instance
from soli_lang.values.values import Value


def field_of(item: Value, field: Value) -> Value:
    """The field *field* of a hash, an instance or (by Int) an array; null when there is none."""
    if item.__class__ is dict:
        return item.get(field)
    if isinstance(item, Instance):
        return item.fields.get(field)
    if item.__class__ is list and field.__class__ is int:
        return item[field] if -len(item) <= field < len(item) else None
    return None


def fields_of(items: list[Value], field: Value) -> list[Value]:
    """The field *field* of every item, as `field_of` gives it."""
    if field.__class__ is str:
        # A hash is all of a program that C can look a text up in.
        try:
            return list(map(itemgetter(field), items))
        except (KeyError, TypeError):
            pass
    return [item.get(field) if item.__class__ is dict else field_of(item, field) for item in items]


def may_name_field(name: str, field: Value) -> bool:
    """Whether *field* can name a field; for a function, the type error of the method *name*."""
    if field.__class__ in CALLABLES:
        raise SoliTypeError(
            f"`{name}` takes a field name as a string, not a function; use map, filter or reduce"
        )
    return field.__class__ is str or field.__class__ is int


def require_field(name: str, field: Value) -> Value:
    """*field*, if it can name a field; otherwise the type error of the method *name*."""
    if may_name_field(name, field):
        return field
    raise SoliTypeError(f"`{name}` expects a field name as a string, got {type_name(field)}")
