"""Members that come and go while two publish, on two processes: what they miss, in which order."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from .rigs import KEPT, SIO, Rig

MEMBERS = 40
SECONDS = 2.5
BETWEEN_SECONDS = 0.01
"""Between two messages of each publisher."""
STAYS_SECONDS = (0.2, 0.8)
AWAY_SECONDS = 0.03
QUIET_SECONDS = 1.0
"""After the last message, for all to arrive."""


class Talk:
    """How plain messages go over a connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        """To the room."""
        await self._socket.send(text)

    async def receive(self) -> str:
        """The next message of the room."""
        return str(await self._socket.recv())

    def cut(self) -> None:
        """Without a farewell."""
        self._socket.transport.abort()


class SocketIoTalk(Talk):
    """The same with Socket.IO's frames."""

    async def begin(self) -> None:
        """Until the namespace is joined."""
        await self._socket.recv()
        await self._socket.send("40")
        await self._socket.recv()

    async def send(self, text: str) -> None:
        await self._socket.send("42" + json.dumps(["r", text]))

    async def receive(self) -> str:
        while True:
            frame = str(await self._socket.recv())
            if frame == "2":
                await self._socket.send("3")
            elif frame.startswith("42"):
                return str(json.loads(frame[2:])[1])


class ResumingTalk(Talk):
    """A client that says where it was. `position` is where it is."""

    def __init__(self, socket: ClientConnection, position: str) -> None:
        super().__init__(socket)
        self.position = position

    async def receive(self) -> str:
        while True:
            text = await super().receive()
            if not text.startswith("{"):
                return text
            event = json.loads(text)
            if event["event"] == "position":
                self.position = event["payload"]
            elif event["event"] == "resumed":
                self.position = event["payload"]["position"]


async def join(rig: Rig, server: int, position: str = "") -> Talk:
    """A member of room 0, through one of the servers, that comes back if it has a *position*."""
    url = f"ws://127.0.0.1:{rig.ports[server]}{rig.path % 0}"
    if rig.path == KEPT:
        url += f"?resume[]=kept:0@{position}" if position else "?resume=1"
    socket = await connect(url, open_timeout=10, close_timeout=0.2, max_queue=None)
    if rig.path == KEPT:
        return ResumingTalk(socket, position)
    if rig.path != SIO:
        return Talk(socket)
    talk = SocketIoTalk(socket)
    await talk.begin()
    return talk


class Run:
    """One run against one rig."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self._rig = rig
        self._random = random.Random(seed)
        self._has_ended = False
        self.published: list[str] = []
        self.received: dict[str, list[str]] = {}

    async def play(self) -> dict[str, Any]:
        """What was missed, twice, and in another order than an undisturbed member saw it."""
        watchers = [asyncio.create_task(self._watch(server)) for server in (0, 1)]
        members = [asyncio.create_task(self._come_and_go(each)) for each in range(MEMBERS)]
        await asyncio.sleep(0.5)
        await asyncio.gather(*(self._publish(server) for server in (0, 1)))
        self._has_ended = True
        await asyncio.sleep(QUIET_SECONDS)
        for task in (*watchers, *members):
            task.cancel()
        await asyncio.gather(*watchers, *members, return_exceptions=True)
        return self._judged()

    async def _publish(self, server: int) -> None:
        talk = await join(self._rig, server)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range(int(SECONDS / BETWEEN_SECONDS)):
            text = f"{server}.{number}"
            self.published.append(text)
            await talk.send(text)
            await asyncio.sleep(max(0.0, start + number * BETWEEN_SECONDS - loop.time()))
        await asyncio.sleep(QUIET_SECONDS / 2)
        talk.cut()

    async def _watch(self, server: int) -> None:
        got = self.received[f"watcher {server}"] = []
        talk = await join(self._rig, server)
        while True:
            got.append(await talk.receive())

    async def _come_and_go(self, number: int) -> None:
        got = self.received[f"member {number}"] = []
        server, talk = number % 2, None
        while True:
            with contextlib.suppress(ConnectionClosed):
                position = talk.position if isinstance(talk, ResumingTalk) else ""
                talk = await join(self._rig, server, position)
                stays = None if self._has_ended else self._random.uniform(*STAYS_SECONDS)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(stays):
                        while True:
                            got.append(await talk.receive())
                talk.cut()
            server = 1 - server
            await asyncio.sleep(AWAY_SECONDS)

    def _judged(self) -> dict[str, Any]:
        order = {text: place for place, text in enumerate(self.received["watcher 0"])}
        members = [each for name, each in self.received.items() if name.startswith("member")]
        return {
            "expected": len(self.published) * len(members),
            "lost": sum(len(set(self.published) - set(each)) for each in members),
            "twice": sum(len(each) - len(set(each)) for each in members),
            "members": len(members),
            "misordered": sum(
                not _is_sorted([order.get(text, -1) for text in each]) for each in members
            ),
            "watchers_agree": self.received["watcher 0"] == self.received["watcher 1"],
        }


def _is_sorted(places: list[int]) -> bool:
    return all(before < after for before, after in itertools.pairwise(places))


def measure(rigs: dict[str, Rig], seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """What becomes of the messages, by rig."""
    found = {}
    for name in ("pair", "keeping", "socket.io"):
        found[name] = asyncio.run(Run(rigs[name], seed).play())
        say(f"churn: {name} {found[name]}")
    return found
