"""Nodes whose rooms keep something, over a real Redis: what they make of another start of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from soli_runtime.cluster.log import keys_of
from soli_runtime.core.history.rules import Rule

from ....support.redis_server import RedisServer, needs_redis, redis_server
from .test_traffic import NodeBench

pytestmark = needs_redis
RULES = (Rule("r*", 100, 60),)
prefixes = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


class Nodes:
    """Two nodes, and what lies in Redis."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.prefix = f"k{next(prefixes)}"
        self.refs = itertools.count(1)
        self.client: Any = redis.asyncio.Redis.from_url(server.url)
        self.benches: list[NodeBench] = []

    async def begin(self) -> NodeBench:
        bench = NodeBench(self.server, self.prefix, self.refs)
        bench.deliver(bench.hub.follow(RULES))
        await bench.node.start()
        self.benches.append(bench)
        return bench

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - conditions of many kinds
                await asyncio.sleep(0.002)

    async def quiet(self) -> None:
        """All has arrived, everywhere."""
        await self.until(lambda: all(one.node.broker.outbox.is_empty for one in self.benches))
        read = [one.node._traffic for one in self.benches]
        await self.until(lambda: len({one.read for one in read}) == 1)
        for bench in self.benches:
            bench.end_turn()


@asynccontextmanager
async def nodes(server: RedisServer) -> AsyncIterator[Nodes]:
    found = Nodes(server)
    try:
        yield found
    finally:
        for bench in found.benches:
            await bench.node.stop()
        await found.client.aclose()


def run(server: RedisServer, test: Callable[[Nodes], Awaitable[None]]) -> None:
    async def main() -> None:
        async with nodes(server) as found:
            await test(found)

    asyncio.run(main())


def say(bench: NodeBench, *texts: str) -> None:
    for text in texts:
        bench.deliver(bench.hub.broadcast_room("r", text))


async def with_follower(it: Nodes) -> tuple[NodeBench, NodeBench]:
    """Two nodes; x is in the second, and has been told where it is."""
    here, there = await it.begin(), await it.begin()
    there.connect("x", returns={})
    there.do("x", {"join": "r"})
    say(here, "1", "2")
    await it.quiet()
    assert there.received("x")[-1]["event"] == "position"
    return here, there


def test_a_node_that_begins_late_knows_all(server: RedisServer) -> None:
    """Before it serves."""

    async def test(it: Nodes) -> None:
        here, there = await with_follower(it)
        held = there.history.position
        say(here, "3")
        late = await it.begin()
        await it.quiet()
        assert [kept.say() for kept in late.history.last("r", 9)] == ["1", "2", "3"]
        assert [kept.say() for kept in late.history.since("r", held) or ()] == ["3"]

    run(server, test)


def test_another_start_of_redis_renews_positions(server: RedisServer) -> None:
    """Nothing is lost and nobody begins anew; but who is away is told that it cannot be known."""

    async def test(it: Nodes) -> None:
        _, there = await with_follower(it)
        held = there.history.position
        for bench in it.benches:
            bench.node._run_id = b"another"
        (kept,) = (name for name in keys_of(it.prefix) if name.endswith(":kept"))
        await it.client.hset(kept, "run", "another")
        there.node._asked.set()
        await it.until(lambda: there.inboxes["x"].payloads)
        (told,) = there.received("x")
        assert (told["event"], told["payload"]) == ("position", there.history.position)
        assert told["payload"] == held, "the true start has the name that it had"
        assert "broker_resync" not in "".join(there.lines)
        there.history.renew("other")
        assert there.history.since("r", held) is None
        assert len(there.history.last("r", 9)) == 2

    run(server, test)


def test_an_empty_redis_is_another_epoch(server: RedisServer) -> None:
    """Followers are told that they may have missed something."""

    async def test(it: Nodes) -> None:
        _, there = await with_follower(it)
        held = there.history.position
        await it.client.delete(*keys_of(it.prefix))
        for bench in it.benches:
            bench.node._asked.set()
        await it.until(lambda: "broker_resync" in "".join(there.lines))
        await it.until(lambda: there.inboxes["x"].payloads)
        (told, *_) = there.received("x")
        assert (told["event"], told["payload"]["recovered"]) == ("resumed", False)
        assert there.history.last("r", 9) == []
        assert there.history.since("r", held) is None

    run(server, test)
