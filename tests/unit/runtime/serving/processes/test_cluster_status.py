"""What is asked about the nodes of an app, by the one who is no node."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from soli_runtime.serving.processes.cluster_status import fetch_status
from soli_runtime.stores.errors import CannotOpen

from .....support.redis_server import RedisServer, needs_redis, redis_server

redis = pytest.importorskip("redis")
pytestmark = needs_redis
START = "{soli:1:x}:broker:"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def client(server: RedisServer) -> Iterator[Any]:
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
        yield client


def test_asking_where_nobody_lives_leaves_nothing(server: RedisServer, client: Any) -> None:
    """Neither keys of an app that is not there, nor entries that nobody would read."""
    with pytest.raises(CannotOpen, match="no process of 'x' is registered") as refusal:
        asyncio.run(fetch_status(server.url, "x"))
    assert refusal.value.status == 69
    assert client.keys() == []
    client.zadd(START + "nodes", {"m.7.1": 1})
    (node,) = asyncio.run(fetch_status(server.url, "x", 0.01)).nodes
    assert (node.name, node.lag_ms, node.lease_seconds) == ("m.7", None, 0)
    assert client.exists(START + "log") == 0


@pytest.mark.parametrize("told", [b"", b"junk", b"12 {junk", b"12 []", b"12 7", b"x {}"])
def test_facts_that_are_none(server: RedisServer, client: Any, told: bytes) -> None:
    """Of a node that is older, or of nobody knows whom: it is listed, without them."""
    client.zadd(START + "nodes", {"m.7.1": 9e15})
    client.hset(START + "facts", "m.7.1", told)
    (node,) = asyncio.run(fetch_status(server.url, "x", 0.01)).nodes
    assert (node.name, node.host, node.connections, node.lag_ms) == ("m.7", None, None, None)


def test_keys_that_are_something_else(server: RedisServer, client: Any) -> None:
    """Are said to be."""
    client.set(START + "nodes", "text")
    with pytest.raises(CannotOpen, match="WRONGTYPE"):
        asyncio.run(fetch_status(server.url, "x"))
