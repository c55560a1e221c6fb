"""Runs the jobs of a service when their time comes: one timer, a few at a time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from soli_lang.base.errors import Cancelled, SoliError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine

from ..calling.calls import Calls, failure_text
from ..core.events import copy_value
from ..observing.logs import Log
from ..observing.tally import Tally, kind_of
from ..observing.traces import JOB, Trace
from .jobs import Jobs, jobs_of, perform, scheduled_job
from .queue import Answer, Job, maybe_await, retry_delay

if TYPE_CHECKING:
    from ..observing.observation import Observation
    from ..routing.handler import Invoke

MAX_RUNNING = 4
"""Jobs at once. They share the event loop; more only helps jobs that wait."""

MAX_TIMER_SECONDS = 3600.0

LOOK_SECONDS = 1.0
"""How often a queue is looked at that other processes may add to."""

PAUSE_SECONDS = 5.0
"""After the queue itself failed (a host's store may be a database): then it is asked again."""

NOTE_ATTEMPTS = 5
"""How often, `LOOK_SECONDS` apart, we try to write down what became of a job."""

INTERNAL_TEXT = "internal error"
"""What a program reads of a job that failed for a fault of ours; the log says more."""

RUNNING: MachineKey[Job] = MachineKey("job")
"""In `Machine.local` while a job runs."""


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
        self._look_task: asyncio.Task[None] | None = None
        self._beat_task: asyncio.Task[None] | None = None
        self._look_again = False
        """Whether something changed while the queue was looked at."""
        self._running: dict[asyncio.Task[None], Job] = {}
        self._unreadable: set[str] = set()
        """Names of cron lines in the store that mean nothing here."""
        self._stopped = False
        self._observation: Observation | None = None
        """Set while somebody watches."""
        self._has_declared = False
        self._told: Callable[[Job, Exception | None], None] | None = None
        """Told of each run of a job, and why it failed."""
        self.jobs: Jobs = jobs_of(machine)
        self.jobs.serve(self._changed)

    def tell(self, told: Callable[[Job, Exception | None], None]) -> None:
        """Tell *told* of each run of a job, and why it failed."""
        self._told = told

    def observe(self, observation: Observation | None) -> None:
        """Tell *observation* of every run from now on; None: nobody."""
        self._observation = observation

    def start(self) -> None:
        """Look for work."""
        self._look_soon()
        if self.jobs.store.is_shared:
            self._beat_task = self._loop.create_task(self._beat())

    def stop(self) -> None:
        """Start no further job; what runs is taken back."""
        self._stopped = True
        self._set_timer(None)
        for task in (self._look_task, self._beat_task, *self._running):
            if task is not None:
                task.cancel()

    async def ended(self, seconds: float) -> None:
        """Wait until what was taken back is in the queue again, at most *seconds*."""
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=max(0.0, seconds))

    @property
    def is_working(self) -> bool:
        """Whether a job runs, or it is looked for one."""
        return bool(self._running) or self._look_task is not None

    async def settled(self) -> None:
        """Wait until every job that is due has run."""
        while True:
            self._look_soon()
            while self._look_task is not None:
                await asyncio.wait([self._look_task])
            if not self._running:
                return
            await asyncio.wait(tuple(self._running), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # let `_done` note that

    # --- looking -------------------------------------------------------------------------------

    def _changed(self) -> None:
        # From the loop: a handler that enqueues is not interrupted by its own job.
        self._loop.call_soon(self._look_soon)

    def _set_timer(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and not self._stopped:
            self._timer = self._loop.call_later(max(0.0, seconds), self._look_soon)

    def _look_soon(self) -> None:
        self._set_timer(None)
        if self._stopped:
            return
        if self._look_task is not None:
            self._look_again = True
            return
        self._look_task = self._loop.create_task(self._look())

    async def _look(self) -> None:
        """Start what is due, and set the timer for what is not."""
        try:
            pause = await self._take_due()
        except Exception as error:
            self._note_fault(error)
            pause = PAUSE_SECONDS
        finally:
            self._look_task = None
        if self._look_again:
            self._look_again = False
            self._look_soon()
        else:
            self._set_timer(pause)

    async def _take_due(self) -> float | None:
        """Start what is due. Seconds until there may be more; None: not before a change."""
        jobs = self.jobs
        store = jobs.store
        if not self._has_declared:
            declared = [item.line for item in jobs.schedules.values() if item.line.is_declared]
            await maybe_await(store.declare(declared))
            self._has_declared = True
        if store.is_shared:
            self._note_unreadable(set(jobs.load(await maybe_await(store.lines()))))
        await self._run_schedules()
        while len(self._running) < MAX_RUNNING:
            job = await maybe_await(store.take(self._clock()))
            if job is None:
                break
            self._begin(job)
        else:
            return None  # the end of one of them makes us look again
        times = (jobs.next_schedule_at(), await maybe_await(store.next_at()))
        at = min((time for time in times if time is not None), default=math.inf)
        pause = at - self._clock()
        return min(pause, LOOK_SECONDS if store.is_shared else MAX_TIMER_SECONDS)

    def _note_unreadable(self, names: set[str]) -> None:
        """Say it once, not every second."""
        for name in sorted(names - self._unreadable):
            self._log.warning("cron_unreadable", name=name)
        self._unreadable = names

    async def _run_schedules(self) -> None:
        now = self._clock()
        for schedule in self.jobs.due_schedules(now):
            next_at, job = scheduled_job(schedule, now)
            await maybe_await(self.jobs.store.claim(schedule.line, next_at, job))
            schedule.line.advance(next_at)

    def _note_fault(self, error: BaseException) -> None:
        self._log.error("job_queue_failed", kind=kind_of(error), error=failure_text(error))

    # --- running -------------------------------------------------------------------------------

    def _begin(self, job: Job) -> None:
        task = self._loop.create_task(self.run(job))
        self._running[task] = job
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._note_fault(error)  # what became of the job could not be written down
        self._look_soon()

    async def _beat(self) -> None:
        """Renew the leases of what runs here."""
        while True:
            await asyncio.sleep(self.jobs.store.lease_seconds / 3)
            for task, job in tuple(self._running.items()):
                try:
                    is_ours = await maybe_await(self.jobs.store.extend(job, self._clock()))
                except Exception as error:
                    self._note_fault(error)
                    break
                if not is_ours and task in self._running:
                    # The queue gave it to somebody else: it must not be done twice to the end.
                    self._log.warning("job_lease_lost", job=job.name, id=job.id)
                    task.cancel()

    async def run(self, job: Job) -> None:
        """Run *job* now, and write down what became of it."""
        observation = self._observation
        if observation is None:
            await self._perform(job, lambda _: perform(self._machine, job.name, job.args))
            return
        details = {"id": job.id, "args": copy_value(job.args), "attempts": job.attempts}
        trace = observation.begin(Trace(JOB, handler=job.name, details=details))
        with observation.attributing(trace):
            invoke = observation.measured(
                lambda _: perform(self._machine, job.name, job.args), self._machine, trace
            )
            try:
                await self._perform(job, invoke)
            finally:
                observation.finish(trace)

    async def _perform(self, job: Job, invoke: Invoke) -> None:
        try:
            await self._calls.wait(invoke, None, {RUNNING: job})
        except asyncio.CancelledError:
            await self._taken_back(job)
            raise
        except Cancelled:
            await self._taken_back(job)
        except Exception as error:
            self._ran(job, error)
            await self._failed(job, error)
        else:
            self._ran(job, None)
            job.status = "done"
            job.error = None
            await self._note(job, lambda: self.jobs.store.finish(job))
            self._tally.jobs[job.name, "done"] += 1
            self._log.info("job_done", job=job.name, id=job.id)

    def _ran(self, job: Job, error: Exception | None) -> None:
        if self._told is not None:
            self._told(job, error)

    async def _note(self, job: Job, write: Callable[[], Answer[bool]]) -> None:
        """Write down what became of a job, if need be when the store is back."""
        for attempt in range(NOTE_ATTEMPTS):
            try:
                if not await maybe_await(write()):
                    self._log.warning("job_lease_lost", job=job.name, id=job.id)
                return
            except Exception:
                if attempt == NOTE_ATTEMPTS - 1 or self._stopped or not self._is_shared:
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def _is_shared(self) -> bool:
        return self.jobs.store.is_shared

    async def _taken_back(self, job: Job) -> None:
        self._tally.jobs[job.name, "cancelled"] += 1
        await maybe_await(self.jobs.store.release(job))

    async def _failed(self, job: Job, error: Exception) -> None:
        """Retry or give up, whether the program is at fault or we are."""
        if self._observation is not None:
            self._observation.failed(error)
        job.error = error.message if isinstance(error, SoliError) else INTERNAL_TEXT
        again = job.attempts <= job.max_retries
        if again:
            at = self._clock() + retry_delay(job.attempts)
            await self._note(job, lambda: self.jobs.store.again(job, at))
        else:
            job.status = "failed"
            await self._note(job, lambda: self.jobs.store.finish(job))
        self._tally.jobs[job.name, "retried" if again else "failed"] += 1
        self._log.error(
            "job_failed",
            job=job.name,
            kind=kind_of(error),
            id=job.id,
            again=again,
            error=failure_text(error),
        )
