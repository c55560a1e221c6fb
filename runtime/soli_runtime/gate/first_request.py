"""A time limit for the first request of a connection.

aiohttp waits for the head of a request without a limit of its own, so a few thousand connections
that send a byte now and then would shut all other clients out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

from aiohttp import HttpVersion11, StreamReader, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import RequestHandler

from ..observing.logs import Log
from ..ws.protocol.handshake import SERVER
from .plain import PlainConnections
from .unread import LARGE_BYTES, Answer, Unread

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Answering = Coroutine[Any, Any, web.StreamResponse]
Begin = Callable[[web.BaseRequest], bytes | Answering]
"""Answers a request to which nothing special is to be said (`_is_usual`): with what goes over the
line, or with a coroutine for what has to be waited for."""


class Answers(NamedTuple):
    """How requests are answered."""

    handle: Handler
    begin: Begin
    """For those that may be answered as soon as they are read."""


_LOOK_AGAIN_SECONDS = 0.01
SWITCHING = 101


class GreetedHandler(RequestHandler):
    """aiohttp's handler, without the name of the software in its own responses."""

    __slots__ = ("_begun", "_server", "_unread")

    def __init__(self, server: GreetingServer, *, unread: Unread, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._unread = unread
        # A request whose answer began, until its task takes over.
        self._begun: tuple[web.BaseRequest, Answering] | None = None

    def request_of(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """The request that aiohttp is to answer: a new one, or the one that was begun with."""
        begun = self._begun
        if begun is None:
            return web.BaseRequest(message, payload, self, writer, task, self._loop)
        request, _ = begun
        request._payload_writer, request._task = writer, task
        return request

    def take_begun(self) -> Answering | None:
        """The answer that was begun; None: there is none."""
        begun, self._begun = self._begun, None
        return None if begun is None else begun[1]

    def pause_writing(self) -> None:
        """The write buffer is above its high-water mark."""
        super().pause_writing()
        self._is_behind()

    def resume_writing(self) -> None:
        """The write buffer is below its low-water mark."""
        super().resume_writing()
        self._unread.taken(self)

    def force_close(self) -> None:
        """Close the connection once the buffer is written, which has a time limit."""
        self._is_behind()
        super().force_close()

    def _is_behind(self) -> None:
        transport = self.transport
        if transport is not None and transport.get_write_buffer_size():
            self._unread.behind(self, transport, _address_of(transport))

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response; a large one waits while clients have too much unread."""
        body = _large_body(resp)
        if body is None or request.method == "HEAD":
            return await super().finish_response(request, resp, start_time)
        if self._unread.is_full():
            await self._unread.room()
        transport = self.transport
        if transport is None:
            return resp, True
        answer = self._unread.behind(self, transport, _address_of(transport), len(body))
        try:
            return await super().finish_response(request, _Pieces(resp, body, answer), start_time)
        finally:
            self._unread.gone(self)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer input that is not an HTTP request, in few words."""
        answer = super().handle_error(request, status, exc, message)
        plain = web.Response(status=answer.status, text=f"{answer.status}: {answer.reason}\n")
        plain.headers["Server"] = SERVER
        plain.headers["X-Content-Type-Options"] = "nosniff"
        plain.force_close()
        return plain


class PromptHandler(GreetedHandler):
    """Answers a request that comes alone, and waits for nothing, as soon as it is read.

    aiohttp wakes a task for each, which makes another task, and both go through the loop.
    """

    __slots__ = ()

    USED = (
        *("_keepalive", "_keepalive_handle", "_keepalive_timeout", "_next_keepalive_close_time"),
        *("_loop", "_messages", "_parser", "_paused", "_process_keepalive", "_waiter"),
    )
    """What this takes of aiohttp's handler, which says nothing of most of it."""

    def data_received(self, data: bytes) -> None:
        """Bytes came in."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            super().data_received(data)  # a request is being answered
            return
        self._waiter = None  # nobody is woken before we have seen what came
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
        if self._messages and not self._is_answered():
            waiter.set_result(None)

    def _is_answered(self) -> bool:
        """Answer the request that came, if that can be done at once."""
        message, payload = self._messages[0]
        transport, parser = self.transport, self._parser
        if (
            len(self._messages) > 1
            or not isinstance(message, RawRequestMessage)
            or not (_is_usual(message) or _is_handshake(message))
            or payload is not EMPTY_PAYLOAD
            or self._paused
            or transport is None
            or parser is None
        ):
            return False
        request = web.BaseRequest(message, payload, self, *_LATER, self._loop)
        begun = self._server.begin(self, request)
        if not isinstance(begun, bytes):
            self._begun = None if begun is None else (request, begun)
            return False
        if not begun:
            return True  # the line is somebody else's
        self._messages.popleft()
        parser.message_consumed()
        transport.write(begun)
        self._stays()
        return True

    def _stays(self) -> None:
        """Wait for the next request, as aiohttp does behind an answer."""
        self._keepalive = True
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(
                self._next_keepalive_close_time, self._process_keepalive
            )


def handler_for(theirs: type) -> type[GreetedHandler]:
    """The handler of connections, where aiohttp's is *theirs*.

    If that lacks something that we use, all requests are answered by tasks.
    """
    has_all = all(hasattr(theirs, name) for name in PromptHandler.USED)
    return PromptHandler if has_all else GreetedHandler


HANDLER = handler_for(RequestHandler)
"""The one of the aiohttp that is here."""


def _is_handshake(message: RawRequestMessage) -> bool:
    """Whether a request asks for a WebSocket as all clients do."""
    return (
        message.method == hdrs.METH_GET
        and message.version == HttpVersion11
        and message.upgrade
        and not (message.should_close or message.chunked)
    )


_LATER: tuple[Any, Any] = (None, None)
"""A writer and a task: who is answered at once needs neither."""


def _is_usual(message: RawRequestMessage) -> bool:
    """Whether a request is one without a body, on a line that stays as it is."""
    return (
        message.method == hdrs.METH_GET
        and message.version == HttpVersion11
        and not (message.should_close or message.upgrade or message.chunked)
    )


def _address_of(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _large_body(answer: web.StreamResponse) -> bytes | None:
    body = answer.body if isinstance(answer, web.Response) and not answer.prepared else None
    return body if isinstance(body, bytes) and len(body) > LARGE_BYTES else None


class _Pieces(web.StreamResponse):
    """A large response, written in pieces so that the transport keeps no copy of it."""

    def __init__(self, whole: web.StreamResponse, body: bytes, answer: Answer) -> None:
        super().__init__(status=whole.status, reason=whole.reason, headers=whole.headers)
        self.content_length = len(body)
        self._pieces = memoryview(body)
        self._answer = answer
        if whole.keep_alive is False:
            self.force_close()

    async def prepare(self, request: web.BaseRequest) -> Any:
        writer = await super().prepare(request)
        while self._pieces:
            piece, self._pieces = self._pieces[:LARGE_BYTES], self._pieces[LARGE_BYTES:]
            self._answer.left -= len(piece)
            await self.write(piece)
        return writer


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    assert isinstance(protocol, GreetedHandler)
    return protocol.request_of(message, payload, writer, task)


def _too_many() -> web.Response:
    answer = web.Response(status=503, text="too many connections\n")
    answer.headers["Server"] = SERVER
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.force_close()
    return answer


def is_upgrade(request: web.BaseRequest) -> bool:
    """Whether a request asks for a WebSocket."""
    return "websocket" in request.headers.get("Upgrade", "").lower()


class GreetingServer(web.Server):
    """aiohttp's server, which closes connections whose first request is late.

    At most *most* connections may be pending; past that the oldest is closed. 0 turns either
    limit off. *may_upgrade* says which requests may become WebSockets; admission counts those, so
    the header alone is not enough, as any client can send it. Between later requests aiohttp's
    keep-alive timeout applies.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        seconds: float,
        most: int,
        may_upgrade: Callable[[web.BaseRequest], bool],
        plain: PlainConnections[RequestHandler],
        unread: Unread,
        log: Log,
        **options: Any,
    ) -> None:
        super().__init__(self._greet, request_factory=_request, **options)
        self._answers = answers
        self._seconds = seconds
        self._most = most
        self._may_upgrade = may_upgrade
        self._plain = plain
        self._unread = unread
        self._log = log
        self._clock = asyncio.get_running_loop()
        self._silent: dict[RequestHandler, float] = {}
        """Deadlines of connections without a request so far, in order."""
        self._timer: asyncio.TimerHandle | None = None
        self._is_draining = False

    async def _greet(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, or go on with one whose answer was begun (`begin`)."""
        connection = request.protocol
        assert isinstance(connection, GreetedHandler)
        begun = connection.take_begun()
        if begun is None:
            self._silent.pop(connection, None)
            if self._is_one_too_many(request):
                return _too_many()
            self._plain.busy(connection)
        try:
            answer = await (self._answers.handle(request) if begun is None else begun)
            if is_upgrade(request) and answer.status != SWITCHING:
                answer.force_close()  # refused, so no limit counts this connection
            elif self._is_draining and not is_upgrade(request):
                answer.force_close()
                connection.close()  # behind this answer
            return answer
        finally:
            self._plain.idle(connection)

    def __call__(self) -> RequestHandler:
        """A new connection."""
        connection = HANDLER(self, unread=self._unread, loop=self._loop, **self._kwargs)
        self._silent[connection] = self._clock.time() + self._seconds
        if self._most and len(self._silent) > self._most:
            self._drop(next(iter(self._silent)), "too_many")
        self._watch()
        return connection

    def begin(
        self, connection: GreetedHandler, request: web.BaseRequest
    ) -> bytes | Answering | None:
        """Begin to answer a request; None: it is to go the usual way.

        That is the way of the first on a connection, which may be one too many, unless a WebSocket
        comes of it.
        """
        if self._is_draining:
            return None
        if connection not in self._plain:
            if not self._may_upgrade(request):
                return None
            self._silent.pop(connection, None)
        self.requests_count += 1
        begun = self._answers.begin(request)
        if begun.__class__ is not bytes:
            self._plain.busy(connection)
        elif begun:
            self._plain.used(connection)
        return begun

    def _is_one_too_many(self, request: web.BaseRequest) -> bool:
        """Count a connection at its first HTTP request; an idle one may be closed for it."""
        connection = request.protocol
        if connection in self._plain or self._may_upgrade(request):
            return False
        ip = request.remote or ""
        surplus = self._plain.add(connection, ip)
        if surplus is None:
            return False
        victim, reason = surplus
        self._plain.remove(victim)
        self._log.warning("http_connection_closed", reason=reason, ip=ip)
        if victim is not connection:
            victim.force_close()
        return victim is connection

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """The connection is closed."""
        self._silent.pop(handler, None)
        self._plain.remove(handler)
        self._unread.gone(handler)
        if isinstance(handler, GreetedHandler) and (begun := handler.take_begun()) is not None:
            begun.close()
        super().connection_lost(handler, exc)

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aiohttp's
        """Close all connections."""
        if self._timer is not None:
            self._timer.cancel()
        self._unread.stop()
        await super().shutdown(timeout)

    @property
    def silent(self) -> int:
        """How many connections have sent no whole request yet."""
        return len(self._silent)

    async def drain(self, seconds: float) -> None:
        """Answer requests for *seconds*, the last one on each connection; then close the rest.

        A connection whose next request may be in flight must not be cut: its response says that
        it closes (RFC 9112 9.6), and then it does. One that stays silent that long is closed.
        """
        self._is_draining = True
        until = self._clock.time() + seconds
        while self._is_waited_for() and self._clock.time() < until:  # noqa: ASYNC110 - rare, short
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        for connection in self._plain.resting():
            connection.close()

    def _is_waited_for(self) -> bool:
        return bool(self._silent or len(self._plain))

    def _watch(self) -> None:
        if self._seconds and self._timer is None and self._silent:
            first = next(iter(self._silent.values()))
            self._timer = self._clock.call_at(first, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._clock.time()
        try:
            while self._silent:
                connection, deadline = next(iter(self._silent.items()))
                if deadline > now:
                    break
                self._drop(connection, "too_slow")
        finally:
            self._watch()

    def _drop(self, connection: RequestHandler, reason: str) -> None:
        del self._silent[connection]
        self._log.warning("silent_connection", reason=reason)
        connection.force_close()
