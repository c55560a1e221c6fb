"""Whether connections can take their transport over from this aiohttp, on this event loop.

`upgrade` uses parts of aiohttp that it does not document. At start-up this module opens one
connection to itself, over a pair of connected sockets (no port, no network), with a frame sent
together with the handshake, and looks whether everything arrives and aiohttp forgets it.
"""

import asyncio
import socket

import aiohttp
from aiohttp import web

from .connection import Connection
from .endpoint import Endpoint
from .upgrade import upgrade

__all__ = ["CannotTakeOver", "check_takeover"]

TESTED = "3.14.2"
"""The version of aiohttp that is known to."""

#: The whole test takes milliseconds; past this something hangs.
TEST_SECONDS = 2.0

_REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
# Masked with zeroes, so that they can be read here: "early", "later", Close 1000.
_EARLY = b"\x81\x85\0\0\0\0early"
_LATER = b"\x81\x85\0\0\0\0later"
_CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"


class CannotTakeOver(Exception):
    """This version of aiohttp works otherwise than ours. The text says what to do."""


async def check_takeover() -> None:
    """Try an upgrade. Call it once, before anybody is served. Raises CannotTakeOver."""
    try:
        await asyncio.wait_for(_try_upgrade(), TEST_SECONDS)
    except Exception as error:
        raise CannotTakeOver(
            f"aiohttp {aiohttp.__version__} does not hand its connections over as {TESTED} does "
            f"({type(error).__name__}: {error}): install one that does, with: "
            f"pip install 'aiohttp~={TESTED}'"
        ) from error


class _Echo:
    def on_open(self, connection: Connection) -> None:
        connection.send_text("open")

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        connection.send(payload)

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        pass


async def _try_upgrade() -> None:
    loop = asyncio.get_running_loop()
    endpoint = Endpoint(loop=loop)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await upgrade(request, _Echo(), endpoint)

    server = web.Server(handle, access_log=None)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    try:
        await loop.connect_accepted_socket(server, theirs)
        await _converse(loop, ours, server)
    finally:
        ours.close()
        await endpoint.close_all(0)
        await server.shutdown(0)


async def _converse(
    loop: asyncio.AbstractEventLoop, ours: socket.socket, server: web.Server
) -> None:
    await loop.sock_sendall(ours, _REQUEST + _EARLY)
    received = await _receive(loop, ours, b"\x81\x04open\x81\x05early")
    if not received.startswith(b"HTTP/1.1 101 "):
        raise RuntimeError("no 101")
    await loop.sock_sendall(ours, _LATER)
    await _receive(loop, ours, b"\x81\x05later")
    if server.connections:
        raise RuntimeError("aiohttp did not let go of the connection")
    await loop.sock_sendall(ours, _CLOSE)
    await _receive(loop, ours, b"\x88\x02\x03\xe8")
    if await loop.sock_recv(ours, 1):
        raise RuntimeError("the connection was not closed")


async def _receive(loop: asyncio.AbstractEventLoop, ours: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        data = await loop.sock_recv(ours, 4096)
        if not data:
            raise RuntimeError(f"the connection ended after {received[-40:]!r}")
        received += data
    return received
