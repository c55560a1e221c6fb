"""What breaks: lines, processes, our own code. Each costs what it must, and no more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets

from ..support.live import LiveServer, serve
from .hostile import APP, CLOSE, calm, close_code, raw, still_calm, text
from .support import SECONDS, receive, run, serving

PINGS = 0.2
"""Seconds between two pings in these tests."""
LOAD = 150
"""Connections of a server that is stopped."""


# --- lines ---


def test_a_half_open_connection_is_gone_after_two_pings(tmp_path: Path) -> None:
    """The peer's machine lost its power: no FIN, no pong. Whoever answers stays."""

    async def body() -> None:
        async with serving(tmp_path, APP, ping_seconds=PINGS) as site, calm(site):
            async with raw(site) as silent:
                begin = time.monotonic()
                frames = [await silent.frame(), await silent.frame()]
                await silent.end()
                pings = (time.monotonic() - begin) / PINGS
            assert frames == [(0x89, b""), (0x89, b"")]
            assert pings < 20, "two unanswered pings and a third period, on a slow machine"
            await site.until(lambda: site.realtime.count() == 1)
            counters = site.server.service.endpoint.counters
            assert counters.ping_timeouts == 1
            assert "closed_by_policy cause=ping_timeout code=1006" in site.log

    run(body)


def test_a_half_open_connection_gets_its_disconnect_with_1006(tmp_path: Path) -> None:
    """As if the line had just broken."""
    app = {
        "app.soli": """router_websocket("/ws", "app#handle")
get("/codes", "app#codes")
seen = []
def handle(event)
  seen.push(event["code"]) if event["type"] == "disconnect"
  {}
end
def codes
  seen
end
"""
    }

    async def body() -> None:
        async with serving(tmp_path, app, ping_seconds=PINGS) as site:
            async with raw(site) as silent:
                await silent.end()
            await site.until(lambda: site.realtime.count() == 0)
            assert (await site.get("/codes")).json == [1006]

    run(body)


# --- our own code ---


def crash_for(site: Any, connection_id: str) -> None:
    """Let the core fail for one connection, as a bug of ours would."""
    hub = site.server.service.hub
    apply = hub.apply

    def broken(connection: str, *arguments: Any) -> Any:
        if connection == connection_id:
            raise RuntimeError("a bug of ours")
        return apply(connection, *arguments)

    hub.apply = broken


SLOW = {
    "app.soli": """router_websocket("/ws", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  sleep(0.05) if event["message"] == "slow"
  { "send": event["message"], "join": "room" }
end
"""
}


