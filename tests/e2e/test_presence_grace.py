"""`presence-grace-seconds`: who loses the line and comes back in time was never gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ..support.redis_server import needs_redis, redis_server
from .support import write_files
from .test_scale_out import APP, Client, Group, connect, spread, starting, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")

GRACE = ("--presence-grace-seconds", "4")
LONG = ("--presence-grace-seconds", "60")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    with starting(write_files(tmp_path / "chat", APP)) as one:
        yield one


async def watched(stack: AsyncExitStack, here: str, there: str) -> tuple[Client, Client]:
    """Who watches, and who is tracked as u1."""
    watcher, other = await connect(stack, here), await connect(stack, there)
    await other.say("track u1")
    await until(lambda: watcher.users == {"u1"}, "there")
    return watcher, other


async def comes_and_goes(here: str, there: str, back: str) -> None:
    """A line breaks: *there*; its user is *back*, or is not; and says goodbye in the end."""
    async with AsyncExitStack() as stack:
        watcher, other = await watched(stack, here, there)
        other.socket.transport.abort()
        again = await connect(stack, back)
        await again.say("track u1")
        await until(lambda: again.users == {"u1"}, "back")
        await asyncio.sleep(5)
        assert watcher.left == []
        again.socket.transport.abort()
        broke = time.monotonic()
        await until(lambda: watcher.left, "gone for good")
        assert time.monotonic() - broke > 3.5, "it had its time"
        late = await connect(stack, there)
        await late.say("track u2")
        await until(lambda: watcher.users == {"u2"}, "there")
        closed = time.monotonic()
        await late.socket.close()
        await until(lambda: not watcher.users, "said goodbye")
        assert time.monotonic() - closed < 3.5, "at once"
        kicked = await connect(stack, there)
        await kicked.say("track u3")
        await until(lambda: watcher.users == {"u3"}, "there")
        closed = time.monotonic()
        await watcher.say(f"close {kicked.id}")
        await until(lambda: not watcher.users, "was sent away")
        assert time.monotonic() - closed < 3.5, "at once"


def test_in_one_process(start: Callable[..., Group]) -> None:
    """Lost, back, lost for good; a close frame and `ws_close` end it at once."""
    url = start(*GRACE).url
    asyncio.run(comes_and_goes(url, url, url))


@needs_redis
def test_over_nodes(start: Callable[..., Group]) -> None:
    """The same when who is lost comes back on another node."""
    with redis_server() as server:
        one, two = (start(*GRACE, "--broker", server.url) for _ in range(2))
        asyncio.run(comes_and_goes(one.url, two.url, one.url))


@needs_redis
def test_a_node_is_killed_and_its_users_come_back_elsewhere(start: Callable[..., Group]) -> None:
    """One of two does: the other leaves when its time is over, and nobody else."""
    with redis_server() as server:
        lease = ("--node-lease-seconds", "1")
        one, two = (start(*GRACE, *lease, "--broker", server.url) for _ in range(2))

        async def work() -> None:
            async with AsyncExitStack() as stack:
                watcher, _ = await watched(stack, one.url, two.url)
                second = await connect(stack, two.url)
                await second.say("track u2")
                await until(lambda: watcher.users == {"u1", "u2"}, "there")
                two.process.kill()
                again = await connect(stack, one.url)
                await again.say("track u1")
                await until(lambda: watcher.left, "gone for good")
                assert watcher.left == ["u2"]
                assert watcher.users == {"u1"}
                await until(lambda: again.users == {"u1"}, "for who came back, too")

        asyncio.run(work())


@needs_redis
def test_workers_are_killed_and_renewed(start: Callable[..., Group]) -> None:
    """Clients that come back at once are not seen to leave, whatever becomes of workers."""
    group = start(*LONG, "--workers", "2")

    async def work() -> None:
        async with AsyncExitStack() as stack:
            clients = await spread(stack, group.url, 2)
            watcher = clients[0]
            others = [one for one in clients if one.pid != watcher.pid]
            for number, one in enumerate(others):
                await one.say(f"track u{number}")
            names = {f"u{number}" for number in range(len(others))}
            await until(lambda: watcher.users == names, "there")
            os.kill(others[0].pid, signal.SIGKILL)
            for number in range(len(others)):
                again = await connect(stack, group.url)
                await again.say(f"track u{number}")
                await until(lambda again=again: again.users == names, "complete")
            assert watcher.left == []
            group.until(lambda: group.text.count("worker_ready") == 3, "replaced")
            group.process.send_signal(signal.SIGHUP)
            group.until(lambda: "renewed workers=2" in group.text, "renewed")
            late = await connect(stack, group.url)
            await until(lambda: late.users == names, "all linger")
            assert watcher.left == []

    asyncio.run(work())
