"""What members get late from a node that was away: in slices, and the position behind it."""

from __future__ import annotations

import itertools

from soli_runtime.core.history.rules import Rule
from soli_runtime.core.operations.arrivals import LATE_BYTES, MANY

from ....support.memory_log import LogBench, MemoryLog, arrive


def away(*messages: str) -> tuple[LogBench, str]:
    """A node with the follower `a` in the room r, and where it was before *messages*."""
    bench = LogBench(MemoryLog(), "n1", itertools.count(1))
    bench.deliver(bench.hub.follow([Rule("r", 1000, 60.0)]))
    bench.connect("a", returns={})
    bench.do("a", {"join": "r"})
    arrive([bench])
    bench.end_turn()
    bench.received("a")
    before = bench.history.position
    for message in messages:
        bench.history.place += 1
        bench.history.append("r", message)
    return bench, before


def slices_of(bench: LogBench, before: str) -> list[list[object]]:
    """What `a` gets in each turn of the loop."""
    found = []
    for _ in bench.broker.catch_up(before):
        bench.end_turn()
        found.append(bench.received("a"))
    bench.end_turn()
    return [*found, bench.received("a")]


def test_many_messages_come_in_slices_and_the_position_behind_the_last() -> None:
    """Who loses the line in the midst of them says that it has not seen them."""
    bench, before = away(*map(str, range(1000)))
    slices = slices_of(bench, before)
    assert max(map(len, slices)) <= MANY
    flat = [each for one in slices for each in one]
    assert flat[:-1] == list(range(1000))
    assert isinstance(flat[-1], dict)
    assert flat[-1]["event"] == "position"
    assert flat[-1]["payload"] == bench.history.position


def test_few_long_messages_come_in_slices_too() -> None:
    """By their bytes."""
    bench, before = away(*["x" * 50_000] * 20)
    slices = slices_of(bench, before)
    assert max(sum(len(str(each)) for each in one) for one in slices) < LATE_BYTES + 50_000
    assert sum(len(one) for one in slices) == 21


def test_who_leaves_meanwhile_gets_no_more() -> None:
    """A room that is gone is passed over."""
    bench, before = away(*map(str, range(200)))
    late = bench.broker.catch_up(before)
    next(late)
    bench.disconnect("a")
    arrive([bench])
    for _ in late:
        pass
    assert bench.faults == []
    assert "r" not in bench.hub.rooms
