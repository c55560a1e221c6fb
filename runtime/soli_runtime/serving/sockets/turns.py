"""Whose turn it is in a room that events contend for: who was refused goes before who comes new.

As long as nobody was refused there are no turns, and events of a room run beside each other. From
a refusal on they run one after another, until nobody waits any more.
"""

from __future__ import annotations

import asyncio
from collections import deque

from ...core.effects import RoomName

MOST_SECONDS = 2.0
"""After which one goes on without its turn: whoever has it waits for something else."""

Waiter = asyncio.Future[bool]


class _Line:
    """Who waits in one room, while somebody has the turn."""

    __slots__ = ("new", "refused", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        """When who has the turn got it."""
        self.refused: deque[Waiter] = deque()
        self.new: deque[Waiter] = deque()

    def begin(self, now: float) -> None:
        """Another one has the turn."""
        self.since = now

    def next(self) -> Waiter | None:
        for waiting in (self.refused, self.new):
            while waiting:
                waiter = waiting.popleft()
                if not waiter.done():
                    return waiter
        return None


class Turns:
    """The turns of all rooms of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lines: dict[RoomName, _Line] = {}
        """Rooms in which somebody has the turn."""

    def is_taken(self, room: RoomName) -> bool:
        """Whether who comes new in *room* has to wait."""
        line = self._lines.get(room)
        return line is not None and self._loop.time() - line.since < MOST_SECONDS

    def take(self, room: RoomName, *, was_refused: bool) -> Waiter | None:
        """Ask for the turn. None: it is there; else whether it came is told later.

        Who gets it has to `give_back`.
        """
        line = self._lines.get(room)
        if line is None:
            self._lines[room] = _Line(self._loop.time())
            return None
        waiter: Waiter = self._loop.create_future()
        (line.refused if was_refused else line.new).append(waiter)
        timer = self._loop.call_later(MOST_SECONDS, _resolve, waiter, False)
        waiter.add_done_callback(lambda _: timer.cancel())
        return waiter

    def give_back(self, room: RoomName) -> bool:
        """The next one has the turn; whether there is one."""
        line = self._lines.get(room)
        if line is None:
            return False
        waiter = line.next()
        if waiter is None:
            del self._lines[room]
            return False
        line.begin(self._loop.time())
        _resolve(waiter, True)
        return True


def _resolve(waiter: Waiter, came: bool) -> None:
    if not waiter.done():
        waiter.set_result(came)
