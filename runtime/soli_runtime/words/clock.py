"""Time and what is due in it: `travel_to`, `freeze_time`, `run_jobs`.

A spec's jobs read the clock that the spec reads. The words here return when what became due has
run, so that a test needs no pauses.
"""

from __future__ import annotations

import asyncio

from soli_stdlib.time import clock_freezing

from soli_lang.base.errors import SoliError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, function
from soli_lang.values.values import Value

from ..jobs.jobs import claim_due, run_due
from ..jobs.queue import Job
from ..jobs.worker import Worker

SETTLE_SECONDS = 5.0
"""How long the words here wait for jobs to end."""


class RunJobs:
    """The jobs of one spec file that ran since the test began, or since it was last asked."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        """Runs the jobs of the app. None: there is no app, and the words here run them."""
        self._count = 0
        self._failures: list[SoliError] = []

    def run_by(self, worker: Worker) -> None:
        """*worker* runs the jobs of the app."""
        self.worker = worker

    def note(self, job: Job, error: Exception | None) -> None:
        """A job ran."""
        self._count += 1
        if isinstance(error, SoliError):
            self._failures.append(error)

    def taken(self) -> tuple[int, SoliError | None]:
        """How many ran, and the first failure among them; from here on the count is anew."""
        count, failures = self._count, self._failures
        self._count, self._failures = 0, []
        return count, next(iter(failures), None)

    async def settled(self, user: str) -> None:
        """Until what is due has run. Raises SoliError when that takes too long."""
        assert self.worker is not None
        try:
            await asyncio.wait_for(self.worker.settled(), SETTLE_SECONDS)
        except TimeoutError:
            raise SoliError(f"{user}: jobs still run after {SETTLE_SECONDS:g} s") from None


_JOBS: MachineKey[RunJobs] = MachineKey("soli_runtime.testing.jobs")


def jobs_run(machine: Machine) -> RunJobs:
    """What ran in this spec file, noted from the first call on."""
    found = machine.library.get(_JOBS)
    if found is None:
        found = machine.library[_JOBS] = RunJobs()
    return found


def _run_due(machine: Machine, user: str) -> int:
    jobs = jobs_run(machine)
    if jobs.worker is not None:
        machine.suspend(jobs.settled(user), user)
    else:
        claim_due(machine)
        run_due(machine, jobs.note)
    count, failure = jobs.taken()
    if failure is not None:
        raise failure
    return count


@function("run_jobs")
def run_jobs(machine: Machine) -> int:
    """Run the jobs that are due; how many ran since the test began or the last `run_jobs`.

    The failure of a job is raised here.
    """
    return _run_due(machine, "run_jobs")


@function(("freeze_time", "travel_to"), Any_)
def travel_to(machine: Machine, instant: Value) -> int:
    """Stop all clocks at *instant* (Unix seconds or a date) and run the jobs that are due then."""
    seconds = clock_freezing.freeze_time(machine, instant)
    _run_due(machine, "travel_to")
    return seconds
