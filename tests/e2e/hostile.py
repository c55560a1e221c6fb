"""Clients that mean no good, and the app that they meet: raw sockets, raw bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .support import SECONDS, Site, receive
from .ws.serving import Raw, handshake, masked

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
router_websocket("/ws/:room", "app#room")
get("/count", "app#count")
turns = 0

def handle(event)
  return {} if event["type"] != "message"
  text = event["message"]
  if text == "loop"
    while true
    end
  end
  return { "send": "x" * int(text.replace("send ", "")) } if text.starts_with("send ")
  if text.starts_with("build ")
    s = "x" * 1000
    parts = (0..int(text.replace("build ", ""))).map(|i| s.upcase)
    return { "send": "built" }
  end
  if text.starts_with("turns ")
    int(text.replace("turns ", "")).times |i| i end
    return { "send": "turned" }
  end
  { "send": text }
end

def room(event)
  return event["message"].to_h if event["type"] == "message"
  {}
end

def count
  str(ws_count())
end
"""
}


@asynccontextmanager
async def connected(
    site: Site, *, reads: int = 1 << 24
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A TCP connection to the server, nothing sent. It *reads* that many bytes ahead."""
    address = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=reads)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def raw(
    site: Site, path: str = "/ws", *, reads: int = 1 << 24, **headers: str | None
) -> AsyncIterator[Raw]:
    """A WebSocket of raw bytes, past its handshake."""
    async with connected(site, reads=reads) as (reader, writer):
        client = Raw(reader, writer)
        client.send(handshake(path, **headers))
        status, _ = await client.response()
        assert status == 101
        yield client


async def close_code(client: Raw) -> int:
    """The code with which the server closes *client*; what it sends before is dropped."""
    async with asyncio.timeout(SECONDS):
        while True:
            first, payload = await client.frame()
            if first == CLOSE:
                return int.from_bytes(payload[:2], "big")


async def hang_up(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server hangs up, however it does."""
    async with asyncio.timeout(SECONDS):
        with suppress(ConnectionError):
            return await reader.read()
        return b""


async def status_line(reader: asyncio.StreamReader) -> bytes:
    """The first line of an answer, empty when the server hangs up without one."""
    async with asyncio.timeout(SECONDS):
        with suppress(ConnectionError):
            return await reader.readline()
        return b""


@asynccontextmanager
async def calm(site: Site) -> AsyncIterator[Any]:
    """Somebody else's connection, which must work before, meanwhile and afterwards."""
    async with site.connect("/ws") as client:
        await still_calm(client)
        yield client
        await still_calm(client)


async def still_calm(client: Any) -> None:
    """The connection answers."""
    await client.send("still here?")
    assert await receive(client) == "still here?"


def text(payload: str) -> bytes:
    """A text message as a client sends it."""
    return masked(TEXT, payload.encode())


__all__ = [
    "APP", "CLOSE", "PING", "PONG", "TEXT", "Path", "calm", "close_code", "connected", "hang_up",
    "masked", "raw", "status_line", "still_calm", "text",
]  # fmt: skip
