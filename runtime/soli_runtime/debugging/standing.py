"""How a program stands where it has stopped.

While it is served, the call's greenlet is set aside and the loop goes on: all others do. Where
there is no such greenlet (a script, files that are loaded) or the world is that of a spec, the
thread waits, and with it everything, the loop's clock included.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from time import monotonic
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]

from soli_lang.machine.machine import OUTSIDE
from soli_lang.tools.debugging.debugger import Stopped

from ..calling.greenlets import Runner, Runners, set_aside

Work = Callable[[], None]


class Standing:
    """One stop. Its work is done where the program stands, in its thread."""

    def __init__(self, stopped: Stopped) -> None:
        self.stopped = stopped
        self.is_over = False
        self.holds_all = False
        """Whether everything stands."""
        self._given: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._go_on: Callable[[], None] | None = None

    # --- in the program's thread ---

    def stand(self, told: Callable[[Standing], None], *, waits_alone: bool) -> None:
        """Stop here; *told* is called when work can be given. *waits_alone*: all others go on."""
        machine = self.stopped.machine
        saved = machine.save()
        machine.local = OUTSIDE
        try:
            if waits_alone and isinstance(getcurrent(), Runner):
                self._aside(told)
            else:
                self._wait(told)
        finally:
            self.is_over = True
            machine.restore(saved)

    def _aside(self, told: Callable[[Standing], None]) -> None:
        self._loop = asyncio.get_running_loop()

        def begin(go_on: Callable[[], None]) -> None:
            self._go_on = go_on
            told(self)

        set_aside(begin)

    def _wait(self, told: Callable[[Standing], None]) -> None:
        self.holds_all = True
        began = monotonic()
        told(self)
        while (work := self._given.get()) is not None:
            work()
        _put_back(monotonic() - began)

    # --- from any thread ---

    def do(self, work: Work) -> None:
        """Have *work* done where the program stands."""
        if self._loop is None:
            self._given.put(work)
        else:
            self._loop.call_soon_threadsafe(_within_runner, work)

    def go_on(self) -> None:
        """The program goes on."""
        if self.is_over:
            return
        self.is_over = True
        if self._loop is None:
            self._given.put(None)
        elif self._go_on is not None:
            self._loop.call_soon_threadsafe(self._go_on)


def _within_runner(work: Work) -> None:
    """What is evaluated may wait, as the program may."""
    _RUNNERS.run(lambda _: work(), None, lambda outcome: None)


_RUNNERS = Runners()


def _put_back(seconds: float) -> None:
    """The clock of the running loop did not go on: what waits there has the time that it had."""
    try:
        loop: Any = asyncio.get_running_loop()
    except RuntimeError:
        return
    if not isinstance(loop, asyncio.BaseEventLoop):
        return  # the clock of another loop is its own affair
    now = loop.time
    stood = getattr(now, "stood", None)
    if stood is None:
        stood = _Clock(now)
        loop.time = stood  # type: ignore[method-assign]
    stood.stand(seconds)


class _Clock:
    """The time of a loop, without that during which everything stood."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seconds = 0.0
        self.stood = self

    def stand(self, seconds: float) -> None:
        self._seconds += seconds

    def __call__(self) -> float:
        return self._now() - self._seconds
