"""Whose turn it is: how much of the loop's time one connection gets while others wait.

A handler runs within the call that delivers its message, so whoever sends much, or what takes long,
would keep everybody else waiting. Three rules prevent that:

- A connection computes for `SLICE_SECONDS` per turn of the loop. What it sent beyond that waits in
  the order in which it came, and the others' messages come first.
- When the loop has been busy for longer than `SLACK_SECONDS` ahead of `BUSY_SHARE`, all that
  arrives waits: for those first who have used least. Newcomers begin as if they had used some.
- A call of more than `HEAVY_SECONDS` is one that others notice. After it, connections whose last
  message was so heavy, and those that have yet to show, wait until such calls have taken no more
  than a share of the time; after one that a limit ended, of a twentieth. Others do not wait at all.

Nobody is refused here, and a loop with nothing else to do goes on with what waits at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

__all__ = ["Turns"]

SLICE_SECONDS = 0.005
"""Of computing for one connection in one turn."""

QUEUE_SECONDS = 0.010
"""Of computing for all that wait, in one turn."""

BUSY_SHARE = 0.7
SLACK_SECONDS = 0.020
"""Work that may come at once before what arrives has to wait."""

CONNECTION_SHARE = 0.1
NEWCOMER_SECONDS = 0.1
"""By which a new connection stands behind those that were quiet."""

HEAVY_SECONDS = 0.040
ENDED_SHARE = 0.05
"""Of the time, for calls that were ended by a limit."""

MOST_REST_SECONDS = 5.0


class Waiting(Protocol):
    """What stands in a queue."""

    due: float
    """When it would have used no more than its share."""
    is_heavy: bool
    """Whether its last message was heavy, or none came yet."""

    def turn_came(self) -> None:
        """Go on; never raises."""


class Turns:
    """The turns of one event loop. *clock* gives seconds; *heavy_share* is that of heavy calls."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float],
        heavy_share: float = 0.2,
    ) -> None:
        self.busy_until = 0.0
        """What arrives before that has to wait."""
        self.heavy_until = 0.0
        """The same for who is heavy."""
        self._loop = loop
        self._clock = clock
        self._heavy_share = heavy_share
        self._queue: list[tuple[float, int, Waiting]] = []
        self._numbers = count()
        self._resting: deque[Waiting] = deque()
        self._is_scheduled = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue) + len(self._resting)

    def must_wait(self, one: Waiting, now: float) -> bool:
        """Whether what arrived for *one* has to wait."""
        return self.busy_until > now or (one.is_heavy and self.heavy_until > now)

    def took(self, started: float, now: float) -> bool:
        """Count work from *started* until *now*; whether it was heavy."""
        spent = now - started
        self.busy_until = max(self.busy_until, started - SLACK_SECONDS) + spent / BUSY_SHARE
        if spent < HEAVY_SECONDS:
            return False
        self.rest(spent, self._heavy_share, now)
        return True

    def ended_by_limit(self, spent: float) -> None:
        """A limit ended a call that had computed for *spent* seconds."""
        self.rest(spent, ENDED_SHARE, self._clock())

    def rest(self, spent: float, share: float, now: float) -> None:
        """Let nobody who is heavy compute until *spent* is only *share* of the time."""
        if self._heavy_share:
            pause = min(spent / share - spent, MOST_REST_SECONDS)
            self.heavy_until = max(self.heavy_until, now + pause)

    def wait(self, one: Waiting) -> None:
        """Call `one.turn_came` when it is its turn, from the loop."""
        if one.is_heavy and self.heavy_until > self._clock():
            self._resting.append(one)
            self._watch()
            return
        heappush(self._queue, (one.due, next(self._numbers), one))
        self._schedule()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._serve)

    def _watch(self) -> None:
        if self._timer is None:
            pause = max(0.0, self.heavy_until - self._clock())
            self._timer = self._loop.call_later(pause, self._rested)

    def _rested(self) -> None:
        """The next of the heavy goes on; how it does decides when the one after it may."""
        self._timer = None
        if self._resting and self.heavy_until <= self._clock():
            one = self._resting.popleft()
            heappush(self._queue, (one.due, next(self._numbers), one))
            self._schedule()
        if self._resting:
            self._watch()

    def _serve(self) -> None:
        self._is_scheduled = False
        end = self._clock() + QUEUE_SECONDS
        try:
            while self._queue and self._clock() < end:
                one = heappop(self._queue)[2]
                if one.is_heavy and self.heavy_until > self._clock():
                    self.wait(one)
                else:
                    one.turn_came()
        finally:
            if self._queue:
                self._schedule()
