"""Three short rounds of the race; `make harden` runs many more."""

from __future__ import annotations

import asyncio
import sys

import pytest

from ..jepsen.cluster import Nodes
from ..support.redis_server import needs_redis
from .run import APP, LEASE_SECONDS, Race, run_on

pytest.importorskip("hiredis")

pytestmark = [
    needs_redis,
    pytest.mark.long,
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="as the other tests of nodes"),
]


def test_nobody_takes_what_is_taken() -> None:
    """Four players, three nodes of which some are killed, three boards."""
    race = Race(Nodes(LEASE_SECONDS, app=APP), seed=1, kill_seconds=3.0, cells=300)
    told = asyncio.run(run_on(race, 3))
    assert [one for one in told if not one.is_well] == []
    assert race.kills >= 3
