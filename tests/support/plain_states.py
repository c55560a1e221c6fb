"""The plainest store for the state of rooms: what the others are compared with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from soli_runtime.stores.states.store import (
    CHANGE_BYTES,
    EMPTY,
    KEPT_BYTES,
    NO_LIMITS,
    NOBODY,
    NOTHING,
    ROOM_BYTES,
    News,
    Outcome,
    StateLimits,
    Writer,
    full,
)


class _Room:
    def __init__(self, version: int) -> None:
        self.base = version
        self.first = version
        """The version before the oldest change that is there."""
        self.state = EMPTY
        self.changes: list[str] = []
        self.ends = 0.0

    @property
    def version(self) -> int:
        return self.first + len(self.changes)

    def news(self, known: int) -> News:
        if self.first <= known <= self.version:
            return News(known, None, self.since(known))
        return News(self.base, self.state, self.since(self.base))

    def since(self, known: int) -> list[str]:
        return self.changes[known - self.first :]

    def bytes(self) -> int:
        return ROOM_BYTES + len(self.state.encode()) + _bytes(self.changes)


class _Turns:
    def __init__(self) -> None:
        self.waiting: dict[str, float] = {}
        """Names, and how long their turn lasts. The first has it."""
        self.until = 0.0

    def leave(self, index: int, now: float) -> None:
        """Who stands there goes; whoever comes first by that has the turn from now on."""
        if self.waiting:
            del self.waiting[list(self.waiting)[index]]
        if index == 0 and self.waiting:
            self.until = now + next(iter(self.waiting.values()))


class PlainStates:
    """See `StateStore`. *now* tells microseconds."""

    def __init__(self, now: Callable[[], int], limits: StateLimits = NO_LIMITS) -> None:
        self._micros = now
        self._limits = limits
        self._rooms: dict[str, _Room] = {}
        self._turns: dict[str, _Turns] = {}

    @property
    def _now(self) -> float:
        return self._micros() / 1_000_000

    def _find(self, room: str) -> _Room | None:
        found = self._rooms.get(room)
        if found is not None and found.ends <= self._now:
            del self._rooms[room]
            return None
        return found

    def bound(self, limits: StateLimits) -> None:
        self._limits = limits

    async def load(self, room: str, known: int = 0) -> News:
        found = self._find(room)
        return NOTHING if found is None else found.news(known)

    async def commit(
        self,
        room: str,
        known: int,
        changes: Sequence[str],
        seconds: float,
        *,
        is_checked: bool,
        writer: Writer = NOBODY,
    ) -> Outcome:
        found = self._find(room)
        news = NOTHING if found is None else found.news(known)
        holder = self._holder(room)
        if holder and holder != writer.name:
            return Outcome(False, news, True)
        if is_checked and news.version != known:
            return Outcome(False, news)
        if found is None:
            self._admit_room()
            found = _Room(self._micros())
            news = News(found.base, EMPTY, [])
        self._admit_bytes(found, changes)
        self._rooms[room] = found
        found.changes += changes
        found.ends = max(found.ends, self._now + seconds)
        if not writer.keeps_turn:
            await self.give_back(room, writer.name)
        return Outcome(True, news, False, _bytes(found.since(found.base)))

    def _admit_room(self) -> None:
        for room in list(self._rooms):
            self._find(room)
        if 0 < self._limits.rooms <= len(self._rooms):
            raise full(self._limits, True)

    def _admit_bytes(self, found: _Room, changes: Sequence[str]) -> None:
        rooms = {*self._rooms.values(), found}
        total = sum(room.bytes() for room in rooms) + _bytes(changes)
        if 0 < self._limits.bytes < total:
            raise full(self._limits, False)

    async def compact(self, room: str, version: int, state: str) -> None:
        found = self._find(room)
        if found is None or not found.base < version <= found.version:
            return
        found.base, found.state = version, state
        while found.first < version:
            if _bytes(found.changes[: version - found.first]) <= KEPT_BYTES:
                return
            del found.changes[0]
            found.first += 1

    async def touch(self, rooms: Sequence[tuple[str, float]]) -> None:
        for room, seconds in rooms:
            found = self._find(room)
            if found is not None:
                found.ends = self._now + seconds

    async def versions(self, rooms: Sequence[str]) -> list[int]:
        found = [self._find(room) for room in rooms]
        return [0 if one is None else one.version for one in found]

    def _holder(self, room: str) -> str:
        turns = self._turns.get(room)
        if turns is None:
            return ""
        if turns.until <= self._now:
            turns.leave(0, self._now)
        return next(iter(turns.waiting), "")

    async def turn(self, room: str, name: str, seconds: float, patience: float = 0.0) -> bool:
        deadline = self._now + patience
        while not self._has_turn(room, name, seconds):
            if self._now >= deadline:
                return False
            await asyncio.sleep(0.001)
        return True

    def _has_turn(self, room: str, name: str, seconds: float) -> bool:
        holder = self._holder(room)
        turns = self._turns.setdefault(room, _Turns())
        turns.waiting.setdefault(name, seconds)
        if holder in ("", name):
            turns.until = self._now + seconds
        return holder in ("", name)

    async def give_back(self, room: str, name: str) -> None:
        self._holder(room)
        turns = self._turns.get(room)
        if turns is not None and name in turns.waiting:
            turns.leave(list(turns.waiting).index(name), self._now)


def _bytes(changes: Sequence[str]) -> int:
    return sum(len(text.encode()) + CHANGE_BYTES for text in changes)
