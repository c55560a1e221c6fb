"""A `Connection` whose frames somebody else reads and writes: it hears and says whole messages.

An ASGI server has done the handshake and speaks RFC 6455 with the client. Everything above frames
is ours as on a socket: limits, turns, rooms, presence. What our side writes are frames, since all
of a room gets the same bytes; here they are taken apart again.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from math import inf
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType

from .connection import Connection
from .listener import Listener
from .protocol.frames import CloseCode, ProtocolViolation, is_receivable_code
from .rooms.targets import Target, through_transport

if TYPE_CHECKING:
    from .endpoint import Endpoint

__all__ = ["Heard", "MessageConnection", "Said"]

Heard = tuple[WSMsgType, object, object]
"""A message of the client: its kind, its data, and for a close its reason."""

Said = tuple[int, bytes]
"""Opcode (RFC 6455 section 5.2) and payload of a message to the client."""

CLOSE, PING = 0x8, 0x9


class MessageConnection(Connection):
    """A connection over two functions: one to hear a message, one to say one."""

    __slots__ = ("_readable",)
    _goes_on_later = True

    def __init__(self, endpoint: "Endpoint", listener: Listener) -> None:
        super().__init__(endpoint, listener)
        # Clear while messages are held back.
        self._readable = asyncio.Event()
        self._readable.set()

    async def converse(
        self, hear: Callable[[], Awaitable[Heard]], say: Callable[[int, bytes], Awaitable[None]]
    ) -> None:
        """Serve until either side closes or `hear` tells that the line is gone."""
        transport = MessageTransport(self, self._endpoint.loop, self._pinged)
        writing = asyncio.ensure_future(transport.write_to(say))
        self.start(transport)
        reading = asyncio.ensure_future(self._take_all(hear))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            self.connection_lost(None)
            transport.close()
            await self._last_words(writing)
        if reading.done() and not reading.cancelled():
            reading.result()

    async def _last_words(self, writing: "asyncio.Future[None]") -> None:
        """Let what was said go out, within the time that a close is given."""
        seconds = self._endpoint.limits.close_seconds
        await asyncio.wait({writing}, timeout=seconds)
        writing.cancel()

    def _pinged(self, payload: bytes) -> None:
        """The server pings the client itself, and tells us when the line is gone."""
        self.on_pong(payload)

    async def _take_all(self, hear: Callable[[], Awaitable[Heard]]) -> None:
        """Take messages in this connection's turns, until the line is gone or all is said."""
        endpoint = self._endpoint
        while True:
            await self._readable.wait()
            kind, data, extra = await hear()
            if endpoint.scheduler.must_wait(self, endpoint.clock()):
                self._wait_for_turn()
            await self._readable.wait()
            self._begin_slice(endpoint.clock())
            if kind in (WSMsgType.CLOSED, WSMsgType.CLOSING):
                return
            try:
                self._take(kind, data, extra)
            except ProtocolViolation as violation:
                self._violated(violation)
            except Exception:
                self._parser_failed()
            if self.finished:
                return

    def _take(self, kind: WSMsgType, data: object, extra: object) -> None:
        """Call the hook that our own parser would have called."""
        if isinstance(data, str | bytes):
            self._count(data)
        if kind is WSMsgType.TEXT and isinstance(data, str):
            self.on_text(data)
        elif kind is WSMsgType.CLOSE and isinstance(data, int):
            self._finish()
            if data and not is_receivable_code(data):
                raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "invalid close code")
            self.on_close(data or CloseCode.NO_STATUS, str(extra or ""))
        elif kind is WSMsgType.BINARY and isinstance(data, bytes):
            self.on_binary(data)
        else:
            self._finish()

    def _count(self, data: str | bytes) -> None:
        size = len(data.encode()) if isinstance(data, str) else len(data)
        self._counters.bytes_in += size
        if size > self._max_message_bytes:
            self._finish()
            raise ProtocolViolation(CloseCode.TOO_BIG, "message is too big")

    def _find_target(self) -> Target:
        return through_transport(self.put)

    # Whoever hears messages waits with the next one while this connection is held.

    def _hold(self, who: int) -> None:
        self._holds |= who
        self._readable.clear()

    def _read_on(self) -> None:
        if self._holds:
            return
        self._readable.set()
        if self._transport is None:
            self._line_is_gone()

    def _pause_transport(self) -> None:
        pass


class MessageTransport(asyncio.Transport):
    """Takes frames as a socket would, and hands their messages on one by one."""

    def __init__(
        self,
        protocol: asyncio.BaseProtocol,
        loop: asyncio.AbstractEventLoop,
        on_ping: Callable[[bytes], None],
    ) -> None:
        super().__init__()
        self._protocol = protocol
        self._loop = loop
        self._on_ping = on_ping
        self._said: deque[Said] = deque()
        self._bytes = 0
        self._most = inf
        self._is_full = False
        """Whether the protocol was told to write no more for a while."""
        self._more = asyncio.Event()
        self._closing = False

    async def write_to(self, say: Callable[[int, bytes], Awaitable[None]]) -> None:
        """Say what is written here, in order, until the transport is closed."""
        while True:
            while self._said:
                opcode, payload = self._said[0]
                await say(opcode, payload)
                self._said.popleft()
                self._bytes -= len(payload)
                if opcode == CLOSE:
                    return
                if self._is_full and self._bytes <= self._most / 4:
                    self._is_full = False
                    self._protocol.resume_writing()
            if self._closing:
                return
            self._more.clear()
            await self._more.wait()

    def write(self, data: Any) -> None:
        """Queue the frames in *data*: whole, unmasked, unfragmented, as our side makes them."""
        if self._closing:
            return
        for opcode, payload in frames_in(bytes(data)):
            if opcode == PING:
                self._loop.call_soon(self._on_ping, payload)
                continue
            self._said.append((opcode, payload))
            self._bytes += len(payload)
        self._more.set()
        if self._bytes > self._most and not self._is_full:
            self._is_full = True
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        """Bytes that the server has not taken yet."""
        return self._bytes

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Tell the protocol when it is to pause, and when a quarter of that is left."""
        self._most = inf if high is None else high

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing is known of what lies below."""
        return default

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Say what waits, then no more."""
        self._closing = True
        self._more.set()

    def abort(self) -> None:
        """Say no more."""
        self._said.clear()
        self._bytes, self._is_full = 0, False
        self.close()

    def can_write_eof(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return True

    def pause_reading(self) -> None:
        """Nothing: reading is paused where messages are taken."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""


def frames_in(data: bytes) -> list[Said]:
    """The frames of *data*, each a whole message (RFC 6455 section 5.2)."""
    found = []
    at = 0
    while at < len(data):
        opcode = data[at] & 0x0F
        size = data[at + 1]
        start = at + 2
        if size == 126:
            size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
        elif size == 127:
            size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        found.append((opcode, data[start : start + size]))
        at = start + size
    return found


def close_of(payload: bytes) -> tuple[int, str]:
    """Code and reason of a Close frame (RFC 6455 section 5.5.1)."""
    if len(payload) < 2:
        return CloseCode.NORMAL, ""
    return int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace")
