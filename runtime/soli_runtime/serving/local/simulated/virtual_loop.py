"""An event loop whose time goes on when it is told to: nothing in it waits for anything outside.

Callbacks run in the order in which they were asked for, timers in that of their times. It may run
within another loop's callback, as a spec's words do.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from asyncio import events
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any

MOST_CALLBACKS = 100_000
"""In one go: more is a program that never comes to rest."""


TICK = 1e-6
"""Seconds that a timer takes: whoever waits for a time that rounding put off gets there."""


class Restless(Exception):
    """Callbacks ask for callbacks without end."""


class Handle:
    """What is asked for; asyncio's own would ask for the context of the caller."""

    __slots__ = ("_at", "arguments", "callback", "context")

    def __init__(
        self, callback: Callable[..., object], arguments: Any, context: Context | None, at: float
    ) -> None:
        self.callback: Callable[..., object] | None = callback
        self.arguments = arguments
        self.context = context
        self._at = at

    def cancel(self) -> None:
        self.callback = None

    def cancelled(self) -> bool:
        return self.callback is None

    def when(self) -> float:
        return self._at

    def run(self) -> None:
        callback, self.callback = self.callback, None
        if callback is None:
            return
        if self.context is None:
            callback(*self.arguments)
        else:
            self.context.run(callback, *self.arguments)


class VirtualLoop:
    """See the module. It has what asyncio's futures and tasks ask of a loop, and no sockets."""

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[Handle] = deque()
        self._timers: list[tuple[float, int, Handle]] = []
        self._numbers = itertools.count()
        self.faults: list[dict[str, Any]] = []
        """What nobody handled."""

    @property
    def for_asyncio(self) -> asyncio.AbstractEventLoop:
        """The same, for what is declared to take a loop."""
        loop: Any = self
        return loop  # type: ignore[no-any-return]

    # What runs it

    @contextmanager
    def running(self) -> Iterator[None]:
        """This is the running loop meanwhile, whichever runs otherwise."""
        before = events._get_running_loop()
        events._set_running_loop(self.for_asyncio)
        try:
            yield
        finally:
            events._set_running_loop(before)

    def run_ready(self) -> None:
        """Run what is ready, and what that asks for. Raises Restless."""
        ready = self._ready
        count = 0
        while ready:
            ready.popleft().run()
            count += 1
            if count > MOST_CALLBACKS:
                raise Restless

    def next_time(self) -> float | None:
        """When the next timer is due."""
        timers = self._timers
        while timers and timers[0][2].callback is None:
            heapq.heappop(timers)
        return timers[0][0] if timers else None

    def advance(self, until: float) -> None:
        """Run what is due up to then, each at its time."""
        self.run_ready()
        while (at := self.next_time()) is not None and at <= until:
            self._now = max(self._now, at) + TICK
            heapq.heappop(self._timers)[2].run()
            self.run_ready()
        self._now = max(self._now, until)

    def jump(self, until: float) -> None:
        """It is that time at once: what was due before comes late."""
        self._now = max(self._now, until)
        self.advance(self._now)

    # What asyncio asks of a loop

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        handle = Handle(callback, args, context, 0.0)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Any:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Any:
        handle = Handle(callback, args, context, when)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self.for_asyncio)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        options.pop("context", None)
        return asyncio.Task(coro, loop=self.for_asyncio, **options)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """There are no threads here: it is done at once."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.faults.append(context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    async def shutdown_asyncgens(self) -> None:
        pass

    def close(self) -> None:
        """Forget all that waits."""
        self._ready.clear()
        self._timers.clear()
