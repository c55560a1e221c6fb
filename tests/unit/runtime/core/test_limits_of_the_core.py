"""What the core keeps is bounded: at each bound, and one past it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from soli_runtime.core.actions import MAX_USER_ID_CHARACTERS, ActionError
from soli_runtime.core.audience.audience import MAX_EMPTIED, MAX_GHOSTS, MAX_LEFT
from soli_runtime.http.sessions import MAX_SESSIONS, MemoryStore
from soli_runtime.jobs.queue import MAX_DEAD, MAX_FINISHED, Job, MemoryJobs

from ....support.presence_clients import Bench


def track(bench: Bench, connection_id: str, user_id: str, channel: str = "r") -> None:
    bench.do(connection_id, {"track": {"channel": channel, "user_id": user_id}})


def audience_of(bench: Bench) -> Any:
    return bench.hub.presence.audience


def refreshes(bytes_per_second: int) -> list[int]:
    """Sizes of the two refreshes that fall due at the same time, as far as they are sent."""
    bench = Bench(presence_resync_bytes=bytes_per_second)
    bench.connect("a", "b", "watcher", "late")
    track(bench, "a", "ada")
    bench.do("watcher", {"join": "r"})
    track(bench, "b", "ada")
    sizes = []
    for connection_id in ("watcher", "late"):
        bench.now = 101.0
        for inbox in bench.inboxes.values():
            inbox.take()
        bench.flush()
        sent = [payload for inbox in bench.inboxes.values() for payload in inbox.payloads]
        sizes.append(sum(len(payload) for payload in sent))
        if connection_id == "watcher":
            track(bench, "late", "ada")  # makes the snapshots of the others old once more
            audience_of(bench)._pending["r"] = 101.0
    return sizes


def test_the_budget_of_refreshes_is_inclusive() -> None:
    """The budget of refreshes: while a byte of it is left one more goes out; at zero all wait."""
    first, second = refreshes(0)
    assert first > 0
    each = second // 3
    assert refreshes(first + 1) == [first, each]
    assert refreshes(first + each) == [first, each]
    assert refreshes(first + each + 1) == [first, 2 * each]
    assert refreshes(first) == [first, 0]


@pytest.mark.parametrize("seconds", [0, 1])
def test_metas_that_are_gone_are_remembered_up_to_a_limit(seconds: int) -> None:
    """MAX_GHOSTS of one user; with one more the oldest goes, or all after a refresh."""
    bench = Bench(presence_resync_seconds=seconds)
    bench.connect("a", "b", "watcher")
    track(bench, "a", "ada")
    bench.do("watcher", {"join": "r"})

    def ghosts_after(count: int) -> int:
        for _ in range(count):
            track(bench, "b", "ada")
            bench.do("b", {"untrack": "r"})
        return len(audience_of(bench).rooms["r"].held_ghosts("ada"))

    assert ghosts_after(MAX_GHOSTS) == MAX_GHOSTS
    assert ghosts_after(1) == (MAX_GHOSTS if seconds else 0)
    assert ghosts_after(5 * MAX_GHOSTS) <= MAX_GHOSTS


def test_channels_that_were_left_are_remembered_up_to_a_limit() -> None:
    """MAX_LEFT of one connection; with one more the oldest is forgotten."""
    bench = Bench(max_rooms=0)
    bench.connect("host", "visitor")
    seen = []
    for number in range(MAX_LEFT + 1):
        track(bench, "host", "u", f"r{number}")
        bench.do("visitor", {"join": f"r{number}"})
        bench.do("visitor", {"leave": f"r{number}"})
        seen.append(len(bench.hub.seats["visitor"].attending.left))
    assert seen[-2:] == [MAX_LEFT] * 2
    assert "r0" not in bench.hub.seats["visitor"].attending.left


@pytest.mark.parametrize("excess", [0, 1])
def test_channels_that_emptied_are_remembered_up_to_a_limit(excess: int) -> None:
    """MAX_EMPTIED; with one more the oldest is forgotten, and who joins it gets no frame."""
    bench = Bench()
    bench.connect("host", "visitor")
    for number in range(MAX_EMPTIED + excess):
        track(bench, "host", "u", f"r{number}")
        bench.do("host", {"untrack": f"r{number}"})
    bench.do("visitor", {"join": "r0"})
    assert bool(bench.received("visitor")) == (excess == 0)


@pytest.mark.parametrize("excess", [0, 1])
def test_ids_of_users_are_bounded(excess: int) -> None:
    """MAX_USER_ID_CHARACTERS, in a `track`."""
    bench = Bench()
    bench.connect("a")
    user = "u" * (MAX_USER_ID_CHARACTERS + excess)
    if excess:
        with pytest.raises(ActionError, match="at most 255 characters, got 256"):
            track(bench, "a", user)
    else:
        track(bench, "a", user)
        assert user in json.dumps(bench.received("a"))


def test_finished_jobs_are_remembered_up_to_a_limit() -> None:
    """MAX_FINISHED; with one more the oldest is forgotten."""
    store = MemoryJobs()
    for number in range(MAX_FINISHED + 1):
        store.add(Job(str(number), "SomeJob", None, 0.0))
        job = store.take(0.0)
        assert job is not None
        job.status = "done"
        store.finish(job)
        if number == MAX_FINISHED - 1:
            assert len(store.list()) == MAX_FINISHED
    assert len(store.list()) == MAX_FINISHED
    assert store.list()[0].id == "1"


def test_dead_jobs_are_kept_apart_up_to_a_limit() -> None:
    """MAX_DEAD, however many end well meanwhile; with one more the oldest is forgotten."""
    store = MemoryJobs()
    for number in range(MAX_DEAD + 1):
        if number == MAX_DEAD:
            assert store.list(status="failed")[0].id == "0"
        for status in ("failed", "done"):
            store.add(Job(f"{status} {number}" if status == "done" else str(number), "J", None, 0))
            job = store.take(0.0)
            assert job is not None
            job.status = status
            store.finish(job)
    dead = store.list(status="failed")
    assert len(dead) == MAX_DEAD
    assert dead[0].id == "1"


def test_sessions_are_bounded() -> None:
    """MAX_SESSIONS; with one more the one that was not used for longest goes."""
    store = MemoryStore(lambda: 0.0)
    for number in range(MAX_SESSIONS + 1):
        store.create(str(number), {})
        if number == MAX_SESSIONS - 1:
            assert store.load("0") == {}, "all of them, and now the first is the newest"
    assert store.load("1") is None
    assert store.load("0") == store.load("2") == {}
