"""Resume over processes: workers, nodes, one that is killed or frozen, Redis that goes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest
import websockets

from ..support.redis_server import RedisServer, needs_redis, redis_server
from .support import write_files
from .test_scale_out import Group, starting, until

pytest.importorskip("redis")
pytestmark = needs_redis

APP = {
    "app.soli": """ws_keep_history("room:*", { "messages": 1000, "seconds": 300 })
router_websocket("/ws/:room", "app#handle")

def handle(event)
  room = "room:" + event["params"]["room"]
  if event["type"] == "connect"
    pid = System.run_sync(["sh", "-c", "echo $PPID"])["stdout"].to_i
    return { "join": room, "history": 3, "send": { "event": "hello", "pid": pid } }
  end
  return {} if event["type"] != "message"
  if event["message"] == "past"
    return { "send": { "event": "past", "all": ws_history(room, 1000).map(|one| one["message"]) } }
  end
  { "broadcast_room": event["message"] }
end
"""
}
LEASE = ("--node-lease-seconds", "1.5")


class Reader:
    """A client that opted in, and does what the JavaScript client does."""

    made: ClassVar[list[Reader]] = []

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[str] = []
        self.resumed: list[dict[str, Any]] = []
        self.held = ""
        self.pid = 0
        self.past: list[str] | None = None
        self.socket: Any = None
        self._task: asyncio.Task[None] | None = None

    async def connect(self, url: str | None = None) -> Reader:
        query = {"resume[]": f"room:a@{self.held}"} if self.held else {"resume": "1"}
        address = f"{url or self.url}/a?{urlencode(query)}"
        self.made.append(self)
        self.pid = 0
        self.socket = await websockets.connect(address, proxy=None, max_queue=None)
        self._task = asyncio.create_task(self._read())
        await until(lambda: self.pid and self.held, "hello")
        return self

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                self._take(message)
        except websockets.ConnectionClosed:
            pass

    def _take(self, message: str) -> None:
        decoded = json.loads(message) if message.startswith("{") else {}
        kind = decoded.get("event")
        if kind == "position":
            self.held = decoded["payload"]
        elif kind == "resumed":
            self.resumed.append(decoded["payload"])
            self.held = decoded["payload"]["position"]
        elif kind == "hello":
            self.pid = decoded["pid"]
        elif kind == "past":
            self.past = decoded["all"]
        else:
            self.got.append(message)

    async def drop(self) -> None:
        """The network is gone, or the other end is."""
        if self._task is not None:
            self.socket.transport.abort()
            await asyncio.wait((self._task,))

    async def say(self, *texts: str) -> None:
        for text in texts:
            await self.socket.send(text)

    async def ask_past(self) -> list[str]:
        self.past = None
        await self.say("past")
        await until(lambda: self.past is not None, "past")
        assert self.past is not None
        return self.past


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run *work*; afterwards no client is left."""

    async def closing() -> Any:
        try:
            return await work()
        finally:
            for reader in Reader.made:
                await reader.drop()
            Reader.made.clear()

    return asyncio.run(closing())


def numbers(start: int, end: int) -> list[str]:
    return [str(number) for number in range(start, end)]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    with starting(write_files(tmp_path, APP)) as one:
        yield one


async def elsewhere(reader: Reader, pid: int) -> None:
    """Come back until it is to another process than *pid*."""
    for _ in range(100):
        await reader.connect()
        if reader.pid != pid:
            return
        await reader.drop()
    raise AssertionError("the kernel deals unevenly")


async def apart(url: str) -> tuple[Reader, Reader]:
    """Two clients of different processes."""
    writer, reader = await Reader(url).connect(), Reader(url)
    await elsewhere(reader, writer.pid)
    return writer, reader


def test_three_workers(start: Callable[..., Group]) -> None:
    """A client that comes back to another one misses nothing."""
    group = start("--workers", "3")

    async def work() -> None:
        writer, reader = await apart(group.url)
        await writer.say(*numbers(0, 5))
        await until(lambda: reader.got == numbers(0, 5), "live")
        first = reader.pid
        await reader.drop()
        await writer.say(*numbers(5, 50))
        await until(lambda: writer.got == numbers(0, 50), "said")
        await elsewhere(reader, first)
        await until(lambda: reader.got == numbers(0, 50), "missed")
        assert reader.resumed
        assert all(one["recovered"] for one in reader.resumed)

    run(work)


def test_a_worker_that_is_killed(start: Callable[..., Group]) -> None:
    """Its clients miss nothing, wherever they come back to: to the one that began last, too."""
    group = start("--workers", "3")

    async def work() -> None:
        writer, reader = await apart(group.url)
        await writer.say(*numbers(0, 10))
        await until(lambda: reader.got == numbers(0, 10), "live")
        pids = {writer.pid, reader.pid}
        os.kill(reader.pid, signal.SIGKILL)
        await reader.drop()
        await writer.say(*numbers(10, 80))
        group.until(lambda: group.text.count("worker_ready") == 4, "replaced")
        for _ in range(100):
            await reader.connect()
            await until(lambda: reader.got == numbers(0, 80), "missed")
            pids.add(reader.pid)
            await reader.drop()
            if len(pids) == 4:
                break
        assert len(pids) == 4, "the one that began last never answered"
        assert all(one["recovered"] for one in reader.resumed)
        await reader.connect()
        assert await reader.ask_past() == numbers(0, 80)

    run(work)


