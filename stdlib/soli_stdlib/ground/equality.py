"""Searching and counting by Soli's `==`, at Python's speed where Python's `==` says the same.

Python takes `1`, `True` and `Decimal(1)` for equal, Soli does not (docs/spec §L0.3).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from math import hypot
from typing import Any

from soli_lang.machine.iteration import exhaust
from soli_lang.machine.machine import CROWDED, Machine
from soli_lang.values.kinds import is_key, to_key
from soli_lang.values.semantics import Spend, equals
from soli_lang.values.values import Symbol, Value

from .costs import BIG_TEXT
from .ordering import kinds_of

_SAME_IN_PYTHON = frozenset({str, int, type(None), Symbol})
"""Kinds among which Python's `==` and hash are Soli's."""
_INT_AND_FLOAT = frozenset({int, float})
_LOOKED_UP_AS_THEY_ARE = frozenset({str, type(None), Symbol})
_SCATTER = int.from_bytes(os.urandom(8), "big") >> 2
"""Flips bits of Ints in sets of ours: programs cannot choose which places they get there."""
_IN_64_BITS = 2.0**63
_CLOSE = 8
"""Mean of many Ints without their signs, divided by their number, up to which they count as close
together."""
_PORTION = 64
"""Values that become keys between two looks at the clock."""


def position(items: list[Value], wanted: Value, spend: Spend) -> int:
    """Index of the first item equal to *wanted*, -1 if there is none."""
    kind = wanted.__class__
    if kind in _SAME_IN_PYTHON:
        _pay_for_text(items, wanted, spend)
        return _position_at_c_speed(items, wanted, kind is int)
    for index, item in enumerate(items):
        if equals(item, wanted, spend):
            return index
    return -1


def exact_position(items: list[Value], wanted: Value, spend: Spend) -> int:
    """The same, where a text is also equal to an error that says it."""
    if compares_in_python(items, wanted):
        return _position_at_c_speed(items, wanted, wanted.__class__ is int)
    for index, item in enumerate(items):
        if equals(item, wanted, spend):
            return index
    return -1


def compares_in_python(items: list[Value], wanted: Value) -> bool:
    """Whether Python's `==` of *wanted* with each of *items* is Soli's, and costs nothing."""
    alike = _ALIKE.get(wanted.__class__)
    return alike is not None and kinds_of(items) <= alike and not _is_long(wanted)


def _position_at_c_speed(items: list[Value], wanted: Value, is_int: bool) -> int:
    """`list.index`, passing over what only Python takes for equal to an Int."""
    index = -1
    try:
        while True:
            index = items.index(wanted, index + 1)
            if not is_int or items[index].__class__ in _INT_AND_FLOAT:
                return index
    except ValueError:
        return -1


def without(items: list[Value], unwanted: Value, spend: Spend) -> list[Value]:
    """The items that are not equal to *unwanted*."""
    if unwanted.__class__ is str:
        _pay_for_text(items, unwanted, spend)
        return [item for item in items if item != unwanted]
    if compares_in_python(items, unwanted):
        return [item for item in items if item != unwanted]
    return [item for item in items if not equals(item, unwanted, spend)]


def occurrences(items: list[Value], wanted: Value, spend: Spend) -> int:
    """How many items are equal to *wanted*."""
    if wanted.__class__ in _LOOKED_UP_AS_THEY_ARE:
        _pay_for_text(items, wanted, spend)
        return items.count(wanted)
    if compares_in_python(items, wanted):
        return items.count(wanted)
    return sum([equals(item, wanted, spend) for item in items])


def selected(items: list[Value], column: list[Value], wanted: Value, spend: Spend) -> list[Value]:
    """The items beside which *column* has what is equal to *wanted*."""
    pairs = zip(items, column, strict=True)
    if wanted.__class__ in _ONLY_THEMSELVES:
        return [item for item, value in pairs if value is wanted]
    if compares_in_python(column, wanted):
        return [item for item, value in pairs if value == wanted]
    return [item for item, value in pairs if equals(value, wanted, spend)]


def _is_long(value: Value) -> bool:
    return value.__class__ is str and len(value) > BIG_TEXT


_ONLY_THEMSELVES = frozenset({bool, type(None)})
"""Kinds of which a value is equal to itself alone, and there is one of it."""
_ALIKE = {
    str: frozenset({str, int, float, bool, type(None), list, dict}),
    int: frozenset({str, int, float, type(None), list, dict}),
}
"""For a kind, others with which Python's `==` says what Soli's does."""


def _pay_for_text(items: list[Value], wanted: Value, spend: Spend) -> None:
    """Comparing with a long text takes as long as it is long, if the other is nearly the same."""
    if wanted.__class__ is str and len(wanted) > BIG_TEXT:
        spend(len(wanted) * len(items) >> 10)


class Seen:
    """The values met so far, by Soli's `==`. Those without a hash are searched one by one."""

    __slots__ = ("_keys", "_others", "_spend")

    def __init__(self, spend: Spend) -> None:
        self._keys: set[Any] = set()
        self._others: list[Value] = []
        self._spend = spend
        """Charged for each look through the values without a hash."""

    def add(self, value: Value) -> bool:
        """Remember *value*; False when an equal one was there already."""
        if is_key(value) or value.__class__ is float:
            key = _place(value)
            if key in self._keys and value == value:
                return False
            self._keys.add(key)
            return True
        if self._has_other(value):
            return False
        self._others.append(value)
        return True

    def has(self, value: Value) -> bool:
        """Whether an equal value was added."""
        if is_key(value) or value.__class__ is float:
            return _place(value) in self._keys and bool(value == value)
        return self._has_other(value)

    def _has_other(self, value: Value) -> bool:
        self._spend(len(self._others))
        return any(equals(other, value, self._spend) for other in self._others)


