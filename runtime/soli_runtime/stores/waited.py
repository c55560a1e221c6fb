"""A store for the program of one machine: its calls wait for the answers."""

from __future__ import annotations

from typing import Any, Protocol

from soli_stdlib.stores import remote
from soli_stdlib.stores.remote_key_values import install_remote

from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine

from ..jobs.jobs import jobs_of
from ..jobs.queue import MemoryJobs
from .store import Store

USER = "session"


class AsyncSessionStore(Protocol):
    """A `SessionStore` whose answers come after a while."""

    async def load(self, session_id: str) -> dict[str, Any] | None: ...

    async def create(self, session_id: str, data: dict[str, Any]) -> None: ...

    async def put(self, session_id: str, key: str, value: Any) -> bool: ...

    async def drop(self, session_id: str, key: str) -> None: ...

    async def move(self, session_id: str, new_id: str) -> bool: ...

    async def delete(self, session_id: str) -> None: ...


class SuspendingSessionStore:
    """A `SessionStore`: the program that asks is set aside until the answer comes."""

    def __init__(self, machine: Machine, sessions: AsyncSessionStore) -> None:
        self._machine = machine
        self._sessions = sessions

    def load(self, session_id: str) -> dict[str, Any] | None:
        return self._machine.suspend(self._sessions.load(session_id), USER)  # type: ignore[no-any-return]

    def create(self, session_id: str, data: dict[str, Any], address: str = "") -> None:
        self._machine.suspend(self._sessions.create(session_id, data), USER)

    def put(self, session_id: str, key: str, value: Any) -> bool:
        return bool(self._machine.suspend(self._sessions.put(session_id, key, value), USER))

    def drop(self, session_id: str, key: str) -> None:
        self._machine.suspend(self._sessions.drop(session_id, key), USER)

    def move(self, session_id: str, new_id: str) -> bool:
        return bool(self._machine.suspend(self._sessions.move(session_id, new_id), USER))

    def delete(self, session_id: str) -> None:
        self._machine.suspend(self._sessions.delete(session_id), USER)


_STORE: MachineKey[Store] = MachineKey("store")


def use_store(machine: Machine, store: Store) -> None:
    """Let the program on *machine* keep everything in *store*. Before its files run."""
    machine.library[_STORE] = machine.library[remote.STORES] = store
    install_remote(machine, store.key_values)
    jobs_of(machine).keep_in(store.jobs)


def store_in(machine: Machine) -> Store | None:
    """The store that `use_store` gave."""
    return machine.library.get(_STORE)


def forget_store(machine: Machine) -> None:
    """Let what is done for the program on *machine* keep things in memory from now on.

    The program's own calls still reach the store; somebody else has to answer them.
    """
    library: Any = machine.library
    library.pop(_STORE, None)
    jobs_of(machine).keep_in(MemoryJobs())
