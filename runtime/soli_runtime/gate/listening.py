"""Listening on a port, with several accepts per turn of the loop.

libuv accepts one connection per listening descriptor and turn, so that a server with much to do
lets new connections wait one turn each: with a room of thousands to write to, some 10 ms. The
same socket under several descriptors accepts as many; a turn's work is shared by more of them too
(docs/decisions/0017).
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterable

BACKLOG = 4096

ACCEPTS_PER_TURN = 8
"""Descriptors per listening socket. Each one too many costs an idle server a failing accept per
connection, half a microsecond."""

Address = tuple[str, int]


class Listening:
    """Sockets that accept connections until `close`."""

    def __init__(self, servers: list[asyncio.Server]) -> None:
        self._servers = servers

    @property
    def address(self) -> Address:
        """Host and port that were really bound; the first, if the host has several addresses."""
        host, port = self._servers[0].sockets[0].getsockname()[:2]
        return host, port

    def close(self) -> None:
        """Accept no further connections; those that are there stay."""
        for server in self._servers:
            server.close()


async def listen(factory: Callable[[], asyncio.Protocol], host: str, port: int) -> Listening:
    """Accept connections on *host* and *port* (0: any that is free). Raises OSError."""
    loop = asyncio.get_running_loop()
    first = await loop.create_server(factory, host, port, backlog=BACKLOG, reuse_address=True)
    return Listening([first, *await _again(factory, first.sockets)])


async def listen_on(
    factory: Callable[[], asyncio.Protocol], sockets: list[socket.socket]
) -> Listening:
    """Accept connections on *sockets* that listen already. They are closed by `close`."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(factory, sock=one, backlog=BACKLOG) for one in sockets]
    return Listening([*servers, *await _again(factory, sockets)])


async def _again(
    factory: Callable[[], asyncio.Protocol], sockets: Iterable[socket.socket]
) -> list[asyncio.Server]:
    """The same sockets under further descriptors, where that helps."""
    loop = asyncio.get_running_loop()
    servers = []
    for bound in sockets if _accepts_singly(loop) else ():
        for _ in range(ACCEPTS_PER_TURN - 1):
            again = socket.socket(bound.family, bound.type, bound.proto, os.dup(bound.fileno()))
            servers.append(await loop.create_server(factory, sock=again, backlog=BACKLOG))
    return servers


def _accepts_singly(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether *loop* is libuv's; asyncio's own accepts a whole backlog per turn."""
    return type(loop).__module__.partition(".")[0] == "uvloop"
