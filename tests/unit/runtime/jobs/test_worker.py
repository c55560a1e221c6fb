"""The worker: what becomes of a job, and when the next is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from soli_runtime.builtins.library import install_library
from soli_runtime.calling.calls import Calls
from soli_runtime.calling.greenlets import Runners
from soli_runtime.jobs.jobs import jobs_of, watch_classes
from soli_runtime.jobs.worker import MAX_RUNNING, Worker
from soli_runtime.observing.logs import silent
from soli_runtime.observing.tally import Tally

from soli_lang import Capabilities, Interpreter

PROGRAM = """
done = []
class GoodJob
  static def perform(args) done.push(args) end
end
class BadJob
  static def perform(args) throw "no luck" end
end
"""


class Bench:
    """A worker on a queue in memory, with a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.interpreter = Interpreter(
            install_library, capabilities=Capabilities(clock=lambda: self.now)
        )
        machine = self.interpreter.machine
        watch_classes(machine)
        self.program = self.interpreter.load(PROGRAM)
        self.tally = Tally()
        calls = Calls(machine, Runners(), may_wait=True)
        self.worker = Worker(machine, calls, silent(), self.tally, lambda: self.now)
        self.worker.start()

    def run(self, text: str) -> Any:
        return self.interpreter.run(text)

    def statuses(self) -> list[str]:
        store: Any = jobs_of(self.interpreter.machine).store
        return [job.status for job in store.list()]


def on_a_bench(test: Callable[[Bench], Any]) -> Any:
    async def whole() -> Any:
        bench = Bench()
        try:
            return await test(bench)
        finally:
            bench.worker.stop()
            await bench.worker.ended(1)

    return asyncio.run(whole())


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until *condition*; a bounded number of times."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came true")


def test_a_job_that_is_due_is_done() -> None:
    """And counted."""

    async def test(bench: Bench) -> Any:
        bench.run('Job.enqueue("GoodJob", "a")')
        await until(lambda: bench.program.get("done") == ["a"])
        await until(lambda: bench.tally.jobs["GoodJob", "done"] == 1)
        return bench.statuses()

    assert on_a_bench(test) == ["done"]


def test_a_job_is_not_done_before_its_time() -> None:
    """Whatever else is."""

    async def test(bench: Bench) -> Any:
        bench.run('Job.enqueue_in(60, "GoodJob", "later")\nJob.enqueue("GoodJob", "now")')
        await until(lambda: bench.program.get("done") == ["now"])
        bench.now += 61
        bench.run('Job.enqueue("GoodJob", "then")')
        await until(lambda: len(bench.program.get("done")) == 3)
        return sorted(bench.program.get("done"))

    assert on_a_bench(test) == ["later", "now", "then"]


def test_a_job_that_fails_is_tried_again_and_given_up_at_last() -> None:
    """After its retries, with its error."""

    async def test(bench: Bench) -> Any:
        bench.run('Job.enqueue("BadJob", null, { "max_retries": 1 })')
        await until(lambda: bench.tally.jobs["BadJob", "retried"] == 1)
        bench.now += 3600
        bench.run('Job.enqueue("GoodJob", 1)')
        await until(lambda: bench.tally.jobs["BadJob", "failed"] == 1)
        store: Any = jobs_of(bench.interpreter.machine).store
        return [(job.status, job.error) for job in store.list() if job.name == "BadJob"]

    assert on_a_bench(test) == [("failed", "no luck")]


def test_only_a_few_jobs_run_at_once() -> None:
    """The others wait their turn."""

    async def test(bench: Bench) -> Any:
        bench.run(f'{MAX_RUNNING + 3}.times |i| Job.enqueue("GoodJob", i) end')
        await until(lambda: len(bench.program.get("done")) == MAX_RUNNING + 3)
        return bench.program.get("done")

    assert on_a_bench(test) == list(range(MAX_RUNNING + 3))


def test_a_stopped_worker_begins_nothing() -> None:
    """What is enqueued stays in the queue."""

    async def test(bench: Bench) -> Any:
        bench.worker.stop()
        bench.run('Job.enqueue("GoodJob", 1)')
        for _ in range(20):
            await asyncio.sleep(0.002)
        return bench.program.get("done"), bench.statuses()

    assert on_a_bench(test) == ([], ["queued"])
