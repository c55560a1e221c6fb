"""Runs the jobs of a service when their time comes: one timer, a few at a time."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

from soli_lang.errors import Cancelled, SoliError
from soli_lang.machine import Machine

from .handlers import Calls, failure_text
from .job_queue import Job
from .jobs import Jobs, job_failed, jobs_of, perform
from .logs import Log
from .tally import Tally, kind_of

MAX_RUNNING = 4
"""Jobs at once. They share the event loop; more only helps jobs that wait."""

MAX_TIMER_SECONDS = 3600.0


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
        at = self.jobs.next_at()
        if self._stopped or at is None or len(self._running) >= MAX_RUNNING:
            return
        delay = min(max(0.0, at - self._clock()), MAX_TIMER_SECONDS)
        self._timer = self._loop.call_later(delay, self._work)

    def _work(self) -> None:
        self._timer = None
        now = self._clock()
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
        self._arm()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._arm()

    async def _run(self, job: Job) -> None:
        try:
            await self._calls.wait(
                lambda _: perform(self._machine, job.name, job.args), None, {"job": job}
            )
        except Cancelled:
            job.status = "cancelled"
            self._tally.jobs[job.name, "cancelled"] += 1
        except SoliError as error:
            again = job_failed(self.jobs, job, error.message, self._clock())
            self._tally.jobs[job.name, "retried" if again else "failed"] += 1
            text = failure_text(error)
            self._log.error(
                "job_failed", job=job.name, kind=kind_of(error), id=job.id, again=again, error=text
            )
        else:
            job.status = "done"
            job.error = None
            self.jobs.store.finish(job)
            self._tally.jobs[job.name, "done"] += 1
            self._log.info("job_done", job=job.name, id=job.id)
