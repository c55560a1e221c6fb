"""What tests over several processes begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..support.callbacks import watching
from ..support.redis_server import RedisServer, redis_server


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with redis_server() as server:
        yield server


@pytest.fixture(autouse=True)
def callbacks_are_short(request: pytest.FixtureRequest) -> Iterator[None]:
    """No callback of ours takes longer than 10 ms of its own CPU, whatever a test does.

    But for tests whose limits are far from the defaults, and for what takes longest to be freed:
    dropping a program's values is collection of garbage, which is not looked at (`long_callbacks`).
    """
    if request.node.get_closest_marker("long_callbacks") is not None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch, watching(patch.setattr) as watch:
        yield
    assert not watch.long
