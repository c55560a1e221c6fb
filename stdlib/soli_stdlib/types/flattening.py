"""Arrays in arrays as one: by whole levels while they are few, then array by array."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from soli_lang.base.errors import SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from ..ground.costs import ITEM_BYTES
from ..ground.ordering import kinds_of

_LEVELS = 4
"""Levels taken as a whole: each goes over all items again."""
_ARRAY = frozenset({list})


def flattened(machine: Machine, items: list[Value], depth: int | None) -> list[Value]:
    """Arrays inside *items* replaced by their items, down to *depth* levels (None: all).

    Raises SoliValueError when all levels are wanted and have no end, LimitError.
    """
    flat = items
    for level in range(_LEVELS if depth is None else min(_LEVELS, depth)):
        kinds = kinds_of(flat)
        if list not in kinds:
            return flat
        joined = _one_level(machine, flat, only_arrays=kinds == _ARRAY)
        if joined is None:
            return _array_by_array(machine, flat, None if depth is None else depth - level)
        flat = joined
    if depth is None:
        return _array_by_array(machine, flat, None) if list in map(type, flat) else flat
    return flat if depth <= _LEVELS else _array_by_array(machine, flat, depth - _LEVELS)


def _one_level(machine: Machine, items: list[Value], *, only_arrays: bool) -> list[Value] | None:
    """*items* with those of the arrays among them in their place; None if that is too large."""
    arrays = items if only_arrays else [item for item in items if item.__class__ is list]
    inside = sum(map(len, arrays))
    if (len(items) - len(arrays) + inside) * ITEM_BYTES > machine.max_length:
        return None
    machine.spend(len(arrays) + (inside >> 2))
    if only_arrays:
        return list(chain.from_iterable(items))
    flat: list[Value] = []
    for item in items:
        if item.__class__ is list:
            flat += item
        else:
            flat.append(item)
    return flat


def _array_by_array(machine: Machine, items: list[Value], depth: int | None) -> list[Value]:
    result: list[Value] = []
    levels: list[Iterator[Value]] = [iter(items[:])]
    open_ = [id(items)]
    while levels:
        for item in levels[-1]:
            if item.__class__ is not list or (depth is not None and len(levels) > depth):
                result.append(item)
                continue
            if depth is None and id(item) in open_:
                raise SoliValueError("flatten: the array contains itself")
            machine.spend(1 + (len(item) >> 2) + (len(levels) >> 4))
            machine.check_growth((len(result) + len(item)) * ITEM_BYTES)
            levels.append(iter(item[:]))
            open_.append(id(item))
            break
        else:
            levels.pop()
            open_.pop()
    return result
