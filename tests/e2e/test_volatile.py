"""Volatile messages: who is behind gets the newest of each sender and key, not all."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets

from ..support.live import serve
from .support import Site, receive, run, serving

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
ws_keep_history("kept")
def handle(event)
  return { "join": ["kept", "room"] } if event["type"] == "connect"
  return {} if event["type"] == "disconnect"
  data = event["message"].to_h
  return { "send": data["send"], "volatile": true } if data["send"]
  return { "broadcast_room": data["room"], "volatile": data["key"] } if data["room"]
  return { "broadcast": data["all"], "volatile": data["key"] } if data["all"]
  return { "broadcast_others": data["others"], "volatile": data["key"] } if data["others"]
  ws_broadcast_room("room", data["helper"], { "volatile": data["key"] }) if data["helper"]
  ws_broadcast_room("kept", data["kept"], { "volatile": true }) if data["kept"]
  return { "send": ws_history("kept", 10).len } if data["history"]
  { "send": data["wrong"], "volatile": 1.5 } if data["wrong"]
  {}
end
"""
}
PAD = "x" * 4000


@asynccontextmanager
async def slow_client(site: Site) -> AsyncIterator[socket.socket]:
    """The same of a site."""
    async with slow_client_of(site.url) as reader:
        yield reader


@asynccontextmanager
async def slow_client_of(url: str) -> AsyncIterator[socket.socket]:
    """A member of the room whose window is small and who does not read."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setblocking(False)
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    await loop.sock_connect(reader, (host, int(port)))
    request = (
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await loop.sock_sendall(reader, request.encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await loop.sock_recv(reader, 1)
    with reader:
        yield reader


async def all_numbers(reader: socket.socket, last: int) -> list[int]:
    """The numbers that the messages of the slow client begin with, up to *last*."""
    loop, data, found = asyncio.get_running_loop(), b"", []
    while not found or found[-1] != last:
        data += await loop.sock_recv(reader, 65536)
        while len(data) > 4:
            size, start = data[1], 2
            if size == 126:
                size, start = int.from_bytes(data[2:4], "big"), 4
            if len(data) < start + size:
                break
            found.append(int(data[start : start + size].split(b" ")[0]))
            data = data[start + size :]
    return found


@pytest.mark.parametrize("way", ["room", "all", "others", "helper"])
def test_who_is_behind_gets_the_newest_and_others_get_all(tmp_path: Path, way: str) -> None:
    """The last one always arrives, and nobody is closed for reading slowly."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, message_rate=0) as site,
            site.connect("/ws") as sender,
            site.connect("/ws") as quick,
            slow_client(site) as slow,
        ):
            count, heard = 800, []
            for number in range(count):
                await sender.send(json.dumps({way: f"{number} {PAD}", "key": "cursor"}))
                heard.append(int((await receive(quick)).split(" ")[0]))
                if way != "others":
                    await receive(sender)
            assert heard == list(range(count))
            assert len(site.realtime.clients()) == 3
            got = await all_numbers(slow, count - 1)
            assert got == sorted(got)
            assert len(got) < count / 2
            assert dropped(site) == count - len(got)

    run(body)


def test_one_waits_for_each_key(tmp_path: Path) -> None:
    """Two keys of one sender: the newest of both."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, message_rate=0) as site,
            site.connect("/ws") as sender,
            slow_client(site) as slow,
        ):
            for number in range(1000):
                text = json.dumps({"room": f"{number} {PAD}", "key": f"k{number % 2}"})
                await sender.send(text)
                await receive(sender)
            got = await all_numbers(slow, 999)
            assert got[-2:] == [998, 999]

    run(body)


def test_what_is_volatile_is_not_kept(tmp_path: Path) -> None:
    """Nor resumed; what is not volatile is."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as one:
            await one.send(json.dumps({"kept": "gone soon"}))
            assert await receive(one) == "gone soon"
            await one.send(json.dumps({"history": True}))
            assert await receive(one) == "0"

    run(body)


WRONG = [(1.5, "expected true or a String, got Float"), ("", "a key has 1 to 255 characters")]


@pytest.mark.parametrize(("key", "why"), WRONG)
def test_a_wrong_key_is_named(tmp_path: Path, key: Any, why: str) -> None:
    """Nothing of the return is applied; the connection lives on."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as one:
            await one.send(json.dumps({"room": "x", "key": key}))
            await one.send(json.dumps({"helper": "x", "key": key}))
            await one.send(json.dumps({"history": True}))
            assert await receive(one) == "0"
            assert f"volatile: {why}" in site.log
            assert f"ws_broadcast_room() volatile: {why}" in site.log

    run(body)


def test_false_is_an_ordinary_message(tmp_path: Path) -> None:
    """So that a program can compute whether it is volatile."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as one:
            await one.send(json.dumps({"room": "x", "key": False}))
            assert await receive(one) == "x"

    run(body)


def test_over_two_processes(tmp_path: Path) -> None:
    """Wherever sender and slow reader are: quick readers get all, the slow one the last."""
    (tmp_path / "app.soli").write_text(APP["app.soli"], "utf-8")
    flags = ("--workers", "2", "--message-rate", "0", "--metrics")

    async def body(url: str) -> None:
        address = url.replace("http", "ws", 1) + "/ws"
        async with AsyncExitStack() as stack:
            slow = [await stack.enter_async_context(slow_client_of(url)) for _ in range(4)]
            connect = websockets.connect
            clients = [
                await stack.enter_async_context(connect(address, proxy=None)) for _ in range(4)
            ]
            count = 300
            for number in range(count):
                await clients[0].send(json.dumps({"others": f"{number} {PAD}", "key": "k"}))
                for client in clients[1:]:
                    assert (await receive(client)).startswith(f"{number} ")
            for reader in slow:
                got = await all_numbers(reader, count - 1)
                assert got == sorted(got)
                assert len(got) < count / 2

    with serve(tmp_path / "app.soli", *flags) as server:
        run(lambda: body(server.url))


def dropped(site: Site) -> int:
    return int(site.server.service.endpoint.counters.volatile_dropped)
