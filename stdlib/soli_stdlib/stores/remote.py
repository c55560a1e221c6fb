"""Where `Cache`, `KV` and `RateLimiter` keep things when the host wants them to outlive a process.

The library knows no sockets and no files of its own for this: the host gives a `Stores`, whose
answers are awaited with the capability `suspend`. Without one, everything is in memory.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol, TypeVar

from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

CALL_STEPS = 50
"""What one call to a store elsewhere costs, so that a loop of them ends."""
ITEM_BYTES = 8

Found = TypeVar("Found")


class Texts(Protocol):
    """The cache: texts by key, each for a time."""

    def get(self, key: str) -> Awaitable[str | None]: ...

    def set(self, key: str, text: str, seconds: float) -> Awaitable[None]: ...

    def delete(self, key: str) -> Awaitable[bool]: ...

    def clear(self) -> Awaitable[None]: ...

    def keys(self) -> Awaitable[list[str]]: ...

    def left(self, key: str) -> Awaitable[float | None]:
        """Seconds that *key* has left; None when it is not there."""
        ...

    def touch(self, key: str, seconds: float) -> Awaitable[bool]: ...

    def clear_expired(self) -> Awaitable[None]: ...


class Attempts(Protocol):
    """The rate limiter: a sliding log of attempts by key."""

    def attempt(self, key: str, limit: int, window: float) -> Awaitable[float | None]:
        """Count an attempt: None. When *limit* are within *window* seconds, count nothing:
        the seconds until the oldest of them leaves."""
        ...

    def recent(self, key: str, window: float) -> Awaitable[tuple[int, float]]:
        """How many attempts are within *window* seconds, and when the oldest of them leaves."""
        ...

    def forget(self, key: str) -> Awaitable[None]: ...

    def forget_all(self) -> Awaitable[None]: ...

    def forget_old(self) -> Awaitable[None]: ...


class KeyValues(Protocol):
    """`KV`: one method for all commands, each of which happens in one step."""

    def command(self, name: str, arguments: Sequence[Any]) -> Awaitable[Value]:
        """Do what `KV.name(*arguments)` says, values being texts already.

        Raises the errors of `key_value_store`.
        """
        ...


class Stores(Protocol):
    """All that programs keep, elsewhere."""

    @property
    def kind(self) -> str:
        """`sqlite` or `redis`."""
        ...

    @property
    def cache(self) -> Texts: ...

    @property
    def attempts(self) -> Attempts: ...

    @property
    def key_values(self) -> KeyValues: ...


STORES: MachineKey[Stores] = MachineKey("stores")


def of(machine: Machine) -> Stores | None:
    """The stores that the host gave; None: memory."""
    return machine.library.get(STORES)


def answered(machine: Machine, answer: Awaitable[Found], user: str) -> Found:
    """What a store says; the program waits for it. *user* is the class that asks."""
    machine.spend(CALL_STEPS)
    found: Found = machine.suspend(answer, user)
    if isinstance(found, str):
        machine.check_length(len(found))
        machine.spend(len(found) >> 6)
    elif isinstance(found, list | dict):
        machine.check_length(ITEM_BYTES * len(found))
        machine.spend(len(found))
    return found
