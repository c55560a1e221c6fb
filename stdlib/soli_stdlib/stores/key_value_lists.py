"""Lists in `KV` (docs/spec §L21.2).

Indexes from the end are negative; ranges include both ends.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

from soli_lang.base.errors import SoliIndexError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Int, static
from soli_lang.values.values import Value

from .key_value_store import Key, held, held_or_new, no_such_key, reserve, resized, size_of, text_of

Texts = deque[str]


def _texts(machine: Machine, key: str) -> Texts:
    """The list under *key*, an empty one when there is none."""
    return held(machine, key, deque) or deque()


def _push(machine: Machine, key: str, values: tuple[Value, ...], at_front: bool) -> int:
    held(machine, key, deque)
    texts = [text_of(machine, value) for value in values]
    if not texts:
        return len(_texts(machine, key))
    size = sum(map(size_of, texts))
    reserve(machine, key, size)
    queue: Texts = held_or_new(machine, key, deque)
    if at_front:
        queue.extendleft(texts)
    else:
        queue.extend(texts)
    resized(machine, key, size)
    return len(queue)


def _pop(machine: Machine, key: str, at_front: bool) -> str | None:
    queue = _texts(machine, key)
    if not queue:
        return None
    text = queue.popleft() if at_front else queue.pop()
    resized(machine, key, -size_of(text))
    return text


@static("KV", "lpush", Key, Any_.rest())
def lpush(machine: Machine, key: str, *values: Value) -> int:
    """Put each value at the front; the new length."""
    return _push(machine, key, values, at_front=True)


@static("KV", "rpush", Key, Any_.rest())
def rpush(machine: Machine, key: str, *values: Value) -> int:
    """Put each value at the end; the new length."""
    return _push(machine, key, values, at_front=False)


@static("KV", "lpop", Key)
def lpop(machine: Machine, key: str) -> str | None:
    """Take the first text; null when there is none."""
    return _pop(machine, key, at_front=True)


@static("KV", "rpop", Key)
def rpop(machine: Machine, key: str) -> str | None:
    """Take the last text; null when there is none."""
    return _pop(machine, key, at_front=False)


@static("KV", "llen", Key)
def llen(machine: Machine, key: str) -> int:
    """The length of the list under *key*."""
    return len(_texts(machine, key))


def slice_of(length: int, first: int, last: int) -> tuple[int, int]:
    """The half-open range of an inclusive one with negative indexes."""
    start = max(0, first + length if first < 0 else first)
    end = min(length, (last + length if last < 0 else last) + 1)
    return (start, end) if start < end else (0, 0)


@static("KV", "lrange", Key, Int, Int)
def lrange(machine: Machine, key: str, first: int, last: int) -> list[str]:
    """The texts from index *first* to *last*, both included."""
    queue = _texts(machine, key)
    start, end = slice_of(len(queue), first, last)
    machine.spend(end // 64)
    machine.check_length(8 * (end - start))
    return list(islice(queue, start, end))


@static("KV", "lindex", Key, Int)
def lindex(machine: Machine, key: str, index: int) -> str | None:
    """The text at *index* of the list under *key*; a negative one counts from the end."""
    queue = _texts(machine, key)
    return queue[index] if -len(queue) <= index < len(queue) else None


@static("KV", "lset", Key, Int, Any_)
def lset(machine: Machine, key: str, index: int, value: Value) -> None:
    """Replace the text at *index*."""
    queue = _texts(machine, key)
    if not queue:
        raise no_such_key()
    if not -len(queue) <= index < len(queue):
        raise SoliIndexError("KV: ERR index out of range")
    text = text_of(machine, value)
    difference = len(text) - len(queue[index])
    reserve(machine, key, difference)
    queue[index] = text
    resized(machine, key, difference)


@static("KV", "lrem", Key, Int, Any_)
def lrem(machine: Machine, key: str, count: int, value: Value) -> int:
    """Remove *count* equal texts (0: all), from the end when negative; how many went."""
    queue, text = _texts(machine, key), text_of(machine, value)
    machine.spend(len(queue))
    left = abs(count) or len(queue)
    items = list(queue) if count >= 0 else list(reversed(queue))
    kept = []
    for item in items:
        if item == text and left:
            left -= 1
        else:
            kept.append(item)
    removed = len(items) - len(kept)
    queue.clear()
    queue.extend(kept if count >= 0 else reversed(kept))
    resized(machine, key, -removed * size_of(text))
    return removed


@static("KV", "ltrim", Key, Int, Int)
def ltrim(machine: Machine, key: str, first: int, last: int) -> None:
    """Keep the texts from *first* to *last* only."""
    queue = _texts(machine, key)
    machine.spend(len(queue) // 16)
    start, end = slice_of(len(queue), first, last)
    kept = list(islice(queue, start, end))
    difference = sum(map(size_of, kept)) - sum(map(size_of, queue))
    queue.clear()
    queue.extend(kept)
    resized(machine, key, difference)


@static("KV", "rpoplpush", Key, Key)
def rpoplpush(machine: Machine, source: str, target: str) -> str | None:
    """Move the last text of one list to the front of another."""
    if not _texts(machine, source):
        return None
    held(machine, target, deque)
    text = _pop(machine, source, at_front=False)
    if text is not None:
        _push(machine, target, (text,), at_front=True)
    return text
