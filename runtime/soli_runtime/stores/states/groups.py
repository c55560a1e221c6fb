"""Changes of one room that a process which has the turn commits together.

Each is made of what the ones before it left, so none of them is true before the store has them
all. They stand or fall together.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from soli_lang.base.errors import SoliError

from ...core.state.changes import Change, Diff
from ...core.state.incoming import Bounds
from ...core.state.port import Committed, Conflict, Outcome
from ...core.state.rules import StateRule
from ...core.state.values import State, StateRefused
from .heads import Head, written


class _Member(NamedTuple):
    text: str
    state: State
    diff: Diff
    answer: asyncio.Future[Outcome]


class Group:
    """What gathers behind one state of a room, which is the newest that is known."""

    __slots__ = ("_head", "_loop", "_members", "_timer", "settled", "since")

    def __init__(self, loop: asyncio.AbstractEventLoop, state: State, bounds: Bounds) -> None:
        self.since = state.version
        self.settled: asyncio.Future[bool] = loop.create_future()
        """Whether all was done."""
        self._timer: asyncio.TimerHandle | None = None
        """Ends the group."""
        self._loop = loop
        self._members: list[_Member] = []
        self._head = Head(bounds)
        self._head.become(state)

    def __len__(self) -> int:
        return len(self._members)

    @property
    def state(self) -> State:
        """What the room holds when all is done."""
        return self._head.state

    @property
    def texts(self) -> list[str]:
        """As the store keeps them."""
        return [member.text for member in self._members]

    def add(self, change: Change, rule: StateRule) -> asyncio.Future[Outcome]:
        """Make another change. Raises StateRefused; the others stay."""
        state, diff = self._head.tried(change, rule)
        self._head.push(state, diff)
        answer: asyncio.Future[Outcome] = self._loop.create_future()
        self._members.append(_Member(written(change, rule), state, diff, answer))
        return answer

    def end_by(self, timer: asyncio.TimerHandle) -> None:
        """*timer* ends the group."""
        self._timer = timer

    def end(self) -> None:
        """Nobody joins it any more."""
        if self._timer is not None:
            self._timer.cancel()

    async def refused(self, error: StateRefused) -> Outcome:
        """The answer to a change that does not fit, if what it would follow became true."""
        if not await asyncio.shield(self.settled):
            return Conflict(self.since)
        raise error

    def done(self, found: Head) -> None:
        """The store has all of it."""
        for member in self._members:
            state = member.state.at(found.state.version + 1)
            found.push(state, member.diff)
            if not member.answer.done():
                member.answer.set_result(Committed(state, member.diff))
        self.settled.set_result(True)

    def lost(self, version: int) -> None:
        """Nothing was done: the room is at *version*."""
        for member in self._members:
            if not member.answer.done():
                member.answer.set_result(Conflict(version))
        self.settled.set_result(False)

    def fail(self, error: SoliError) -> None:
        """Whether it was done is not known."""
        for member in self._members:
            if not member.answer.done():
                member.answer.set_exception(error)
        self.settled.set_result(False)
