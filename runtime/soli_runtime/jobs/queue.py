"""Scheduled jobs: the port `JobStore`, and a queue in memory. Pure."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from soli_lang.base.records import Record, field

DEFAULT_QUEUE = "default"
DEFAULT_RETRIES = 3
FIRST_RETRY_SECONDS = 5.0
MAX_RETRY_SECONDS = 3600.0
MAX_FINISHED = 1000
"""Jobs that succeeded or were cancelled, kept for `Job.list`."""
MAX_DEAD = 10_000
"""Dead jobs, kept for inspection and retries; the oldest is dropped."""
MAX_LISTED = 10_000
"""Jobs that one `Job.list` or `Job.dead` returns."""
LEASE_SECONDS = 30.0
"""How long a job belongs to the process that took it, which renews the lease at every third of that
time."""
LEAST_LEASE_SECONDS = 1.0
MAX_LOSSES = 3
"""Runs of a job that may end with the death of their process; after that the job is dead."""
LOST_TEXT = f"its process ended while it ran, {MAX_LOSSES} times"

Result = TypeVar("Result")
Answer: TypeAlias = Result | Awaitable[Result]
"""The result of a store: a value if the store is in this process, else an awaitable of it."""


async def maybe_await(answer: Answer[Result]) -> Result:
    """The result of a store, for coroutines. Builtins use `jobs.wait_in_program`."""
    return await answer if isinstance(answer, Awaitable) else answer


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
    """`queued`, `running`, `done`, `failed` (dead: it is not retried) or `cancelled`."""
    error: str | None = None
    cron: str | None = None
    """Name of the schedule that created it."""
    losses: int = 0
    """Processes that died while they ran this job."""
    lease: str = ""
    """Token of the current lease; a store refuses calls with an earlier one."""

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


class Line(Record):
    """A cron line as a store keeps it."""

    name: str
    line: str
    job: str
    args: Any
    next_at: float
    """Unix seconds of its next run."""
    is_declared: bool = False
    """Declared by the program, and dropped with its declaration; otherwise a handler made it."""

    def advance(self, next_at: float) -> None:
        """Set the time of the next run."""
        self.next_at = next_at


class JobStore(Protocol):
    """Where jobs and cron lines are kept. `now` is Unix seconds.

    A job belongs to the process that took it until its lease ends; `extend`, `finish`, `again`
    and `release` return False once another process has it.
    """

    is_shared: bool
    """Whether other processes may add jobs; the queue is then polled every second."""
    lease_seconds: float
    """How long a job belongs to the process that took it."""

    def add(self, job: Job) -> Answer[None]: ...

    def take(self, now: float) -> Answer[Job | None]:
        """The next job that is due, now running; None when there is none.

        Jobs whose lease ended come first.
        """
        ...

    def extend(self, job: Job, now: float) -> Answer[bool]:
        """Renew the lease of a running job."""
        ...

    def next_at(self) -> Answer[float | None]:
        """When the next job is due, or the next lease ends."""
        ...

    def finish(self, job: Job) -> Answer[bool]:
        """Record the end of a running job, with its `status` and `error`."""
        ...

    def again(self, job: Job, at: float) -> Answer[bool]:
        """Queue a running job again for a later time."""
        ...

    def release(self, job: Job) -> Answer[bool]:
        """Give a running job back, as if it had not been taken."""
        ...

    def revive(self, job_id: str, at: float) -> Answer[bool]:
        """Queue a failed or cancelled job again; False when it is neither."""
        ...

    def cancel(self, job_id: str) -> Answer[bool]:
        """Remove a queued job; False when it is not queued."""
        ...

    def list(self, queue: str | None = None, status: str | None = None) -> Answer[Sequence[Job]]:
        """Jobs in the order in which they were added, at most `MAX_LISTED`."""
        ...

    def counts(self) -> Answer[Mapping[str, int]]:
        """How many jobs there are of each status."""
        ...

    def queues(self) -> Answer[Sequence[str]]:
        """The names of the queues with jobs of any status."""
        ...

    def declare(self, lines: Sequence[Line]) -> Answer[None]:
        """The cron lines that the program has; declared ones of other names are dropped.

        An unchanged line keeps the time of its next run, even if that has passed.
        """
        ...

    def schedule(self, line: Line) -> Answer[None]:
        """Save a cron line, in place of another of its name."""
        ...

    def unschedule(self, name: str) -> Answer[bool]:
        """Drop a cron line; False when there is none of that name."""
        ...

    def lines(self) -> Answer[Sequence[Line]]:
        """All cron lines."""
        ...

    def claim(self, line: Line, next_at: float, job: Job) -> Answer[bool]:
        """Move a cron line from its `next_at` to the given one and add *job*, in one step.

        Returns False without any change if another process has moved or changed it.
        """
        ...


class _Entry(Record, order=True):
    run_at: float
    negative_priority: int
    number: int
    job: Job = field(compare=False)


class MemoryJobs:
    """Jobs of one process, gone with it."""

    is_shared = False
    lease_seconds = LEASE_SECONDS

    def __init__(self) -> None:
        self._waiting: list[_Entry] = []
        self._due: list[tuple[int, int, Job]] = []
        """Due jobs: higher priority first, then in the order in which they were added."""
        self._jobs: dict[str, Job] = {}
        self._numbers = itertools.count()
        self._queued: dict[str, int] = {}
        """The valid entry of each queued job, which may have been cancelled and revived."""
        self._ended: dict[bool, dict[str, None]] = {True: {}, False: {}}
        """Ids of jobs that ended, dead (True) or not, oldest first."""
        self._lines: dict[str, Line] = {}

    def add(self, job: Job) -> None:
        self._jobs[job.id] = job
        job.status = "queued"
        number = self._queued[job.id] = next(self._numbers)
        entry = _Entry(job.run_at, -job.priority, number, job)
        heapq.heappush(self._waiting, entry)

    def take(self, now: float) -> Job | None:
        while self._waiting and self._waiting[0].run_at <= now:
            entry = heapq.heappop(self._waiting)
            heapq.heappush(self._due, (entry.negative_priority, entry.number, entry.job))
        while self._due:
            _, number, job = heapq.heappop(self._due)
            if self._queued.get(job.id) == number:
                del self._queued[job.id]
                job.status = "running"
                job.attempts += 1
                return job
        return None

    def extend(self, job: Job, now: float) -> bool:
        return True

    def next_at(self) -> float | None:
        while self._due and self._queued.get(self._due[0][2].id) != self._due[0][1]:
            heapq.heappop(self._due)
        if self._due:
            return self._due[0][2].run_at
        waiting = self._waiting
        while waiting and self._queued.get(waiting[0].job.id) != waiting[0].number:
            heapq.heappop(waiting)
        return waiting[0].run_at if waiting else None

    def finish(self, job: Job) -> bool:
        is_dead = job.status == "failed"
        ended = self._ended[is_dead]
        ended[job.id] = None
        if len(ended) > (MAX_DEAD if is_dead else MAX_FINISHED):
            oldest = next(iter(ended))
            del ended[oldest]
            self._jobs.pop(oldest, None)
        return True

    def again(self, job: Job, at: float) -> bool:
        job.run_at = at
        self.add(job)
        return True

    def release(self, job: Job) -> bool:
        """Cancel the job: the queue ends with the process."""
        job.status = "cancelled"
        return self.finish(job)

    def revive(self, job_id: str, at: float) -> bool:
        job = self._jobs.get(job_id)
        if job is None or job.status not in ("failed", "cancelled"):
            return False
        self._ended[job.status == "failed"].pop(job_id, None)
        job.attempts = 0
        return self.again(job, at)

    def cancel(self, job_id: str) -> bool:
        job = self._jobs.get(job_id)
        if job is None or job.status != "queued":
            return False
        del self._queued[job_id]
        job.status = "cancelled"
        return self.finish(job)

    def list(self, queue: str | None = None, status: str | None = None) -> Sequence[Job]:
        matches = (
            job
            for job in self._jobs.values()
            if (queue is None or job.queue == queue) and (status is None or job.status == status)
        )
        return tuple(itertools.islice(matches, MAX_LISTED))

    def counts(self) -> Mapping[str, int]:
        return Counter(job.status for job in self._jobs.values())

    def queues(self) -> Sequence[str]:
        return tuple(dict.fromkeys(job.queue for job in self._jobs.values()))

    def declare(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self.schedule(line)

    def schedule(self, line: Line) -> None:
        self._lines[line.name] = line

    def unschedule(self, name: str) -> bool:
        return self._lines.pop(name, None) is not None

    def lines(self) -> Sequence[Line]:
        return tuple(self._lines.values())

    def claim(self, line: Line, next_at: float, job: Job) -> bool:
        if self._lines.get(line.name) is not line:
            return False
        line.next_at = next_at
        self.add(job)
        return True


def retry_delay(attempts: int) -> float:
    """Seconds to wait after that many failed attempts: 5, 10, 20, …, at most an hour."""
    return min(MAX_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(attempts - 1, 30))
