"""Turns of requests: who may compute when, for those who have no connection (`ws.fair`).

A request cannot be known by what its connection did before, so its address and its handler stand
for it: whoever asks for a heavy page waits among the heavy, and finds the other pages as before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..ws.fair.accounts import LIGHT, NEW
from ..ws.fair.scheduler import Scheduler

MAX_FLOWS = 10_000
"""Pairs of address and handler that are remembered; the oldest is forgotten."""

Key = tuple[str, str]
"""Address and handler."""


class RequestFlow:
    """What the requests of one address to one handler have used."""

    __slots__ = ("address", "answer_bytes", "name", "proven", "standing", "until", "used")

    def __init__(self, key: Key) -> None:
        self.address, self.name = key
        self.used = self.until = 0.0
        self.answer_bytes = 0
        """Of its last answer."""
        self.standing, self.proven = NEW, 0

    def answered(self, size: int) -> None:
        """Its last answer has so many bytes."""
        self.answer_bytes = size


class RequestTurns:
    """The flows of requests. *clock* is that of the scheduler."""

    def __init__(self, scheduler: Scheduler, clock: Callable[[], float]) -> None:
        self._scheduler = scheduler
        self._clock = clock
        self._flows: dict[Key, RequestFlow] = {}

    def must_wait(self, flow: RequestFlow, now: float) -> bool:
        """Whether a request has to wait for its `turn`."""
        return self._scheduler.must_wait(flow, now)

    async def turn(self, flow: RequestFlow) -> None:
        """Wait until a request may compute."""
        now = self._clock()
        if self._scheduler.must_wait(flow, now):
            came = asyncio.get_running_loop().create_future()

            def go_on() -> None:
                if not came.done():  # the client may be gone
                    came.set_result(None)

            self._scheduler.wait(flow, go_on, now, is_later=True)
            await came

    def took(self, flow: RequestFlow, started: float, now: float) -> None:
        """A request computed from *started* until *now*."""
        self._scheduler.took(flow, started, now)

    def charge(self, address: str, name: str, seconds: float) -> None:
        """Put to an account what was computed for somebody who did not ask for it just now."""
        self._scheduler.charge(self.flow(address, name), seconds)

    def ended_by_limit(self, flow: RequestFlow) -> None:
        """A limit ended a call, for which `took` is yet to come."""
        self._scheduler.ended_by_limit(flow)

    def flow(self, address: str, name: str) -> RequestFlow:
        """The account of requests of *address* to the handler *name*."""
        key = address, name
        flow = self._flows.get(key)
        if flow is None:
            if len(self._flows) >= MAX_FLOWS:
                self._forget()
            flow = self._flows[key] = RequestFlow(key)
            self._scheduler.begin(flow)
        return flow

    def _forget(self) -> None:
        """The oldest of those that are light, or the oldest of all."""
        flows = self._flows
        light = (key for key, flow in flows.items() if flow.standing == LIGHT)
        del flows[next(light, next(iter(flows)))]
