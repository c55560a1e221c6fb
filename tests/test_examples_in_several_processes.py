"""Every example gives clients the same with two workers and with two nodes as with one process.

Each conversation runs step by step: what all steps gave so far is waited for before the next, so
its outcome does not depend on the time. Ids and times are left out.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from .support.live import PATIENCE_SECONDS, LiveServer, serve
from .support.redis_server import needs_redis, redis_server
from .test_examples import EXAMPLES

QUIET_SECONDS = 0.2
"""How long nothing more may come, for a step to be over of which nothing is known."""
_RANDOM = re.compile(r'("(?:id|at|phx_ref|phx_ref_prev|position)":)("[^"]*"|[\d.]+)')

Servers = list[LiveServer]


class Talk:
    """Clients by name, spread over the servers, and what they get, step by step."""

    def __init__(self, servers: Servers, stack: ExitStack, expected: Talk | None) -> None:
        self._servers = servers
        self._stack = stack
        self._expected = [] if expected is None else expected.counts
        self._clients: dict[str, ClientConnection] = {}
        self.heard: dict[str, list[str]] = {}
        """What each client got, in order."""
        self.counts: list[dict[str, int]] = []
        """How much that was after each step."""

    def connect(self, name: str, path: str) -> None:
        server = self._servers[len(self._clients) % len(self._servers)]
        self._clients[name] = self._stack.enter_context(server.connect(path))
        self.heard[name] = []
        self._listen()

    def send(self, name: str, message: Any) -> None:
        self._clients[name].send(message if isinstance(message, str) else json.dumps(message))
        self._listen()

    def _listen(self) -> None:
        """Wait for what one process gave; where nothing is known, until nothing more comes."""
        step = len(self.counts)
        wanted = self._expected[step] if step < len(self._expected) else {}
        deadline = time.monotonic() + (PATIENCE_SECONDS if wanted else QUIET_SECONDS)
        while time.monotonic() < deadline and not (wanted and self._has(wanted)):
            for name, client in self._clients.items():
                with suppress(TimeoutError):
                    text = str(client.recv(0.001))
                    self.heard[name].append(_RANDOM.sub(r"\1?", text))
                    deadline = max(deadline, time.monotonic() + QUIET_SECONDS)
        self.counts.append({name: len(texts) for name, texts in self.heard.items()})

    def _has(self, wanted: dict[str, int]) -> bool:
        return all(len(self.heard[name]) >= count for name, count in wanted.items())

    def end(self) -> None:
        """Until nothing more comes."""
        self._listen()


def echo(talk: Talk) -> None:
    talk.connect("ada", "/ws/echo")
    talk.send("ada", "hello")


def broadcast(talk: Talk) -> None:
    for name in ("ada", "bob"):
        talk.connect(name, "/ws/all")
        talk.send(name, "hello, all")


def rooms(talk: Talk) -> None:
    for name, room in {"ada": "tea", "bob": "coffee", "cleo": "tea"}.items():
        talk.connect(name, f"/ws/room/{room}")
        talk.send(name, f"{name} is here")  # who hears this is in the room, wherever it connected
    talk.send("ada", "milk?")


def chat(talk: Talk) -> None:
    for name in ("Ada", "Bob"):
        talk.connect(name, f"/ws/room/kitchen?name={name}")
    talk.send("Ada", {"event": "message", "text": "tea is ready"})
    talk.send("Bob", {"event": "typing"})
    talk.send("Bob", {"event": "message", "text": "coming"})
    talk.connect("Cleo", "/ws/room/kitchen?name=Cleo")


def poll(talk: Talk) -> None:
    names = [f"voter{number}" for number in range(4)]
    for name in names:
        talk.connect(name, f"/ws/poll?name={name}")
    for name in names:
        talk.send(name, {"vote": "Tabs"})
    talk.send(names[0], {"vote": "Spaces"})
    talk.connect("late", "/ws/poll?name=late")


def thread(talk: Talk) -> None:
    talk.connect("ada", "/ws/thread?name=Ada")
    talk.send("ada", {"text": "first"})
    talk.connect("bob", "/ws/thread?name=Bob")
    talk.send("bob", {"text": "second"})


def board(talk: Talk) -> None:
    for name in ("Ada", "Bob", "Cleo"):
        talk.connect(name, f"/ws/board/one?name={name}")
    talk.send("Ada", {"event": "take", "payload": "b3", "ref": 1})
    talk.send("Bob", {"event": "take", "payload": "b3", "ref": 1})
    talk.send("Bob", {"event": "take", "payload": "c1", "ref": 2})
    talk.send("Cleo", {"event": "clear"})
    talk.connect("late", "/ws/board/one?name=late")


TALKS: dict[str, Callable[[Talk], None]] = {
    "echo": echo,
    "broadcast.soli": broadcast,
    "rooms.soli": rooms,
    "chat": chat,
    "poll": poll,
    "thread": thread,
    "board": board,
}


def test_no_example_is_forgotten() -> None:
    """`hello.soli` is not served, `fastapi` not by `soli run`."""
    names = {path.name for path in EXAMPLES.iterdir() if path.name != "README.md"}
    assert names == {*TALKS, "hello.soli", "fastapi"}


@contextmanager
def one_process(example: str) -> Iterator[Servers]:
    with serve(EXAMPLES / example) as server:
        yield [server]


@contextmanager
def two_workers(example: str) -> Iterator[Servers]:
    with serve(EXAMPLES / example, "--workers", "2") as server:
        yield [server]


@contextmanager
def two_nodes(example: str) -> Iterator[Servers]:
    with redis_server() as redis:
        flags = ("--broker", redis.url)
        with (
            serve(EXAMPLES / example, *flags) as one,
            serve(EXAMPLES / example, *flags) as other,
        ):
            yield [one, other]


def talked(example: str, servers: Servers, expected: Talk | None = None) -> Talk:
    with ExitStack() as stack:
        talk = Talk(servers, stack, expected)
        TALKS[example](talk)
        if expected is not None:
            talk.end()
        return talk


@needs_redis
@pytest.mark.parametrize("example", TALKS)
def test_clients_get_the_same_from_several_processes(example: str) -> None:
    with one_process(example) as servers:
        expected = talked(example, servers)
    for start in (two_workers, two_nodes):
        with start(example) as servers:
            talk = talked(example, servers, expected)
            assert talk.heard == expected.heard, start.__name__
