"""Answers that nobody reads: how slowly they may be read, and how much may wait to be.

A connection is watched while more of an answer waits than its transport takes at once, and while
a large answer goes out piece by piece; who reads pays nothing for it. Who takes less than *rate*
bytes a second over `WINDOW_SECONDS` is cut; while others wait for room, after half of that time.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, Protocol

WINDOW_SECONDS = 20.0
"""Over which a rate is judged."""

LOOK_SECONDS = 1.0

LARGE_BYTES = 64 * 1024
"""Of an answer, up to which it goes out whatever waits: so much a transport takes at once."""

LETTING_SECONDS = 0.1
"""Between two that waited for room: the first has computed its answer meanwhile, as a rule."""


class Writer(Protocol):
    """The transport of a connection, as far as it matters here."""

    def get_write_buffer_size(self) -> int:
        """Bytes that wait."""

    def abort(self) -> None:
        """Cut the line."""

    def get_extra_info(self, name: str) -> Any:
        """The socket below, where there is one."""


AT_ONCE = struct.pack("ii", 1, 0)
"""For `SO_LINGER`: the system forgets what it would still send, and tells the peer."""

Told = Callable[[str], None]
"""Told the address of who was cut."""


class Answer:
    """What waits to be read on one connection."""

    __slots__ = ("_seen", "address", "bytes", "left", "size", "transport")

    def __init__(self, transport: Writer, address: str, size: int, now: float) -> None:
        self.transport = transport
        self.address = address
        self.size = self.left = size
        """Of a large one, which is kept as a whole, and what the transport has not been given."""
        self.bytes = size or self.waiting()
        """What it takes."""
        self._seen = deque([(now, self.waiting())])
        """How much waited at each look, for as long as the window is."""

    def waiting(self) -> int:
        """How many bytes wait now."""
        return self.left + self.transport.get_write_buffer_size()

    def is_slow(self, rate: int, window: float, now: float) -> bool:
        """Whether less than *rate* was taken over the last *window* seconds, if it is that old.

        What the system took at the beginning is forgotten when the window has moved on.
        """
        waiting, seen = self.waiting(), self._seen
        seen.append((now, waiting))
        while len(seen) > 2 and seen[1][0] <= now - WINDOW_SECONDS:
            seen.popleft()
        before = next((size for at, size in reversed(seen) if at <= now - window), None)
        return before is not None and before - waiting < rate * window


class Unread:
    """What waits to be read on all HTTP connections of one loop.

    *rate* is in bytes per second, *most_bytes* is for all together; 0 turns either off.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, rate: int, most_bytes: int, told: Told
    ) -> None:
        self._loop = loop
        self._rate = rate
        self._most_bytes = most_bytes
        self._told = told
        self._behind: dict[Hashable, Answer] = {}
        self._addresses: dict[str, int] = {}
        """Of those who are behind, and how many connections of each."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_letting = False
        self._timer: asyncio.TimerHandle | None = None
        self.bytes = 0
        """Of all answers that wait, as of the last look."""

    def behind(
        self, connection: Hashable, transport: Writer, address: str, size: int = 0
    ) -> Answer:
        """More of an answer waits than goes out at once; *size*: of a large one."""
        known = self._behind.get(connection)
        if known is not None and not size:
            return known
        self._forget(connection)
        entry = Answer(transport, address, size, self._loop.time())
        self._behind[connection] = entry
        self._addresses[address] = self._addresses.get(address, 0) + 1
        self.bytes += entry.bytes
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        return entry

    def taken(self, connection: Hashable) -> None:
        """The transport has room again; of a large answer more follows."""
        entry = self._behind.get(connection)
        if entry is not None and not entry.size:
            self.gone(connection)

    def gone(self, connection: Hashable) -> None:
        """What waited went out, or the line is gone."""
        self._forget(connection)
        self._let_in()

    def _forget(self, connection: Hashable) -> None:
        entry = self._behind.pop(connection, None)
        if entry is None:
            return
        self.bytes -= entry.bytes
        left = self._addresses[entry.address] - 1
        if left:
            self._addresses[entry.address] = left
        else:
            del self._addresses[entry.address]

    def is_full(self) -> bool:
        """Whether further answers have to wait."""
        return bool(self._most_bytes) and self.bytes >= self._most_bytes

    def must_wait(self, address: str, size: int) -> bool:
        """Whether a request has to wait: its answers have *size*, and *address* reads slowly."""
        return size > LARGE_BYTES and self.is_full() and address in self._addresses

    async def room(self) -> None:
        """Wait until answers may go out again, in the order of coming."""
        while self.is_full():
            came: asyncio.Future[None] = self._loop.create_future()
            self._waiting.append(came)
            try:
                await came
            finally:
                if came in self._waiting:
                    self._waiting.remove(came)

    def stop(self) -> None:
        """Watch no more; whoever waits goes on."""
        if self._timer is not None:
            self._timer.cancel()
        self._most_bytes = 0
        self._let_in()

    def _let_in(self) -> None:
        """One, and the next a little later: how large its answer is shows when it is written."""
        if self._waiting and not self._is_letting and not self.is_full():
            came = self._waiting.popleft()
            if not came.done():
                came.set_result(None)
            self._is_letting = True
            self._loop.call_later(LETTING_SECONDS, self._has_let)

    def _has_let(self) -> None:
        self._is_letting = False
        self._let_in()

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        window = WINDOW_SECONDS / 2 if self._waiting else WINDOW_SECONDS
        for connection, entry in tuple(self._behind.items()):
            size = entry.size or entry.waiting()
            self.bytes += size - entry.bytes
            entry.bytes = size
            if entry.is_slow(self._rate, window, now):
                self._cut(connection, entry)
        self._let_in()
        if self._behind:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def _cut(self, connection: Hashable, entry: Answer) -> None:
        self.gone(connection)
        _reset(entry.transport)
        self._told(entry.address)


def _reset(transport: Writer) -> None:
    """Cut the line such that nothing of the answer is left, not even in the system's buffers.

    These hold megabytes for each, and the system would wait for minutes for somebody to read them.
    """
    below = transport.get_extra_info("socket")
    if below is not None:
        with suppress(OSError):
            below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    transport.abort()
