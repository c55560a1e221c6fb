"""A Soli app as an ASGI 3 application: for FastAPI, Starlette, Django, Litestar, or a server alone.

    app = FastAPI()
    app.mount("/live", asgi("chat.soli"))

The same service as behind `mount` and `soli run`: events, actions, presence, limits. The server
(uvicorn, hypercorn, granian) speaks HTTP and RFC 6455; requests become aiohttp's, whose answers are
written as ASGI messages. https://asgi.readthedocs.io/en/latest/specs/main.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpVersion11, RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from soli_lang.base.limits import Capabilities

from ..core.realtime import Realtime
from ..http.guards.identity import Authenticate
from ..observing.logs import Log
from ..settings import Settings
from ..ws.endpoint import Endpoint
from ..ws.listener import Listener
from ..ws.messages import CLOSE, Heard, MessageConnection, close_of
from ..ws.upgrade import AlreadyUpgraded
from .embed import MountedApp, load_mounted

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_HIGH_WATER = 64 * 1024
"""Bytes of a request body that are read ahead of the action."""
MAX_EMPTY_PARTS = 1000
"""Parts of a body in a row that hold nothing; past them the client is taken for gone."""

TEXT = 0x1
"""The opcode of a text message (RFC 6455 section 5.2)."""


class AsgiApp:
    """An ASGI application. `realtime` and `call` work while it runs."""

    def __init__(self, mounted: MountedApp) -> None:
        self.mounted = mounted
        self._starting = asyncio.Lock()

    @property
    def realtime(self) -> Realtime:
        """Messages, rooms and presence of the app, for Python code on the event loop."""
        return self.mounted.realtime

    async def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of the app's main file. Raises SoliError."""
        return await self.mounted.call(name, *arguments)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope: an HTTP request, a WebSocket, or the life of the server."""
        kind = scope["type"]
        if kind == "lifespan":
            await self._live(receive, send)
            return
        if kind not in ("http", "websocket"):
            raise RuntimeError(f"soli_runtime.asgi serves http and websocket, not {kind!r}")
        await self._ensure_started()
        if kind == "http":
            await _answer_http(self.mounted, scope, receive, send)
        else:
            await _answer_websocket(self.mounted, scope, receive, send)

    async def _ensure_started(self) -> None:
        """Start with the first request where the host tells nothing of its life."""
        async with self._starting:
            if not self.mounted.is_running:
                await self.mounted.start()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._ensure_started()
                except Exception as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.mounted.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def asgi(
    path: str | Path,
    *,
    prefix: str = "",
    settings: Settings | None = None,
    capabilities: Capabilities | None = None,
    define: Mapping[str, Callable[..., Any]] | None = None,
    authenticate: Authenticate | None = None,
    log: Log | None = None,
) -> AsgiApp:
    """The app at *path* (a file or folder) as an ASGI 3 application.

    Where a host mounts it below a path, that path is left out of what routes see; *prefix* tells
    the program of it, for the addresses that it makes. The rest is as for `mount`. Raises
    ProjectError, InvalidApp, SoliError.
    """
    return AsgiApp(
        load_mounted(
            path,
            prefix=prefix,
            settings=settings,
            capabilities=capabilities,
            define=define,
            authenticate=authenticate,
            log=log,
        )
    )


# --- HTTP ----------------------------------------------------------------------------------------


async def _answer_http(mounted: MountedApp, scope: Scope, receive: Receive, send: Send) -> None:
    loop = asyncio.get_running_loop()
    if _names_several_hosts(scope):
        await _refuse_hosts(send)
        return
    body = _Body(loop, receive)
    writer = _Writer(send)
    request = AsgiRequest(scope, _path(scope, mounted), body.reader, writer, loop)
    reading = asyncio.ensure_future(body.read(writer))
    try:
        try:
            answer = await mounted.service.handle(request)
        except web.HTTPException as raised:
            answer = raised
        await answer.prepare(request)
        await answer.write_eof()
        await writer.write_eof()
    except ConnectionError:
        pass  # the client went away: nobody reads the answer
    finally:
        reading.cancel()


def _names_several_hosts(scope: Scope) -> bool:
    """Whether a request has more than one Host header: 400 (RFC 9112 3.2), as servers answer it."""
    return sum(bytes(name).lower() == b"host" for name, _ in scope["headers"]) > 1


async def _refuse_hosts(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": b"more than one Host header\n"})


class _Protocol(BaseProtocol):
    """What aiohttp's requests want to know of a connection, where there is none."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.ssl_context = None
        self.peername = None
        self.sockname = None
        self.may_read = asyncio.Event()
        self.may_read.set()

    @property
    def connected(self) -> bool:
        """A body may be waited for, though no transport is ours."""
        return True

    def pause_reading(self, *_: Any) -> None:
        """Enough of the body waits."""
        self._reading_paused = True
        self.may_read.clear()

    def resume_reading(self, *_: Any) -> None:
        """The action took some of it."""
        self._reading_paused = False
        self.may_read.set()


