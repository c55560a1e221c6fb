"""Benches for presence."""

from __future__ import annotations

import pytest

from ...support.presence_clients import Bench
from ...support.presence_steps import clear, join, track


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.connect("a", "b", "c", "watcher")
    return bench


@pytest.fixture
def watched(bench: Bench) -> Bench:
    """Ada is tracked by `a`, and `watcher` has a snapshot of it."""
    track(bench, "a", "ada")
    join(bench, "watcher")
    clear(bench)
    return bench
