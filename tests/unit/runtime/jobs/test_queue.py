"""The queue of jobs, in memory."""

from __future__ import annotations

from typing import Any

from soli_runtime.jobs.queue import Job, MemoryJobs, retry_delay


def job(name: str, at: float = 0.0, **options: Any) -> Job:
    return Job(name, "SomeJob", None, at, **options)


def taken(store: MemoryJobs, now: float) -> list[str]:
    """Ids of what is due, in order."""
    found = []
    while (one := store.take(now)) is not None:
        found.append(one.id)
    return found


def test_due_jobs_come_in_order() -> None:
    """Earlier first; of the same time, as they were added."""
    store = MemoryJobs()
    for one in (job("late", 5), job("b", 1), job("a", 1)):
        store.add(one)
    assert taken(store, 4) == ["b", "a"]


def test_a_higher_priority_goes_first_among_those_due() -> None:
    """Not before its time."""
    store = MemoryJobs()
    for one in (job("low"), job("high", priority=9), job("not yet", 9, priority=99)):
        store.add(one)
    assert taken(store, 1) == ["high", "low"]


def test_a_cancelled_job_does_not_run() -> None:
    """And is no reason to wake up."""
    store = MemoryJobs()
    store.add(job("a", 1))
    assert store.cancel("a") is True
    assert store.next_at() is None
    assert taken(store, 2) == []


def test_a_running_job_cannot_be_cancelled() -> None:
    """Nor one that is unknown."""
    store = MemoryJobs()
    store.add(job("a"))
    store.take(1)
    assert store.cancel("a") is False
    assert store.cancel("nothing") is False


def test_a_retried_job_runs_again_later() -> None:
    """With its attempts counted."""
    store = MemoryJobs()
    store.add(job("a"))
    one = store.take(0)
    assert one is not None
    store.again(one, 7)
    assert store.next_at() == 7
    assert store.take(6) is None
    assert store.take(7) is one
    assert one.attempts == 2


def test_retries_wait_longer_and_longer() -> None:
    """Up to an hour."""
    assert [retry_delay(n) for n in (1, 2, 3)] == [5, 10, 20]
    assert retry_delay(10_000) == 3600
