"""What tests over several processes begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..support.redis_server import RedisServer, redis_server


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with redis_server() as server:
        yield server
