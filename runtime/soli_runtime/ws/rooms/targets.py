"""Writing one block to many connections, past their transports where that is sound.

An event loop's transport queues a write and carries it out at the end of the turn. For one message
that is right: it joins what else is written to that connection. For a room it costs a fifth of the
rate: uvloop keeps what it has to write in a set, so the kernel goes through its sockets in random
order, and one after the other they are out of the processor's caches (docs/performance.md). Here a
block is sent at once, in the order of joining.

That is sound as long as two things hold. Nothing of the connection waits in its transport, or the
block would overtake it: `Target` asks. And the descriptor is still the connection's: `Borrowed`
is detached in `connection_lost`, which event loops call before they close it.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable
from itertools import repeat
from operator import call
from typing import TypeAlias

__all__ = ["Borrowed", "Put", "Target", "Targets", "borrow", "through_transport"]

Put: TypeAlias = Callable[[bytes], None]
Target: TypeAlias = tuple[Callable[[], int], Callable[[bytes], int], Put]
"""Of one connection: how many bytes wait in its transport, how to send past it, and through it."""


class Borrowed(socket.socket):
    """A socket whose descriptor belongs to a transport: dropping this object does not close it."""

    __slots__ = ()

    def __del__(self) -> None:
        self.detach()


def borrow(transport: asyncio.Transport) -> Borrowed | None:
    """The socket below *transport*; None where one must not send past it (TLS), or cannot."""
    if os.name != "posix" or transport.get_extra_info("sslcontext") is not None:
        return None
    below = transport.get_extra_info("socket")
    if below is None or below.type != socket.SOCK_STREAM:
        return None
    descriptor = below.fileno()
    if descriptor < 0:
        return None
    borrowed = Borrowed(below.family, below.type, below.proto, fileno=descriptor)
    borrowed.setblocking(False)
    return borrowed


def _always() -> int:
    return 1


def _never(block: bytes) -> int:
    raise AssertionError("there is no way past the transport")


def through_transport(put: Put) -> Target:
    """The target of a connection past whose transport nothing may be sent."""
    return _always, _never, put


class Targets:
    """How to write one block to many connections, in the order of joining."""

    __slots__ = ("_put", "_send", "_waiting")

    def __init__(self, targets: Iterable[Target]) -> None:
        # By columns, so that a write to all runs within `map`: the less of ours comes between two
        # calls of the kernel, the more of it stays in the processor's caches.
        columns = tuple(zip(*targets, strict=True))
        self._waiting, self._send, self._put = columns or ((), (), ())

    def __len__(self) -> int:
        return len(self._put)

    def write(self, block: bytes, failed: Callable[[Put], None]) -> None:
        """Write *block* to each target. What a socket does not take goes to its transport.

        When a transport raises, *failed* is called with its `put`, in the `except`; the others get
        the block all the same.
        """
        taken = self._offer(block) if self._is_idle() else self._offer_to_idle(block)
        size = len(block)
        if taken.count(size) == len(taken):
            return
        for put, count in zip(self._put, taken, strict=True):
            if count != size:
                try:
                    put(block[count:])
                except Exception:
                    failed(put)

    def _is_idle(self) -> bool:
        """Whether nothing waits in any transport."""
        try:
            return not any(map(call, self._waiting))
        except Exception:
            return False  # `_offer_to_idle` finds out whose it was

    def _offer(self, block: bytes) -> list[int]:
        """How many bytes of *block* each socket took."""
        offers = map(call, self._send, repeat(block))
        taken: list[int] = []
        while len(taken) < len(self._send):
            try:
                taken.extend(offers)
            except Exception:
                taken.append(0)  # full, or broken: the transport waits, or finds out and closes
        return taken

    def _offer_to_idle(self, block: bytes) -> list[int]:
        """The same where something waits in some transports; they take nothing."""
        taken: list[int] = []
        for waiting, send in zip(self._waiting, self._send, strict=True):
            try:
                taken.append(0 if waiting() else send(block))
            except Exception:
                taken.append(0)
        return taken
