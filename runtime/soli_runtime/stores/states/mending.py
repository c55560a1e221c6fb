"""Finds rooms whose members here were not told of changes, and tells them.

Changes are told after they were written. A process may die in between, or a process may lose what
others told; then the next change of the room brings what is missing. Where none comes, it is found
here: the versions in the store are compared with those that members know, some rooms at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from soli_lang.base.errors import SoliError

from ...core.effects import Effect, RoomName
from ...core.operations.records import StateChanged
from ...core.state.here import StatesHere
from ..errors import StoreError
from .kept import KeptRoomStates
from .store import StateStore

LOOK_SECONDS = 1.0
"""Between two looks at some rooms."""
ROOMS_AT_ONCE = 500
UNDER_WAY_SECONDS = 0.3
"""What is not told by then is not about to be."""


class Mending:
    """Of the rooms that have members in this process. `start` first, `stop` last."""

    def __init__(
        self,
        store: StateStore,
        kept: KeptRoomStates,
        here: StatesHere,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[StateChanged], list[Effect]],
        carry_out: Callable[[list[Effect]], object],
    ) -> None:
        self._store = store
        self._kept = kept
        self._here = here
        self._loop = loop
        self._tell = tell
        self._carry_out = carry_out
        self._round: list[RoomName] = []
        """Rooms that are still to be looked at in this round."""
        self._task: asyncio.Task[None] | None = None
        self._mending: dict[RoomName, asyncio.Task[None]] = {}
        here.mirrors.reload_by(self.reload)

    def start(self) -> None:
        """Look from now on."""
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Look no more."""
        tasks = [*self._mending.values(), *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def reload(self, room: RoomName, version: int) -> None:
        """Something is missing in *room*, which is known at *version*."""
        if room not in self._mending:
            task = self._mending[room] = self._loop.create_task(self._mend(room))
            task.add_done_callback(lambda _: self._mending.pop(room, None))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with suppress(SoliError):  # it is looked for again
                await self._look()

    async def _look(self) -> None:
        mirrors = self._here.mirrors
        if not self._round:
            self._round = mirrors.names()
        rooms = self._round[-ROOMS_AT_ONCE:]
        del self._round[-ROOMS_AT_ONCE:]
        versions = ((room, mirrors.version_of(room)) for room in rooms)
        known = {room: version for room, version in versions if version is not None}
        behind = await self._behind(known)
        if not behind:
            return
        await asyncio.sleep(UNDER_WAY_SECONDS)
        stuck = {room: known[room] for room in behind if mirrors.version_of(room) == known[room]}
        for room in await self._behind(stuck):
            await self._tell_again(room, stuck[room])

    async def _tell_again(self, room: RoomName, version: int) -> None:
        """Who changed *room* is gone: tell all processes in its place."""
        state = await self._kept.look_elsewhere(room)
        made = self._kept.made(room, version, state.version + 1)
        if made and (made[0].version == version + 1 or not made[0].diff.keep):
            *_, last = made
            operation = StateChanged(room, last.version, *last.diff)
            self._carry_out(self._tell(operation))  # and with it those before
        else:
            self.reload(room, version)

    async def _behind(self, known: dict[RoomName, int]) -> list[RoomName]:
        """Rooms of which the store has another version than is known."""
        rooms = list(known)
        if not rooms:
            return []
        versions = await self._store.versions(rooms)
        return [
            room
            for room, version in zip(rooms, versions, strict=True)
            if version != known[room] and (version or self._here.mirrors.holds(room))
        ]

    async def _mend(self, room: RoomName) -> None:
        before = self._here.mirrors.version_of(room)
        while True:
            with suppress(StoreError):
                state = await self._kept.look_elsewhere(room)
                break
            await asyncio.sleep(LOOK_SECONDS)
        now = self._here.mirrors.version_of(room)
        # Less is there than was known, though nothing came meanwhile: the store lost it.
        if now is not None and (state.version > now or (now == before and state.version < now)):
            self._carry_out(self._here.load(room, state))
