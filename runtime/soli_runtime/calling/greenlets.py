"""Waiting without a thread: a program that waits is set aside, and the loop goes on.

Programs are synchronous; the builtins that wait (`sleep`, `HTTP.get`, …) call `suspend`. It
needs a stack of its own to set aside, so handlers run inside a *runner*, a long-lived greenlet.
Entering a fresh greenlet costs more than most handlers, so one runner serves call after call and
another is started only while one is suspended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from soli_lang.base.errors import Cancelled, LimitError, SoliError, let_go

from ..ws.fair.accounts import Flow
from ..ws.fair.scheduler import Scheduler

if TYPE_CHECKING:
    import asyncio

MAX_IDLE_RUNNERS = 64
"""Runners kept for reuse; each holds a small C stack copy only while suspended."""

Done = Callable[[Any], None]
Job = tuple[Callable[[Any], Any], Any]

NO_JOB: Job = (lambda _: None, None)


class Failure:
    """An exception that a call ended with, as a value: without its traceback (`let_go`)."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        note_place(error)
        let_go(error)
        self.error = error


def note_place(error: BaseException) -> None:
    """Keep FILE:LINE of what was raised by Python code: the traceback is about to go."""
    step = error.__traceback__
    if step is None or isinstance(error, SoliError):
        return
    while step.tb_next is not None:
        step = step.tb_next
    place = f"{PurePath(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno}"
    error.add_note(f"raised at {place}")


class WaitLimitError(LimitError):
    """A call waited for too long: it held up nobody."""


def is_over_limit(outcome: Any) -> bool:
    """Whether a limit ended a call that computed."""
    return (
        outcome.__class__ is Failure
        and isinstance(outcome.error, LimitError)
        and not isinstance(outcome.error, WaitLimitError)
    )


class Runner(greenlet):  # type: ignore[misc]  # greenlet ships no types for subclassing
    """A greenlet that runs one call after another, and is the handle of the one it runs."""

    def __init__(self, pool: Runners) -> None:
        super().__init__(self._serve)
        self.pool = pool
        self.job: Job = NO_JOB
        self.outcome: Any = None
        self.done: Done | None = None
        """Set while a call is suspended: receives its result (or a `Failure`)."""
        self.message: Any = None
        """What the suspended call handles, for whoever waits for it."""
        self.waiting: asyncio.Future[Any] | None = None
        self.flow: Flow | None = None
        """On whose behalf it computes; None: it waits for nobody when it goes on."""
        self.cancelled = False
        self.waited = 0.0
        """Seconds that the running call has spent waiting."""
        self.expired = False
        """True once it has waited for longer than it may."""

    def _serve(self) -> None:
        while True:
            self._do_job()
            self.parent.switch()

    def _do_job(self) -> None:
        """Run `job` and leave what came of it in `outcome`.

        Nothing of a job stays in a variable or an argument of a greenlet that waits for the next
        one: it would be kept until then.
        """
        code, argument = self.job
        self.job = NO_JOB
        try:
            self.outcome = code(argument)
        except Exception as error:
            self.outcome = Failure(error)

    def handles(self, message: Any, flow: Flow | None) -> None:
        """The suspended call handles *message*, and computes on behalf of *flow*."""
        self.message = message
        if flow is not None:
            self.flow = flow

    def take_outcome(self) -> Any:
        """The result of the job that ended, or its `Failure`; the runner forgets it."""
        outcome, self.outcome = self.outcome, None
        return outcome

    def take_message(self) -> Any:
        """What the call that ended had to handle; the runner forgets it."""
        message, self.message = self.message, None
        return message

    def goes_on_for(self, flow: Flow | None, done: Done) -> None:
        """Whose call waits, and who gets what comes of it."""
        self.flow, self.done = flow, done

    def begin_again(self) -> None:
        """The call runs once more, and may wait as long as if it began now."""
        self.waited = 0.0

    def cancel(self) -> None:
        """Raise `Cancelled` where the suspended call waits. Its `done` is still called."""
        if self.waiting is not None and not self.cancelled:
            self.cancelled = True
            self.waiting.cancel()

    def expire(self) -> None:
        """Raise `LimitError` where the suspended call waits."""
        if self.waiting is not None:
            self.expired = True
            self.waiting.cancel()


