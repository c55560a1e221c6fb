"""Methods of Hash (docs/spec §L5). Only set, delete, clear and shift change the hash.

Callbacks of two or more parameters get key and value, others one `[key, value]`. They go over a
snapshot, so a callback may change the hash.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import compress, islice
from math import isqrt
from operator import not_
from sys import getsizeof
from typing import Any

from soli_lang.base.errors import SoliKeyError, SoliTypeError
from soli_lang.machine import iteration
from soli_lang.machine.machine import CROWDED, Machine
from soli_lang.native.native import Any_, Array, Callable_, method, static
from soli_lang.native.native import Hash as HashArg
from soli_lang.values.kinds import from_key, is_key, to_key
from soli_lang.values.values import BoolKey, DecimalKey, Symbol, Value

from ..ground.callbacks import pair_callback, parameter_count
from ..ground.costs import (
    BIG_COLLECTION,
    ENTRY_BYTES,
    copy_entries,
    copy_items,
    given_text,
    read_items,
)
from ..ground.equality import exact_position, place_of, watched
from ..ground.ordering import kinds_of
from .array_callbacks import NOT_GIVEN

Hash = dict[Any, Value]

_WRAPPED = frozenset({BoolKey, DecimalKey})
_KEYS_AS_THEY_ARE = frozenset({str, int, type(None), Symbol})
"""Kinds of values that stand for themselves as keys."""
_PLACE_BYTES = 40
"""What a place for an entry takes in a large dict, roughly."""
_MANY_PLACES = 1024


def keys_of(entries: Hash) -> list[Value]:
    """The keys as Soli values."""
    return list(entries) if _are_values(entries) else [from_key(key) for key in entries]


def _are_values(keys: Collection[Any]) -> bool:
    """Whether *keys* are Soli values as they are."""
    return _WRAPPED.isdisjoint(kinds_of(keys))


def pairs_of(entries: Hash) -> list[Value]:
    """The entries as `[key, value]` arrays."""
    return [
        [from_key(key) if key.__class__ in _WRAPPED else key, value]
        for key, value in entries.items()
    ]


# --- size ---


@method(
    "hash",
    ("length", "size", "len"),
    bare=True,
    quick=lambda py, entries: py.call("len", entries),
    direct=len,
)
def length(entries: Hash) -> int:
    """How many entries."""
    return len(entries)


@method(
    "hash",
    ("empty?", "blank?"),
    bare=True,
    quick=lambda py, entries: py.negation(entries),
    direct=not_,
)
def is_empty(entries: Hash) -> bool:
    """Whether it has no entries."""
    return not entries


@method(
    "hash", "present?", bare=True, quick=lambda py, entries: py.call("bool", entries), direct=bool
)
def is_present(entries: Hash) -> bool:
    """Whether it has entries."""
    return bool(entries)


# --- reading ---


@method("hash", "keys", bare=True)
def keys(machine: Machine, entries: Hash) -> list[Value]:
    """The keys, in order."""
    copy_items(machine, entries)
    return keys_of(entries)


@method("hash", "values", bare=True)
def values(machine: Machine, entries: Hash) -> list[Value]:
    """The values, in order."""
    copy_items(machine, entries)
    return list(entries.values())


@method("hash", ("entries", "flatten"), bare=True)
def entries_(machine: Machine, entries: Hash) -> list[Value]:
    """`[[key, value], …]`"""
    copy_entries(machine, entries)
    return pairs_of(entries)


@method(
    "hash",
    "get",
    Any_,
    Any_.optional(),
    arity_text=1,
    when=given_text,
    quick=lambda py, entries, key: py.method(entries, "get", key),
)
def get(machine: Machine, entries: Hash, key: Value, default: Value) -> Value:
    """The value under *key*, *default* when there is none."""
    if key.__class__ is str:
        return entries.get(key, default)
    if key.__class__ is int and len(entries) > CROWDED:
        machine.check_time()
    return entries.get(to_key(key), default) if is_key(key) else default


@method("hash", "fetch", Any_, Any_.optional(NOT_GIVEN), arity_text=1)
def fetch(machine: Machine, entries: Hash, key: Value, default: Value) -> Value:
    """The value under *key*, else *default*; without a default a missing key is an error."""
    value = get(machine, entries, key, default)
    if value is NOT_GIVEN:
        raise SoliKeyError(f"key not found: {machine.text(key)}")
    return value


@method("hash", "fetch_values", Any_, Any_.rest())
def fetch_values(machine: Machine, entries: Hash, *wanted: Value) -> list[Value]:
    """The values under these keys; a missing key is an error."""
    return [fetch(machine, entries, key, NOT_GIVEN) for key in wanted]


@method("hash", "values_at", Any_.rest())
def values_at(machine: Machine, entries: Hash, *wanted: Value) -> list[Value]:
    """The values under these keys, null for a missing one."""
    return [get(machine, entries, key, None) for key in wanted]


@method(
    "hash",
    "has_key",
    Any_,
    when=given_text,
    quick=lambda py, entries, key: py.compare(key, "in", entries),
)
def has_key(machine: Machine, entries: Hash, key: Value) -> bool:
    """Whether there is an entry under *key*."""
    if key.__class__ is int and len(entries) > CROWDED:
        machine.check_time()
    return is_key(key) and to_key(key) in entries


@method("hash", ("has_value?", "value?"), Any_)
def has_value(machine: Machine, entries: Hash, wanted: Value) -> bool:
    """Whether a value equals *wanted*."""
    return _key_of(machine, entries, wanted) is not NOT_GIVEN


@method("hash", "key", Any_)
def key_(machine: Machine, entries: Hash, wanted: Value) -> Value:
    """The first key whose value equals *wanted*, else null."""
    key = _key_of(machine, entries, wanted)
    return None if key is NOT_GIVEN else from_key(key)


@method("hash", "rassoc", Any_)
def rassoc(machine: Machine, entries: Hash, wanted: Value) -> list[Value] | None:
    """The first `[key, value]` whose value equals *wanted*, else null."""
    key = _key_of(machine, entries, wanted)
    return None if key is NOT_GIVEN else [from_key(key), entries[key]]


def _key_of(machine: Machine, entries: Hash, wanted: Value) -> Any:
    read_items(machine, entries)
    at = exact_position(list(entries.values()), wanted, machine.spend)
    return NOT_GIVEN if at < 0 else next(islice(entries, at, None))


@method("hash", "assoc", Any_)
def assoc(machine: Machine, entries: Hash, key: Value) -> list[Value] | None:
    """`[key, value]` of that key, else null."""
    return [key, entries[to_key(key)]] if has_key(machine, entries, key) else None


# --- changing in place ---


@method("hash", "set", Any_, Any_, mutates=True)
def set_(machine: Machine, entries: Hash, key: Value, value: Value) -> Value:
    """Write *value* under *key*; gives the value."""
    if len(entries) * ENTRY_BYTES >= machine.max_length:
        machine.check_growth((len(entries) + 1) * ENTRY_BYTES)
    if key.__class__ is int and len(entries) > CROWDED:
        machine.check_time()
    entries[key if key.__class__ is str else to_key(key)] = value
    return value


@method("hash", "delete", Any_, mutates=True)
def delete(machine: Machine, entries: Hash, key: Value) -> Value:
    """Remove the entry under *key* and give its value; null if there is none."""
    if key.__class__ is int and len(entries) > CROWDED:
        machine.check_time()
    return entries.pop(to_key(key), None) if is_key(key) else None


@method("hash", "clear", bare=True, mutates=True)
def clear(entries: Hash) -> None:
    """Remove all entries; gives null."""
    entries.clear()


@method("hash", "shift", bare=True, mutates=True)
def shift(machine: Machine, entries: Hash) -> list[Value] | None:
    """Remove the first entry and give it as `[key, value]`; null when empty."""
    places = getsizeof(entries) // _PLACE_BYTES
    if places > _MANY_PLACES:
        _close_up(machine, entries, isqrt(places))
    for key in entries:
        return [from_key(key), entries.pop(key)]
    return None


def _close_up(machine: Machine, entries: Hash, rarely: int) -> None:
    """Once in about *rarely* times: leave no gaps where entries were.

    Python looks for the first entry among the places of all that went before it; taking a million
    entries from the front would take a million squared looks.
    """
    from random import random

    machine.spend(rarely >> 1)
    if random() * rarely < 1:
        rest = entries.copy()
        entries.clear()
        entries.update(rest)


# --- new hashes ---


@method("hash", ("merge", "update"), HashArg)
def merge(machine: Machine, entries: Hash, other: Hash) -> Hash:
    """The entries of both; *other* wins, keys keep their place."""
    if len(entries) + len(other) > BIG_COLLECTION:
        machine.spend((len(entries) + len(other)) >> 2)
        machine.check_length((len(entries) + len(other)) * ENTRY_BYTES)
    if len(entries) + len(other) <= CROWDED:
        return {**entries, **other}
    merged = entries.copy()
    for key, value in watched(machine, other.items()):
        merged[key] = value
    return merged


@method("hash", "to_h", bare=True)
def to_h(machine: Machine, entries: Hash) -> Hash:
    """A copy."""
    copy_entries(machine, entries)
    return entries.copy()


@method("hash", "slice", Array(phrase="an array of keys"))
def slice_(machine: Machine, entries: Hash, wanted: list[Value]) -> Hash:
    """The entries under these keys, in the order of the argument."""
    copy_entries(machine, entries)
    machine.spend(len(wanted) >> 2)
    keys = [to_key(key) for key in watched(machine, wanted) if is_key(key)]
    return {key: entries[key] for key in watched(machine, keys) if key in entries}


@method("hash", "except", Array(phrase="an array of keys"))
def except_(machine: Machine, entries: Hash, unwanted: list[Value]) -> Hash:
    """Without the entries under these keys."""
    copy_entries(machine, entries)
    machine.spend((len(unwanted) + len(entries)) >> 2)
    dropped = {place_of(to_key(key)) for key in unwanted if is_key(key)}
    entries_left = watched(machine, entries.items())
    return {key: value for key, value in entries_left if place_of(key) not in dropped}


@method("hash", "compact", bare=True)
def compact(machine: Machine, entries: Hash) -> Hash:
    """Without the entries whose value is null."""
    copy_entries(machine, entries)
    pairs = watched(machine, entries.items())
    return {key: value for key, value in pairs if value is not None}


@method("hash", "invert", bare=True)
def invert(machine: Machine, entries: Hash) -> Hash:
    """Value -> key. A value that cannot be a key is an error."""
    copy_entries(machine, entries)
    values = list(entries.values())
    if kinds_of(values) <= _KEYS_AS_THEY_ARE and _are_values(entries):
        turned = watched(machine, values)
        return dict(zip(turned, entries, strict=True))
    pairs = watched(machine, entries.items())
    return {to_key(value): from_key(key) for key, value in pairs}


# --- callbacks ---


@method("hash", "each", Callable_)
def each(machine: Machine, entries: Hash, function: Value) -> Hash:
    """Call *function* with each key and value; gives a copy of the hash."""
    copy_entries(machine, entries)
    snapshot = entries.copy()
    if parameter_count(function) < 2:
        iteration.exhaust(_results(machine, function, snapshot))
    elif iteration.each_value(machine, function, snapshot):
        pass  # which asks for no key
    elif _are_values(snapshot):
        iteration.each_entry(machine, function, snapshot)
    else:
        iteration.each(machine, function, keys_of(snapshot), list(snapshot.values()))
    return snapshot


def _results(machine: Machine, function: Value, snapshot: Hash) -> Iterator[Value]:
    """What *function* yields for each entry, as they are asked for."""
    if parameter_count(function) >= 2:
        if _are_values(snapshot):
            return iteration.of_entries(machine, function, snapshot)
        values = list(snapshot.values())
        return iteration.results(machine, function, keys_of(snapshot), values)
    return map(pair_callback(machine, function), keys_of(snapshot), snapshot.values())


@method("hash", "each_key", Callable_)
def each_key(machine: Machine, entries: Hash, function: Value) -> Hash:
    """Call *function* with each key; gives a copy of the hash."""
    copy_entries(machine, entries)
    snapshot = entries.copy()
    iteration.each(machine, function, keys_of(snapshot))
    return snapshot


@method("hash", "each_value", Callable_)
def each_value(machine: Machine, entries: Hash, function: Value) -> Hash:
    """Call *function* with each value; gives a copy of the hash."""
    copy_entries(machine, entries)
    snapshot = entries.copy()
    iteration.each(machine, function, list(snapshot.values()))
    return snapshot


@method("hash", "map", Callable_)
def map_(machine: Machine, entries: Hash, function: Value) -> Hash:
    """A hash of the `[key, value]` arrays that *function* yields; other results are left out."""
    copy_entries(machine, entries)
    snapshot = entries.copy()
    result: Hash = {}
    for _, pair in zip(
        watched(machine, snapshot), _results(machine, function, snapshot), strict=True
    ):
        if pair.__class__ is list and len(pair) == 2:
            result[_hashable(pair[0], "hash key")] = pair[1]
    return result


def _hashable(key: Value, what: str) -> Any:
    if not is_key(key):
        raise SoliTypeError(f"{what} must be hashable")
    return to_key(key)


def _partition(machine: Machine, entries: Hash, function: Value, wanted: bool) -> Hash:
    copy_entries(machine, entries)
    snapshot = entries.copy()
    if parameter_count(function) >= 2 and _are_values(snapshot):
        found = iteration.kept_entries(machine, function, snapshot, wanted=wanted)
        if found is not None:
            return found
    selected = iteration.truths(_results(machine, function, snapshot), wanted=wanted)
    return dict(compress(watched(machine, snapshot.items()), selected))


@method("hash", ("filter", "select", "keep_if"), Callable_)
def filter_(machine: Machine, entries: Hash, function: Value) -> Hash:
    """The entries for which *function* yields something true."""
    return _partition(machine, entries, function, True)


@method("hash", ("reject", "delete_if"), Callable_)
def reject(machine: Machine, entries: Hash, function: Value) -> Hash:
    """The entries for which *function* yields nothing true."""
    return _partition(machine, entries, function, False)


def _has_any(machine: Machine, entries: Hash, function: Value, wanted: bool) -> bool:
    """Whether *function* yields something true (or not) for an entry."""
    copy_entries(machine, entries)
    return any(iteration.truths(_results(machine, function, entries.copy()), wanted=wanted))


@method("hash", "any?", Callable_)
def is_any(machine: Machine, entries: Hash, function: Value) -> bool:
    """Whether *function* yields something true for an entry."""
    return _has_any(machine, entries, function, True)


@method("hash", "all?", Callable_)
def is_all(machine: Machine, entries: Hash, function: Value) -> bool:
    """Whether *function* yields something true for every entry."""
    return not _has_any(machine, entries, function, False)


@method("hash", "transform_values", Callable_)
def transform_values(machine: Machine, entries: Hash, function: Value) -> Hash:
    """A hash of the same keys, each with what *function* yields for its value."""
    copy_entries(machine, entries)
    snapshot = entries.copy()
    values = iteration.yielded(machine, function, list(snapshot.values()))
    for key, value in zip(list(snapshot), values, strict=True):
        snapshot[key] = value  # a third less work than a new hash
    return snapshot


@method("hash", "transform_keys", Callable_)
def transform_keys(machine: Machine, entries: Hash, function: Value) -> Hash:
    """A hash of the same values, each under what *function* yields for its key; later ones win."""
    copy_entries(machine, entries)
    snapshot = entries.copy()
    keys = iteration.results(machine, function, keys_of(snapshot))
    return {
        _hashable(key, "transformed key"): value
        for key, value in zip(keys, watched(machine, snapshot.values()), strict=True)
    }


@static("Hash", "from_entries", Array)
def from_entries(machine: Machine, pairs: list[Value]) -> Hash:
    """The hash of an array of `[key, value]` arrays."""
    copy_entries(machine, pairs)
    result: Hash = {}
    for pair in watched(machine, pairs):
        if pair.__class__ is not list or len(pair) != 2:
            raise SoliTypeError("Hash.from_entries expects an array of [key, value] arrays")
        result[to_key(pair[0])] = pair[1]
    return result
