"""Health probes of the broker and the store, at most one a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from .health import DOWN, OK

PROBE_SECONDS = 1.0
"""Between two probes, and for one of them; a request within that time gets the last result."""


class HealthProbe:
    """Asks one dependency whether it works. *probe* raises when it does not."""

    def __init__(self, probe: Callable[[], Awaitable[object]]) -> None:
        self._probe = probe
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Future[object] | None = None
        self._started = 0.0

    async def status(self) -> str:
        """`ok` or `down`, within a second; `down` as well when there is no answer by then."""
        task = self._task
        is_old = self._loop.time() - self._started >= PROBE_SECONDS
        if task is None or (task.done() and is_old):
            task = self._task = asyncio.ensure_future(self._probe())
            self._started = self._loop.time()
        await asyncio.wait((task,), timeout=PROBE_SECONDS)
        return DOWN if not task.done() or task.cancelled() or task.exception() else OK

    def stop(self) -> None:
        """Cancel a probe that is running."""
        if self._task is not None:
            self._task.cancel()


class BrokerHealth(Protocol):
    """The health of the broker, as this process sees it."""

    @property
    def is_away(self) -> bool: ...

    @property
    def is_lost(self) -> bool:
        """Whether it has been down for so long that other processes take this one for dead."""
        ...


class Dependencies:
    """The broker and the store of a service; None: it has none."""

    def __init__(self) -> None:
        self.broker: BrokerHealth | None = None
        self.store: HealthProbe | None = None

    def meet(self, broker: BrokerHealth) -> None:
        """The service meets others at *broker*."""
        self.broker = broker

    def keep(self, probe: Callable[[], Awaitable[object]]) -> None:
        """The service has a store, which *probe* asks."""
        self.store = HealthProbe(probe)

    def stop(self) -> None:
        """Cancel a probe that is running."""
        if self.store is not None:
            self.store.stop()

    @property
    def broker_is_lost(self) -> bool:
        return self.broker is not None and self.broker.is_lost

    async def statuses(self) -> dict[str, str]:
        """`ok` or `down` for each that there is."""
        statuses = {}
        if self.broker is not None:
            statuses["broker"] = DOWN if self.broker.is_away else OK
        if self.store is not None:
            statuses["store"] = await self.store.status()
        return statuses
