"""Hundreds of steps, and every fault that the plan knows, on nodes and on workers.

`make harden` takes thousands, from other seeds. When one of these fails, the seed is in the
message: `python -m tests.jepsen.run --seed SEED --rounds ROUNDS` takes the same steps.
"""

from __future__ import annotations

import asyncio
import sys

import pytest

from ..support.redis_server import needs_redis
from .judge import judge
from .plan import FAULTS, FAULTS_OF_WORKERS, plan

pytest.importorskip("hiredis")

from .cluster import Nodes, Workers
from .run import CLIENTS, LEASE_SECONDS, run_on

pytestmark = [
    needs_redis,
    pytest.mark.long,
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT"),
]


@pytest.mark.parametrize("seed", [1])
def test_nodes_keep_their_promises(seed: int) -> None:
    """-9, SIGSTOP, CLIENT KILL, Redis restarted with its data, older ones and none."""
    rounds = plan(seed, 9, CLIENTS)
    assert {fault.kind for one in rounds for fault in one.faults} == set(FAULTS)
    run = asyncio.run(run_on(Nodes(LEASE_SECONDS), rounds))

    assert run.steps >= 500
    assert judge(run.history) == [], f"seed {seed}, {len(rounds)} rounds"


@pytest.mark.parametrize("seed", [1])
def test_workers_keep_their_promises(seed: int) -> None:
    """The same for workers and their private Redis, and when they are renewed."""
    rounds = plan(seed, 7, CLIENTS, faults=FAULTS_OF_WORKERS)
    assert {fault.kind for one in rounds for fault in one.faults} == set(FAULTS_OF_WORKERS)
    run = asyncio.run(run_on(Workers(LEASE_SECONDS), rounds))

    assert run.steps >= 400
    assert judge(run.history) == [], f"seed {seed}, {len(rounds)} rounds"
