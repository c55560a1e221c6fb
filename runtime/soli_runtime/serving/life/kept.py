"""What outlives a program that is loaded anew, or the process: sessions, and what rooms keep."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from typing import TYPE_CHECKING

from soli_lang.machine.machine import Machine

from ...core.history.rings import History
from ...http.sessions import MemoryStore, SessionStore
from ...observing.logs import Log
from ...settings import Settings
from ...stores.history import Mirror, began
from ...stores.store import Store
from ...stores.waited import SuspendingSessionStore

if TYPE_CHECKING:
    from ...cluster.node import Lane
    from ..sockets.connections import Connections
    from .states import SharedStates

SESSION_CHECK_SECONDS = 30.0
"""The longest that a session which is too old may keep its connections."""


class Kept:
    """Kept in *store*, or in memory where there is none. `open` first, `close` last."""

    def __init__(
        self,
        store: Store | None,
        loop: AbstractEventLoop,
        log: Log,
        on_session_end: Callable[[str], None],
    ) -> None:
        self.store = store
        self._loop = loop
        self._log = log
        self._memory = MemoryStore(loop.time, on_end=on_session_end)
        self._ageing: TimerHandle | None = None
        self._mirror: Mirror | None = None
        """Writes down what rooms keep, where one process has a store."""
        self._states: SharedStates | None = None

    def sessions(self, machine: Machine) -> SessionStore:
        """The sessions, for the program that runs on *machine*."""
        if self.store is None:
            return self._memory
        return SuspendingSessionStore(machine, self.store.sessions)

    def share_states(self, connections: Connections, lane: Lane | None, settings: Settings) -> None:
        """Keep the states of rooms where the processes of *lane* share them, or in the store."""
        if lane is not None or self.store is not None:
            from .states import shared_states

            self._states = shared_states(connections, self.store, lane, settings, self._loop)

    def look_after_states(self) -> None:
        """From now on."""
        if self._states is not None:
            self._states.start()

    async def open(self, history: History, *, is_one_of_many: bool) -> None:
        """Know what rooms kept in the life before. Raises CannotOpen."""
        if self.store is None:
            return
        for warning in await self.store.open():
            self._log.warning("store", text=warning)
        if is_one_of_many:
            # Nodes keep it in their log; what is in the store is not all from now on.
            await began(self.store.history, history.epoch)
        else:
            self._mirror = Mirror(history, self.store.history, self._loop, self._log)
            await self._mirror.begin()

    def age(self) -> None:
        """End sessions when they are too old, whether or not anybody asks for them."""
        if self.store is None:
            soon = min(max(self._memory.drop_old(), 0.05), SESSION_CHECK_SECONDS)
            self._ageing = self._loop.call_later(soon, self.age)

    def stop(self) -> None:
        """Look for old sessions no more."""
        if self._ageing is not None:
            self._ageing.cancel()

    async def close(self) -> None:
        """Write down what is not yet."""
        if self._mirror is not None:
            await self._mirror.end()
        if self._states is not None:
            await self._states.close()
        if self.store is not None:
            await self.store.close()
