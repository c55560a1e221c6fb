"""Whether something that the service needs is there, asked at most once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from .health import AWAY, OK

LOOK_SECONDS = 1.0
"""Between two looks, and for one of them: whoever asks more often gets the last answer."""


class Looks:
    """Looks at one thing. *look* raises when it is not there."""

    def __init__(self, look: Callable[[], Awaitable[object]]) -> None:
        self._look = look
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Future[object] | None = None
        self._since = 0.0

    async def word(self) -> str:
        """`ok` or `away`, within a second; `away` as well when there is no answer by then."""
        task = self._task
        is_old = self._loop.time() - self._since >= LOOK_SECONDS
        if task is None or (task.done() and is_old):
            task = self._task = asyncio.ensure_future(self._look())
            self._since = self._loop.time()
        await asyncio.wait((task,), timeout=LOOK_SECONDS)
        return AWAY if not task.done() or task.cancelled() or task.exception() else OK

    def stop(self) -> None:
        """Wait for no answer any more."""
        if self._task is not None:
            self._task.cancel()


class Meeting(Protocol):
    """How it is with the broker in which several processes meet."""

    @property
    def is_away(self) -> bool: ...

    @property
    def is_lost(self) -> bool:
        """Whether it is away for so long that the others take this process for dead."""
        ...


class Needs:
    """What a service needs from elsewhere; None: nothing of the kind."""

    def __init__(self) -> None:
        self.broker: Meeting | None = None
        self.store: Looks | None = None

    @property
    def broker_is_lost(self) -> bool:
        return self.broker is not None and self.broker.is_lost

    async def words(self) -> dict[str, str]:
        """`ok` or `away` for each that there is."""
        found = {}
        if self.broker is not None:
            found["broker"] = AWAY if self.broker.is_away else OK
        if self.store is not None:
            found["store"] = await self.store.word()
        return found
