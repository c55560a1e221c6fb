"""One address for several processes: a listening socket each, made by the parent.

All carry `SO_REUSEPORT`, so the kernel deals connections out between them. The parent keeps them
while workers come and go: what the kernel gave to a worker that is being replaced, or died, waits
in its socket for the next one instead of being reset.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

from .listening import BACKLOG

Berths = list[list[socket.socket]]
"""For each worker, the sockets that it accepts on: one for each address of the host."""


def can_share() -> bool:
    """Whether the system deals connections out between sockets of one port."""
    return hasattr(socket, "SO_REUSEPORT")


def share(host: str, port: int, count: int) -> Berths:
    """Listening sockets for *count* workers on *host* and *port* (0: any that is free).

    Raises OSError, also when somebody else listens there with `SO_REUSEPORT`: so that two
    servers that were started by mistake do not share the visitors.
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
    """Accept nothing any more; whoever waits is reset."""
    for berth in berths:
        for one in berth:
            one.close()


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((info[0], info[4]) for info in found))  # type: ignore[misc]


def _free(family: int, address: tuple[str, int]) -> tuple[str, int]:
    """The address with its real port, once it is known that nobody listens there."""
    with _socket(family) as probe:
        probe.bind(address)
        bound: tuple[str, int] = probe.getsockname()
        return bound


def _listening(family: int, address: tuple[str, int]) -> socket.socket:
    made = _socket(family)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _socket(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return made
