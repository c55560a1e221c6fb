"""Runs the jobs of a service when their time comes: one timer, a few at a time."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

from soli_lang.base.errors import Cancelled, SoliError
from soli_lang.machine.machine import Machine

from ..calling.calls import Calls, failure_text
from ..observing.logs import Log
from ..observing.tally import Tally, kind_of
from .jobs import Jobs, job_failed, jobs_of, perform
from .queue import Job

MAX_RUNNING = 4
"""Jobs at once. They share the event loop; more only helps jobs that wait."""

MAX_TIMER_SECONDS = 3600.0

PAUSE_SECONDS = 5.0
"""After the queue itself failed (a host's store may be a database): then it is asked again."""

INTERNAL_TEXT = "internal error"
"""What a program reads of a job that failed for a fault of ours; the log says more."""


class Worker:
    """Works through the queue of one program."""

    def __init__(
        self,
        machine: Machine,
        calls: Calls,
        log: Log,
        tally: Tally,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._machine = machine
        self._calls = calls
        self._log = log
        self._tally = tally
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False
        self.jobs: Jobs = jobs_of(machine)
        self.jobs.changed = self._changed

    def start(self) -> None:
        """Look for work."""
        self._arm()

    def stop(self) -> None:
        """Start no further job; what runs is taken back."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._running:
            task.cancel()

    def _changed(self) -> None:
        # From the loop: a handler that enqueues is not interrupted by its own job.
        self._loop.call_soon(self._arm)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._stopped or len(self._running) >= MAX_RUNNING:
            return
        try:
            at = self.jobs.next_at()
        except Exception as error:
            self._pause(error)
            return
        if at is None:
            return
        delay = min(max(0.0, at - self._clock()), MAX_TIMER_SECONDS)
        self._timer = self._loop.call_later(delay, self._work)

    def _work(self) -> None:
        self._timer = None
        try:
            self._take_due(self._clock())
        except Exception as error:
            self._pause(error)
        else:
            self._arm()

    def _pause(self, error: BaseException) -> None:
        """The queue failed: try again later."""
        self._note_fault(error)
        self._timer = self._loop.call_later(PAUSE_SECONDS, self._arm)

    def _note_fault(self, error: BaseException) -> None:
        self._log.error("job_queue_failed", kind=kind_of(error), error=failure_text(error))

    def _take_due(self, now: float) -> None:
        for schedule in self.jobs.due_schedules(now):
            job = Job(
                str(uuid.uuid4()),
                schedule.job,
                schedule.args,
                now,
                cron=schedule.name,
                max_retries=0,
            )
            self.jobs.store.add(job)
        while len(self._running) < MAX_RUNNING:
            found = self.jobs.store.take(now)
            if found is None:
                break
            task = self._loop.create_task(self._run(found))
            self._running.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._note_fault(error)  # what became of the job could not be written down
        self._arm()

    async def _run(self, job: Job) -> None:
        try:
            await self._calls.wait(
                lambda _: perform(self._machine, job.name, job.args), None, {"job": job}
            )
        except asyncio.CancelledError:
            self._cancelled(job)
            raise
        except Cancelled:
            self._cancelled(job)
        except Exception as error:
            self._failed(job, error)
        else:
            job.status = "done"
            job.error = None
            self.jobs.store.finish(job)
            self._tally.jobs[job.name, "done"] += 1
            self._log.info("job_done", job=job.name, id=job.id)

    def _cancelled(self, job: Job) -> None:
        job.status = "cancelled"
        self.jobs.store.finish(job)
        self._tally.jobs[job.name, "cancelled"] += 1

    def _failed(self, job: Job, error: Exception) -> None:
        """Retry or give up, whether the program is at fault or we are."""
        message = error.message if isinstance(error, SoliError) else INTERNAL_TEXT
        again = job_failed(self.jobs, job, message, self._clock())
        self._tally.jobs[job.name, "retried" if again else "failed"] += 1
        self._log.error(
            "job_failed",
            job=job.name,
            kind=kind_of(error),
            id=job.id,
            again=again,
            error=failure_text(error),
        )