def _place(value: Value) -> Any:
    """What stands for a key or a Float in a set: the same for equal ones."""
    if value.__class__ is int:
        return value ^ _SCATTER
    if value.__class__ is float:
        if value.is_integer() and -_IN_64_BITS <= value < _IN_64_BITS:
            return int(value) ^ _SCATTER
        return (Seen, value)
    return to_key(value)


def place_of(key: Any) -> Any:
    """What stands for the dict key *key* in a set of keys."""
    return key ^ _SCATTER if key.__class__ is int else key


def watched(machine: Machine, items: Collection[Any]) -> Iterable[Any]:
    """*items*, for making a Hash of them: when they are many, with looks at the clock.

    See `machine.CROWDED`.
    """
    return items if len(items) <= CROWDED else chain.from_iterable(_looked_after(machine, items))


def _looked_after(machine: Machine, items: Collection[Any]) -> Iterator[Iterable[Any]]:
    """*items*, some at a time, with a look at the clock before each of these portions."""
    rest = iter(items)
    for _ in range(0, len(items), _PORTION):
        machine.check_time()
        yield islice(rest, _PORTION)


def unique(items: list[Value], spend: Spend, kinds: frozenset[type] | None = None) -> list[Value]:
    """The first of each group of equal items; their *kinds*, where these are known."""
    kinds = kinds_of(items) if kinds is None else kinds
    if kinds <= _SAME_IN_PYTHON:
        if _are_apart(items, kinds):
            return list(dict.fromkeys(items))
        return list(dict(zip(_places(items, kinds), items, strict=True)).values())
    seen = Seen(spend)
    return [item for item in items if seen.add(item)]


def shared(
    items: list[Value],
    others: list[Value],
    spend: Spend,
    kinds: frozenset[type] | None = None,
    *,
    wanted: bool = True,
) -> list[Value]:
    """The first of each group of equal *items* that are (or not: *wanted*) equal to one of
    *others*; the *kinds* among both, where these are known.
    """
    both = kinds_of(items) | kinds_of(others) if kinds is None else kinds
    if both <= _SAME_IN_PYTHON:
        if _are_apart(items, both) and _are_apart(others, both):
            plain = set(others)
            return [item for item in dict.fromkeys(items) if (item in plain) is wanted]
        known = set(_places(others, both))
        firsts = dict(zip(_places(items, both), items, strict=True))
        return [item for place, item in firsts.items() if (place in known) is wanted]
    seen = Seen(spend)
    for other in others:
        seen.add(other)
    return [item for item in unique(items, spend) if seen.has(item) is wanted]


def firsts_by(items: list[Value], column: list[Value], spend: Spend) -> list[Value]:
    """The first item for each group of equal values in *column*, beside it."""
    kinds = kinds_of(column)
    pairs = zip(items, column, strict=True)
    if kinds <= _SAME_IN_PYTHON:
        firsts: dict[Any, Value] = {}
        exhaust(map(firsts.setdefault, _places(column, kinds), items))
        return list(firsts.values())
    seen = Seen(spend)
    return [item for item, value in pairs if seen.add(value)]


def _places(values: list[Value], kinds: frozenset[type]) -> Iterable[Any]:
    """What stands for *values*, of `_SAME_IN_PYTHON` *kinds*, in a set."""
    if int not in kinds:
        return values
    if len(kinds) == 1:
        return [value ^ _SCATTER for value in values]
    return map(place_of, values)


def _are_apart(values: list[Value], kinds: frozenset[type]) -> bool:
    """Whether *values*, of `_SAME_IN_PYTHON` *kinds*, need no places: few would meet in a set.

    Python puts an Int where its last digits say. Of Ints that are close to zero only some have the
    same; of a few, whatever they are, looking all up takes no time to speak of.
    """
    if int not in kinds or len(values) <= CROWDED:
        return True
    if len(kinds) > 1:
        return False
    # `hypot` times the root of their number is no less than the sum of all without their signs;
    # and where so much is shared among them, only so many are a multiple of a set's size apart.
    return bool(hypot(*values) <= _CLOSE * len(values) ** 1.5)


def tallied(machine: Machine, values: list[Value], kinds: frozenset[type]) -> dict[Any, Value]:
    """Grouping key -> how many of *values*, of these *kinds*, have it, in order of first
    occurrence.
    """
    if kinds <= _SAME_IN_PYTHON:
        counts: Counter[Any] = Counter(watched(machine, values) if int in kinds else values)
        return dict(counts)
    found: dict[Any, Value] = {}
    for value in watched(machine, values):
        key = group_key(value)
        found[key] = found.get(key, 0) + 1
    return found


def group_key(value: Value) -> Any:
    """The key that stands for *value* in a grouping hash.

    Whole Floats become Ints, what cannot be a key becomes null (docs/spec §L4).
    """
    if value.__class__ is str or value.__class__ is int:
        return value
    if value.__class__ is float and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return to_key(value) if is_key(value) else None


def group_keys(values: list[Value]) -> list[Any]:
    """The key of each of *values*."""
    return values if kinds_of(values) <= _SAME_IN_PYTHON else list(map(group_key, values))


def is_number(value: Value) -> bool:
    """Whether *value* is an Int, a Float or a Decimal."""
    return value.__class__ in (int, float, Decimal)
