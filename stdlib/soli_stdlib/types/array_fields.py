"""Methods of Array that go by a field of its items: pluck and the `_by` family (docs/spec §L4).

They take a field's name (or an Int, for rows), never a function.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cmp_to_key

from soli_lang.base.errors import SoliTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, method
from soli_lang.values.values import Value

from ..ground.costs import compare_texts, copy_items
from ..ground.equality import exact_position, firsts_by, group_keys, selected, tallied, watched
from ..ground.fields import fields_of, may_name_field, require_field
from ..ground.ordering import is_plainly_ordered, kinds_of, sorted_by, wide
from .array_numbers import mean, numbers_in, total

_NULL = type(None)


def _column(machine: Machine, items: list[Value], name: str, field: Value) -> list[Value]:
    """The field of every item, for the method *name*."""
    require_field(name, field)
    copy_items(machine, items)
    return fields_of(items, field)


def _nulls(machine: Machine, items: list[Value]) -> list[Value]:
    """The column of what names no field, paid for as any other."""
    copy_items(machine, items)
    return [None] * len(items)


@method("array", "pluck", Any_, Any_.rest())
def pluck(machine: Machine, items: list[Value], field: Value, *more: Value) -> list[Value]:
    """The field of every item, null for what names none; rows of values for several fields."""
    columns = [
        _column(machine, items, "pluck", one)
        if may_name_field("pluck", one)
        else _nulls(machine, items)
        for one in (field, *more)
    ]
    if not more:
        return columns[0]
    return list(map(list, zip(*columns, strict=True)))


@method("array", "pick", Any_, Any_.rest())
def pick(machine: Machine, items: list[Value], field: Value, *more: Value) -> Value:
    """`pluck` on the first item; null when empty."""
    values = pluck(machine, items[:1], field, *more)
    return values[0] if values else None


@method("array", "filter_by", Any_, Any_)
def filter_by(machine: Machine, items: list[Value], field: Value, wanted: Value) -> list[Value]:
    """The items whose field equals *wanted*."""
    column = _column(machine, items, "filter_by", field)
    return selected(items, column, wanted, machine.spend)


@method("array", "find_by", Any_, Any_)
def find_by(machine: Machine, items: list[Value], field: Value, wanted: Value) -> Value:
    """The first item whose field equals *wanted*, else null."""
    column = _column(machine, items, "find_by", field)
    at = exact_position(column, wanted, machine.spend)
    return None if at < 0 else items[at]


@method("array", "sum_by", Any_)
def sum_by(machine: Machine, items: list[Value], field: Value) -> int | float:
    """The sum of the fields that are numbers."""
    numbers, kinds = numbers_in(_column(machine, items, "sum_by", field))
    return total(numbers, kinds)


@method("array", "avg_by", Any_)
def avg_by(machine: Machine, items: list[Value], field: Value) -> float | None:
    """The mean of the fields that are numbers; null if none is."""
    return mean(*numbers_in(_column(machine, items, "avg_by", field)))


@method("array", "max_by", Any_)
def max_by(machine: Machine, items: list[Value], field: Value) -> Value:
    """The first item with the greatest field; null if all fields are null."""
    return _extreme_by(items, _column(machine, items, "max_by", field), 1)


@method("array", "min_by", Any_)
def min_by(machine: Machine, items: list[Value], field: Value) -> Value:
    """The first item with the smallest field; null if all fields are null."""
    return _extreme_by(items, _column(machine, items, "min_by", field), -1)


def _extreme_by(items: list[Value], column: list[Value], sign: int) -> Value:
    kinds = kinds_of(column)
    if _NULL in kinds:
        items = [item for item, value in zip(items, column, strict=True) if value is not None]
        column = [value for value in column if value is not None]
        kinds -= {_NULL}
    if not items:
        return None
    choose = max if sign > 0 else min
    # All of these give the first of equals.
    if is_plainly_ordered(column, kinds):
        return items[column.index(choose(column))]
    wrap = cmp_to_key(wide)
    return items[choose(range(len(items)), key=lambda index: wrap(column[index]))]


@method("array", "group_by", Any_)
def group_by(machine: Machine, items: list[Value], field: Value) -> dict[object, Value]:
    """Field value -> the items that have it."""
    groups: defaultdict[object, Value] = defaultdict(list)
    keys = group_keys(_column(machine, items, "group_by", field))
    for key, item in zip(watched(machine, keys), items, strict=True):
        groups[key].append(item)
    return dict(groups)


@method("array", "index_by", Any_)
def index_by(machine: Machine, items: list[Value], field: Value) -> dict[object, Value]:
    """Field value -> the last item that has it."""
    keys = group_keys(_column(machine, items, "index_by", field))
    return dict(zip(watched(machine, keys), items, strict=True))


@method("array", "count_by", Any_)
def count_by(machine: Machine, items: list[Value], field: Value) -> dict[object, Value]:
    """Field value -> how many items have it."""
    column = _column(machine, items, "count_by", field)
    return tallied(machine, column, kinds_of(column))


@method("array", "uniq_by", Any_)
def uniq_by(machine: Machine, items: list[Value], field: Value) -> list[Value]:
    """The first item for each value of the field."""
    return firsts_by(items, _column(machine, items, "uniq_by", field), machine.spend)


@method("array", "order", Any_.optional(), String(phrase="a direction").optional("asc"))
def order(machine: Machine, items: list[Value], field: Value, direction: str) -> list[Value]:
    """The items in the order of a field, reversed by `"desc"`; a copy without arguments."""
    if field is None:
        copy_items(machine, items)
        return items[:]
    if field.__class__ is dict:
        raise SoliTypeError("order expects a field name as a string, got hash")
    column = _column(machine, items, "order", field)
    machine.spend(len(items) * len(items).bit_length() >> 3)
    compare_texts(machine, column, len(column).bit_length())
    descending = direction.lower() in ("desc", "descending")
    return sorted_by(items, column, machine.spend, descending=descending)