class Runners:
    """The runners of one event loop.

    `wait_seconds` bounds the total time that one call may spend suspended (0: no bound).
    """

    def __init__(self, wait_seconds: float = 0.0, scheduler: Scheduler | None = None) -> None:
        self.wait_seconds = wait_seconds
        self.scheduler = scheduler
        """Decides when a call that waited goes on; None: at once."""
        self._idle: list[Runner] = []
        self._waiting: set[Runner] = set()
        self._when_idle: Callable[[], None] | None = None

    def tell_when_idle(self, told: Callable[[], None]) -> None:
        """Call *told* when the last suspended call has gone on: a server that stops waits."""
        self._when_idle = told

    @property
    def suspended(self) -> int:
        """How many calls are waiting."""
        return len(self._waiting)

    def run(self, code: Callable[[Any], Any], argument: Any, done: Done) -> Any:
        """Run `code(argument)` and return its result, a `Failure`, or the `Runner` if it waits.

        Of a call that waits, *done* gets the result or `Failure` later, from the event loop, and
        the `Runner` is the handle to cancel it. Must be called on the loop's own thread.
        """
        idle = self._idle
        runner = idle.pop() if idle else Runner(self)
        current = getcurrent()
        if runner.parent is not current:
            runner.parent = current
        # Variables that host functions set belong to this call, as they would to a task.
        runner.gr_context = copy_context()
        runner.job = (code, argument)
        if runner.switch() is runner:
            self._set_aside(runner, done)
            return runner
        idle.append(runner)
        return runner.take_outcome()

    def cancel_all(self) -> None:
        """Cancel every suspended call (the server stops)."""
        for runner in tuple(self._waiting):
            runner.cancel()

    def _set_aside(self, runner: Runner, done: Done) -> None:
        runner.done = done
        self._waiting.add(runner)

    def woken(self, runner: Runner) -> None:
        """What a suspended call waited for is there: it goes on when it is its turn."""
        flow = runner.flow
        if self.scheduler is None or flow is None or runner.cancelled:
            self._resume(runner)
        else:
            self.scheduler.in_turn(flow, partial(self._resume, runner))

    def _resume(self, runner: Runner) -> None:
        """Go on with a suspended call; hand its result to `done` when it ends."""
        done = runner.done
        assert done is not None
        runner.done = None
        self._waiting.discard(runner)
        runner.parent = getcurrent()
        if runner.switch() is runner:
            self._set_aside(runner, done)
            return
        runner.cancelled = runner.expired = False
        runner.waited = 0.0
        flow, runner.flow = runner.flow, None
        if len(self._idle) < MAX_IDLE_RUNNERS:
            self._idle.append(runner)
        outcome = runner.take_outcome()
        if flow is not None and self.scheduler is not None and is_over_limit(outcome):
            self.scheduler.ended_by_limit(flow)
        done(outcome)
        if not self._waiting and self._when_idle is not None:
            self._when_idle()


def suspend(awaitable: Awaitable[Any]) -> Any:
    """Wait for *awaitable* on behalf of the running program; its result or its exception.

    Raises Cancelled when the host takes the call back meanwhile, LimitError past the pool's
    `wait_seconds`, SoliError where nothing can be set aside (outside a runner).
    """
    runner = getcurrent()
    if not isinstance(runner, Runner):
        _discard(awaitable)
        raise SoliError("cannot wait here")
    if runner.cancelled:
        _discard(awaitable)
        raise Cancelled("cancelled")
    return _wait(runner, awaitable)


def set_aside(told: Callable[[Callable[[], None]], None]) -> None:
    """Let the running call stand until somebody calls what *told* gets, on the loop's own thread.

    Its clocks stand: it may take as long as they like, and nobody takes it back.
    """
    import asyncio

    runner = getcurrent()
    assert isinstance(runner, Runner)
    pool = runner.pool
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda _: pool.woken(runner))

    def go_on() -> None:
        if not future.done():
            future.set_result(None)

    told(go_on)
    runner.parent.switch(runner)


def _wait(runner: Runner, awaitable: Awaitable[Any]) -> Any:
    import asyncio  # here: a script that never waits does without

    pool = runner.pool
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = asyncio.ensure_future(awaitable)
    runner.waiting = future
    start = loop.time()
    timer = None
    if pool.wait_seconds:
        timer = loop.call_later(max(0.0, pool.wait_seconds - runner.waited), runner.expire)
    future.add_done_callback(lambda _: pool.woken(runner))
    try:
        runner.parent.switch(runner)
    finally:
        runner.waiting = None
        if timer is not None:
            timer.cancel()
    runner.waited += loop.time() - start
    if runner.expired:
        raise WaitLimitError(f"wait limit exceeded ({pool.wait_seconds:g} s)")
    if runner.cancelled or future.cancelled():
        raise Cancelled("cancelled")
    try:
        return future.result()
    finally:
        del future, awaitable  # an error of theirs would hold this frame, and the frame them


def _discard(awaitable: Awaitable[Any]) -> None:
    """Close a coroutine that will not be awaited, so that Python does not warn about it."""
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()
