"""Pings and close deadlines of all connections, with one timer.

The connections stand in slots; every tick pings the next slot, so that a slot's turn comes once
every `ping_seconds` and the pings of many connections are spread over that time.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

__all__ = ["Timer", "Wheel"]

#: A tick is at most this long, so that close deadlines are kept to within it.
MAX_TICK_SECONDS = 1.0
#: Pings of one period are spread over at least this many ticks.
MIN_TICKS = 16


class Timer(Protocol):
    """What scheduling a call returns."""

    def cancel(self) -> None:
        """Do not make the call."""


class Watched(Protocol):
    """What the wheel asks of a connection."""

    #: Where the wheel keeps it; -1 if nowhere.
    slot: int

    def ping_due(self) -> None:
        """Send a ping, or give up on the peer."""

    def deadline_passed(self) -> None:
        """The close handshake took too long."""

    def failed(self) -> None:
        """One of the above raised, and the exception is being handled. Must not raise itself."""


class Wheel:
    """The timer of one endpoint. It runs only while there is something to watch."""

    def __init__(
        self,
        *,
        ping_seconds: float,
        close_seconds: float,
        call_later: Callable[[float, Callable[[], None]], Timer],
        now: Callable[[], float],
    ) -> None:
        self._close_seconds = close_seconds
        self._pings = ping_seconds > 0
        period = ping_seconds or close_seconds
        self._tick_seconds = min(MAX_TICK_SECONDS, period / MIN_TICKS, close_seconds)
        size = math.ceil(period / self._tick_seconds)
        self._slots: list[dict[Watched, None]] = [{} for _ in range(size)]
        # The slot whose turn comes next.
        self._cursor = 0
        # Deadlines, in order, as all close handshakes get the same time.
        self._closing: OrderedDict[Watched, float] = OrderedDict()
        self._count = 0
        self._timer: Timer | None = None
        self._call_later = call_later
        self._now = now

    def __len__(self) -> int:
        return self._count

    def add(self, connection: Watched) -> None:
        """Ping *connection* from now on, first when a whole period has passed."""
        connection.slot = (self._cursor - 1) % len(self._slots)
        self._slots[connection.slot][connection] = None
        self._count += 1
        self._start()

    def remove(self, connection: Watched) -> None:
        """Forget a connection that is gone."""
        self._closing.pop(connection, None)
        if connection.slot >= 0:
            del self._slots[connection.slot][connection]
            connection.slot = -1
            self._count -= 1

    def expect_close(self, connection: Watched) -> None:
        """Call the connection's `deadline_passed` when the close handshake had its time."""
        self._closing.setdefault(connection, self._now() + self._close_seconds)
        self._start()

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def tick(self) -> None:
        """Ping the next slot and act on deadlines. Called by the timer."""
        self._timer = None
        now = self._now()
        while self._closing and next(iter(self._closing.values())) <= now:
            connection = self._closing.popitem(last=False)[0]
            try:
                connection.deadline_passed()
            except Exception:
                connection.failed()
        if self._pings:
            # Copy: giving up on a peer removes it from the slot.
            for connection in tuple(self._slots[self._cursor]):
                try:
                    connection.ping_due()
                except Exception:
                    connection.failed()
        self._cursor = (self._cursor + 1) % len(self._slots)
        self._start()

    def _start(self) -> None:
        watching = self._closing or (self._pings and self._count)
        if watching and self._timer is None:
            self._timer = self._call_later(self._tick_seconds, self.tick)
