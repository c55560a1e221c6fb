"""Methods of Array that call a function for each item (docs/spec §L4).

All go over a snapshot, so a callback may change the array. `break` and `next` yield null there;
`map` leaves the item out.
"""

from __future__ import annotations

from functools import cmp_to_key
from functools import reduce as fold
from typing import Any

from soli_lang.base.errors import SoliError, SoliTypeError
from soli_lang.machine import iteration
from soli_lang.machine.machine import UNCATCHABLE, Machine
from soli_lang.native.native import Any_, Callable_, method
from soli_lang.values.semantics import is_truthy
from soli_lang.values.values import Value

from ..ground.callbacks import pair_callback, parameter_count
from ..ground.costs import copy_items, snapshot

NOT_GIVEN = object()
"""Stands for an optional argument that was left out, where null is a value like others."""


@method("array", "map", Callable_)
def map_(machine: Machine, items: list[Value], function: Value) -> list[Value]:
    """What *function* yields for each item."""
    copy_items(machine, items)
    return iteration.collected(machine, function, items[:])


@method("array", "each", Callable_)
def each(machine: Machine, items: list[Value], function: Value) -> list[Value]:
    """Call *function* with each item; gives a copy of the array."""
    copy_items(machine, items)
    snapshot = items[:]
    iteration.each(machine, function, snapshot)
    return snapshot


@method("array", "each_with_index", Callable_)
def each_with_index(machine: Machine, items: list[Value], function: Value) -> list[Value]:
    """Call *function* with each item and its index; gives a copy of the array."""
    copy_items(machine, items)
    snapshot = items[:]
    iteration.each(machine, function, snapshot, range(len(snapshot)))
    return snapshot


@method("array", ("filter", "select"), Callable_)
def filter_(machine: Machine, items: list[Value], function: Value) -> list[Value]:
    """The items for which *function* yields something true."""
    copy_items(machine, items)
    return iteration.kept(machine, function, items[:])


@method("array", "reject", Callable_)
def reject(machine: Machine, items: list[Value], function: Value) -> list[Value]:
    """The items for which *function* yields nothing true."""
    copy_items(machine, items)
    return iteration.kept(machine, function, items[:], wanted=False)


@method("array", ("reduce", "fold"), Callable_, Any_.optional(NOT_GIVEN), arity_text=2)
def reduce(machine: Machine, items: list[Value], function: Value, initial: Value) -> Value:
    """Fold the items from the left, beginning with *initial* or else with the first."""
    rest = snapshot(machine, items)
    if initial is NOT_GIVEN:
        if not rest:
            raise SoliTypeError("reduce on empty array requires initial value")
        initial = rest.pop(0)
    if parameter_count(function) >= 2:
        return iteration.folded(machine, function, rest, initial)
    return fold(pair_callback(machine, function), rest, initial)


@method("array", "find", Callable_)
def find(machine: Machine, items: list[Value], function: Value) -> Value:
    """The first item for which *function* yields something true, else null."""
    found = iteration.first(machine, function, snapshot(machine, items))
    return None if found is None else found[0]


@method("array", "any?", Callable_)
def is_any(machine: Machine, items: list[Value], function: Value) -> bool:
    """Whether *function* yields something true for an item."""
    return iteration.first(machine, function, snapshot(machine, items)) is not None


@method("array", "all?", Callable_)
def is_all(machine: Machine, items: list[Value], function: Value) -> bool:
    """Whether *function* yields something true for every item."""
    return iteration.first(machine, function, snapshot(machine, items), wanted=False) is None


@method("array", "none?", Callable_)
def is_none(machine: Machine, items: list[Value], function: Value) -> bool:
    """Whether *function* yields something true for no item."""
    return iteration.first(machine, function, snapshot(machine, items)) is None


@method("array", "one?", Callable_)
def is_one(machine: Machine, items: list[Value], function: Value) -> bool:
    """Whether *function* yields something true for exactly one item."""
    found = 0
    for result in iteration.results(machine, function, snapshot(machine, items)):
        found += is_truthy(result)
        if found > 1:
            return False
    return found == 1


def sorted_with(machine: Machine, items: list[Value], function: Value) -> list[Value]:
    """*items* in the order that *function* gives, stable.

    What it yields other than a number counts as "equal", and so does an error inside it
    (docs/spec §L4), except one that no program may swallow.
    """
    call = machine.callback(function, 2)

    def compare(left: Value, right: Value) -> Any:
        try:
            sign = call(left, right)
        except UNCATCHABLE:
            raise
        except SoliError:
            return 0
        if sign.__class__ is not int and sign.__class__ is not float:
            return 0
        return sign

    return sorted(items, key=cmp_to_key(compare))


def counted_with(machine: Machine, items: list[Value], function: Value) -> int:
    """How many items *function* yields something true for."""
    return len(filter_(machine, items, function))
