"""The server end of all connections of one event loop: what they share."""

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import TYPE_CHECKING

from .counters import CloseCause, Counters
from .fair.host import Report
from .fair.scheduler import Scheduler
from .limits import UNLIMITED, SocketLimits
from .protocol.frames import CloseCode, longest_short
from .rooms.fanout import Fanout
from .unfinished import Unfinished
from .wheel import Wheel

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["Endpoint"]

logger = logging.getLogger("soli.ws")

#: Connections closed per turn of the loop at shutdown.
SHUTDOWN_BATCH = 500


class Endpoint:
    """Limits, counters, rooms and the timer of the connections of one event loop.

    Create it on the loop that will serve the connections. *clock* gives seconds that never go
    backwards.
    """

    def __init__(
        self,
        limits: SocketLimits | None = None,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        clock: Callable[[], float] | None = None,
        report: Report | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop() if loop is None else loop
        self.limits = SocketLimits() if limits is None else limits
        # Not the loop's clock: uvloop's stands still within a turn.
        self.clock = perf_counter if clock is None else clock
        #: Who may compute when.
        self.scheduler = Scheduler(
            clock=self.clock,
            cpu=thread_time if clock is None else clock,
            call_soon=self.loop.call_soon,
            call_later=self.loop.call_later,
            heavy_share=self.limits.heavy_share,
            report=report,
        )
        rate = self.limits.message_rate
        #: Seconds between two messages at exactly the allowed rate; 0: not limited.
        self.message_interval = 1 / rate if rate else 0.0
        #: How far ahead of that rate a connection may be: half an interval more than a full
        #: burst, so that rounding never costs a message.
        self.burst_seconds = (self.limits.message_burst - 0.5) * self.message_interval
        self.counters = Counters()
        self.fanout = Fanout(call_soon=self.loop.call_soon, counters=self.counters)
        self.wheel = Wheel(
            ping_seconds=self.limits.ping_seconds,
            close_seconds=self.limits.close_seconds,
            call_later=self.loop.call_later,
            now=self.clock,
        )
        #: Messages of which a part is there.
        self.unfinished = Unfinished(
            self.loop, self.clock, self.limits.message_seconds, self.limits.max_unfinished_bytes
        )
        #: Size of the longest frame that the short cut of a light connection may take.
        self.short_frame = longest_short(self.limits.max_message_bytes or UNLIMITED)
        #: Seconds for each byte at exactly the allowed rate; 0: not limited.
        self.byte_interval = 1 / self.limits.byte_rate if self.limits.byte_rate else 0.0
        #: Every connection that holds a socket, those that are closing included.
        self.connections: set[Connection] = set()
        self._gone: asyncio.Event | None = None

    def register(self, connection: "Connection") -> None:
        """Called by a connection that opens."""
        self.counters.opened += 1
        self.connections.add(connection)
        self.wheel.add(connection)

    def unregister(self, connection: "Connection") -> None:
        """Called by a connection whose socket is gone."""
        self.connections.discard(connection)
        self.unfinished.done(connection)
        self.wheel.remove(connection)
        if self._gone is not None and not self.connections:
            self._gone.set()

    async def close_all(
        self, seconds: float, code: int = CloseCode.GOING_AWAY, reason: str = ""
    ) -> None:
        """Close every connection and wait, at most *seconds*, until the sockets are gone.

        Listeners hear of each closing before this returns. Then the lines that are left are cut.
        """
        deadline = self.loop.time() + seconds
        connections = tuple(self.connections)
        for start in range(0, len(connections), SHUTDOWN_BATCH):
            for connection in connections[start : start + SHUTDOWN_BATCH]:
                try:
                    connection.close(code, reason, cause=CloseCause.SHUTDOWN)
                except Exception:
                    connection.failed()
            await asyncio.sleep(0)
        if self.connections:
            self._gone = asyncio.Event()
            try:
                await asyncio.wait_for(self._gone.wait(), deadline - self.loop.time())
            except TimeoutError:
                logger.warning("cutting %d connections at shutdown", len(self.connections))
        for connection in tuple(self.connections):
            connection.abort()
        # Two turns: aborted transports report their end from the loop, and then listeners hear.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.wheel.stop()
        self.unfinished.stop()
