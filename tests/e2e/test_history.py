"""History and resume over real sockets: what who opted in gets, and that others get none of it."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.sync.client import connect as connect_websocket

from ..support.live import eventually
from ..support.redis_server import redis_server
from .support import Site, receive, receive_json, run, serving, write_files

APP = {
    "app.soli": """ws_keep_history("room:*", { "messages": 5, "seconds": 300 })
router_websocket("/ws/:room", "app#handle")
get("/past/:room", "app#past")
post("/say/:room", "app#say")

def handle(event)
  room = "room:" + event["params"]["room"]
  if event["type"] == "connect"
    wanted = (event["query"]["history"] ?? "0").to_i
    return { "join": room, "history": wanted, "send": { "resume": event["resume"] } }
  end
  return { "broadcast_room": event["message"] } if event["type"] == "message"
  {}
end

def past(request)
  ws_history("room:" + request["params"]["room"], 3)
end

def say(request)
  ws_broadcast_room("room:" + request["params"]["room"], request["body"])
  "said"
end
"""
}

CLOSE_FRAME = b"\x88\x02\x03\xe8"


def resuming(room: str, position: str, **query: str) -> str:
    return f"/ws/{room}?" + urlencode({"resume[]": f"room:{room}@{position}", **query})


def app_test(test: Callable[[Site], Any], root: Path, **settings: Any) -> None:
    async def body() -> None:
        async with serving(root, APP, **settings) as site:
            await test(site)

    run(body)


async def said(site: Site, room: str, *texts: str) -> None:
    for text in texts:
        await site.request("POST", f"/say/{room}", data=text)


async def until_position(client: Any) -> tuple[list[Any], str]:
    """What comes before the next position, and that."""
    got: list[Any] = []
    while True:
        text = await receive(client)
        try:
            message = json.loads(text)
        except ValueError:
            message = text
        if isinstance(message, dict) and message.get("event") == "position":
            return got, message["payload"]
        got.append(message)


def test_a_client_that_comes_back_gets_what_it_missed(tmp_path: Path) -> None:
    """The event says where it comes back to, `resumed` that it is all, and live ones follow."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/a?resume=1") as client:
            got, start = await until_position(client)
            assert got == []
            assert await receive_json(client) == {"resume": {}}
            await client.send("one")
            assert await until_position(client) == (["one"], await _position(site, "a"))
            held = await _position(site, "a")
            client.transport.abort()
        await said(site, "a", "two", "three")
        await said(site, "b", "elsewhere")
        async with site.connect(resuming("a", held, history="1")) as client:
            got, now = await until_position(client)
            resumed = {"recovered": True, "missed": 2, "position": held}
            first = {"event": "resumed", "channel": "room:a", "payload": resumed}
            assert got == [first, "two", "three"]
            assert await receive_json(client) == {"resume": {"room:a": held}}
            await client.send("four")
            assert (await until_position(client))[0] == ["four"]
        assert len({start, held, now}) == 3

    app_test(test, tmp_path)


async def _position(site: Site, room: str) -> str:
    return str((await site.get(f"/past/{room}")).json[-1]["position"])


