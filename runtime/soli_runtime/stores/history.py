"""The past of rooms in a store: written behind the back of the loop, read when the server begins.

Memory decides what is kept; a `Mirror` writes what changed some times a second, in the thread or
over the connection of the store, and nobody waits for it. So a crash may lose the last moments, and
nothing tells how much was said in them. Therefore each life of a server has an epoch of its own in
positions. One that ends orderly is noted as ended, with its place; its positions hold in the next
life. After any other end they do not: `recovered` is false then, while what was kept is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from ..core.effects import RoomName
from ..core.history.rings import History, Kept
from ..core.history.rules import written
from ..observing.logs import Log
from .errors import UNAVAILABLE, CannotOpen, StoreError

SAVE_SECONDS = 0.2
"""Between two looks at what changed."""
RETRY_SECONDS = 5.0
"""After a failure."""
MAX_LIVES = 16
"""Earlier lives whose positions hold."""


class End(NamedTuple):
    """How a life ended, and with it those before."""

    place: int
    lives: Mapping[str, int]
    """The epochs whose positions hold, and up to which place."""
    rules: str
    """What the program kept (`rules.written`)."""
    floor: int
    floors: Mapping[str, int]
    """See `History`."""


class Forgotten(StoreError):
    """The store does not know that a life began: it lost what it had."""


class Saved(NamedTuple):
    """What a store has of the lives before."""

    place: int
    """No message has a higher one."""
    end: End | None
    """None: the last life did not end orderly, or something may be lost."""
    rooms: list[tuple[RoomName, int, list[Kept]]]
    """Name, floor and messages, oldest first."""


class Change(NamedTuple):
    """What became of a room."""

    room: RoomName
    floor: int | None
    """What is up to here is gone; None: the whole room."""
    messages: list[Kept]
    """Those that are new."""


class HistoryStore(Protocol):
    """Of several servers that use a store at once, the last that began writes its history there."""

    async def begin(self, epoch: str) -> Saved:
        """A life begins: what is there. That it has begun is safe when this returns."""
        ...

    async def save(self, epoch: str, place: int, changes: list[Change]) -> bool:
        """Write down what changed. Doing it again does no harm. False: another life has begun.

        Raises StoreError, Forgotten.
        """
        ...

    async def finish(self, epoch: str, end: End) -> bool:
        """The life ends, and all was saved. False: something may be lost, or see `save`."""
        ...


async def began(store: HistoryStore, epoch: str) -> Saved:
    """A life began: what is there of those before. Raises CannotOpen."""
    try:
        return await store.begin(epoch)
    except StoreError as error:
        raise CannotOpen(str(error), UNAVAILABLE) from None


class Mirror:
    """Keeps a store as a history is. `begin` first, `end` last."""

    def __init__(
        self, history: History, store: HistoryStore, loop: asyncio.AbstractEventLoop, log: Log
    ) -> None:
        self._history = history
        self._store = store
        self._loop = loop
        self._log = log
        self._written: dict[RoomName, int] = {}
        """The last place of each room that is in the store."""
        self._task: asyncio.Task[None] | None = None
        self._is_ours = True
        self._failed = False

    async def begin(self) -> None:
        """Know what was kept before. Raises CannotOpen."""
        saved = await began(self._store, self._history.epoch)
        self._history.note_changes()
        self._restore(saved)
        self._task = self._loop.create_task(self._run())

    def _restore(self, saved: Saved) -> None:
        history, end = self._history, saved.end
        history.place = saved.place
        for room, floor, messages in saved.rooms:
            self._written[room] = messages[-1].place if messages else floor
            history.load(room, floor, messages)
            history.note(room)  # it may keep less, or nothing, now
        if end is not None and end.rules == written(history.rules):
            history.restore(end.lives, end.floor, end.floors)
        else:
            lives = {} if end is None else end.lives
            history.restore(lives, saved.place, {})

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(RETRY_SECONDS if self._failed else SAVE_SECONDS)
            await self._save()

    async def _save(self) -> bool:
        """Whether the store is as the history is."""
        history = self._history
        changed = history.take_changes()
        if not changed or not self._is_ours:
            return self._is_ours
        changes = [self._change(room) for room in changed]
        try:
            self._is_ours = await self._store.save(history.epoch, history.place, changes)
        except Forgotten:
            return await self._begin_again()
        except StoreError as error:
            self._not_saved(error, changed)
            return False
        if not self._is_ours:
            self._log.warning("history_taken_over")
            history.forget_changes()
            return False
        self._failed = False
        for change in changes:
            if change.floor is None:
                self._written.pop(change.room, None)
            elif change.messages:
                self._written[change.room] = change.messages[-1].place
        return True

    def _not_saved(self, error: StoreError, changed: Mapping[RoomName, None]) -> None:
        """It is tried again later."""
        self._history.note_changes(changed)
        if not self._failed:
            self._log.error("history_not_saved", error=str(error))
        self._failed = True

    async def _begin_again(self) -> bool:
        """The store lost all that it had: it gets what there is, the next time."""
        self._written.clear()
        self._history.note_changes(self._history.rooms)
        try:
            await self._store.begin(self._history.epoch)
        except StoreError as error:
            self._not_saved(error, {})
        return False

    def _change(self, room: RoomName) -> Change:
        ring = self._history.ring(room)
        if ring is None:
            return Change(room, None, [])
        since = max(ring.floor, self._written.get(room, 0))
        messages = []
        for kept in reversed(ring.messages):
            if kept.place <= since:
                break
            messages.append(kept)
        return Change(room, ring.floor, messages[::-1])

    async def end(self) -> None:
        """Save the rest, and that there is no more."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait((self._task,))
        history = self._history
        if not await self._save():
            return
        lives = dict(list(history.lives.items())[1 - MAX_LIVES :])
        lives[history.epoch] = history.place
        floor, floors = history.floors
        end = End(history.place, lives, written(history.rules), floor, floors)
        try:
            if not await self._store.finish(history.epoch, end):
                self._log.warning("history_taken_over")
        except StoreError as error:
            self._log.error("history_not_saved", error=str(error))
