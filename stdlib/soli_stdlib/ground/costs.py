"""What builtins pay for going through values, and for building new ones.

A builtin runs in one go, so it pays before it works: steps for time (a step is worth about a
tenth of a microsecond of Python, or 64 characters in C), and `check_length` for memory. Small
values are free: the call itself has cost a step.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from .ordering import kinds_of

BIG_TEXT = 256
"""Characters of a text from which on going through it costs steps, and copying it memory."""
BIG_COLLECTION = 32
"""Items or entries from which on going through them costs steps, and copying them memory."""
ITEM_BYTES = 8
"""What one item counts against the size limit of a value."""
OBJECT_BYTES = 64
"""What an item takes beside its place when it is made with the collection: a text, an Array."""
ENTRY_BYTES = 16
"""What one hash entry counts against the size limit of a value."""


# Where calls with few texts that are short are written out: see `NativeMethod.when`.


def short_text(py: Any, text: Any) -> Any:
    """Whether the receiver is so short that going through it is free."""
    return py.compare(py.call("len", text), "<=", py.constant(BIG_TEXT))


def given_text(py: Any, receiver: Any, given: Any) -> Any:
    """Whether the argument is a String."""
    return py.is_kind(given, "str")


def given_short_text(py: Any, receiver: Any, given: Any) -> Any:
    """Whether the argument is a short String."""
    return py.both(py.is_kind(given, "str"), short_text(py, given))


def given_text_in_a_short_one(py: Any, receiver: Any, given: Any) -> Any:
    """Whether the argument is a String, and the receiver a short one."""
    return py.both(py.is_kind(given, "str"), short_text(py, receiver))


def read_text(machine: Machine, text: str) -> None:
    """Pay for going through *text* once in C."""
    if len(text) > BIG_TEXT:
        machine.spend(len(text) >> 6)


def copy_text(machine: Machine, text: str) -> None:
    """Pay for a new text about as long as *text*."""
    if len(text) > BIG_TEXT:
        machine.spend(len(text) >> 6)
        machine.check_length(len(text))


def read_items(machine: Machine, items: Sized) -> None:
    """Pay for going through an Array or Hash once in C."""
    if len(items) > BIG_COLLECTION:
        machine.spend(len(items) >> 2)


def copy_items(machine: Machine, items: Sized) -> None:
    """Pay for a new Array of about as many items."""
    if len(items) > BIG_COLLECTION:
        machine.spend(len(items) >> 2)
        machine.check_length(len(items) * ITEM_BYTES)


def snapshot(machine: Machine, items: list[Value]) -> list[Value]:
    """A copy of *items*, paid for as such: to call a function with as many as it wants to see."""
    if len(items) > BIG_COLLECTION:
        machine.spend(len(items) >> 6)
        machine.claim(len(items) * ITEM_BYTES)
    return items[:]


def make_items(machine: Machine, count: int) -> None:
    """Pay for a new Array of *count* new texts."""
    if count > BIG_COLLECTION:
        machine.check_length(ITEM_BYTES * count)
        machine.claim(OBJECT_BYTES * count)
        machine.spend(count >> 2)


def compare_texts(
    machine: Machine, items: list[Value], times: int = 1, kinds: frozenset[type] | None = None
) -> None:
    """Pay for comparing each long text among *items* to its end, *times* times.

    Equal texts take as long to compare as they are long, and C does not stop in between.
    """
    kinds = kinds_of(items) if kinds is None else kinds
    if str not in kinds:
        return
    if len(kinds) == 1:
        total = sum(map(len, items))
    else:
        total = sum([len(item) for item in items if item.__class__ is str])
    if total > BIG_TEXT:
        machine.spend(total * times >> 10)


def copy_entries(machine: Machine, entries: Sized) -> None:
    """Pay for a new Hash of about as many entries."""
    if len(entries) > BIG_COLLECTION:
        machine.spend(len(entries) >> 2)
        machine.check_length(len(entries) * ENTRY_BYTES)
