"""Brokers: for a single process, and several on one log in memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from soli_runtime.core.answers import at_once

from ....support.history_conformance import HistoryConformance
from ....support.memory_log import LogBench, MemoryLog, arrive
from ....support.presence_clients import Bench


class TestLocalBroker(HistoryConformance):
    """Every turn comes at once."""

    def make(self) -> Sequence[Bench]:
        return [Bench()]

    def settle(self, processes: Sequence[Bench]) -> None:
        pass


class TestTwoBrokersOnOneLog(HistoryConformance):
    """Turns come out of the log, in both processes."""

    def make(self) -> Sequence[Bench]:
        log, refs = MemoryLog(), itertools.count(1)
        return [LogBench(log, node, refs) for node in ("n1", "n2")]

    def settle(self, processes: Sequence[Bench]) -> None:
        arrive(processes)


def test_what_must_be_awaited_is_not_there_at_once() -> None:
    """Whoever asks is told, instead of going on with a coroutine."""
    bench = LogBench(MemoryLog(), "n1", itertools.count(1))
    question = bench.hub.clients()
    with pytest.raises(TypeError, match="await it"):
        at_once(question)
    question.close()  # type: ignore[union-attr]