class _Body:
    """The body of a request, read from the server as the action reads it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive) -> None:
        self._receive = receive
        self._protocol = _Protocol(loop)
        self._empty = 0
        self.reader = StreamReader(self._protocol, BODY_HIGH_WATER, loop=loop)

    async def read(self, writer: _Writer) -> None:
        """Feed the reader; afterwards, wait for the client to go away."""
        while True:
            await self._protocol.may_read.wait()
            message = await self._receive()
            if message["type"] == "http.disconnect":
                writer.is_lost = True
                if not self.reader.is_eof():
                    self.reader.set_exception(ConnectionResetError("the client went away"))
                return
            if message.get("body"):
                self._empty = 0
                self.reader.feed_data(message["body"])
            elif self._is_endless():
                self.reader.set_exception(ConnectionResetError("only empty parts of a body"))
                return
            if not message.get("more_body", False):
                self.reader.feed_eof()

    def _is_endless(self) -> bool:
        self._empty += 1
        return self._empty > MAX_EMPTY_PARTS


class _Writer(AbstractStreamWriter):
    """Writes an aiohttp response as ASGI messages."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_ended = False
        self.is_lost = False
        """True once the client went away."""

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        status = int(status_line.split(" ", 2)[1])
        pairs = [
            (name.lower().encode("latin-1"), value.encode("utf-8"))
            for name, value in headers.items()
            if name.lower() not in ("transfer-encoding", "connection", "server", "date")
        ]
        await self._say({"type": "http.response.start", "status": status, "headers": pairs})

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        if len(chunk):
            await self._say({"type": "http.response.body", "body": bytes(chunk), "more_body": True})

    async def write_eof(self, chunk: bytes = b"") -> None:
        if not self._has_ended:
            self._has_ended = True
            await self._say({"type": "http.response.body", "body": bytes(chunk)})

    async def _say(self, message: Message) -> None:
        if self.is_lost:
            raise ConnectionResetError("the client went away")
        await self._send(message)

    async def drain(self) -> None:
        """Nothing waits here: `send` returns when the server has taken a message."""

    def enable_chunking(self) -> None:
        """The server's business."""

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """The server's business."""


