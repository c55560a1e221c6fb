"""Redis is stopped for longer than anybody may wait: nothing grows, and all is right afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ..support.constants import smaller
from ..support.redis_server import RedisServer, needs_redis, redis_server
from .support import write_files
from .test_scale_out import APP, Client, Group, connect, meet, starting
from .test_seen_from_outside import _scrape, total

pytestmark = [needs_redis, pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")]

SIZE = 2000
"""Bytes of each message of a flood."""
MESSAGES = 400
MANY = 12
"""Connections that publish."""
BACKLOG = 4 << 20


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    with starting(write_files(tmp_path / "chat", APP)) as one:
        yield one


@contextlib.contextmanager
def stopped(server: RedisServer) -> Iterator[None]:
    """Redis stands still for the length of a block."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


def resident(group: Group) -> int:
    """Bytes of memory that the process holds."""
    pages = Path(f"/proc/{group.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


async def flood(client: Client) -> None:
    """Publish as fast as the connection takes it, some times more than may be under way.

    No more than that: what the kernel holds for it would keep everybody busy for minutes later.
    """
    for number in range(MESSAGES):
        await client.say(f"say {number}-".ljust(SIZE, "x"))


@pytest.mark.long
def test_nothing_grows_while_redis_stands_still(start: Callable[..., Group]) -> None:
    """A connection that asks for more than is taken is not read; what waited too long is dropped
    and counted; helpers say that the broker is away; then all is right again."""
    with redis_server() as server:
        bounds = {"broker_publish_ttl": 2, "broker_backlog_bytes": BACKLOG}
        flags = (
            "--metrics",
            "--message-rate",
            "0",
            "--node-lease-seconds",
            "60",
            "--store",
            "memory",
        )
        flags = (
            *flags,
            "--slow-handler-cpu-percent",
            "0",
        )  # who publishes so much would have to rest
        with smaller(**bounds):
            group, other = (start("--broker", server.url, *flags) for _ in range(2))

        async def work() -> None:
            async with AsyncExitStack() as stack:
                clients = [await connect(stack, one.url) for one in (group,) * MANY + (other,) * 2]
                await meet(clients)
                for one in clients:
                    one.got.clear()
                with stopped(server):
                    before = resident(group)
                    most = await _flooded(group, clients[:MANY])
                    assert resident(group) - before < 40 << 20
                    # Of each connection 64 operations may be under way, and one more.
                    assert 0 < most <= MANY * 65 * (SIZE + 200), most
                    await _helpers_raise(clients[-1], other)
                group.until(lambda: "broker_back" in group.text, "back")
                other.until(lambda: "broker_back" in other.text, "back")
                await _quiet(clients)
                for one in clients:
                    assert one.left == []
                    one.got.clear()
                await meet(clients)
            dropped = total(_scrape(group), "soli_broker_dropped_total")
            assert dropped > 64
            assert "broker_dropped" in group.text
            assert "broker_resync" not in group.text

        asyncio.run(work())


async def _flooded(group: Group, clients: list[Client]) -> float:
    """The most that waited while all of them published as fast as they could."""
    most = 0.0
    end = time.monotonic() + 9
    floods = asyncio.gather(*(flood(client) for client in clients))
    while time.monotonic() < end:
        most = max(most, await asyncio.to_thread(_waiting, group))
        await asyncio.sleep(0.2)
    await floods
    return most


async def _quiet(clients: list[Client]) -> None:
    """Until nobody got anything for a while."""
    counts = [-2, -1]
    for _ in range(60):
        if counts[-1] == counts[-2]:
            return
        await asyncio.sleep(2)
        counts.append(sum(len(one.got) for one in clients))
    raise AssertionError("it never ends")


def _waiting(group: Group) -> float:
    return total(_scrape(group), "soli_broker_waiting_bytes")


async def _helpers_raise(client: Client, group: Group) -> None:
    """Those that would have to wait for what the same handler said before."""
    await client.say(f"track u{MANY + 1}")
    await client.say("count now")
    group.until(lambda: "the broker is down: the state of other processes" in group.text, "told")
