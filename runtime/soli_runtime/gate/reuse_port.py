"""One address for several processes: a listening socket for each, made by the supervisor.

All have `SO_REUSEPORT`, so the kernel distributes connections among them. The supervisor keeps
the sockets while workers come and go: connections that the kernel gave to a worker that died or is
being replaced wait in its socket for the next one instead of being reset.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

from .listening import BACKLOG

Berths = list[list[socket.socket]]
"""For each worker, the sockets that it accepts on: one for each address of the host."""


def share(host: str, port: int, count: int) -> Berths:
    """Listening sockets for *count* workers on *host* and *port* (0: any that is free).

    Raises OSError, also when another server listens there with `SO_REUSEPORT`: two servers that
    were started by mistake must not share clients.
    """
    berths: Berths = [[] for _ in range(count)]
    try:
        for family, address in _addresses(host, port):
            bound = _free(family, (address[0], port, *address[2:]))
            port = bound[1]  # a second address of the host gets the port that the first one found
            for berth in berths:
                berth.append(_listening(family, bound))
    except OSError:
        close(berths)
        raise
    return berths


def close(berths: Iterable[Iterable[socket.socket]]) -> None:
    """Stop accepting; connections in the backlog are reset."""
    for berth in berths:
        for listener in berth:
            listener.close()


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    infos = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((info[0], info[4]) for info in infos))  # type: ignore[misc]


def _free(family: int, address: tuple[str, int]) -> tuple[str, int]:
    """The address with its real port, after a check that no socket listens there."""
    with _socket(family) as probe:
        probe.bind(address)
        bound: tuple[str, int] = probe.getsockname()
        return bound


def _listening(family: int, address: tuple[str, int]) -> socket.socket:
    listener = _socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _socket(family: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return listener
