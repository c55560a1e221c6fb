"""`presence-grace-seconds` over several nodes: who comes back elsewhere was never gone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from ....support.redis_server import RedisServer, needs_redis, redis_server
from .test_log_in_redis import RedisBench, arrive, make

pytestmark = needs_redis
GRACE = 5.0


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


class Timers:
    """What a node put off, to be called by hand."""

    def __init__(self, bench: RedisBench) -> None:
        self.fire = bench.clock.fire
        self.drop = bench.clock.drop


@pytest.fixture
def nodes(server: RedisServer) -> tuple[RedisBench, RedisBench]:
    """`w` watches here; `a` is tracked there as alice."""
    here, there = make(server, grace=GRACE)
    here.connect("w")
    here.do("w", {"join": "r"})
    there.connect("a")
    track(there, "a")
    arrive((here, there))
    here.received("w")
    for bench in (here, there):
        bench.broker.replica.end_learning()
    return here, there


def track(bench: RedisBench, connection_id: str) -> None:
    bench.do(connection_id, {"join": "r", "track": {"channel": "r", "user_id": "alice"}})


def leaves(bench: RedisBench) -> list[set[str]]:
    """The leaves that `w` was told."""
    found = [one for one in bench.received("w") if one["event"] == "presence_diff"]
    assert all(not one["payload"]["joins"] for one in found)
    return [set(one["payload"]["leaves"]) for one in found]


def later(*benches: RedisBench, seconds: float = GRACE) -> None:
    for bench in benches:
        bench.now += seconds
        bench.flush()
    arrive(benches)


def nothing_is_kept(*benches: RedisBench) -> bool:
    """Of what lingered."""
    return all(
        not bench.broker.replica.lingering
        and not bench.broker.replica.ended
        and not bench.broker.lifecycle._over
        and not bench.broker.replica._tracked.keys() - bench.broker.replica.homes.keys()
        for bench in benches
    )


def test_a_lost_connection_leaves_everywhere_when_its_time_is_over(nodes: Any) -> None:
    """Its own node says when."""
    here, there = nodes
    there.disconnect("a", lost=True)
    arrive(nodes)
    assert leaves(here) == []
    assert here.hub.presence_count("r") == 1
    later(here, there)
    assert leaves(here) == [{"alice"}]
    assert here.hub.presence_count("r") == there.hub.presence_count("r") == 0
    assert nothing_is_kept(*nodes)


def test_who_comes_back_on_another_node_was_never_gone(nodes: Any) -> None:
    """And leaves when that says so, not when the first one would have."""
    here, there = nodes
    there.disconnect("a", lost=True)
    arrive(nodes)
    here.connect("b")
    track(here, "b")
    arrive(nodes)
    later(here, there)
    assert leaves(here) == []
    assert len(here.hub.get_presence("r", "alice")["metas"]) == 1
    here.disconnect("b")
    arrive(nodes)
    assert leaves(here) == [{"alice"}]
    assert nothing_is_kept(*nodes)


def test_a_node_that_dies_has_the_time_too(nodes: Any) -> None:
    """Without one who comes back its users leave in one diff."""
    here, _there = nodes
    timers = Timers(here)
    here.ask("reap", "n2")
    arrive((here,))
    assert (leaves(here), here.hub.count()) == ([], 1)
    timers.fire()
    arrive((here,))
    assert leaves(here) == [{"alice"}]
    timers.fire()
    assert here.broker.outbox.is_empty, "it is not said again"
    assert nothing_is_kept(here)


def test_who_was_on_a_dead_node_comes_back_on_another(nodes: Any) -> None:
    """Nobody saw anything."""
    here, _there = nodes
    timers = Timers(here)
    here.ask("reap", "n2")
    here.connect("b")
    track(here, "b")
    arrive((here,))
    timers.fire()
    later(here)
    assert leaves(here) == []
    assert here.hub.presence_count("r") == 1
    assert nothing_is_kept(here)


def test_a_node_that_was_believed_dead_keeps_its_users(nodes: Any) -> None:
    """It comes back under another name, and its connections with it."""
    here, there = nodes
    timers = Timers(here)
    here.ask("reap", "n2")
    arrive((here,))
    there.begin("n3")
    arrive(nodes)
    timers.fire()
    arrive(nodes)
    assert leaves(here) == []
    there.disconnect("a")
    arrive(nodes)
    assert leaves(here) == [{"alice"}]
    assert nothing_is_kept(*nodes)


def test_a_lost_connection_of_a_node_that_dies(nodes: Any) -> None:
    """Nobody else would untrack it."""
    here, there = nodes
    timers = Timers(here)
    there.disconnect("a", lost=True)
    arrive(nodes)
    here.ask("reap", "n2")
    arrive((here,))
    assert leaves(here) == []
    timers.fire()
    arrive((here,))
    assert leaves(here) == [{"alice"}]
    assert nothing_is_kept(here)


def test_the_end_is_said_again_by_a_node_that_began_anew(nodes: Any) -> None:
    """What it had sent is lost; who waits for it would wait for ever."""
    here, there = nodes
    there.disconnect("a", lost=True)
    arrive(nodes)
    there.now += GRACE
    there.flush()
    assert there.broker.outbox.next_batch() is not None, "sent, and lost"
    there.begin("n3")
    arrive(nodes)
    assert leaves(here) == [{"alice"}]
    assert nothing_is_kept(*nodes)


@pytest.mark.parametrize("dies", [False, True])
def test_one_that_begins_later_learns_of_who_lingers(nodes: Any, dies: bool) -> None:
    """Of a connection, or of a whole node; also when all others are replaced meanwhile."""
    here, there = nodes
    timers = Timers(here)
    there.disconnect("a", lost=True)
    arrive(nodes)
    if dies:
        here.ask("reap", "n2")
        arrive((here,))
    late = another(here, "n4")
    later_timers = Timers(late)
    left = [here, late] if dies else [here, there, late]
    arrive(left)
    late.connect("v")
    late.do("v", {"join": "r"})
    arrive(left)
    (snapshot,) = late.received("v")
    assert set(snapshot["payload"]) == {"alice"}
    if not dies:
        later(here, there, late)
    else:
        here.ask("reap", "n1")
        arrive((late,))
        later_timers.fire()
        arrive((late,))
        timers.drop()
    found = [one for one in late.received("v") if one["event"] == "presence_diff"]
    assert [set(one["payload"]["leaves"]) for one in found] == [{"alice"}]
    assert nothing_is_kept(late)


def test_who_came_back_does_not_linger_for_one_that_begins(nodes: Any) -> None:
    """However the entries of the log lie."""
    here, there = nodes
    there.disconnect("a", lost=True)
    arrive(nodes)
    late = another(here, "n4")
    here.connect("b")
    track(here, "b")
    here.push()  # before the account of the other, which does not know of it
    arrive((here, there, late))
    assert len(late.hub.get_presence("r", "alice")["metas"]) == 1
    here.disconnect("b")
    later(here, there, late)
    assert late.hub.presence_count("r") == 0
    assert nothing_is_kept(here, there, late)


def another(bench: RedisBench, name: str) -> RedisBench:
    """One more node on the same log."""
    base = bench.keys[0].removesuffix("epoch")
    return RedisBench(bench.client, base, name, itertools.count(1000), GRACE)
