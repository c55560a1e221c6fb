"""What rooms keep in the log's Redis, so that a node that begins knows it (docs/decisions/0047).

Every node keeps what it reads, in rings of its own. Beside that the script that appends to the log
keeps the same in Redis, in the same step, as the node says that appends. Who begins, or begins
anew, takes it from there: it is as of some entry of the log or later, and what is read
of the log again is known by its place.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ..core.effects import RoomName
from ..core.history.rings import History, Kept
from ..core.history.rules import Rule, written
from ..core.operations.records import Message, Operation
from .codec import length_of
from .outbox import Batch

if TYPE_CHECKING:
    from .redis_protocol import Word

PLACES = 1024
"""Of operations, in one entry of the log."""
ROOMS_AT_ONCE = 20
MESSAGES_AT_ONCE = 500
"""That are loaded in one turn of the loop, and those of one room more."""
MAX_MILLISECONDS = 10**15

Ask = Callable[..., Awaitable[Any]]
"""A command of the script; what it answers."""


def place_of(entry: int, index: int) -> int:
    """The place of operation *index* of an entry."""
    return PLACES * entry + index


def end_of(entry: int) -> int:
    """The last place of an entry."""
    return place_of(entry, PLACES - 1)


def epoch_of(epoch: bytes, run: bytes) -> str:
    """In positions: which log, and which start of Redis, as that may lose the end of it."""
    return f"{epoch[:12].decode()}-{run[:12].decode()}"


class _Words:
    """What is to be kept of one batch, as `keep` in kept.lua wants it."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._rooms: dict[RoomName, tuple[Rule, list[int]]] = {}

    def add(self, operation: Operation, index: int, start: int, size: int) -> None:
        if not isinstance(operation, Message):
            return
        room, _, options = operation
        if options is not None and options.key is not None:
            return  # a volatile message may be left out
        rule = self._history.rule_of(room)
        if rule is None:
            return
        end = start + length_of(size)
        self._rooms.setdefault(room, (rule, []))[1].extend(
            (index, start, end if size >= 0 else ~end)
        )

    def words(self) -> list[Word]:
        found: list[Word] = []
        for room, (rule, places) in self._rooms.items():
            lasts = int(min(1000 * rule.seconds, MAX_MILLISECONDS))
            found += [room.encode("utf-8", "surrogatepass"), rule.messages, lasts]
            found += [len(places) // 3, *places]
        return found


def append_words(batch: Batch, history: History) -> list[Word]:
    """What an `append` says behind its bounds: rules, what is to be kept, and the entry."""
    if not history.rules:
        return ["", 0, 0, *batch.fields()]
    kept = _Words(history)
    fields = batch.fields(kept)
    words = kept.words()
    return [written(history.rules), history.max_bytes, len(words), *words, *fields]


async def load(history: History, ask: Ask, rooms: list[bytes], epoch: str, entry: int) -> None:
    """Take what is kept in Redis of *rooms*, all that there are; the log is at *entry*.

    Others have their turns meanwhile, and find what was known before.
    """
    found = deque([room async for room in _recalled(ask, rooms)])
    # Behind the rooms, as rooms may be forgotten meanwhile.
    doubt, forgotten = map(int, await ask("known", written(history.rules)))
    fresh = history.begun_anew(epoch, max(doubt, forgotten), end_of(entry))
    loaded = 0
    while found:
        room, floor, messages = found.popleft()
        fresh.load(room, max(doubt, floor), map(_kept, messages))
        loaded += len(messages)
        if loaded >= MESSAGES_AT_ONCE:
            loaded = 0
            await asyncio.sleep(0)
    history.exchange(fresh)
    while len(fresh):  # to forget all at once would take long
        fresh.drop_oldest(MESSAGES_AT_ONCE)
        await asyncio.sleep(0)


async def _recalled(
    ask: Ask, rooms: list[bytes]
) -> AsyncIterator[tuple[RoomName, int, list[bytes]]]:
    for start in range(0, len(rooms), ROOMS_AT_ONCE):
        names = rooms[start : start + ROOMS_AT_ONCE]
        for name, found in zip(names, await ask("recall", *names), strict=True):
            if found:
                floor, *messages = found
                room = name.decode("utf-8", "surrogatepass")
                yield room, int(floor), messages


def _kept(element: bytes) -> Kept:
    """A message as kept.lua wrote it."""
    place, at, rest = element.split(b" ", 2)
    return Kept(int(place), rest[1:], rest[:1] == b"t", int(at) / 1000)