class AsgiRequest(AlreadyUpgraded):
    """An ASGI scope as an aiohttp request."""

    def __init__(
        self,
        scope: Scope,
        path: str,
        payload: StreamReader,
        writer: AbstractStreamWriter,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        client = scope.get("client")
        scheme = scope.get("scheme", "http").replace("ws", "http")
        super().__init__(
            _message(scope, path),
            payload,
            _Protocol(loop),  # type: ignore[arg-type]  # only what it has is asked for
            writer,
            asyncio.current_task(),  # type: ignore[arg-type]
            loop,
            scheme=scheme,
            remote=client[0] if client else "",
        )

    async def converse(
        self, listener: Listener, endpoint: Endpoint, protocol: str | None
    ) -> web.StreamResponse:
        """Only WebSocket scopes are upgraded."""
        return web.Response(status=HTTPStatus.UPGRADE_REQUIRED, text="this is a WebSocket\n")


def _message(scope: Scope, path: str) -> RawRequestMessage:
    """The request line and headers of *scope*, as aiohttp's parser gives them."""
    raw = tuple((bytes(name), bytes(value)) for name, value in scope["headers"])
    headers: CIMultiDict[str] = CIMultiDict(
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in raw
    )
    if scope["type"] == "websocket":
        headers["Upgrade"] = "websocket"
    query = bytes(scope.get("query_string", b"")).decode("latin-1")
    target = path + (f"?{query}" if query else "")
    return RawRequestMessage(
        scope.get("method", "GET"),
        target,
        HttpVersion11,
        CIMultiDictProxy(headers),
        raw,
        False,
        None,
        False,
        False,
        URL(target, encoded=True),
    )


def _path(scope: Scope, mounted: MountedApp) -> str:
    """The path that routes see, percent-encoded, without what the host mounted us below."""
    raw = scope.get("raw_path")
    path = URL.build(path=scope["path"]).raw_path if raw is None else bytes(raw).decode("latin-1")
    path = path.partition("?")[0]
    root = URL.build(path=scope.get("root_path", "") or "").raw_path.rstrip("/")
    prefix = mounted.app.declarations.place.prefix
    if root and (path == root or path.startswith(f"{root}/")):
        path = path[len(root) :]
    if prefix and not path.startswith(f"{prefix}/"):
        path = prefix + path
    return path or "/"


# --- WebSockets ----------------------------------------------------------------------------------


async def _answer_websocket(
    mounted: MountedApp, scope: Scope, receive: Receive, send: Send
) -> None:
    message = await receive()
    if message["type"] != "websocket.connect":
        return  # gone before it began
    loop = asyncio.get_running_loop()
    path = _path(scope, mounted)
    request = _WebSocketRequest(scope, path, loop, receive, send)
    answer = await mounted.service.handle(request)
    if not request.was_accepted:
        await _refuse(answer, scope, send)


async def _refuse(answer: web.StreamResponse, scope: Scope, send: Send) -> None:
    """Say why, where the server can pass it on; otherwise it answers with 403."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [
        (name.lower().encode("latin-1"), value.encode("utf-8"))
        for name, value in answer.headers.items()
    ]
    body = answer.body if isinstance(answer, web.Response) else b""
    start = {"type": "websocket.http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": bytes(body or b"")})  # type: ignore[arg-type]


class _WebSocketRequest(AsgiRequest):
    """A WebSocket that the server would accept if we do."""

    def __init__(
        self,
        scope: Scope,
        path: str,
        loop: asyncio.AbstractEventLoop,
        receive: Receive,
        send: Send,
    ) -> None:
        super().__init__(scope, path, EMPTY_PAYLOAD, _Writer(send), loop)
        self._receive = receive
        self._send = send
        self.was_accepted = False

    async def converse(
        self, listener: Listener, endpoint: Endpoint, protocol: str | None
    ) -> web.StreamResponse:
        """Accept with *protocol* and serve the connection to its end."""
        self.was_accepted = True
        await self._send({"type": "websocket.accept", "subprotocol": protocol})
        await MessageConnection(endpoint, listener).converse(self._hear, self._say)
        return web.Response(status=HTTPStatus.SWITCHING_PROTOCOLS)

    async def _hear(self) -> Heard:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code") or 1005
            if code == 1006:
                return WSMsgType.CLOSED, None, None
            return WSMsgType.CLOSE, 0 if code == 1005 else code, message.get("reason") or ""
        text = message.get("text")
        if text is not None:
            return WSMsgType.TEXT, text, None
        return WSMsgType.BINARY, message["bytes"], None

    async def _say(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            code, reason = close_of(payload)
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        elif opcode == TEXT:
            await self._send({"type": "websocket.send", "text": payload.decode()})
        else:
            await self._send({"type": "websocket.send", "bytes": payload})
