"""A connection to Redis with as little as possible between the loop and its socket.

Commands go out at once, packed in C; answers come in their order, parsed in C, each to the function
that was given with the command. Nothing awaits here: what a log carries is too much for that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias, cast

import hiredis

Take: TypeAlias = Callable[[Any], object]
"""What an answer is given to: bytes, int, None, or a list of these."""

Word: TypeAlias = str | bytes | int


_pack: Callable[[tuple[Word, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]


class Refused(ConnectionError):
    """Redis answered with an error, which is the text."""


class Wire(asyncio.Protocol):
    """One connection. When anything goes wrong with it, `failed` is called once, with the error."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.failed: Callable[[Exception], object] = lambda error: None
        self._loop = loop
        self._reader = hiredis.Reader(replyError=Refused)
        self._takes: deque[Take] = deque()
        self._calls: set[asyncio.Future[Any]] = set()
        """Answers that somebody waits for."""
        self._transport: asyncio.WriteTransport | None = None
        self._heard = 0.0
        """When the oldest command was sent without an answer, or the last was heard of it."""

    def ask(self, take: Take, *command: Word) -> None:
        """Send a command; *take* is given its answer. What it raises ends the connection."""
        if self._transport is None:
            raise ConnectionError("the connection to Redis is closed")
        if not self._takes:
            self._heard = self._loop.time()
        self._takes.append(take)
        self._transport.write(_pack(command))

    async def call(self, *command: Word, seconds: float) -> Any:
        """The answer to a command. Raises Refused, ConnectionError, TimeoutError."""
        answer: asyncio.Future[Any] = self._loop.create_future()

        def take(found: Any) -> None:
            if not answer.done():
                answer.set_result(found)

        self.ask(take, *command)
        self._calls.add(answer)
        try:
            async with asyncio.timeout(seconds):
                found = await answer
        finally:
            self._calls.discard(answer)
        if isinstance(found, Exception):
            raise found
        return found

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing was heard for so long although an answer is due."""
        return bool(self._takes) and self._loop.time() - self._heard > seconds

    def close(self) -> None:
        """End the connection; nothing is given to anybody any more. Who calls gets an error."""
        self.failed = lambda error: None
        self._takes.clear()
        for answer in self._calls:
            if not answer.done():
                answer.set_exception(ConnectionError("the connection to Redis ended"))
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        reader, takes = self._reader, self._takes
        try:
            reader.feed(data)
            while (answer := reader.gets()) is not False:
                if not takes:
                    return  # closed meanwhile
                takes.popleft()(answer)
        except Exception as error:
            self._fail(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionError("Redis closed the connection"))

    def _fail(self, error: Exception) -> None:
        failed = self.failed
        self.close()
        failed(error)


async def connect(url: str, seconds: float) -> Wire:
    """A connection to the Redis that *url* names. Raises Refused, OSError, TimeoutError."""
    from redis.asyncio import ConnectionPool

    loop = asyncio.get_running_loop()
    # The client reads the URL, with all that may stand in it: certificates, a path, a password.
    pool: Any = ConnectionPool.from_url(url)
    to = pool.make_connection()
    path = getattr(to, "path", None)
    async with asyncio.timeout(seconds):
        if path is not None:
            _, wire = await loop.create_unix_connection(lambda: Wire(loop), path)
        else:
            context = getattr(to, "ssl_context", None)
            encrypted = None if context is None else context.get()
            _, wire = await loop.create_connection(
                lambda: Wire(loop), to.host, to.port, ssl=encrypted
            )
    try:
        if to.password:
            who = (to.username, to.password) if to.username else (to.password,)
            await wire.call("AUTH", *who, seconds=seconds)
        if to.db:
            await wire.call("SELECT", to.db, seconds=seconds)
    except BaseException:
        wire.close()
        raise
    return wire
