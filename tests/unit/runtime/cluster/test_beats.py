"""What a node makes of the answers to its beats."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("hiredis")

from soli_runtime.cluster.node import Lane, Node
from soli_runtime.cluster.traffic import Lost
from soli_runtime.core.hub import Hub
from soli_runtime.core.operations.arrivals import Arrivals
from soli_runtime.observing.logs import Log
from soli_runtime.settings import Settings
from soli_runtime.settings.app_mark import AppMark

from ....support.memory_log import BrokerBench


class Traffic:
    """Reads on, by *meanwhile* entries, while it is asked."""

    epoch = b"e"
    read = 10

    def __init__(self, answer: list[Any], meanwhile: int) -> None:
        self._answer = answer
        self._meanwhile = meanwhile

    async def ask(self, *arguments: Any) -> Any:
        self.read += self._meanwhile
        return self._answer


async def beat(answer: list[Any], meanwhile: int) -> Node:
    loop = asyncio.get_running_loop()
    node = Node(
        Lane("unix:///nowhere", AppMark("x", "", frozenset()), 9.0, 1 << 20),
        Log(lambda text: None),
        loop,
        BrokerBench(),
    )

    def broker_of(arrivals: Arrivals) -> Any:
        return node.broker_of(arrivals)

    Hub.create(Settings(), node.refs, broker_of)
    node._traffic = Traffic(answer, meanwhile)  # type: ignore[assignment]
    node.broker.history.epoch = "before"
    await node._beat()
    return node


def test_what_was_read_since_redis_answered_is_no_step_back() -> None:
    """The answer tells of the log as it was then; the other connection may be ahead of it."""
    asyncio.run(beat([b"OK", b"10", b"", b"0"], meanwhile=5))


def test_a_log_that_is_shorter_than_what_was_read_is_another_one() -> None:
    """Redis has the data of an earlier time: the node begins anew."""
    with pytest.raises(Lost, match="went back in time"):
        asyncio.run(beat([b"OK", b"9", b"", b"0"], meanwhile=5))


def test_another_start_of_redis_may_have_lost_what_was_read() -> None:
    """Others said more since, so the log is longer than what was read; its start tells."""
    with pytest.raises(Lost, match="went back in time"):
        asyncio.run(beat([b"OK", b"50", b"run", b"9"], meanwhile=0))


def test_another_start_of_redis_that_lost_nothing_is_another_epoch() -> None:
    """The node goes on, and positions of before are in doubt."""
    node = asyncio.run(beat([b"OK", b"50", b"run", b"10"], meanwhile=5))
    assert node.broker.history.epoch == "e-run"
