"""The whole checker finds what it is for: nodes that are broken on purpose are found out."""

from __future__ import annotations

import asyncio
import sys

import pytest

from ..support.redis_server import needs_redis
from .judge import judge
from .plan import plan

pytest.importorskip("hiredis")

from .cluster import Nodes
from .run import CLIENTS, LEASE_SECONDS, run_on

pytestmark = [
    needs_redis,
    pytest.mark.long,
    pytest.mark.timeout(200),
    pytest.mark.skipif(sys.platform != "linux", reason="as the checker"),
]


def findings(breakage: str, *faults: str) -> list[str]:
    """What the judge says of a round, with one of *faults*."""
    rounds = plan(1, 1, CLIENTS, steps=200, faults=faults or ("nothing",))
    run = asyncio.run(run_on(Nodes(LEASE_SECONDS, sabotage=breakage), rounds, slack=4))
    return judge(run.history)


def test_lost_answers_are_survived() -> None:
    """The batch is sent again, and stands in the log once."""
    assert findings("answers_lost") == []


@pytest.mark.parametrize(
    ("breakage", "faults", "words"),
    [
        ("local_first", (), "no one order"),
        ("no_barrier", (), "was answered before it heard"),
        ("no_dedupe", (), "twice"),
        ("no_doubt", ("restart empty",), "leave, who was there"),
        ("ghosts", ("kill",), "holds"),
        ("claims", (), "recovered is a lie"),
    ],
)
def test_what_is_broken_is_found(breakage: str, faults: tuple[str, ...], words: str) -> None:
    """Each in its own words."""
    found = findings(breakage, *faults)
    assert any(words in one for one in found), found
