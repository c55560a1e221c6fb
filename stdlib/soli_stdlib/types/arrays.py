"""Methods of Array: size, ends, slices, changes in place, sets (docs/spec §L4).

Callbacks are in `array_callbacks`, sums and orders in `array_numbers`, the `_by` family in
`array_fields`. Only push, pop, concat and clear change the array.
"""

from __future__ import annotations

from operator import not_
from typing import Any

from soli_lang.base.errors import SoliTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Array, Int, String, method
from soli_lang.values.display import to_text
from soli_lang.values.kinds import is_key, to_key
from soli_lang.values.values import Value

from ..ground import randomness
from ..ground.costs import BIG_COLLECTION, ITEM_BYTES, compare_texts, copy_items, read_items
from ..ground.equality import position, shared, unique, without
from ..ground.ordering import kinds_of
from .flattening import flattened

_Count = Int(phrase="a non-negative integer")
_Index = Int(phrase="an integer index")


# --- size and ends ---


@method(
    "array",
    ("length", "len", "size"),
    bare=True,
    quick=lambda py, items: py.call("len", items),
    direct=len,
)
def length(items: list[Value]) -> int:
    """How many items."""
    return len(items)


@method(
    "array",
    ("empty?", "blank?"),
    bare=True,
    quick=lambda py, items: py.negation(items),
    direct=not_,
)
def is_empty(items: list[Value]) -> bool:
    """Whether it has no items."""
    return not items


@method("array", "present?", bare=True, quick=lambda py, items: py.call("bool", items), direct=bool)
def is_present(items: list[Value]) -> bool:
    """Whether it has items."""
    return bool(items)


def _at_end(py: Any, items: Any, index: int) -> Any:
    """The item at *index* or null, for `NativeMethod.quick`."""
    return py.choice(items, py.item(items, py.constant(index)), py.none())


@method("array", "first", bare=True, quick=lambda py, items: _at_end(py, items, 0))
def first(items: list[Value]) -> Value:
    """The first item, null when empty."""
    return items[0] if items else None


@method("array", "last", bare=True, quick=lambda py, items: _at_end(py, items, -1))
def last(items: list[Value]) -> Value:
    """The last item, null when empty."""
    return items[-1] if items else None


@method("array", "get", _Index)
def get(items: list[Value], index: int) -> Value:
    """The item at *index* (negative: from the end), null out of range."""
    return items[index] if -len(items) <= index < len(items) else None


@method("array", "dig", Any_, Any_.rest())
@method("hash", "dig", Any_, Any_.rest())
def dig(value: Value, *path: Value) -> Value:
    """Walk through arrays and hashes; null at the first miss."""
    for step in path:
        if value.__class__ is dict:
            value = value.get(to_key(step)) if is_key(step) else None
        elif value.__class__ is list and step.__class__ is int:
            value = get(value, step)
        else:
            return None
    return value


@method("array", "values_at", Any_.rest())
def values_at(items: list[Value], *indexes: Value) -> list[Value]:
    """The items at these Ints or arrays of Ints; null out of range and for what is no Int."""
    result: list[Value] = []
    for index in indexes:
        for one in index if index.__class__ is list else (index,):
            if one.__class__ is not int:
                result.append(None)
                continue
            at = max(0, one + len(items)) if one < 0 else one
            result.append(items[at] if at < len(items) else None)
    return result


@method("array", "sample", bare=True)
def sample(machine: Machine, items: list[Value]) -> Value:
    """A random item, null when empty."""
    return randomness.of(machine).choice(items) if items else None


@method("array", "shuffle", bare=True)
def shuffle(machine: Machine, items: list[Value]) -> list[Value]:
    """The items in random order."""
    copy_items(machine, items)
    result = items[:]
    randomness.of(machine).shuffle(result)
    return result


# --- changing in place ---


@method(
    "array",
    "push",
    Any_,
    mutates=True,
    when=lambda py, items, item: py.compare(py.call("len", items), "<", py.name("most_items")),
    quick=lambda py, items, item: py.either(py.method(items, "append", item), items),
)
def push(machine: Machine, items: list[Value], item: Value) -> list[Value]:
    """Append *item*; gives the array."""
    if len(items) * ITEM_BYTES >= machine.max_length:
        machine.check_growth((len(items) + 1) * ITEM_BYTES)
    items.append(item)
    return items


