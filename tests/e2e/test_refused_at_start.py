"""Brokers and stores that cannot be used: said with words, before anything is served."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..support.redis_server import RedisServer, needs_redis, redis_server
from .support import write_files
from .test_scale_out import APP, Group

redis = pytest.importorskip("redis")
pytestmark = [needs_redis, pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    app = write_files(tmp_path / "chat", APP)
    groups: list[Group] = []

    def one(*arguments: str) -> Group:
        groups.append(Group(app, *arguments))
        return groups[-1]

    yield one
    for group in groups:
        group.end()


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


def test_nodes_that_speak_otherwise_do_not_mix(
    start: Callable[..., Group], server: RedisServer
) -> None:
    """While one of the others lives; when none does the new ones begin."""
    first = start("--broker", server.url, "--lease-seconds", "1")
    assert first.url
    with redis.Redis.from_url(server.url) as client:
        client.set("{soli:1:chat}:broker:spoken", 7)
    second = start("--broker", server.url)
    assert second.process.wait(20) == 78
    assert "the processes that run write version 7 of the log, and this Soli 1" in second.text
    first.process.kill()

    def starts() -> bool:
        group = start("--broker", server.url)
        group.until(lambda: "listening on" in group.text or group.process.poll() is not None, "")
        return "listening on" in group.text

    first.until(starts, "the lease of the first ended")
