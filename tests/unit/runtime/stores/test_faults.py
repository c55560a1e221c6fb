"""Calls that are taken back, servers that stall and come back: nobody gets another's answer."""

from __future__ import annotations

import asyncio
import random
import signal

import pytest
from soli_runtime.stores.errors import StoreError
from soli_runtime.stores.redis import link as link_module
from soli_runtime.stores.redis.link import RedisLink
from soli_runtime.stores.redis.sessions import RedisSessions
from soli_runtime.stores.sqlite.database import Database

from ....support.redis_server import RedisServer, needs_redis, redis_server

pytestmark = needs_redis


def test_a_call_that_is_taken_back_leaves_its_answer_to_nobody(redis: RedisServer) -> None:
    """Else a visitor could get the session of another."""

    async def body() -> None:
        link = RedisLink(redis.url, "cancelling")
        sessions = RedisSessions(link)
        for number in range(50):
            await sessions.create(str(number), {"mine": number})
        chance = random.Random(7)

        async def load(number: int) -> None:
            found = await sessions.load(str(number))
            assert found == {"mine": number}

        for _ in range(30):
            tasks = [asyncio.create_task(load(number)) for number in range(50)]
            await asyncio.sleep(chance.random() / 200)
            for task in chance.sample(tasks, 25):
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            wrong = [one for one in ended if isinstance(one, Exception)]
            assert wrong == []
        await link.detach()

    asyncio.run(body())


def test_a_redis_that_stalls_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After CALL_SECONDS; when it goes on, its late answers are nobody's."""
    monkeypatch.setattr(link_module, "CALL_SECONDS", 0.3)

    async def body() -> None:
        with redis_server() as server:
            link = RedisLink(server.url, "stalling")
            await link.call("SET", link.key("a"), "late")
            await link.call("SET", link.key("b"), "right")
            assert server.process is not None
            server.process.send_signal(signal.SIGSTOP)
            with pytest.raises(StoreError, match="the store is down"):
                await link.call("GET", link.key("a"))
            server.process.send_signal(signal.SIGCONT)
            for _ in range(20):
                assert await link.call("GET", link.key("b")) == "right"
            await link.detach()

    asyncio.run(body())


def test_a_redis_that_refuses_writes_is_full_not_away() -> None:
    """`maxmemory` is reached: reading goes on, and so does what gives room."""

    async def body() -> None:
        with redis_server("--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as server:
            link = RedisLink(server.url, "full")
            assert await link.open() == []

            async def fill() -> None:
                for number in range(100):
                    await link.call("SET", link.key(str(number)), "x" * 100_000)

            with pytest.raises(StoreError, match="the store is full"):
                await fill()
            assert await link.call("GET", link.key("0")) == "x" * 100_000
            await link.call("DEL", *(link.key(str(number)) for number in range(20)))
            await link.call("SET", link.key("again"), "room")
            await link.detach()

    asyncio.run(body())


def test_a_redis_that_drops_keys_is_told_of() -> None:
    """At start, once: it is a matter of its configuration."""

    async def body() -> None:
        with redis_server("--maxmemory-policy", "allkeys-lru") as server:
            link = RedisLink(server.url, "dropping")
            (warning,) = await link.open()
            assert "set maxmemory-policy to noeviction" in warning
            await link.detach()

    asyncio.run(body())


def test_a_transaction_that_is_taken_back_is_whole(tmp_path: object) -> None:
    """It happens or it does not; those behind it are not held up."""

    async def body() -> None:
        database = Database(f"{tmp_path}/db", 0)
        await database.open()
        insert = "INSERT INTO places VALUES (?, ?, 'x')"

        def both(db: object, now: float, key: str) -> None:
            for place in (1, 2):
                db.execute(insert, (key, place))  # type: ignore[attr-defined]

        tasks = [asyncio.create_task(database.do(both, str(number))) for number in range(200)]
        await asyncio.sleep(0.003)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        rows = await database.do(
            lambda db, now: db.execute("SELECT key, count(*) FROM places GROUP BY key").fetchall()
        )
        assert {count for _, count in rows} == {2}
        assert {str(number) for number in range(1, 200, 2)} <= {key for key, _ in rows}
        assert database._waiting == 0
        await database.close()

    asyncio.run(body())