@method("array", "pop", bare=True, mutates=True)
def pop(items: list[Value]) -> Value:
    """Remove the last item and give it; null when empty."""
    return items.pop() if items else None


@method(
    "array",
    "concat",
    Array(message="Array.concat() argument must be an Array"),
    Array(message="Array.concat() argument must be an Array").rest(),
    mutates=True,
)
def concat(machine: Machine, items: list[Value], *others: list[Value]) -> list[Value]:
    """Append the items of all *others*; gives the array."""
    added = sum([len(other) for other in others])
    machine.check_growth((len(items) + added) * ITEM_BYTES)
    for other in [other[:] for other in others]:
        copy_items(machine, other)
        items.extend(other)
    return items


@method("array", "clear", bare=True, mutates=True)
def clear(items: list[Value]) -> None:
    """Remove all items; gives null."""
    items.clear()


# --- new arrays ---


@method("array", "reverse", bare=True)
def reverse(machine: Machine, items: list[Value]) -> list[Value]:
    """The items in reverse order."""
    copy_items(machine, items)
    return items[::-1]


@method("array", "take", _Count)
def take(machine: Machine, items: list[Value], count: int) -> list[Value]:
    """The first *count* items."""
    copy_items(machine, items)
    return items[: _not_negative(count, "take")]


@method("array", "drop", _Count)
def drop(machine: Machine, items: list[Value], count: int) -> list[Value]:
    """Without the first *count* items."""
    copy_items(machine, items)
    return items[_not_negative(count, "drop") :]


def _not_negative(count: int, name: str) -> int:
    if count < 0:
        raise SoliTypeError(f"{name} expects a non-negative integer")
    return count


@method("array", "slice", Any_.optional(), Any_.optional())
def slice_(machine: Machine, items: list[Value], start: Value, end: Value) -> list[Value]:
    """Items from *start* up to *end* (excluded), negatives from the end, clamped."""
    copy_items(machine, items)
    low = start if start.__class__ is int else 0
    high = end if end.__class__ is int else len(items)
    return items[low:high]


@method("array", "compact", bare=True)
def compact(machine: Machine, items: list[Value]) -> list[Value]:
    """Without nulls."""
    copy_items(machine, items)
    return [item for item in items if item is not None]


_EMPTY: tuple[Value, ...] = (None, "", [], {})


@method("array", "compact_blank", bare=True)
def compact_blank(machine: Machine, items: list[Value]) -> list[Value]:
    """Without null, `""`, `[]` and `{}`; `false` and 0 stay."""
    copy_items(machine, items)
    return [item for item in items if item or item not in _EMPTY]


@method("array", "uniq", bare=True)
def uniq(machine: Machine, items: list[Value]) -> list[Value]:
    """The first of each group of equal items."""
    copy_items(machine, items)
    kinds = kinds_of(items)
    compare_texts(machine, items, kinds=kinds)
    return unique(items, machine.spend, kinds)


@method("array", "flatten", _Count.optional(None), bare=True)
def flatten(machine: Machine, items: list[Value], depth: int | None) -> list[Value]:
    """Arrays inside it replaced by their items, down to *depth* levels (none: all)."""
    if depth is not None and depth < 0:
        raise SoliTypeError("flatten expects a non-negative integer")
    copy_items(machine, items)
    if depth == 0 or list not in map(type, items):
        return items[:]
    return flattened(machine, items, depth)


@method("array", "zip", Array)
def zip_(machine: Machine, items: list[Value], other: list[Value]) -> list[Value]:
    """Pairs of the items at the same place, as far as the shorter goes."""
    copy_items(machine, items)
    return [[left, right] for left, right in zip(items, other, strict=False)]


@method("array", "delete", Any_)
def delete(machine: Machine, items: list[Value], unwanted: Value) -> list[Value] | None:
    """A new array without what equals *unwanted*; null if nothing does."""
    copy_items(machine, items)
    kept = without(items, unwanted, machine.spend)
    return kept if len(kept) < len(items) else None


@method("array", "delete_at", _Index)
def delete_at(machine: Machine, items: list[Value], index: int) -> list[Value] | None:
    """A new array without that slot; null out of range."""
    copy_items(machine, items)
    at = max(0, index + len(items)) if index < 0 else index
    return items[:at] + items[at + 1 :] if at < len(items) else None


