"""A server on the socket layer, and clients to it, on 127.0.0.1 and the loop of one test."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvloop
from aiohttp import web
from soli_runtime.ws.connection import Connection
from soli_runtime.ws.endpoint import Endpoint
from soli_runtime.ws.limits import SocketLimits
from soli_runtime.ws.protocol.frames import frame
from soli_runtime.ws.protocol.masking import unmask
from soli_runtime.ws.upgrade import upgrade

#: No scenario takes anywhere near this; past it something hangs.
SCENARIO_SECONDS = 30


Run = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a coroutine on an event loop of one kind."""

LOOPS: dict[str, Run] = {"uvloop": uvloop.run, "asyncio": asyncio.run}

on_both_loops = pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS)


class Service:
    """Echoes at /echo, lets everybody talk to everybody at /room, and writes down what happens."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.port = 0
        self.server: web.Server | None = None
        self.opened: list[Connection] = []
        self.messages: list[str | bytes] = []
        self.closed: list[tuple[int, str]] = []
        #: What `on_message` does at /script.
        self.script: Callable[[Connection, str | bytes], None] = lambda connection, payload: None
        #: Called when the head of a response is about to be written.
        self.on_response: Callable[[Any], object] = lambda request: None
        self._heard = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition*, looked at whenever a listener was called."""
        while not condition():
            self._heard.clear()
            await self._heard.wait()

    def heard(self) -> None:
        self._heard.set()


class Listens:
    """The listener of one path of a service."""

    def __init__(self, service: Service, path: str) -> None:
        self._service = service
        self._path = path

    def on_open(self, connection: Connection) -> None:
        self._service.opened.append(connection)
        if self._path == "room":
            self._service.endpoint.fanout.join("room", connection)
        self._service.heard()

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        self._service.messages.append(payload)
        if self._path == "room":
            self._service.endpoint.fanout.publish("room", payload)
        elif self._path == "echo":
            connection.send(payload)
        else:
            self._service.script(connection, payload)
        self._service.heard()

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        self._service.closed.append((code, reason))
        self._service.heard()


@asynccontextmanager
async def serving(*, tls: ssl.SSLContext | None = None, **limits: Any) -> AsyncIterator[Service]:
    """Serve until the block ends."""
    endpoint = Endpoint(SocketLimits(**limits))
    service = Service(endpoint)
    app = web.Application()
    for name in ("echo", "room", "script"):
        app.router.add_route("*", f"/{name}", _handler(Listens(service, name), endpoint))

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        service.on_response(request)

    app.on_response_prepare.append(prepare)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    service.port = runner.addresses[0][1]
    service.server = runner.server
    try:
        yield service
    finally:
        await endpoint.close_all(1)
        await runner.cleanup()


def _handler(
    listener: Listens, endpoint: Endpoint
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await upgrade(request, listener, endpoint)

    return handle


def play(run: Run, scenario: Callable[[Service], Awaitable[None]], **options: Any) -> None:
    """Run *scenario* against a server on a loop of that kind."""

    async def main() -> None:
        async with asyncio.timeout(SCENARIO_SECONDS), serving(**options) as service:
            await scenario(service)

    run(main())


MASK = b"\x37\xfa\x21\x3d"


def masked(first: int, payload: bytes = b"") -> bytes:
    """Return a frame as a client sends it."""
    plain = frame(first, payload)
    header = len(plain) - len(payload)
    data = bytearray(payload)
    unmask(MASK, data)
    return bytes((first, plain[1] | 0x80)) + plain[2:header] + MASK + bytes(data)


def handshake(target: str = "/echo", **headers: str | None) -> bytes:
    """Return an upgrade request; a keyword replaces a header, None leaves it out."""
    fields: dict[str, str | None] = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
        "Sec-WebSocket-Version": "13",
    }
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""]).encode()


class Raw:
    """A client that sends and receives bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def sent(self) -> None:
        await self._writer.drain()

    async def response(self) -> tuple[int, dict[str, str]]:
        """Read the head of an HTTP response: its status, its headers with names in lower case."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.split("\r\n")
        fields = (line.split(": ", 1) for line in lines if line)
        return int(status.split()[1]), {name.lower(): value for name, value in fields}

    async def frame(self) -> tuple[int, bytes]:
        """Read one frame: its first byte and payload."""
        first, size = await self._reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self._reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self._reader.readexactly(8), "big")
        return first, await self._reader.readexactly(size)

    async def end(self) -> bytes:
        """Read until the server hangs up."""
        return await self._reader.read()

    def abort(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def raw_client(
    service: Service,
    target: str = "/echo",
    *,
    upgraded: bool = True,
    read_ahead: int = 1 << 24,
) -> AsyncIterator[Raw]:
    """A raw connection, past the handshake unless told otherwise.

    It takes in up to *read_ahead* bytes, twice, before somebody asks for them.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port, limit=read_ahead)
    raw = Raw(reader, writer)
    if upgraded:
        raw.send(handshake(target))
        status, _ = await raw.response()
        assert status == 101
    try:
        yield raw
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
