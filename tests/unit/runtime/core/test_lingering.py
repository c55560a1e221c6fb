"""Presence of connections whose line broke: it stays for `presence-grace-seconds`."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.core import seats
from soli_runtime.core.actions import ActionError

from ....support.presence_clients import Bench, PageClient, PhoenixClient

GRACE = 5.0


@pytest.fixture
def bench() -> Bench:
    """`w` watches; `a` is tracked as alice."""
    bench = Bench(presence_grace_seconds=GRACE, presence_resync_seconds=1)
    bench.connect("w", "a")
    bench.do("w", {"join": "r"})
    track(bench, "a", "alice")
    bench.received("w")
    return bench


def track(bench: Bench, connection_id: str, user: str, **more: Any) -> None:
    bench.do(connection_id, {"track": {"channel": "r", "user_id": user, **more}})


def later(bench: Bench, seconds: float) -> None:
    bench.now += seconds
    bench.flush()


def test_a_lost_connection_leaves_when_its_time_is_over(bench: Bench) -> None:
    """Not a moment before; in between all still see its user."""
    bench.disconnect("a", lost=True)
    assert bench.hub.due == bench.now + GRACE
    later(bench, GRACE - 0.1)
    assert bench.received("w") == []
    assert bench.hub.presence_count("r") == 1
    assert bench.hub.count() == 1, "the connection itself is gone"
    later(bench, 0.1)
    (diff,) = bench.received("w")
    assert set(diff["payload"]["leaves"]) == {"alice"}
    assert bench.hub.list_presence("r") == []
    assert bench.hub.due is None


def test_who_says_goodbye_leaves_at_once(bench: Bench) -> None:
    """A close frame, or `ws_close`: the hub is told that nothing was lost."""
    bench.disconnect("a")
    (diff,) = bench.received("w")
    assert set(diff["payload"]["leaves"]) == {"alice"}


def test_what_the_disconnect_handler_untracks_is_gone(bench: Bench) -> None:
    """The program knows better."""
    bench.disconnect("a", {"untrack": "r"}, lost=True)
    (diff,) = bench.received("w")
    assert set(diff["payload"]["leaves"]) == {"alice"}


def test_who_comes_back_was_never_gone(bench: Bench) -> None:
    """No join, no leave; the one that returned has one meta, and the others get the new one."""
    bench.disconnect("a", lost=True)
    later(bench, GRACE - 1)
    bench.connect("b")
    track(bench, "b", "alice", device="new")
    (snapshot,) = bench.received("b")
    (meta,) = snapshot["payload"]["alice"]["metas"]
    assert meta["device"] == "new"
    assert bench.received("w") == []
    later(bench, 1)
    (refreshed,) = bench.received("w")
    assert refreshed["event"] == "presence_state"
    assert refreshed["payload"] == snapshot["payload"]
    later(bench, 10)
    assert bench.received("w") == []
    assert bench.hub.presence_count("r") == 1


def test_coming_back_twice_and_leaving_for_good(bench: Bench) -> None:
    """A later goodbye counts, whatever lingered before."""
    for number in range(3):
        bench.disconnect("a" if number == 0 else f"a{number}", lost=True)
        later(bench, 1)
        bench.connect(f"a{number + 1}")
        track(bench, f"a{number + 1}", "alice")
    later(bench, 2)
    bench.received("w")
    bench.disconnect("a3")
    (diff,) = bench.received("w")
    assert set(diff["payload"]["leaves"]) == {"alice"}
    later(bench, 20)
    assert bench.received("w") == []


def test_somebody_else_does_not_end_it(bench: Bench) -> None:
    """Nor the same user in another room."""
    bench.disconnect("a", lost=True)
    bench.connect("b")
    track(bench, "b", "bob")
    bench.do("b", {"track": {"channel": "other", "user_id": "alice"}})
    assert bench.hub.presence_count("r") == 2
    bench.received("w")
    later(bench, GRACE)
    found = [message for message in bench.received("w") if message["event"] == "presence_diff"]
    assert [set(diff["payload"]["leaves"]) for diff in found] == [{"alice"}]


def test_what_lingers_is_no_connection_of_its_user(bench: Bench) -> None:
    """The bound of one user counts those that are there."""
    bench = Bench(presence_grace_seconds=GRACE, max_connections_per_user=1)
    bench.connect("a", "b", "c")
    track(bench, "a", "alice")
    bench.disconnect("a", lost=True)
    track(bench, "b", "alice")
    with pytest.raises(ActionError, match="2 connections of user"):
        track(bench, "c", "alice")


def test_without_grace_nothing_stays() -> None:
    """The default."""
    bench = Bench()
    bench.connect("w", "a")
    bench.do("w", {"join": "r"})
    track(bench, "a", "alice")
    bench.disconnect("a", lost=True)
    assert bench.hub.presence_count("r") == 0


def test_past_the_bound_the_oldest_is_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines break."""
    monkeypatch.setattr(seats, "MAX_LINGERING", 2)
    for number in range(2):
        bench.connect(f"b{number}")
        track(bench, f"b{number}", f"bob{number}")
    bench.disconnect("a", lost=True)
    bench.disconnect("b0", lost=True)
    assert bench.hub.presence_count("r") == 3, "at the bound"
    bench.disconnect("b1", lost=True)
    assert [user["user_id"] for user in bench.hub.list_presence("r")] == ["bob0", "bob1"]


@pytest.mark.parametrize("client", [PageClient, PhoenixClient])
@pytest.mark.parametrize("comes_back", [True, False])
def test_both_clients_show_who_is_there(bench: Bench, client: Any, comes_back: bool) -> None:
    """After a loss and a return, or none; a second user joins meanwhile."""
    shown = client()
    bench.connect("v")
    bench.do("v", {"join": "r"})

    def take() -> None:
        for message in bench.received("v"):
            if message["event"] == "presence_state":
                shown.on_snapshot(message["payload"])
            else:
                shown.on_diff(message["payload"]["joins"], message["payload"]["leaves"])

    take()
    bench.disconnect("a", lost=True)
    bench.connect("b", "c")
    track(bench, "c", "carol")
    if comes_back:
        track(bench, "b", "alice", state="away")
    bench.settle()
    take()
    there = {user["user_id"]: {"metas": user["metas"]} for user in bench.hub.list_presence("r")}
    assert shown.state == there
    assert set(there) == ({"alice", "carol"} if comes_back else {"carol"})
