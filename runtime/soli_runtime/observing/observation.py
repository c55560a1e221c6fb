"""The one point from which a service is watched: by the REPL, the log of `--dev`, a recording, …

`Service.watch(observer)` begins it. Until then nothing here runs: the classes that do the work
have no hooks, they are put in the place of others when the first observer comes (`watched`).

What a program does is told to the trace under way. That is a context variable, because every call
into a program has a context of its own (`greenlets`), which it keeps while it waits.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .traces import AUTHENTICATE, OUTSIDE, REFUSAL, REQUEST, Part, Trace

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, StreamResponse

    from soli_lang.machine.machine import Machine

UPGRADED = 101

logger = logging.getLogger("soli.observation")

Observer = Callable[[Trace], None]
"""Gets each trace once it is complete. Must not block; what it raises is logged."""

_under_way: ContextVar[Trace | None] = ContextVar("soli_trace", default=None)


def under_way() -> Trace | None:
    """The trace that whatever happens now belongs to."""
    trace = _under_way.get()
    # A timer that was set by an event inherits its context, and comes when that is over.
    return None if trace is None or trace.is_done else trace


class Observation:
    """Who watches one service, and the traces of the events under way."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.observers: list[Observer] = []
        self.events: dict[str, Trace] = {}
        """By connection: the event that is handled. There is one at a time (`conversations`)."""
        self._now = now
        self.begun: dict[Observer, Callable[[Trace], None]] = {}
        """What observers do when an event begins, of those that want to know."""

    def begin(self, trace: Trace) -> Trace:
        """Stamp a new trace with its time."""
        trace.at = self._now()
        for told in self.begun.values():
            told(trace)
        return trace

    def finish(self, trace: Trace) -> None:
        """Give a trace to the observers; nothing is added to it any more."""
        if trace.is_done:
            return
        trace.is_done = True
        for observer in tuple(self.observers):
            try:
                observer(trace)
            except Exception:
                logger.exception("an observer failed")

    def current(self) -> Trace | None:
        """The trace that whatever happens now belongs to."""
        return under_way()

    @contextmanager
    def attributing(self, trace: Trace) -> Iterator[Trace]:
        """Meanwhile, what happens belongs to *trace*."""
        token = _under_way.set(trace)
        try:
            yield trace
        finally:
            _under_way.reset(token)

    def add(self, *parts: Part) -> None:
        """Tell what happened."""
        trace = self.current()
        if trace is not None:
            trace.parts.extend(parts)
        else:
            self.finish(self.begin(Trace(OUTSIDE, parts=list(parts))))

    def failed(self, error: BaseException) -> None:
        """Tell that the program failed in what is under way."""
        trace = self.current()
        if trace is not None and trace.error is None:
            trace.error = error

    async def of_request(
        self,
        request: BaseRequest,
        handle: Callable[[BaseRequest], Awaitable[StreamResponse]],
    ) -> StreamResponse:
        """Let *handle* answer, traced: as a request, or as an upgrade that was refused."""
        trace = self.begin(Trace(REQUEST, path=request.rel_url.raw_path, method=request.method))
        try:
            with self.attributing(trace):
                answer = await handle(request)
            was_refused = bool(trace.reason)  # and told so, on a WebSocket of its own
            if not was_refused:
                trace.status = answer.status
            if "websocket" in request.headers.get("Upgrade", "").lower():
                is_open = answer.status == UPGRADED and not was_refused
                trace.kind = AUTHENTICATE if is_open else REFUSAL
            return answer
        finally:
            # An upgrade goes on as a connection, which has traces of its own.
            if trace.kind != AUTHENTICATE or trace.parts:
                self.finish(trace)

    def measured(
        self, invoke: Callable[[Any], Any], machine: Machine, trace: Trace
    ) -> Callable[[Any], Any]:
        """*invoke*, which takes down in *trace* what it does and uses."""

        def run(argument: Any) -> Any:
            began = machine.timer()
            try:
                with self.attributing(trace):
                    return invoke(argument)
            finally:
                trace.seconds = machine.timer() - began
                trace.steps = machine.steps_used()

        return run