def test_too_much_was_missed(tmp_path: Path) -> None:
    """Then it is told so, and gets what any newcomer gets."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/a?resume=1") as client:
            _, held = await until_position(client)
        await said(site, "a", *"123456")
        async with site.connect(resuming("a", held, history="2")) as client:
            (resumed, *messages), _ = await until_position(client)
            assert (resumed["payload"]["recovered"], messages) == (False, [5, 6])

    app_test(test, tmp_path)


def test_a_restart_is_another_life(tmp_path: Path) -> None:
    """Of a process that keeps everything in memory."""
    held: list[str] = []

    async def first(site: Site) -> None:
        async with site.connect("/ws/a?resume=1") as client:
            held.append((await until_position(client))[1])

    async def second(site: Site) -> None:
        async with site.connect(resuming("a", held[0])) as client:
            (resumed,), _ = await until_position(client)
            assert not resumed["payload"]["recovered"]

    for test in (first, second):
        app_test(test, tmp_path)


def test_programs_can_look(tmp_path: Path) -> None:
    """The last three, oldest first, with position and time."""

    async def test(site: Site) -> None:
        await said(site, "a", *"1234")
        found = (await site.get("/past/a")).json
        assert [one["message"] for one in found] == ["2", "3", "4"]
        assert all(isinstance(one["at"], float) for one in found)
        assert len({one["position"] for one in found}) == 3
        assert (await site.get("/past/b")).json == []

    app_test(test, tmp_path)


@pytest.mark.parametrize("compression", [False, True])
def test_others_get_byte_for_byte_what_they_got(tmp_path: Path, compression: bool) -> None:
    """Also beside clients that opted in, with and without permessage-deflate."""
    bare = {"app.soli": APP["app.soli"].split("\n", 1)[1].replace(', "history": wanted', "")}
    streams: list[bytes] = []

    async def stream(site: Site) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.split(":")[-1]))
        extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if compression else ""
        writer.write(
            (
                "GET /ws/a HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extension}\r\n"
            ).encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert (b"permessage-deflate" in head) == compression
        await site.until(lambda: site.realtime.hub.count() == 2)
        for number in range(20):
            site.realtime.broadcast_room("room:a", f"message {number} " + "x" * 10 * number)
            if number % 3 == 0:
                await asyncio.sleep(0)
        for connection_id in site.realtime.clients():
            site.realtime.close(connection_id)
        got = b""
        while not got.endswith(CLOSE_FRAME):
            got += await asyncio.wait_for(reader.read(65536), 10)
        writer.close()
        return got

    async def test(files: dict[str, str]) -> None:
        async with (
            serving(tmp_path / str(len(streams)), files, compression=compression) as site,
            site.connect("/ws/a?resume=1", max_queue=None),
        ):
            streams.append(await stream(site))

    for files in (bare, APP):
        run(lambda files=files: test(files))  # type: ignore[misc]
    assert streams[0] == streams[1]
    assert b"position" not in streams[1]


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_a_store_outlives_the_server(tmp_path: Path, kind: str) -> None:
    """An orderly stop: all that was missed, before and behind it."""
    held: list[str] = []

    async def first(site: Site) -> None:
        async with site.connect("/ws/a?resume=1") as client:
            held.append((await until_position(client))[1])
        await said(site, "a", "one", "two")

    async def second(site: Site) -> None:
        await said(site, "a", "three")
        async with site.connect(resuming("a", held[0])) as client:
            (resumed, *missed), _ = await until_position(client)
            assert (resumed["payload"]["recovered"], missed) == (True, ["one", "two", "three"])
        assert [one["message"] for one in (await site.get("/past/a")).json] == missed

    with redis_server() if kind == "redis" else nullcontext() as server:
        store = f"sqlite:{tmp_path / 'db'}" if server is None else server.url
        for test in (first, second):
            app_test(test, tmp_path, store=store)


@contextmanager
def killed_afterwards(app: Path, *flags: str) -> Iterator[str]:
    """The address of a server for WebSockets; its end is no orderly one."""
    command = [sys.executable, "-m", "soli_runtime.cli", "run", str(app), "--port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = re.search(r"http(://\S+)", process.stdout.readline())
        assert address is not None
        yield f"ws{address[1]}"
    finally:
        process.kill()
        process.communicate()


def talk(url: str, *texts: str) -> list[Any]:
    """What a client gets until it knows where it is and heard what it said."""
    got: list[Any] = []
    with connect_websocket(url, proxy=None) as client:
        for text in texts:
            client.send(json.dumps({"text": text}))
        while not got or "resume" not in got[-1]:
            got.append(json.loads(client.recv(10)))
        while len(spoken(got)) < len(texts):
            got.append(json.loads(client.recv(10)))
    return got


def spoken(got: list[Any]) -> list[str]:
    return [one["text"] for one in got if "text" in one]


def test_a_killed_server_claims_nothing(tmp_path: Path) -> None:
    """What had been written is shown."""
    app = write_files(tmp_path, APP)
    flags = ("--store", f"sqlite:{tmp_path / 'db'}")
    with killed_afterwards(app, *flags) as url:
        held = talk(f"{url}/ws/a?resume=1", "one", "two")[0]["payload"]
        with closing(sqlite3.connect(tmp_path / "db")) as db:
            rows = "SELECT count(*) FROM kept"
            eventually(lambda: db.execute(rows).fetchone()[0] == 2, "it is never written")
    with killed_afterwards(app, *flags) as url:
        got = talk(url + resuming("a", held, history="5"))
    assert got[0]["payload"]["recovered"] is False
    assert spoken(got) == ["one", "two"]
