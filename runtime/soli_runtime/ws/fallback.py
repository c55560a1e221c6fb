"""A `Connection` on aiohttp's own WebSocketResponse, for when taking its transport over fails.

aiohttp reads and checks the frames (less strictly than `frames` does) and keeps its flow control
to itself; all that goes out is ours, on the same transport. Slower, larger, without compression,
and otherwise the same to a listener.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from aiohttp import WebSocketError, WSMsgType, web

from .connection import Connection
from .limits import UNLIMITED
from .listener import Listener
from .protocol.frames import CloseCode, ProtocolViolation, is_receivable_code
from .protocol.handshake import SERVER
from .rooms.targets import Target, through_transport

if TYPE_CHECKING:
    from .endpoint import Endpoint

__all__ = ["FallbackConnection"]


class _Response(web.WebSocketResponse):
    """aiohttp's reader, without its own ideas about closing."""

    async def close(self, **_: object) -> bool:
        """Nothing: the connection sends the Close frame and closes the transport."""
        return False

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing: see `close`."""


class FallbackConnection(Connection):
    """A connection whose bytes are read by aiohttp, in the task of the request."""

    __slots__ = ("_readable",)
    _goes_on_later = True

    def __init__(self, endpoint: "Endpoint", listener: Listener) -> None:
        super().__init__(endpoint, listener)
        # Clear while messages are held back.
        self._readable = asyncio.Event()
        self._readable.set()

    async def serve(self, request: web.BaseRequest, protocol: str | None) -> web.StreamResponse:
        """Upgrade *request*, agreeing to *protocol*; read until the end of the connection."""
        limits = self._endpoint.limits
        response = _Response(
            autoclose=False,
            autoping=False,
            compress=False,
            # One more than ours: what aiohttp does at its limit differs between versions.
            max_msg_size=(limits.max_message_bytes or UNLIMITED) + 1,
        )
        response.headers["Server"] = SERVER
        if protocol is not None:
            response.headers["Sec-WebSocket-Protocol"] = protocol
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            return response
        try:
            # uvloop's transports offer the interface without deriving from it.
            self.start(transport)
            await self._read(response)
        finally:
            self.connection_lost(None)
        return response

    async def _read(self, response: _Response) -> None:
        async def next_message() -> tuple[WSMsgType, object, object]:
            message = await response.receive()
            return message.type, message.data, message.extra

        await self._take_all(next_message)

    async def _take_all(
        self, next_message: Callable[[], Awaitable[tuple[WSMsgType, object, object]]]
    ) -> None:
        """Take messages in this connection's turns, until the line is gone or all is said."""
        endpoint = self._endpoint
        while True:
            await self._readable.wait()
            kind, data, extra = await next_message()
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
        if isinstance(data, str | bytes | bytearray):
            self._count(data)
        if kind is WSMsgType.TEXT and isinstance(data, str):
            self.on_text(data)
        elif kind is WSMsgType.CLOSE and isinstance(data, int):
            self._finish()
            if data and not is_receivable_code(data):
                raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "invalid close code")
            self.on_close(data or CloseCode.NO_STATUS, str(extra or ""))
        elif isinstance(data, WebSocketError):
            self._finish()
            raise ProtocolViolation(int(data.code), "protocol error")
        elif isinstance(data, bytes | bytearray):
            self._take_bytes(kind, bytes(data))
        else:
            self._finish()

    def _take_bytes(self, kind: WSMsgType, data: bytes) -> None:
        if kind is WSMsgType.BINARY:
            self.on_binary(data)
        elif kind is WSMsgType.PING:
            self.on_ping(data)
        else:
            self.on_pong(data)

    def _count(self, data: str | bytes | bytearray) -> None:
        size = len(data.encode()) if isinstance(data, str) else len(data)
        self._counters.bytes_in += size
        if size > self._max_message_bytes:
            self._finish()
            raise ProtocolViolation(CloseCode.TOO_BIG, "message is too big")

    # aiohttp is the protocol of the transport, so nobody tells us when it is full.

    def _attach(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.put = self._write

    def _find_target(self) -> Target:
        return through_transport(self.put)

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        limit = self._endpoint.limits.max_outbox_bytes
        if limit and transport.get_write_buffer_size() > limit:
            loop = self._endpoint.loop
            loop.call_soon(loop.call_soon, self._judge_outbox, 1)

    def replay(self, messages: Sequence[str | bytes]) -> None:
        """Nobody tells when the transport has enough, so they go out at once."""
        for message in messages:
            self.send(message)

    # aiohttp pauses its transport itself, when messages pile up.

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
