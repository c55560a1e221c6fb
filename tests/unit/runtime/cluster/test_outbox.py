"""What waits for Redis: how long, how much, and whose."""

from __future__ import annotations

import json

import pytest
from soli_runtime.cluster.host import Bounds, Surroundings
from soli_runtime.cluster.outbox import MAX_BYTES_BEHIND, MAX_OPS_BEHIND, Outbox
from soli_runtime.core.operations.records import Joined, Message
from soli_runtime.core.seats import Seat

from ....support.memory_log import BrokerBench
from ....support.virtual_clock import VirtualClock

WAIT = 30.0


class Clocked(Outbox):
    """With a clock that is set by hand, and notes of who is behind."""

    def __init__(self, wait: float = WAIT) -> None:
        self.seat = Seat("a")
        self.bench = BrokerBench()
        self.clock = VirtualClock()
        bounds = Bounds(1 << 30, wait_seconds=wait)
        around = Surroundings(self.bench, self.bench, self.clock, bounds)
        super().__init__({"a": self.seat}, around)

    @property
    def told(self) -> list[bool]:
        """Whether the connection is behind, as often as that was said."""
        return [is_behind for _, _, is_behind in self.bench.told]

    def say(self, text: str = "x", actor: str | None = "a") -> None:
        self.put(Message("r", text), actor)

    def join(self, room: str) -> None:
        self.put(Joined("a", room), "a")

    def sent(self) -> list[object]:
        """Rooms and texts of all that goes out next."""
        batch = self.next_batch()
        items = () if batch is None else batch.items
        return [item.operation[1] for item in items]


def test_messages_that_waited_too_long_are_dropped_and_nothing_else() -> None:
    """At the limit they go; past it they do not, and joins do, in their order."""
    outbox = Clocked()
    outbox.say("at the limit")
    outbox.clock.now = WAIT
    outbox.drop_old()
    assert (outbox.dropped, outbox.sent()) == (0, ["at the limit"])
    outbox.join("one")
    outbox.say("old")
    outbox.join("two")
    outbox.clock.now = 2 * WAIT + 0.1
    outbox.say("new")
    outbox.drop_old()
    assert outbox.dropped == 1
    assert outbox.sent() == ["one", "two", "new"]
    assert (outbox.waiting_bytes, outbox.is_empty) == (0, False)


def test_nobody_waits_for_what_was_dropped() -> None:
    """Its turn counts as come."""
    outbox = Clocked()
    outbox.say()
    outbox.clock.now = WAIT + 1
    outbox.drop_old()
    assert (outbox.seat.under_way, outbox.seat.bytes_under_way) == (0, 0)
    assert outbox.is_empty


def test_without_a_limit_everything_waits() -> None:
    """`broker-publish-ttl 0`."""
    outbox = Clocked(wait=0)
    outbox.say("old")
    outbox.clock.now = 1e9
    outbox.drop_old()
    assert outbox.sent() == ["old"]


@pytest.mark.parametrize("redis_had_it", [False, True])
def test_a_batch_that_is_sent_again_leaves_old_messages_out(redis_had_it: bool) -> None:
    """Unless Redis took it the first time: then it is as it was."""
    outbox = Clocked()
    outbox.say("old")
    outbox.join("r")
    batch = outbox.next_batch()
    assert batch is not None
    first = batch.fields()[1]
    outbox.clock.now = WAIT + 1
    outbox.shorten(batch)
    again = batch.fields()[1]
    assert json.loads(again) == [["j", "a", "r", False, 0]]
    returned = outbox.returned(1, (first if redis_had_it else again).encode())  # type: ignore[union-attr]
    assert returned is not None
    assert [type(item.operation) for item in returned] == (
        [Message, Joined] if redis_had_it else [Joined]
    )
    assert outbox.dropped == (0 if redis_had_it else 1)
    for item in returned:
        outbox.seen(item)
    assert outbox.seat.under_way == 0


def test_a_batch_of_old_messages_only() -> None:
    """Goes out empty: its number must not be missing."""
    outbox = Clocked()
    outbox.say("old")
    batch = outbox.next_batch()
    assert batch is not None
    outbox.clock.now = WAIT + 1
    outbox.shorten(batch)
    outbox.until_seen()
    assert json.loads(batch.fields()[1]) == []
    assert outbox.returned(1, b"[]") == []
    assert outbox.is_empty


def test_a_connection_that_is_behind_is_told_once_and_let_go_at_half() -> None:
    """By number."""
    outbox = Clocked()
    for _ in range(MAX_OPS_BEHIND - 1):
        outbox.say()
    assert outbox.told == []
    outbox.say()
    outbox.say()
    assert outbox.told == [True]
    batch = outbox.next_batch()
    assert batch is not None
    for item in batch.items[: MAX_OPS_BEHIND // 2]:
        outbox.seen(item)
    assert outbox.told == [True]
    outbox.seen(batch.items[MAX_OPS_BEHIND // 2])
    assert outbox.told == [True, False]


def test_a_connection_may_be_behind_with_few_large_messages() -> None:
    """By bytes."""
    outbox = Clocked()
    outbox.say("x" * (MAX_BYTES_BEHIND - 200))
    assert outbox.told == []
    outbox.say("x" * 100)
    assert outbox.told == [True]


def test_what_no_connection_asked_for_holds_nobody_back() -> None:
    """Jobs and actions have `broker-backlog-bytes`."""
    outbox = Clocked()
    for _ in range(10 * MAX_OPS_BEHIND):
        outbox.say(actor=None)
    assert outbox.told == []
