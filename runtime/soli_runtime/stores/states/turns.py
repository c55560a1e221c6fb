"""The turn of this process in rooms that several want to change: a lease in the store.

A process that has the turn lets all of its own go that wait for it, one after the other, for
`MOST_SECONDS`; then the next process has it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ...core.answers import Answer
from ...core.effects import RoomName
from ..errors import StoreError
from .store import StateStore, Writer

LEASE_SECONDS = 0.25
"""After which a turn ends by itself: whoever had it is dead, or waits for something else."""
MOST_SECONDS = 0.01
"""For which a process goes on with what waits here."""
PATIENCE_SECONDS = 0.1
"""Of one question for the turn; then it is asked for again, as whoever has it may be dead."""
MOST_WAITING_SECONDS = 10.0
"""For a turn; then whoever waits goes on without."""


class _Turn:
    """What this process knows of a room."""

    __slots__ = ("asking", "began", "ending", "giving", "until", "users")

    def __init__(self) -> None:
        self.users: set[object] = set()
        """Those that have it."""
        self.asking = 0
        """How many wait for it."""
        self.began = 0.0
        self.until = 0.0
        """When the lease ends; 0: it is not ours."""
        self.ending: asyncio.Handle | None = None
        self.giving: asyncio.Task[None] | None = None
        """Gives it back; who asks meanwhile waits for that."""


class LeasedTurns:
    """See the module. *name* is that of this process."""

    def __init__(self, store: StateStore, loop: asyncio.AbstractEventLoop, name: str) -> None:
        self.writer = Writer(name, keeps_turn=True)
        """On whose behalf this process commits."""
        self._store = store
        self._loop = loop
        self._turns: dict[RoomName, _Turn] = {}

    def take(self, room: RoomName, user: object = None) -> Answer[None]:
        """Have the turn, before all who come new in other processes, until *user* ends it."""
        turn = self._turns.get(room)
        if turn is None:
            turn = self._turns[room] = _Turn()
        goes_on = user in turn.users
        turn.users.add(user)
        now = self._loop.time()
        is_young = now - turn.began < MOST_SECONDS
        if turn.until > now and (is_young or (goes_on and turn.until - now > LEASE_SECONDS / 2)):
            return None
        return self._ask(room, turn, ends=not (is_young or goes_on))

    def end(self, room: RoomName, user: object = None) -> None:
        """Others may go on, those here first."""
        turn = self._turns.get(room)
        if turn is None:
            return
        turn.users.discard(user)
        if turn.ending is None:
            # Who is next here asks in the next round of the loop.
            turn.ending = self._loop.call_soon(self._end_soon, room, turn)

    def is_used(self, room: RoomName) -> bool:
        """Whether somebody here has the turn."""
        turn = self._turns.get(room)
        return turn is not None and bool(turn.users) and turn.until > self._loop.time()

    async def close(self) -> None:
        """Give back what is ours."""
        for room, turn in tuple(self._turns.items()):
            if turn.ending is not None:
                turn.ending.cancel()
            self._give_back(room, turn)
        giving = [turn.giving for turn in self._turns.values() if turn.giving is not None]
        if giving:
            await asyncio.wait(giving)

    async def _ask(self, room: RoomName, turn: _Turn, *, ends: bool) -> None:
        turn.asking += 1
        try:
            if ends:
                self._give_back(room, turn)  # others wait, who are next
            if turn.giving is not None:
                await asyncio.wait((turn.giving,))
            await self._wait(room, turn)
        finally:
            turn.asking -= 1

    async def _wait(self, room: RoomName, turn: _Turn) -> None:
        deadline = self._loop.time() + MOST_WAITING_SECONDS
        while self._loop.time() < deadline:
            asked = self._loop.time()
            name = self.writer.name
            if await self._store.turn(room, name, LEASE_SECONDS, PATIENCE_SECONDS):
                now = self._loop.time()
                if turn.until <= asked:
                    turn.began = now
                turn.until = max(asked, now - PATIENCE_SECONDS) + LEASE_SECONDS
                return
            turn.until = 0.0

    def _end_soon(self, room: RoomName, turn: _Turn) -> None:
        turn.ending = self._loop.call_soon(self._end_now, room, turn)

    def _end_now(self, room: RoomName, turn: _Turn) -> None:
        turn.ending = None
        if not turn.users and not turn.asking:
            self._give_back(room, turn)

    def _give_back(self, room: RoomName, turn: _Turn) -> None:
        is_held, turn.until = turn.until > self._loop.time(), 0.0
        if is_held:
            turn.giving = self._loop.create_task(self._tell(room, turn))
        elif turn.giving is None and not turn.asking:
            self._turns.pop(room, None)

    async def _tell(self, room: RoomName, turn: _Turn) -> None:
        with suppress(StoreError):  # its lease ends
            await self._store.give_back(room, self.writer.name)
        turn.giving = None
        if not turn.users and not turn.asking:
            self._turns.pop(room, None)
