"""Jobs that wait for their time: a queue in memory, behind the port `JobStore`. Pure."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any, Protocol

from soli_lang.base.records import Record, field

DEFAULT_QUEUE = "default"
DEFAULT_RETRIES = 3
FIRST_RETRY_SECONDS = 5.0
MAX_RETRY_SECONDS = 3600.0
MAX_FINISHED = 1000
"""Finished jobs that are remembered for `Job.list`."""


class Job(Record):
    """One call of a job class, now or later."""

    id: str
    name: str
    """The job class."""
    args: Any
    run_at: float
    """Unix seconds."""
    queue: str = DEFAULT_QUEUE
    priority: int = 0
    max_retries: int = DEFAULT_RETRIES
    attempts: int = 0
    status: str = "queued"
    """`queued`, `running`, `done`, `failed` or `cancelled`."""
    error: str | None = None
    cron: str | None = None
    """Name of the schedule that made it."""

    def to_hash(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "args": self.args,
            "queue": self.queue,
            "priority": self.priority,
            "run_at": self.run_at,
            "attempts": self.attempts,
            "max_retries": self.max_retries,
            "status": self.status,
            "error": self.error,
        }


class JobStore(Protocol):
    """Where jobs are kept. `now` is Unix seconds."""

    def add(self, job: Job) -> None: ...

    def take(self, now: float) -> Job | None:
        """The next job that is due, now running; None when there is none."""
        ...

    def next_at(self) -> float | None:
        """When the next job is due."""
        ...

    def finish(self, job: Job) -> None: ...

    def retry(self, job: Job, at: float) -> None:
        """Queue a job again for a later time."""
        ...

    def get(self, job_id: str) -> Job | None: ...

    def cancel(self, job_id: str) -> bool:
        """Take a queued job out; False when it is not queued."""
        ...

    def list(self, queue: str | None = None) -> list[Job]: ...


class _Entry(Record, order=True):
    run_at: float
    negative_priority: int
    number: int
    job: Job = field(compare=False)


class MemoryJobs:
    """Jobs of one process, gone with it."""

    def __init__(self) -> None:
        self._waiting: list[_Entry] = []
        self._due: list[tuple[int, int, Job]] = []
        """Due jobs: higher priority first, then in the order in which they were added."""
        self._jobs: dict[str, Job] = {}
        self._numbers = itertools.count()
        self._finished: list[str] = []

    def add(self, job: Job) -> None:
        self._jobs[job.id] = job
        job.status = "queued"
        entry = _Entry(job.run_at, -job.priority, next(self._numbers), job)
        heapq.heappush(self._waiting, entry)

    def take(self, now: float) -> Job | None:
        while self._waiting and self._waiting[0].run_at <= now:
            entry = heapq.heappop(self._waiting)
            heapq.heappush(self._due, (entry.negative_priority, entry.number, entry.job))
        while self._due:
            job = heapq.heappop(self._due)[2]
            if job.status == "queued":
                job.status = "running"
                job.attempts += 1
                return job
        return None

    def next_at(self) -> float | None:
        while self._due and self._due[0][2].status != "queued":
            heapq.heappop(self._due)
        if self._due:
            return self._due[0][2].run_at
        while self._waiting and self._waiting[0].job.status != "queued":
            heapq.heappop(self._waiting)
        return self._waiting[0].run_at if self._waiting else None

    def finish(self, job: Job) -> None:
        self._finished.append(job.id)
        if len(self._finished) > MAX_FINISHED:
            self._jobs.pop(self._finished.pop(0), None)

    def retry(self, job: Job, at: float) -> None:
        job.run_at = at
        self.add(job)

    def get(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def cancel(self, job_id: str) -> bool:
        job = self._jobs.get(job_id)
        if job is None or job.status != "queued":
            return False
        job.status = "cancelled"
        self.finish(job)
        return True

    def list(self, queue: str | None = None) -> list[Job]:
        return [job for job in self._jobs.values() if queue is None or job.queue == queue]


def retry_delay(attempts: int) -> float:
    """Seconds to wait after that many failed attempts: 5, 10, 20, …, at most an hour."""
    return min(MAX_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(attempts - 1, 30))


Enqueue = Callable[[Job], None]