@pytest.mark.parametrize("message", ["quick", "slow"])
def test_a_crash_closes_its_own_connection_with_1011(
    tmp_path: Path, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when it comes after a wait; the others go on, and nothing is left of it."""

    async def body() -> None:
        async with serving(tmp_path, SLOW) as site, site.connect("/ws") as other:
            async with site.connect("/ws") as client:
                await still_calm(client)
                mine = site.realtime.clients()[-1]
                crash_for(site, mine)
                await client.send(message)
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await receive(client)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1011
                assert closed.value.rcvd.reason == ""
                await still_calm(other)
            await site.until(lambda: site.realtime.count() == 1)

    run(body)
    assert "a bug of ours" in caplog.text


def test_a_crash_while_leaving_leaves_nothing(tmp_path: Path) -> None:
    """The teardown goes on behind it."""

    async def body() -> None:
        async with serving(tmp_path, SLOW) as site, site.connect("/ws") as other:
            async with site.connect("/ws") as client:
                await still_calm(client)
                crash_for(site, site.realtime.clients()[-1])
            await site.until(lambda: site.realtime.count() == 1)
            await still_calm(other)

    run(body)


# --- the process ---


LOADED = """router_websocket("/ws/:room", "app#handle")
def handle(event)
  return { "join": event["params"]["room"] } if event["type"] == "connect"
  if event["type"] == "disconnect"
    print("left with #{event["code"]}")
    return { "broadcast_room": "bye" } if event["code"] != 1001
    return {}
  end
  sleep(20) if event["message"] == "sleep"
  { "broadcast_room": event["message"], "send": "ok" }
end
"""


def loaded_app(root: Path) -> Path:
    path = root / "app.soli"
    path.write_text(LOADED, "utf-8")
    return path


async def under_load(
    server: LiveServer, stop: Callable[[], Any], *, asleep: int = 0
) -> list[int | None]:
    """Connect many, let them talk, call *stop* meanwhile; the codes with which each was closed."""

    async def one(number: int, ready: asyncio.Semaphore) -> int | None:
        url = server.websocket_url(f"/ws/room{number % 10}")
        # A client with unread messages does not see the end of the line: do not wait for that.
        async with websockets.connect(
            url, proxy=None, open_timeout=SECONDS, close_timeout=0.2
        ) as client:
            if number < asleep:
                await client.send("sleep")
            else:
                await client.send("hello")
                while await client.recv() != "ok":
                    pass
                await client.send("hello")
            ready.release()
            try:
                while True:
                    # One message at a time each: an answer is what the next one waits for.
                    if await client.recv() == "ok":
                        await client.send("hello")
            except websockets.ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd is not None else None

    ready = asyncio.Semaphore(0)
    everybody = asyncio.gather(*(one(number, ready) for number in range(LOAD)))
    async with asyncio.timeout(3 * SECONDS):
        for _ in range(LOAD):
            await ready.acquire()
        await asyncio.to_thread(stop)
        return await everybody


def test_stopping_under_load_tells_everybody(tmp_path: Path) -> None:
    """SIGTERM: 1001 for all, every disconnect is run, status 0 before the deadline."""
    with serve(loaded_app(tmp_path), "--message-rate", "0", "--shutdown-seconds", "9") as server:
        begin = time.monotonic()
        status: list[int] = []
        codes = asyncio.run(under_load(server, lambda: status.append(server.stop())))
        seconds = time.monotonic() - begin
        left = [line for line in server.output if line.startswith("left with")]

    assert codes == [1001] * LOAD
    assert left == ["left with 1001"] * LOAD
    assert status == [0]
    assert seconds < 9 + SECONDS


def test_stopping_does_not_wait_for_those_who_sleep(tmp_path: Path) -> None:
    """A third of the deadline is theirs; then they are closed like everybody else."""
    flags = ("--message-rate", "0", "--shutdown-seconds", "1.5")
    with serve(loaded_app(tmp_path), *flags) as server:
        status: list[int] = []
        codes = asyncio.run(under_load(server, lambda: status.append(server.stop()), asleep=20))
        left = [line for line in server.output if line.startswith("left with")]

    assert codes == [1001] * LOAD
    assert len(left) == LOAD
    assert status == [0]


def test_a_restart_on_the_same_port_works_at_once(tmp_path: Path) -> None:
    """Though the kernel still remembers connections of the first."""
    path = loaded_app(tmp_path)
    with serve(path) as first:
        port = str(urlsplit(first.url).port)
        with first.connect("/ws/a") as client:
            client.send("hello")
            assert client.recv() == "ok"
            first.stop()
    with serve(path, "--port", port) as second, second.connect("/ws/a") as client:
        assert urlsplit(second.url).port == int(port)
        client.send("hello")
        assert client.recv() == "ok"


def test_a_client_that_is_closed_can_come_back_at_once(tmp_path: Path) -> None:
    """Nothing of its former connection is in its way."""

    async def body() -> None:
        async with serving(tmp_path, APP, max_connections=1) as site:
            for _ in range(20):
                async with raw(site) as client:
                    client.send(text("hello"))
                    assert (await client.frame())[1] == b"hello"
                    client.send(bytes((CLOSE, 0x80)) + b"mask")
                    await close_code(client)
                await site.until(lambda: site.server.service.connections.admission.count == 0)

    run(body)
