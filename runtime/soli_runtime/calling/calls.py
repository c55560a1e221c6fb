"""Calls into Soli from the event loop: under a budget, inside a runner, failures as values.

The one place that knows how a program's function is entered from outside. A call that does not
wait costs two greenlet switches and no task, future or timer.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]

from soli_lang.base.errors import Cancelled, LimitError, SoliError, render
from soli_lang.machine.keys import KeptDict
from soli_lang.machine.machine import OUTSIDE, Machine
from soli_lang.values.values import SKIP, Value

from ..routing.handler import Invoke
from ..ws.fair.accounts import Flow
from .greenlets import Done, Failure, Runner, Runners, is_over_limit, suspend


class Calls:
    """Runs functions of one program on the event loop."""

    __slots__ = ("_runners", "machine", "may_wait")

    def __init__(self, machine: Machine, runners: Runners, *, may_wait: bool = True) -> None:
        self.machine = machine
        self._runners = runners
        self.may_wait = may_wait
        """False: the program cannot wait (`waiting_names`), so calls need no runner."""

    @property
    def runners(self) -> Runners:
        return self._runners

    def run(self, invoke: Invoke, argument: Value, local: KeptDict, done: Done) -> Any:
        """Call `invoke(argument)` with a fresh budget; `local` becomes `Machine.local`.

        Returns the value, a `Failure`, or a `Runner` when the call waits: then *done* gets the
        value or `Failure` later.
        """
        machine = self.machine
        if self.may_wait or machine.local:
            return self._runners.run(self._enter, (invoke, argument, local), done)
        try:
            value = machine.enter(invoke, argument, local)
        except Exception as error:
            return self.failed(error)
        return None if value is SKIP else value

    def failed(self, error: Exception) -> Failure:
        """What comes of a call that raised *error*, which is being handled."""
        if isinstance(error, RecursionError):
            return Failure(self.machine.too_deep())
        if isinstance(error, MemoryError):
            return Failure(LimitError("out of memory"))
        return Failure(error)

    def _enter(self, job: tuple[Invoke, Value, KeptDict]) -> Value:
        invoke, argument, local = job
        machine = self.machine
        if machine.local:
            return machine.guarded(self._nested, job)
        try:
            value = machine.enter(invoke, argument, local)
        except RecursionError:
            raise machine.too_deep() from None
        except MemoryError:
            raise LimitError("out of memory") from None
        return None if value is SKIP else value

    def _nested(self, job: tuple[Invoke, Value, KeptDict]) -> Value:
        """A call inside a call (a test that drives the app): the outer budget is kept."""
        invoke, argument, local = job
        self.machine.local = local
        value = invoke(argument)
        return None if value is SKIP else value

    async def wait(
        self,
        invoke: Invoke,
        argument: Value,
        local: KeptDict,
        flow: Flow | None = None,
    ) -> Value:
        """The same for coroutines: the value, or the exception raised.

        What it computes is put to the account of *flow*.
        """
        scheduler, started = self._runners.scheduler, perf_counter()
        outcome = self.run(invoke, argument, local, nobody_waits)
        if flow is not None and scheduler is not None:
            if is_over_limit(outcome):
                scheduler.ended_by_limit(flow)
            scheduler.took(flow, started, perf_counter())
        if outcome.__class__ is Runner:
            outcome = await self.ended(outcome, flow)
        if outcome.__class__ is not Failure:
            return outcome
        error, outcome = outcome.error, None
        try:
            raise error
        finally:
            del error  # its traceback will hold this frame

    async def ended(self, runner: Runner, flow: Flow | None) -> Any:
        """What comes of a call that waits: its value, or a `Failure`.

        What it computes when it goes on is put to the account of *flow*.
        """
        import asyncio

        finished: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def done(outcome: Any) -> None:
            if not finished.done():
                finished.set_result(outcome)

        runner.goes_on_for(flow, done)
        try:
            return await finished
        except asyncio.CancelledError:
            runner.cancel()
            raise

    def begin_again(self) -> None:
        """The call that runs does so once more, with a budget as if it began now."""
        self.machine.start_budget()
        runner = getcurrent()
        if isinstance(runner, Runner):
            runner.begin_again()

    def outside(self, code: Callable[[], object], local: KeptDict) -> None:
        """Run *code*, which no program called, under a budget; `local` becomes `Machine.local`."""
        machine = self.machine
        saved, machine.local = machine.local, local
        try:
            machine.guarded(code)
        finally:
            machine.local = saved

    def suspend(self, awaitable: Any) -> Any:
        """The capability `suspend` for this program (see `greenlets.suspend`)."""
        # Should the judgement of `waiting_names` ever be wrong, only this one call fails.
        self.may_wait = True
        self.machine.local = OUTSIDE  # whoever runs meanwhile is not nested in this call
        return suspend(awaitable)


def nobody_waits(outcome: Any) -> None:
    """In place of `done` until it is known whether a call waits."""


def failure_text(error: BaseException) -> str:
    """What the log says about a failed call: a Soli backtrace, or what went wrong in here."""
    if isinstance(error, SoliError):
        return render(error)
    return f"internal error: {type(error).__name__}: {error}"


def is_cancelled(outcome: Any) -> bool:
    """Whether a call ended because the host took it back."""
    return outcome.__class__ is Failure and isinstance(outcome.error, Cancelled)
