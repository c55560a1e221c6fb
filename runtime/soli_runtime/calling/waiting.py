"""How a program waits: set aside by the event loop while it serves, blocking in a mere script.

The capabilities are made before it is known whether the program has routes, so this object
stands in for both and is switched over by the server.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any


class Waiting:
    """The capabilities `suspend` and `sleep` of one program."""

    __slots__ = ("_loop", "_served", "leaving")

    def __init__(self) -> None:
        self._served: Callable[[Awaitable[Any]], Any] | None = None
        self._loop: Any = None
        """The loop on which a script waits; made when first needed."""
        self.leaving: list[Callable[[], Awaitable[None]]] = []
        """Gives back what belongs to a loop on which a program was only loaded."""

    def serve(self, suspend: Callable[[Awaitable[Any]], Any]) -> None:
        """From now on calls run on an event loop; *suspend* sets them aside there."""
        self._served = suspend

    def suspend(self, awaitable: Awaitable[Any]) -> Any:
        """Wait for *awaitable*; its result or exception."""
        if self._served is not None:
            return self._served(awaitable)
        return self._run(awaitable)

    def sleep(self, seconds: float) -> None:
        """Wait for some time."""
        if self._served is None:
            time.sleep(seconds)
            return
        import asyncio

        self._served(asyncio.sleep(seconds))

    def run_blocking(self, work: Callable[[], Any]) -> Awaitable[Any]:
        """*work* in a thread, as an awaitable."""
        import asyncio

        return asyncio.to_thread(work)

    def _run(self, awaitable: Awaitable[Any]) -> Any:
        import asyncio

        async def result() -> Any:
            return await awaitable

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            # A program is loaded while another one is served (`--dev`), or by a host on its loop.
            # Loading holds the loop up anyway, so its waiting may too.
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(1, "soli-loading") as thread:
                return thread.submit(asyncio.run, self._alone(result())).result()
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(result())

    async def _alone(self, awaitable: Awaitable[Any]) -> Any:
        """*awaitable* on a loop that ends with it."""
        try:
            return await awaitable
        finally:
            await self._leave()

    async def _leave(self) -> None:
        for give_back in self.leaving:
            await give_back()

    def close(self) -> None:
        """Give back what a script's waiting needed."""
        if self._loop is not None:
            self._loop.run_until_complete(self._leave())
            self._loop.close()
            self._loop = None
