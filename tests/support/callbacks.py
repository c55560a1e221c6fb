"""How long the callbacks of the event loop take: CPU of the thread, of what is ours.

A program's handler and the encoding of what it returned are not ours, nor are loading, starting
and stopping an app, nor the garbage collection. The code of tests, which runs on the same loop, is
not looked at.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Any, NamedTuple

from soli_runtime.calling.calls import Calls
from soli_runtime.calling.greenlets import Runners
from soli_runtime.core import actions
from soli_runtime.loading import launch
from soli_runtime.serving.answering.runs import ActionRuns
from soli_runtime.serving.dev.development import Development
from soli_runtime.serving.server import Server
from soli_runtime.serving.service import Service
from soli_runtime.ws.connection import Connection

from soli_lang.machine.machine import Machine

OURS = ("soli_runtime", "/runtime/soli_runtime/", "aiohttp/web")

MOST_SECONDS = 0.010
"""On a core as fast as that of docs/performance.md. A slower one gets more in proportion."""
YARDSTICK_SECONDS = 0.0008
"""What `_yardstick` takes there."""
MOST_SLOWER = 1.5
"""How many times slower than at the start a core may be whose caches others use meanwhile. Under
a load of eight on two cores the best of five differed by a quarter."""


class Long(NamedTuple):
    """A callback that took longer than it may."""

    what: str
    seconds: float


class Watch:
    """What was seen while `watching`."""

    def __init__(self) -> None:
        self.long: list[Long] = []
        self.longest = Long("nothing", 0.0)
        self.excluded = 0.0
        """Seconds so far that are nobody's but the program's, or the collector's."""
        self.usual = slowness()
        """Of this core, when it began."""
        self._depth = 0
        self._collecting = 0.0

    def run(self, handle: Any, run: Callable[[Any], None]) -> None:
        """Run a callback, and look how long it took."""
        if not is_ours(handle):
            run(handle)
            return
        what, before, started = name_of(handle), self.excluded, thread_time()
        run(handle)
        seconds = thread_time() - started - (self.excluded - before)
        found = Long(what, seconds)
        if seconds > self.longest.seconds:
            self.longest = found
        if seconds > MOST_SECONDS and seconds > MOST_SECONDS * self._slower():
            self.long.append(found)

    def _slower(self) -> float:
        return min(slowness(), self.usual * MOST_SLOWER)

    def excluding(self, code: Callable[..., Any]) -> Callable[..., Any]:
        """*code*, whose time does not count."""

        def excluded(*arguments: Any, **options: Any) -> Any:
            if self._depth:
                return code(*arguments, **options)
            self._depth += 1
            started = thread_time()
            try:
                return code(*arguments, **options)
            finally:
                self._depth -= 1
                self.excluded += thread_time() - started

        return excluded

    def collected(self, phase: str, info: dict[str, int]) -> None:
        """The garbage collector begins, or ends."""
        if self._depth:
            return
        if phase == "start":
            self._collecting = thread_time()
        else:
            self.excluded += thread_time() - self._collecting


def slowness() -> float:
    """How many times longer the same work takes here and now; at least 1. The best of five runs:
    what comes between one of them says nothing of the core."""
    return max(1.0, min(_run_of_yardstick() for _ in range(5)) / YARDSTICK_SECONDS)


def _run_of_yardstick() -> float:
    started = thread_time()
    _yardstick()
    return thread_time() - started


def _yardstick() -> None:
    kept: dict[int, int] = {}
    for number in range(20_000):
        kept[number & 255] = number


def is_ours(handle: Any) -> bool:
    """Whether a callback belongs to the server: a task of its code, or a protocol's transport."""
    return any(mark in _origin(handle) for mark in OURS)


def name_of(handle: Any) -> str:
    """What a callback is called."""
    callback = _inner(handle)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return owner.get_coro().__qualname__  # type: ignore[union-attr]
    protocol = getattr(owner, "_protocol", None)
    name = getattr(callback, "__qualname__", repr(callback))
    return name if protocol is None else f"{name} of {type(protocol).__name__}"


def _inner(handle: Any) -> Any:
    callback = handle._callback
    while hasattr(callback, "func"):
        callback = callback.func
    return callback


def _origin(handle: Any) -> str:
    callback = _inner(handle)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        code = getattr(owner.get_coro(), "cr_code", None)
        return "" if code is None else str(code.co_filename)
    protocol = getattr(owner, "_protocol", None)
    if protocol is not None:
        return str(type(protocol).__module__)
    return str(getattr(callback, "__module__", ""))


@contextmanager
def watching(patch: Callable[[Any, str, Any], None]) -> Iterator[Watch]:
    """Watch all event loops of asyncio's own kind; *patch* sets attributes for that long."""
    watch = Watch()
    run = asyncio.Handle._run
    patch(asyncio.Handle, "_run", lambda handle: watch.run(handle, run))
    for owner, name in (
        (Calls, "run"),
        (Machine, "enter"),
        (Runners, "_resume"),
        (actions, "parse"),
        (Connection, "send_text"),
        (ActionRuns, "_response"),
        (launch, "launch"),
        (Development, "_reload"),
        (Service, "_begin"),
        (Service, "reload"),
        (Server, "_named"),
    ):
        patch(owner, name, watch.excluding(getattr(owner, name)))
    gc.callbacks.append(watch.collected)
    try:
        yield watch
    finally:
        gc.callbacks.remove(watch.collected)
