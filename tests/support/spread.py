"""Several nodes on a real Redis that stand in for one server, and workers behind one port."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection

from .live import SOLI, LiveServer, eventually, serve, starting
from .redis_server import redis_server

COUNT = 3
"""Nodes."""
WORKERS = 2
"""Workers behind one port: which of them has a client is not the test's choice."""
AGREEING = 12
"""How often workers behind one port are asked until all of them have most likely answered."""


class Nodes:
    """What tests ask of a `LiveServer`, of several: each call goes to the next one."""

    def __init__(self, servers: list[LiveServer], broker: str) -> None:
        self.servers = servers
        self.broker = broker
        """The URL of the Redis in which they meet."""
        self._next = itertools.cycle(servers)

    def connect(self, path: str, **options: Any) -> ClientConnection:
        return next(self._next).connect(path, **options)

    def get(self, path: str) -> Any:
        return next(self._next).get(path)

    def get_text(self, path: str) -> str:
        return next(self._next).get_text(path)

    def content_type(self, path: str) -> str:
        return next(self._next).content_type(path)

    def wait_for_output(self, text: str) -> str:
        """The first line that any of them printed which holds *text*, waiting for it."""
        return eventually(
            lambda: next(
                (line for one in self.servers for line in tuple(one.output) if text in line), None
            ),
            f"no node ever printed {text!r}",
        )


@contextmanager
def nodes(path: Path | str, *flags: str, count: int = COUNT) -> Iterator[Nodes]:
    """Serve *path* by *count* nodes on a Redis of their own, for the length of a block."""
    with redis_server() as redis, ExitStack() as stack:
        command = [str(SOLI), "run", str(path), "--port", "0", "--broker", redis.url, *flags]
        starts = [stack.enter_context(starting(command)) for _ in range(count)]
        yield Nodes([started() for started in starts], redis.url)


def workers(path: Path | str, *flags: str) -> AbstractContextManager[LiveServer]:
    """Serve *path* by workers behind one port, for the length of a block."""
    return serve(path, "--workers", str(WORKERS), *flags)


SERVED: dict[str, Callable[..., AbstractContextManager[LiveServer | Nodes]]] = {
    "workers": workers,
    "nodes": nodes,
}
"""How several processes serve an app."""


def everywhere(server: LiveServer | Nodes, path: str) -> list[Any]:
    """What each process answers to a GET of *path*; workers are asked until all have answered."""
    if isinstance(server, Nodes):
        return [one.get(path) for one in server.servers]
    return [server.get(path) for _ in range(AGREEING)]
