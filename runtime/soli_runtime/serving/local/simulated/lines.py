"""The line between a client and a connection, in memory: whole messages one way, frames the other.

Above frames all is as on a socket: limits, turns, rooms, presence.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from ....ws.connection import Connection
from ....ws.endpoint import Endpoint
from ....ws.listener import Listener
from ....ws.messages import CLOSE, PING, Said, close_of, frames_in
from ....ws.protocol.frames import CloseCode, ProtocolViolation
from ....ws.rooms.targets import Target, through_transport

TEXT, BINARY = 0x1, 0x2
Payload = str | bytes


class LineConnection(Connection):
    """A connection that hears whole messages. What comes while it is held waits."""

    __slots__ = ("_heard",)

    def __init__(self, endpoint: Endpoint, listener: Listener) -> None:
        super().__init__(endpoint, listener)
        self._heard: deque[Payload | None] = deque()

    def hear(self, payload: Payload | None) -> None:
        """The client sent a message; None: it closes."""
        self._heard.append(payload)
        if not self._holds:
            self._take()

    def closes(self, code: int, reason: str) -> None:
        """The client says goodbye, and hangs up."""
        self._finish()
        self.on_close(code, reason)
        if self._transport is not None:
            self._transport.close()

    def _take(self) -> None:
        heard = self._heard
        while heard and not self._holds:
            payload = heard.popleft()
            self._begin_slice(self._endpoint.clock())
            if self._state or self.finished:
                heard.clear()
                return
            try:
                self._take_one(payload)
            except ProtocolViolation as violation:
                self._violated(violation)
            except Exception:
                self._parser_failed()

    def _take_one(self, payload: Payload | None) -> None:
        if payload is None:
            self.closes(CloseCode.NORMAL, "")
        elif len(payload) > self._max_message_bytes:
            self._finish()
            raise ProtocolViolation(CloseCode.TOO_BIG, "message is too big")
        elif isinstance(payload, str):
            self.on_text(payload)
        else:
            self.on_binary(payload)

    @property
    def buffered_bytes(self) -> int:
        """What waits to be heard: its line may break before."""
        return len(self._heard)

    def _find_target(self) -> Target:
        return through_transport(self.put)

    def _read_on(self) -> None:
        if self._holds:
            return
        self._take()
        if self._transport is None and not self._holds:
            self._line_is_gone()


class Line(asyncio.Transport):
    """The client's end: takes frames until it is stalled, answers pings and closes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._connection: LineConnection | None = None
        self._is_closing = False
        self._stalled: list[bytes] | None = None
        self.frames: list[bytes] = []
        """All that came, in order."""
        self.closed: tuple[int, str] | None = None
        """Code and reason with which the app closed it."""

    def carry(self, connection: LineConnection) -> None:
        """Open *connection* on this line."""
        self._connection = connection
        connection.start(self)

    # The client's side

    @property
    def is_stalled(self) -> bool:
        """Whether the client reads nothing."""
        return self._stalled is not None

    def stall(self) -> None:
        """The client reads nothing more."""
        if self._stalled is None and self._connection is not None:
            self._stalled = []
            self._connection.pause_writing()

    def read_on(self) -> None:
        """The client reads what waited, and goes on."""
        waiting, self._stalled = self._stalled, None
        if waiting is None or self._connection is None:
            return
        for data in waiting:
            self.write(data)
        self._connection.resume_writing()

    def cut(self) -> None:
        """The line breaks."""
        self._stalled = None
        self.abort()

    def messages(self, start: int = 0) -> list[Said]:
        """Opcode and payload of what came from the *start*th frames on."""
        return [one for data in self.frames[start:] for one in frames_in(data)]

    # The connection's side

    def write(self, data: Any) -> None:
        if self._is_closing:
            return
        data = bytes(data)
        if self._stalled is not None:
            self._stalled.append(data)
            return
        self.frames.append(data)
        if data[0] & 0x0F >= CLOSE:  # such frames come alone
            self._controls(data)

    def _controls(self, data: bytes) -> None:
        for opcode, payload in frames_in(data):
            if opcode == CLOSE:
                self.closed = close_of(payload)
                self._loop.call_soon(self._answer_close, *self.closed)
            elif opcode == PING:
                self._loop.call_soon(self._answer_ping, payload)

    def _answer_close(self, code: int, reason: str) -> None:
        if self._connection is not None:
            self._connection.closes(code, "")

    def _answer_ping(self, payload: bytes) -> None:
        if self._connection is not None and not self._is_closing:
            self._connection.on_pong(payload)

    def writelines(self, list_of_data: Any) -> None:
        for data in list_of_data:
            self.write(data)

    def get_write_buffer_size(self) -> int:
        return 0 if self._stalled is None else sum(map(len, self._stalled))

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing: the client says when it has enough."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """There is nothing below."""
        return default

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._loop.call_soon(self._gone)

    abort = close

    def _gone(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.connection_lost(None)

    def can_write_eof(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return True

    def pause_reading(self) -> None:
        """Nothing: the connection keeps what comes."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""
