"""What changes of presence cost has a budget; past it they merge (docs/spec §W5.4)."""

from __future__ import annotations

import pytest
from soli_runtime.core.actions import ActionError

from ....support.presence_clients import Bench
from ....support.presence_steps import clear, join, set_state, track


def crowd(**settings: int) -> Bench:
    """Ada and Bob are tracked, two others watch."""
    bench = Bench(**settings)
    bench.connect("a", "b", "one", "two")
    track(bench, "a", "ada")
    track(bench, "b", "bob")
    join(bench, "one")
    join(bench, "two")
    bench.settle()
    clear(bench)
    return bench


def states(bench: Bench, watcher: str = "one") -> list[dict[str, str]]:
    """The state of each user in each diff that *watcher* got."""
    return [
        {key: user["metas"][0]["state"] for key, user in found["payload"]["joins"].items()}
        for found in bench.received(watcher)
    ]


def test_changes_within_the_budget_are_told_one_by_one() -> None:
    """As long as a byte of it is left."""
    bench = crowd(presence_diff_bytes=10_000)
    for state in ("x", "y", "z"):
        set_state(bench, "a", state)
    assert states(bench) == [{"ada": "x"}, {"ada": "y"}, {"ada": "z"}]


def test_changes_past_the_budget_become_one_diff_with_the_last_of_each() -> None:
    """Later, and to everybody; who comes meanwhile sees them in the snapshot."""
    bench = crowd(presence_diff_bytes=100)
    set_state(bench, "a", "first")
    assert states(bench) == [{"ada": "first"}]
    clear(bench)
    for state in ("x", "y", "z"):
        set_state(bench, "a", state)
        set_state(bench, "b", state)
    assert states(bench) == []
    bench.now += 10
    bench.flush()
    assert states(bench) == [{"ada": "z", "bob": "z"}]
    assert states(bench, "two") == [{"ada": "z", "bob": "z"}]


def test_who_leaves_is_owed_nothing() -> None:
    """The leave is told at once, and no join after it."""
    bench = crowd(presence_diff_bytes=100)
    set_state(bench, "a", "first")
    set_state(bench, "b", "away")
    bench.disconnect("b")
    assert "bob" in bench.received("one")[-1]["payload"]["leaves"]
    bench.now += 10
    bench.flush()
    assert bench.received("one") == []


def test_the_output_of_many_changes_is_bounded() -> None:
    """Whoever has many tabs with much metadata: bytes per second, not per change."""
    budget = 50_000
    bench = crowd(presence_diff_bytes=budget)
    for number in range(30):
        bench.connect(f"tab{number}")
        entry = {"channel": "r", "user_id": "ada", "note": "x" * 1000}
        bench.do(f"tab{number}", {"track": entry})
    bench.settle()
    clear(bench)
    each = 30 * 1000 * 34  # bytes of one change to all
    for number in range(100):
        set_state(bench, "a", str(number))
        bench.now += 0.1
        bench.flush()
    total = sum(len(str(payload)) for inbox in bench.inboxes.values() for payload in inbox.payloads)
    assert total < 10 * budget + 3 * each


def test_zero_turns_the_budget_off() -> None:
    """Every change is told."""
    bench = crowd(presence_diff_bytes=0)
    for number in range(50):
        set_state(bench, "a", str(number))
    assert len(bench.received("one")) == 50


def test_a_channel_that_one_is_tracked_in_counts_as_a_room() -> None:
    """max-rooms: joined or not, at the limit and one past it; what is untracked makes room."""
    bench = Bench(max_rooms=2)
    bench.connect("a")
    join(bench, "a", room="one")
    for channel in ("one", "two"):
        bench.do("a", {"track": {"channel": channel, "user_id": "ada"}})
    with pytest.raises(ActionError, match="at most 2"):
        bench.do("a", {"track": {"channel": "three", "user_id": "ada"}})
    bench.do("a", {"untrack": "two", "track": {"channel": "three", "user_id": "ada"}})


def test_the_connections_of_one_user_in_a_channel_are_limited() -> None:
    """At the limit, and one past it; who is tracked already may be tracked again."""
    bench = Bench(max_connections_per_user=2)
    bench.connect("a", "b", "c")
    track(bench, "a", "ada")
    track(bench, "b", "ada")
    track(bench, "b", "ada")
    with pytest.raises(ActionError, match="3 connections of user"):
        track(bench, "c", "ada")
    track(bench, "c", "bob")
