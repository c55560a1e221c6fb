"""Refreshes of presence (docs/spec §W5.8): device counts are refreshed, under a budget."""

from __future__ import annotations

from ....support.presence_clients import Bench
from ....support.presence_steps import clear, diff, join, meta, set_state, snapshot, track


def test_device_counts_are_refreshed_once_within_a_second(watched: Bench) -> None:
    """Two more tabs, one snapshot."""
    track(watched, "b", "ada")
    watched.now += 0.5
    track(watched, "c", "ada")
    watched.now += 0.5
    watched.flush()

    assert watched.wakes == [101.0]
    assert watched.received("watcher") == [snapshot(ada=[meta(1), meta(2), meta(3)])]


def test_device_counts_are_refreshed_after_a_tab_was_closed(watched: Bench) -> None:
    """docs/spec §W5.5 is as silent as §W5.3."""
    track(watched, "b", "ada")
    watched.settle()
    clear(watched)
    watched.disconnect("b")
    watched.settle()

    assert watched.received("watcher") == [snapshot(ada=[meta(1)])]


def test_a_refresh_is_not_sent_early(watched: Bench) -> None:
    """Flushing before it is due sends nothing and asks to be called again."""
    track(watched, "b", "ada")
    watched.now += 0.9
    watched.flush()

    assert watched.received("watcher") == []
    assert watched.wakes[-1] == 101.0


def test_a_refresh_goes_only_to_those_whose_snapshot_is_out_of_date(watched: Bench) -> None:
    """The new tab has had its own, and one that joined since too."""
    track(watched, "b", "ada")
    join(watched, "c")
    clear(watched)
    watched.settle()

    assert watched.received("watcher") == [snapshot(ada=[meta(1), meta(2)])]
    assert (watched.received("b"), watched.received("c")) == ([], [])
    assert len(watched.received("a")) == 1


def test_a_refresh_is_one_effect(watched: Bench) -> None:
    """Encoded once for all."""
    track(watched, "b", "ada")

    effects = [effect for effect in watched.hub.flush(102.0) if hasattr(effect, "payload")]

    assert len(effects) == 1


def test_a_refresh_comes_before_any_diff_of_the_channel(watched: Bench) -> None:
    """Without waiting for its second, and then not again."""
    track(watched, "b", "ada")
    track(watched, "c", "bob")
    watched.settle()

    assert watched.received("watcher") == [
        snapshot(ada=[meta(1), meta(2)]),
        diff({"bob": [meta(3)]}),
    ]


def test_the_state_before_a_leave_is_refreshed_first(watched: Bench) -> None:
    """So that the leave has what the client shows."""
    track(watched, "b", "ada")
    watched.disconnect("a")
    watched.disconnect("b")

    assert watched.received("watcher") == [
        snapshot(ada=[meta(2)]),
        diff(leaves={"ada": [meta(2)]}),
    ]


def test_over_the_budget_a_refresh_waits(bench: Bench) -> None:
    """One second's worth may be spent at once; after that it is earned first."""
    small = Bench(presence_resync_bytes=100)
    small.connect("a", "b", "c", "watcher")
    track(small, "a", "ada")
    join(small, "watcher")
    track(small, "b", "ada")
    small.now += 1
    small.flush()  # about 115 bytes to each of two: the budget is 130 in debt
    clear(small)
    track(small, "c", "ada")
    small.now += 1
    small.flush()
    assert small.received("watcher") == []

    small.settle()

    assert len(small.received("watcher")) == 1
    assert small.now > 103


def test_a_refresh_of_many_is_spread_over_the_seconds_that_its_bytes_take() -> None:
    """No burst: whoever knows least comes first, and everybody has had it in the end."""
    watchers = [f"watcher-{number}" for number in range(20)]
    bench = Bench(presence_resync_bytes=1000)
    bench.connect("a", "b", *watchers)
    track(bench, "a", "ada")
    for watcher in watchers:
        join(bench, watcher)
    bench.now += 60
    track(bench, "b", "ada")
    clear(bench)
    refreshed: list[str] = []
    started = bench.now
    while bench.hub.due is not None:
        bench.now = bench.hub.due
        bench.flush()
        sizes = [len(payload) for inbox in bench.inboxes.values() for payload in inbox.payloads]
        assert 0 < sum(sizes) < 1000 + max(sizes)
        refreshed += [name for name in ("a", *watchers) if bench.received(name)]

    assert refreshed == ["a", *watchers]
    assert 2 <= bench.now - started <= 4


def test_over_the_budget_a_diff_goes_out_without_a_refresh(bench: Bench) -> None:
    """Diffs are never held back."""
    small = Bench(presence_resync_bytes=1)
    small.connect("a", "b", "c", "watcher")
    track(small, "a", "ada")
    join(small, "watcher")
    track(small, "b", "ada")
    track(small, "c", "bob")
    small.disconnect("b")
    clear(small)
    set_state(small, "a", "typing")

    assert small.received("watcher") == [diff({"ada": [meta(1, "typing")]})]


def test_a_setting_turns_refreshes_off() -> None:
    """No snapshot, no wake."""
    bench = Bench(presence_resync_seconds=0)
    bench.connect("a", "b", "watcher")
    track(bench, "a", "ada")
    join(bench, "watcher")
    clear(bench)
    track(bench, "b", "ada")

    assert bench.hub.due is None
    assert bench.wakes == []
    assert bench.received("watcher") == []


def test_nothing_is_pending_when_nobody_is_out_of_date(bench: Bench) -> None:
    """A user's two tabs alone in a channel: only the first is told."""
    track(bench, "a", "ada")
    track(bench, "b", "ada")
    bench.disconnect("a")
    bench.disconnect("b")

    assert bench.hub.due is None