@method("array", "shift", bare=True)
def shift(machine: Machine, items: list[Value]) -> list[Value] | None:
    """A new array without the first item; null when empty."""
    copy_items(machine, items)
    return items[1:] if items else None


@method("array", "unshift", Any_, Any_.rest())
def unshift(machine: Machine, items: list[Value], *added: Value) -> list[Value]:
    """A new array with these values before the others."""
    copy_items(machine, items)
    machine.check_length(len(added) * ITEM_BYTES)
    return [*added, *items]


@method("array", "insert", _Index, Any_, Any_.rest())
def insert(machine: Machine, items: list[Value], index: int, *added: Value) -> list[Value]:
    """A new array with these values from *index* on."""
    copy_items(machine, items)
    machine.check_length(len(added) * ITEM_BYTES)
    return [*items[:index], *added, *items[index:]]


@method("array", "rotate", Int.optional(1), bare=True, arity_text=1)
def rotate(machine: Machine, items: list[Value], count: int) -> list[Value]:
    """The first *count* items moved to the end (negative: the last to the front)."""
    copy_items(machine, items)
    if not items:
        return []
    at = count % len(items)
    return items[at:] + items[:at]


# --- sets ---


@method("array", "union", Array(message="Array.union() argument must be an Array"))
def union(machine: Machine, items: list[Value], other: list[Value]) -> list[Value]:
    """What is in either, each once."""
    machine.check_length((len(items) + len(other)) * ITEM_BYTES)
    return uniq(machine, items + other)


@method("array", "intersection", Array(message="Array.intersection() argument must be an Array"))
def intersection(machine: Machine, items: list[Value], other: list[Value]) -> list[Value]:
    """What is in both, each once."""
    kinds = _pay_for_sets(machine, items, other)
    return shared(items, other, machine.spend, kinds)


@method("array", "difference", Array(message="Array.difference() argument must be an Array"))
def difference(machine: Machine, items: list[Value], other: list[Value]) -> list[Value]:
    """What is in it and not in *other*, each once."""
    kinds = _pay_for_sets(machine, items, other)
    return shared(items, other, machine.spend, kinds, wanted=False)


def _pay_for_sets(machine: Machine, items: list[Value], other: list[Value]) -> frozenset[type]:
    """Pay for both; the kinds among them."""
    read_items(machine, other)
    kinds = kinds_of(items), kinds_of(other)
    compare_texts(machine, other, kinds=kinds[1])
    copy_items(machine, items)
    compare_texts(machine, items, kinds=kinds[0])
    return kinds[0] | kinds[1]


@method("array", ("includes?", "include?", "includes", "contains"), Any_)
def includes(machine: Machine, items: list[Value], wanted: Value) -> bool:
    """Whether an item equals *wanted*."""
    if len(items) > BIG_COLLECTION:
        read_items(machine, items)
    return position(items, wanted, machine.spend) >= 0


@method("array", "index_of", Any_)
def index_of(machine: Machine, items: list[Value], wanted: Value) -> int:
    """Where the first item equal to *wanted* is, -1 if nowhere."""
    read_items(machine, items)
    return position(items, wanted, machine.spend)


# --- text ---


@method("array", "join", String(phrase="a string delimiter"))
def join(machine: Machine, items: list[Value], separator: str) -> str:
    """The display forms with *separator* between them."""
    read_items(machine, items)
    try:
        # Strings have a length and numbers have none, so this is quick either way.
        size = sum(map(len, items)) + len(separator) * max(0, len(items) - 1)
        machine.check_length(size)
        machine.spend(size >> 8)
        return separator.join(items)
    except TypeError:
        return _joined(machine, items, separator)


def _joined(machine: Machine, items: list[Value], separator: str) -> str:
    parts: list[str] = []
    size = len(separator) * len(items)
    limit = machine.max_length
    for item in items:
        part = item if item.__class__ is str else to_text(item, machine.spend)
        size += len(part)
        if size > limit:
            machine.check_growth(size)
        parts.append(part)
    return separator.join(parts)


@method("array", ("to_s", "to_string"), bare=True)
@method("hash", ("to_s", "to_string"), bare=True)
def to_s(machine: Machine, value: Value) -> str:
    """Its display form."""
    return machine.text(value)