def test_two_nodes_of_which_one_is_killed(start: Callable[..., Group], server: RedisServer) -> None:
    """Its clients go to the other and miss nothing; the one that replaces it knows all."""
    groups = [start("--broker", server.url, *LEASE) for _ in range(2)]

    async def work() -> None:
        urls = [group.url for group in groups]
        writer = await Reader(urls[0]).connect()
        reader = await Reader(urls[1]).connect()
        await writer.say(*numbers(0, 10))
        await until(lambda: reader.got == numbers(0, 10), "live")
        groups[1].process.kill()
        await reader.drop()
        await writer.say(*numbers(10, 30))
        await reader.connect(urls[0])
        await until(lambda: reader.got == numbers(0, 30), "missed")
        assert reader.resumed[-1]["recovered"]
        await reader.drop()
        await writer.say(*numbers(30, 40))
        await until(lambda: writer.got == numbers(0, 40), "said")
        third = start("--broker", server.url, *LEASE)
        await reader.connect(third.url)
        await until(lambda: reader.got == numbers(0, 40), "missed")
        assert reader.resumed[-1]["recovered"]
        assert await reader.ask_past() == numbers(0, 40)
        await writer.say(*numbers(40, 45))
        await until(lambda: reader.got == numbers(0, 45), "live")

    run(work)


def test_all_nodes_are_restarted(start: Callable[..., Group], server: RedisServer) -> None:
    """Redis has what they kept, and a position from before is still one."""
    first = start("--broker", server.url, *LEASE)

    async def before() -> Reader:
        reader = await Reader(first.url).connect()
        await reader.say(*numbers(0, 5))
        await until(lambda: reader.got == numbers(0, 5), "live")
        held = reader.held
        await reader.say(*numbers(5, 9))
        await until(lambda: reader.got == numbers(0, 9), "live")
        await reader.drop()
        reader.held, reader.got = held, numbers(0, 5)
        return reader

    reader = run(before)
    first.process.kill()
    first.process.wait()
    second = start("--broker", server.url, *LEASE)

    async def after() -> None:
        await reader.connect(second.url)
        await until(lambda: reader.got == numbers(0, 9), "missed")
        assert reader.resumed == [reader.resumed[0] | {"recovered": True, "missed": 4}]

    run(after)


def test_a_node_that_froze_catches_up(start: Callable[..., Group], server: RedisServer) -> None:
    """Longer than its lease: who stayed connected gets what was said, late and in order."""
    groups = [start("--broker", server.url, *LEASE) for _ in range(2)]

    async def work() -> None:
        writer = await Reader(groups[0].url).connect()
        reader = await Reader(groups[1].url).connect()
        async with websockets.connect(f"{groups[1].url}/a", proxy=None) as plain:
            assert json.loads(await asyncio.wait_for(plain.recv(), 20))["event"] == "hello"
            await writer.say(*numbers(0, 3))
            await until(lambda: reader.got == numbers(0, 3), "live")
            await _say_while_frozen(groups[1], writer)
            await until(lambda: reader.got == numbers(0, 15), "caught up", 30)
            assert "broker_resync" in groups[1].text
            assert reader.resumed == []
            await writer.say("last")
            await until(lambda: reader.got[-1] == "last", "live")
            got: list[str] = []
            while not got or got[-1] != "last":
                got.append(str(await asyncio.wait_for(plain.recv(), 10)))
        assert [text for text in got if not text.startswith("{")] == [*numbers(0, 15), "last"]
        await reader.drop()
        await reader.connect(groups[0].url)
        await until(lambda: reader.resumed, "resumed")
        assert (reader.resumed[-1]["recovered"], reader.resumed[-1]["missed"]) == (True, 0)

    run(work)


async def _say_while_frozen(group: Group, writer: Reader) -> None:
    group.process.send_signal(signal.SIGSTOP)
    try:
        await writer.say(*numbers(3, 10))
        await until(lambda: len(writer.got) == 10, "said")
        await asyncio.sleep(3)  # its lease has to end
        await writer.say(*numbers(10, 15))
        await until(lambda: len(writer.got) == 15, "said")
    finally:
        group.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("keeps", [True, False], ids=["with its data", "empty"])
def test_redis_is_started_again(start: Callable[..., Group], keeps: bool) -> None:
    """Positions from before are in doubt; what was kept is shown if it is there."""
    with redis_server(keeps=keeps) as server:
        groups = [start("--broker", server.url) for _ in range(2)]

        async def work() -> None:
            writer = await Reader(groups[0].url).connect()
            reader = await Reader(groups[1].url).connect()
            away = await Reader(groups[1].url).connect()
            await writer.say(*numbers(0, 5))
            await until(lambda: reader.got == away.got == numbers(0, 5), "live")
            await away.drop()
            held = reader.held
            server.kill()
            server.start()
            for group in groups:
                group.until(lambda group=group: "broker_back" in group.text, "back")  # type: ignore[misc]
            await until(lambda: reader.held != held, "another position")
            lost = [one["recovered"] for one in reader.resumed]
            assert lost == ([] if keeps else [False])
            await writer.say("after")
            await until(lambda: reader.got[-1] == "after", "live")
            await away.connect()
            assert not away.resumed[-1]["recovered"]
            kept = ["3", "4", "after"] if keeps else ["after"]
            await until(lambda: away.got == [*numbers(0, 5), *kept], "history")
            await reader.drop()
            await writer.say("more")
            await until(lambda: writer.got[-1] == "more", "said")
            await reader.connect()
            await until(lambda: reader.got[-1] == "more", "missed")
            assert reader.resumed[-1]["recovered"]

        run(work)
