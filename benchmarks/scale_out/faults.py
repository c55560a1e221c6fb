"""How long it takes until all is right again: Redis gone and back, a node killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from ..processes import CannotMeasure, free_ports
from ..servers import HERE
from .rigs import Redis, node, redis

MEETING = HERE / "meeting.soli"
PATIENCE_SECONDS = 30.0
AWAY_SECONDS = 1.0
BETWEEN_SECONDS = 0.01
"""Between two messages of those who look whether they arrive."""
ATTEMPTS = 30
WORKERS_SECONDS = 2.0
"""For all workers to have begun."""

Say = Callable[[str], None]


def measure(rounds: int, say: Say, *, quick: bool = False) -> dict[str, list[float]]:
    """Seconds, by what happened. *quick*: without waiting for a lease to end."""
    found: dict[str, list[float]] = {"back": [], "back empty": [], "told": [], "lease": []}
    for turn in range(rounds):
        for keeps, name in ((True, "back"), (False, "back empty")):
            found[name].append(asyncio.run(_redis_comes_back(keeps)))
        found["told"].append(asyncio.run(_worker_killed()))
        if turn == 0 and not quick:  # a lease is a lease
            found["lease"].append(asyncio.run(_node_killed()))
        say(f"faults, in s: { {name: round(each[-1], 3) for name, each in found.items() if each} }")
    return found


@contextlib.asynccontextmanager
async def member(
    port: int, room: str, user: str = ""
) -> AsyncIterator[tuple[ClientConnection, int]]:
    """A connection that is in a room, and the process that serves it."""
    query = f"room={room}" + (f"&user={user}" if user else "")
    async with connect(
        f"ws://127.0.0.1:{port}/ws/meeting?{query}", open_timeout=10, close_timeout=0.2
    ) as socket:
        while "pid" not in (told := json.loads(await socket.recv())):
            pass
        yield socket, int(told["pid"])


async def _until(socket: ClientConnection, condition: Callable[[Any], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition(json.loads(await socket.recv())):
            pass


async def _redis_comes_back(keeps: bool) -> float:
    """From Redis answering to a message getting from one node to another."""
    here, there = free_ports(2)
    with (
        redis(keeps) as broker,
        node(here, "--broker", broker.url, app=MEETING),
        node(there, "--broker", broker.url, app=MEETING),
    ):
        async with member(here, "r") as (sender, _), member(there, "r") as (receiver, _):
            await sender.send("1")
            await _until(receiver, lambda message: message == 1)
            broker.kill()
            await asyncio.sleep(AWAY_SECONDS)
            sending = asyncio.create_task(_send_for_ever(sender))
            try:
                since = await _restart(broker)
                # What was said while it was away counts as well: it waited.
                await _until(receiver, lambda message: isinstance(message, int))
                return time.monotonic() - since
            finally:
                sending.cancel()


async def _restart(broker: Redis) -> float:
    """When it answered."""
    await asyncio.get_running_loop().run_in_executor(None, broker.start)
    return time.monotonic()


async def _send_for_ever(socket: ClientConnection) -> None:
    number = 1
    while True:
        number += 1
        await socket.send(str(number))
        await asyncio.sleep(BETWEEN_SECONDS)


async def _node_killed() -> float:
    """From `kill -9` to the leave that a member on another node gets, when nobody saw it."""
    here, there = free_ports(2)
    with (
        redis() as broker,
        node(here, "--broker", broker.url, app=MEETING) as pid,
        node(there, "--broker", broker.url, app=MEETING),
    ):
        async with member(there, "r") as (watcher, _), member(here, "r", "ada"):
            return await _leave_after_kill(watcher, "ada", pid)


async def _worker_killed() -> float:
    """The same with a parent that sees it."""
    (port,) = free_ports(1)
    with redis() as broker, node(port, "--workers", "2", "--broker", broker.url, app=MEETING):
        await asyncio.sleep(WORKERS_SECONDS)
        async with contextlib.AsyncExitStack() as stack:
            watcher, pid = await stack.enter_async_context(member(port, "r"))
            for attempt in range(ATTEMPTS):  # the kernel decides which worker it is
                user = f"ada{attempt}"
                _, other = await stack.enter_async_context(member(port, "r", user))
                if other != pid:
                    return await _leave_after_kill(watcher, user, other)
    raise CannotMeasure("all connections were accepted by one worker")


async def _leave_after_kill(watcher: ClientConnection, user: str, pid: int) -> float:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while f'"{user}"' not in str(await watcher.recv()):
            pass
        since = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        while True:
            message = json.loads(await watcher.recv())
            if message["event"] == "presence_diff" and user in message["payload"]["leaves"]:
                return time.monotonic() - since
