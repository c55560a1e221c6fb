"""Methods of Array that add, count and order (docs/spec §L4, §L4.1)."""

from __future__ import annotations

import operator
import sys
from decimal import Decimal
from functools import reduce

from soli_lang.base.errors import SoliOverflowError, SoliTypeError
from soli_lang.machine import iteration
from soli_lang.machine.machine import Machine
from soli_lang.native.native import CALLABLES, Any_, method
from soli_lang.values.semantics import MAX_INT, MIN_INT
from soli_lang.values.values import Value

from ..ground.costs import BIG_COLLECTION, compare_texts, copy_items, read_items
from ..ground.equality import occurrences, tallied
from ..ground.fields import fields_of
from ..ground.ordering import extreme, kinds_of, sorted_by, sorted_narrow
from .array_callbacks import NOT_GIVEN, counted_with, sorted_with

_INT = frozenset({int})
_INT_AND_FLOAT = frozenset({int, float})
_NUMBERS = frozenset({int, float, Decimal})


def total(values: list[Value], kinds: frozenset[type]) -> int | float:
    """The sum of numbers of these *kinds*: an Int when all are Ints, else a Float.

    Raises SoliOverflowError.
    """
    if kinds <= _INT:
        result: int = sum(values)
        if not MIN_INT <= result <= MAX_INT:
            raise SoliOverflowError("Integer overflow")
        return result
    return float_total(values if kinds <= _INT_AND_FLOAT else list(map(float, values)))


def float_total(values: list[int | float]) -> float:
    """The sum as a Float of Ints and Floats, added one after the other as Soli does.

    Python's own `sum` compensates rounding from 3.12 on, which gives another number.
    """
    if sys.version_info < (3, 12):
        return sum(values, 0.0)
    return reduce(operator.add, values, 0.0)


@method("array", "sum", bare=True)
def sum_(machine: Machine, items: list[Value]) -> int | float:
    """The sum of its numbers, 0 when empty."""
    read_items(machine, items)
    kinds = kinds_of(items)
    if not kinds <= _NUMBERS:
        raise SoliTypeError("sum expects numeric array")
    return total(items, kinds)


@method("array", "avg")
def avg(machine: Machine, items: list[Value]) -> float | None:
    """The mean of its numbers, others ignored; null if there are none."""
    copy_items(machine, items)
    return mean(*numbers_in(items))


def numbers_in(values: list[Value]) -> tuple[list[Value], frozenset[type]]:
    """The numbers among *values*, and their kinds."""
    kinds = kinds_of(values)
    if kinds <= _NUMBERS:
        return values, kinds
    return [value for value in values if value.__class__ in _NUMBERS], kinds & _NUMBERS


def mean(numbers: list[Value], kinds: frozenset[type]) -> float | None:
    """The mean as a Float of numbers of these *kinds*, null of nothing."""
    if not numbers:
        return None
    floats = numbers if kinds <= _INT_AND_FLOAT else list(map(float, numbers))
    return float_total(floats) / len(numbers)


@method("array", "min", bare=True)
def min_(machine: Machine, items: list[Value]) -> Value:
    """The smallest item, null when empty."""
    read_items(machine, items)
    kinds = kinds_of(items)
    compare_texts(machine, items, kinds=kinds)
    return extreme(items, kinds, -1)


@method("array", "max", bare=True)
def max_(machine: Machine, items: list[Value]) -> Value:
    """The greatest item, null when empty."""
    read_items(machine, items)
    kinds = kinds_of(items)
    compare_texts(machine, items, kinds=kinds)
    return extreme(items, kinds, 1)


@method("array", "count", Any_.optional(NOT_GIVEN), bare=True)
def count(machine: Machine, items: list[Value], wanted: Value) -> int:
    """How many items: all, those equal to *wanted*, or those a function says yes to."""
    if wanted is NOT_GIVEN:
        return len(items)
    if wanted.__class__ in CALLABLES:
        return counted_with(machine, items, wanted)
    read_items(machine, items)
    return occurrences(items, wanted, machine.spend)


@method("array", "tally")
def tally(machine: Machine, items: list[Value]) -> dict[object, Value]:
    """Item -> how often it occurs, in order of first occurrence."""
    read_items(machine, items)
    kinds = kinds_of(items)
    compare_texts(machine, items, kinds=kinds)
    return tallied(machine, items, kinds)


@method("array", "sort", Any_.optional(NOT_GIVEN), bare=True)
def sort(machine: Machine, items: list[Value], function: Value) -> list[Value]:
    """The items in ascending order, or in the order that *function* of two items gives."""
    _pay_for_sorting(machine, items)
    if function is NOT_GIVEN:
        return sorted_narrow(items, machine.spend)
    if function.__class__ not in CALLABLES:
        raise SoliTypeError("sort expects a function argument")
    return sorted_with(machine, items, function)


def _by_keys(machine: Machine, items: list[Value], keys: list[Value]) -> list[Value]:
    compare_texts(machine, keys, len(keys).bit_length())
    return sorted_by(items, keys, machine.spend)


def _pay_for_sorting(machine: Machine, items: list[Value]) -> None:
    copy_items(machine, items)
    if len(items) > BIG_COLLECTION:
        machine.spend((len(items) * len(items).bit_length()) >> 3)
        compare_texts(machine, items, len(items).bit_length())


@method("array", "sort_by", Any_)
def sort_by(machine: Machine, items: list[Value], by: Value) -> list[Value]:
    """The items in the order of what *by* yields for them: a function, or a field name."""
    _pay_for_sorting(machine, items)
    snapshot = items[:]
    if by.__class__ is str:
        return _by_keys(machine, snapshot, fields_of(snapshot, by))
    if by.__class__ not in CALLABLES:
        raise SoliTypeError("sort_by expects a string key or a function argument")
    return _by_keys(machine, snapshot, iteration.yielded(machine, by, snapshot))
