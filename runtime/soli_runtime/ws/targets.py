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
from typing import TypeAlias

__all__ = ["Borrowed", "Target", "borrow", "through_transport", "write_each"]

Target: TypeAlias = tuple[Callable[[], int], Callable[[bytes], int], Callable[[bytes], None]]
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


def through_transport(put: Callable[[bytes], None]) -> Target:
    """The target of a connection past whose transport nothing may be sent."""
    return _always, _never, put


def write_each(targets: Iterable[Target], block: bytes) -> None:
    """Write *block* to each target. What a socket does not take goes to its transport."""
    size = len(block)
    for waiting, send, put in targets:
        if waiting():
            put(block)
            continue
        try:
            sent = send(block)
        except OSError:
            # Full, or broken: the transport waits, or finds out and closes.
            put(block)
            continue
        if sent != size:
            put(block[sent:])
