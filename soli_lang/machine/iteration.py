"""Calling a function of a program for each of many items, as builtins of collections do.

Functions here take items that must not change meanwhile. A callback that ends in `next` or `break`
yields null, which `collected` leaves out (docs/spec §L4).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from ..values.semantics import is_truthy
from ..values.values import SKIP, Function, Value
from .machine import Machine

MANY_ITEMS = 16
"""Items from which on a function is worth compiling to a loop over them."""


def _loop(
    function: Value, kind: str, items: Collection[Value], count: int = 1
) -> Callable[..., Any] | None:
    """The loop over *count* columns that *function* is for that purpose, if it is one and worth
    it.
    """
    if function.__class__ is not Function or len(items) < MANY_ITEMS or function.arity != count:
        return None
    return function.code.loop(kind, function.captured, function.receiver)


def results(machine: Machine, function: Value, *columns: Sequence[Value]) -> Iterator[Value]:
    """What *function* yields for each of the items, one after the other as they are asked for.

    It takes as many as there are *columns*, which are equally long.
    """
    loop = _loop(function, "results", columns[0], len(columns))
    if loop is not None:
        return _looped(loop, columns)  # type: ignore[no-any-return]
    return map(machine.callback(function, len(columns)), *columns)


def _looped(loop: Callable[..., Any], columns: tuple[Sequence[Value], ...]) -> Any:
    """What *loop* gives for *columns*; two of them it takes as rows."""
    if len(columns) == 1:
        return loop(columns[0])
    return loop(zip(*columns, strict=True), columns[0])


def of_entries(machine: Machine, function: Value, entries: Mapping[Any, Value]) -> Iterator[Value]:
    """What *function* yields for each key and value, as `results` does.

    The keys of *entries* are Soli values as they are.
    """
    loop = _loop(function, "results", entries, 2)
    if loop is not None:
        return loop(entries.items(), entries)  # type: ignore[no-any-return]
    return map(machine.callback(function, 2), entries, entries.values())


def each_value(machine: Machine, function: Value, entries: Mapping[Any, Value]) -> bool:
    """Call *function* with each value where it takes a key and a value and does nothing with the
    key. Whether that is so; else nothing was called.
    """
    loop = _loop(function, "values", entries, 2)
    if loop is None:
        return False
    loop(list(entries.values()))
    return True


def each_entry(machine: Machine, function: Value, entries: Mapping[Any, Value]) -> None:
    """Call *function* with each key and value, as `of_entries` does."""
    loop = _loop(function, "each", entries, 2)
    if loop is not None:
        loop(entries.items(), entries)
        return
    exhaust(map(machine.callback(function, 2), entries, entries.values()))


def each(machine: Machine, function: Value, *columns: Sequence[Value]) -> None:
    """Call *function* with each item of the *columns*, as `results` does."""
    loop = _loop(function, "each", columns[0], len(columns))
    if loop is not None:
        _looped(loop, columns)
        return
    exhaust(map(machine.callback(function, len(columns)), *columns))


def exhaust(results: Iterable[Value]) -> None:
    """Have all of *results* made, for what making them does."""
    deque(results, maxlen=0)


def yielded(machine: Machine, function: Value, items: list[Value]) -> list[Value]:
    """What *function* yields for *items*, as many."""
    loop = _loop(function, "collected", items)
    if loop is not None:
        return loop(items)  # type: ignore[no-any-return]
    return list(map(machine.callback(function, 1), items))


def collected(machine: Machine, function: Value, items: list[Value]) -> list[Value]:
    """What *function* yields for *items*, without those for which it ended in `next`."""
    if function.__class__ is Function and function.code.pending:
        function.code.prepare(function)
    if function.__class__ is not Function or function.raw is None:
        return yielded(machine, function, items)
    found = list(map(machine.callback(function, 1, keep_skip=True), items))
    return [item for item in found if item is not SKIP]


def kept(
    machine: Machine, function: Value, items: list[Value], *, wanted: bool = True
) -> list[Value]:
    """Those of *items* for which *function* yields something true (or not: *wanted*)."""
    loop = _loop(function, "kept" if wanted else "dropped", items)
    if loop is not None:
        return loop(items)  # type: ignore[no-any-return]
    call = machine.callback(function, 1)
    return [item for item in items if (found := call(item)) is wanted or _counts(found, wanted)]


def kept_entries(
    machine: Machine, function: Value, entries: Mapping[Any, Value], *, wanted: bool = True
) -> dict[Any, Value] | None:
    """Those of *entries* for which *function* yields something true (or not: *wanted*), if it is
    written as a loop for that; else None. The keys are Soli values as they are.
    """
    loop = _loop(function, "kept" if wanted else "dropped", entries, 2)
    return None if loop is None else loop(entries.items(), entries)


def folded(machine: Machine, function: Value, items: list[Value], initial: Value) -> Value:
    """*items* from the left: what *function*, of two parameters, yields for what it yielded before
    and each item, beginning with *initial*.
    """
    loop = _loop(function, "folded", items, 2)
    if loop is not None:
        return loop(items, initial)
    return reduce(machine.callback(function, 2), items, initial)


def first(
    machine: Machine, function: Value, items: list[Value], *, wanted: bool = True
) -> tuple[Value] | None:
    """The first of *items* for which *function* yields something true (or not: *wanted*)."""
    loop = _loop(function, "first" if wanted else "first_not", items)
    if loop is not None:
        return loop(items)  # type: ignore[no-any-return]
    call = machine.callback(function, 1)
    for item in items:
        if (found := call(item)) is wanted or _counts(found, wanted):
            return (item,)
    return None


def truths(results: Iterable[Value], *, wanted: bool = True) -> Iterator[bool]:
    """For each of *results*, as they come, whether it is true (or not: *wanted*)."""
    return (found is wanted or _counts(found, wanted) for found in results)


def _counts(found: Value, wanted: bool) -> bool:
    """Whether what is not *wanted* itself is as true."""
    return found.__class__ is not bool and is_truthy(found) is wanted
