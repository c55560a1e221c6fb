"""How long states stay: as long as a room has members, and the `seconds` of its rule from then on.

A process says again and again that a room has members here, for a time that is longer than until
it says so again; so a process that dies says nothing more, and its rooms end a little later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from ...core.effects import RoomName
from ...core.state.rules import StateRule
from ...core.state.values import StateRefused
from ..errors import StoreError
from .store import StateStore

MOST_SECONDS = 20.0
"""Between two words about a room."""
GATHER_SECONDS = 0.05
"""In which rooms gather that members came to or left."""


class Upkeep:
    """Keeps the states of rooms with members here."""

    def __init__(
        self,
        store: StateStore,
        loop: asyncio.AbstractEventLoop,
        rule_of: Callable[[RoomName], StateRule],
    ) -> None:
        self._store = store
        self._loop = loop
        self._rule_of = rule_of
        self._occupied: dict[RoomName, float] = {}
        """When there is to be another word about them."""
        self._due: dict[RoomName, None] = {}
        """Rooms about which there is to be a word now."""
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def occupy(self, room: RoomName) -> None:
        """There are members here."""
        self._occupied[room] = 0.0
        self._wake(GATHER_SECONDS)

    def vacate(self, room: RoomName) -> None:
        """There are none here any more; where others have some, they say so."""
        self._occupied.pop(room, None)
        self._due[room] = None
        self._wake(GATHER_SECONDS)

    async def close(self) -> None:
        """Say when the rooms end that have members here."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await asyncio.wait((self._task,))
        self._due.update(dict.fromkeys(self._occupied))
        self._occupied.clear()
        await self._say()

    def _wake(self, seconds: float) -> None:
        at = self._loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._say())
        else:
            self._wake(GATHER_SECONDS)

    async def _say(self) -> None:
        now, due = self._loop.time(), self._due
        self._due = {}
        words = [(room, rule.seconds) for room, rule in self._ruled(due)]
        for room, rule in self._ruled([room for room, at in self._occupied.items() if at <= now]):
            pause = min(MOST_SECONDS, rule.seconds / 3)
            words.append((room, rule.seconds + 2 * pause))
            self._occupied[room] = now + pause
        if words:
            with suppress(StoreError):  # the next word is soon
                await self._store.touch(words)
        if self._occupied:
            self._wake(max(GATHER_SECONDS, min(self._occupied.values()) - self._loop.time()))

    def _ruled(self, rooms: Iterable[RoomName]) -> list[tuple[RoomName, StateRule]]:
        """Those that hold state."""
        found = []
        for room in tuple(rooms):
            try:
                found.append((room, self._rule_of(room)))
            except StateRefused:
                self._occupied.pop(room, None)
        return found
