"""The queue of jobs behaves alike wherever it is kept; time is the test's."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.jobs.queue import (
    LEASE_SECONDS,
    LOST_TEXT,
    MAX_LOSSES,
    Job,
    JobStore,
    Line,
    MemoryJobs,
    maybe_await,
)

from .conftest import KINDS, Made


class Queue:
    """A `JobStore` whose answers come at once."""

    def __init__(self, made: Made, store: JobStore) -> None:
        self._made = made
        self._store = store

    def __getattr__(self, name: str) -> Any:
        code = getattr(self._store, name)
        return lambda *arguments, **named: self._made.loop.run_until_complete(
            maybe_await(code(*arguments, **named))
        )

    def taken(self, now: float) -> list[str]:
        """Ids of what is due, in order."""
        found = []
        while (one := self.take(now)) is not None:
            found.append(one.id)
        return found


def queue_of(made: Made, kind: str, **options: Any) -> Queue:
    store = made.store(kind, prefix=options.pop("prefix", None))
    if store is None:
        return Queue(made, MemoryJobs())
    if kind == "redis":
        options["own_time"] = False
    jobs = type(store.jobs)(getattr(store, "_link", None) or store._database, **options)  # type: ignore[call-arg,attr-defined]
    return Queue(made, jobs)


@pytest.fixture(params=KINDS)
def queue(request: Any, made: Made) -> Queue:
    return queue_of(made, request.param)


@pytest.fixture(params=KINDS[1:])
def shared(request: Any, made: Made) -> Queue:
    """A queue that outlives a process."""
    return queue_of(made, request.param)


def job(name: str, at: float = 0.0, **options: Any) -> Job:
    return Job(name, "SomeJob", {"n": [1.0, "x", None]}, at, **options)


def test_a_job_comes_back_as_it_went_in(queue: Queue) -> None:
    """Whole Floats in its arguments stay Floats."""
    queue.add(job("a", 1.5, queue="mail", priority=3, max_retries=7, cron="nightly"))
    one = queue.take(2)
    assert one.to_hash() == {
        "id": "a", "name": "SomeJob", "args": {"n": [1.0, "x", None]}, "queue": "mail",
        "priority": 3, "run_at": 1.5, "attempts": 1, "max_retries": 7, "status": "running",
        "error": None,
    }  # fmt: skip
    assert type(one.args["n"][0]) is float
    assert one.cron == "nightly"


def test_due_jobs_come_in_order(queue: Queue) -> None:
    """Not before their time; higher priority first, then as they were added."""
    queue.add(job("late", 5))
    queue.add(job("b", 1))
    queue.add(job("a", 1))
    queue.add(job("high", 2, priority=9))
    queue.add(job("low", 2, priority=-9))
    queue.add(job("not yet", 9, priority=99))
    assert queue.taken(4) == ["high", "b", "a", "low"]
    assert queue.taken(5) == ["late"]


def test_the_next_time(queue: Queue) -> None:
    """Of what waits; None when nothing does."""
    assert queue.next_at() is None
    queue.add(job("a", 7))
    queue.add(job("b", 3))
    assert queue.next_at() == 3
    queue.cancel("b")
    assert queue.next_at() == 7


def test_a_job_that_is_tried_again(queue: Queue) -> None:
    """Later, with its attempts and its error kept."""
    queue.add(job("a"))
    one = queue.take(0)
    one.error = "why"
    assert queue.again(one, 7) is True
    assert queue.take(6) is None
    two = queue.take(7)
    assert (two.attempts, two.error, two.run_at) == (2, "why", 7)


def test_ends_are_remembered(queue: Queue) -> None:
    """Dead jobs are listed apart, and can be run again with all their retries."""
    for name, status in (("a", "done"), ("b", "failed"), ("c", "failed"), ("d", "cancelled")):
        queue.add(job(name, queue=name))
        if status == "cancelled":
            assert queue.cancel(name) is True
            continue
        one = queue.take(0)
        one.status, one.error = status, "why" if status == "failed" else None
        assert queue.finish(one) is True
    assert [(one.id, one.status) for one in queue.list()] == [
        ("a", "done"), ("b", "failed"), ("c", "failed"), ("d", "cancelled"),
    ]  # fmt: skip
    assert [(one.id, one.error) for one in queue.list(status="failed")] == [
        ("b", "why"),
        ("c", "why"),
    ]
    assert [one.id for one in queue.list("b")] == ["b"]
    assert [one.id for one in queue.list("b", "done")] == []
    assert dict(queue.counts()) == {"done": 1, "failed": 2, "cancelled": 1}
    assert list(queue.queues()) == ["a", "b", "c", "d"]
    assert queue.revive("b", 9) is True
    assert queue.revive("d", 9) is True
    assert [queue.revive(name, 9) for name in ("a", "b", "nothing")] == [False] * 3
    assert queue.take(8) is None
    again = queue.take(9)
    assert (again.id, again.attempts) == ("b", 1)
    assert dict(queue.counts()) == {"done": 1, "failed": 1, "queued": 1, "running": 1}


def test_only_what_waits_can_be_cancelled(queue: Queue) -> None:
    queue.add(job("a"))
    queue.take(1)
    assert queue.cancel("a") is False
    assert queue.cancel("nothing") is False


# --- leases ---------------------------------------------------------------------------------------


def test_a_job_whose_process_died_runs_again(shared: Queue) -> None:
    """When its lease has ended, and nobody listens to the first process any more."""
    shared.add(job("a", max_retries=0))
    first = shared.take(100)
    assert shared.next_at() == 100 + LEASE_SECONDS
    assert shared.take(100 + LEASE_SECONDS - 1) is None
    second = shared.take(100 + LEASE_SECONDS)
    assert (second.id, second.attempts, second.losses) == ("a", 1, 1)
    for late in (
        shared.extend(first, 999),
        shared.finish(first),
        shared.again(first, 1),
        shared.release(first),
    ):
        assert late is False
    second.status = "done"
    assert shared.finish(second) is True
    assert shared.take(10**9) is None


def test_a_lease_is_renewed(shared: Queue) -> None:
    """By whoever works on the job."""
    shared.add(job("a"))
    one = shared.take(0)
    assert shared.extend(one, LEASE_SECONDS - 1) is True
    assert shared.take(LEASE_SECONDS + 1) is None
    assert shared.take(2 * LEASE_SECONDS) is not None


def test_a_job_that_kills_its_process_is_given_up(shared: Queue) -> None:
    """After MAX_LOSSES processes; it can be looked at and run again."""
    shared.add(job("a", max_retries=99))
    now = 0.0
    for _ in range(MAX_LOSSES):
        assert shared.take(now) is not None
        now += LEASE_SECONDS
    assert shared.take(now) is None
    (dead,) = shared.list(status="failed")
    assert dead.error == LOST_TEXT
    assert shared.revive("a", now) is True
    assert shared.take(now).losses == 0


def test_a_job_that_is_given_back_was_never_taken(shared: Queue) -> None:
    """What a stopping server does with those at work."""
    shared.add(job("a"))
    one = shared.take(5)
    assert shared.release(one) is True
    assert shared.release(one) is False
    assert shared.take(5).attempts == 1


# --- cron lines -----------------------------------------------------------------------------------


def line(name: str, next_at: float, *, text: str = "* * * * *", declared: bool = True) -> Line:
    return Line(name, text, "SomeJob", [1], next_at, declared)


def test_declared_lines_keep_their_time_over_a_restart(shared: Queue) -> None:
    """One that changed begins anew, one that is gone from the program goes; others stay."""
    shared.declare([line("a", 10), line("b", 10), line("c", 10)])
    shared.schedule(line("made", 10, declared=False))
    shared.declare([line("a", 99), line("b", 99, text="0 * * * *")])
    found = [(one.name, one.line, one.next_at, one.is_declared) for one in shared.lines()]
    assert found == [
        ("a", "* * * * *", 10, True),
        ("b", "0 * * * *", 99, True),
        ("made", "* * * * *", 10, False),
    ]
    assert shared.unschedule("made") is True
    assert shared.unschedule("made") is False


def test_one_of_many_runs_a_cron_line(queue: Queue) -> None:
    """Whoever moves it first; its job is there in the same step."""
    queue.declare([line("a", 10.125)])
    (seen,) = queue.lines()
    again = Line(*(getattr(seen, name) for name in Line.record_fields))
    assert queue.claim(seen, 20, job("one", 10.125)) is True
    assert queue.claim(again, 20, job("two", 10.125)) is False
    assert [one.id for one in queue.list()] == ["one"]
    (moved,) = queue.lines()
    assert moved.next_at == 20


def test_a_line_that_never_comes(queue: Queue) -> None:
    """31 February is at the end of time."""
    queue.declare([line("never", float("inf"))])
    (one,) = queue.lines()
    assert one.next_at == float("inf")


# --- bounds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_ended_is_kept_up_to_a_limit(made: Made, kind: str) -> None:
    """The dead apart from the others; of each the oldest goes."""
    queue = queue_of(made, kind, max_finished=2, max_dead=3, max_listed=4)
    for status in ("done", "failed"):
        for number in range(4):
            queue.add(job(f"{status} {number}"))
            one = queue.take(0)
            one.status = status
            queue.finish(one)
    assert dict(queue.counts()) == {"done": 2, "failed": 3}
    assert [one.id for one in queue.list(status="failed")] == ["failed 1", "failed 2", "failed 3"]
    assert len(queue.list()) == 4
    assert queue.revive("failed 0", 1) is False
