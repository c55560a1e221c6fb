"""The connection to Redis that all stores of a process share: names of keys, scripts, errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

from soli_stdlib.stores.key_value_store import (
    BAD_EXPIRY,
    NOT_A_FLOAT,
    NOT_AN_INTEGER,
    WRONG_KIND,
    no_such_key,
)

from soli_lang.base.errors import SoliError, SoliIndexError, SoliPlainTypeError, SoliValueError

from ...settings.kinds import without_password
from ..errors import UNAVAILABLE, UNFIT, CannotOpen, StoreAway, StoreError

if TYPE_CHECKING:
    from redis.asyncio import Redis

VERSION = 1
"""Of how things lie in Redis. A change that older processes would not understand raises it."""
OLDEST = (6, 2)
"""The oldest Redis that has the commands we use."""
CALL_SECONDS = 5.0
"""For one answer, and for a connection to be made."""
MAX_CONNECTIONS = 32
SCAN_KEYS = 1000
"""Keys looked at per step, where all have to be."""


class RedisLink:
    """Redis under one prefix. All keys lie in one slot of a cluster."""

    def __init__(self, url: str, prefix: str) -> None:
        self.url = url
        self.name = without_password(url)
        """The URL as messages show it."""
        self._base = f"{{soli:1:{prefix}}}:"
        self._clients: dict[asyncio.AbstractEventLoop, Redis] = {}
        """A connection belongs to the loop that made it."""
        self._texts: dict[str, str] = {}

    def key(self, *parts: str) -> str:
        """The name in Redis of one of our keys."""
        return self._base + ":".join(parts)

    async def open(self) -> list[str]:
        """See that Redis is there and fits; warnings for the log. Raises CannotOpen."""
        require_package()
        try:
            facts = {**await self._on().info("server"), **await self._on().info("memory")}
            version = await self._on().set(self.key("stores"), VERSION, nx=True, get=True)
        except Exception as error:
            raise refusal(self.name, error) from None
        self._check(facts, version)
        policy = facts.get("maxmemory_policy", "noeviction")
        if policy == "noeviction":
            return []
        return [f"{self.name} may drop keys to make room: set maxmemory-policy to noeviction"]

    def _check(self, facts: dict[str, Any], version: Any) -> None:
        shown = str(facts.get("redis_version", "0"))
        numbers = tuple(int(part) for part in shown.split(".")[:2] if part.isdigit())
        if numbers < OLDEST:
            raise CannotOpen(
                f"{self.name}: Redis {shown} is too old; 6.2 or newer is needed", UNFIT
            )
        if version is not None and int(version) > VERSION:
            raise CannotOpen(
                f"{self.name}: its data is of a newer Soli (version {version}; this one "
                f"knows up to {VERSION}); nothing was changed",
                UNFIT,
            )

    async def detach(self) -> None:
        """Give back what belongs to the running event loop; another one may go on."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _on(self) -> Redis:
        """The client of the running event loop."""
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = _client(self.url)
        return client

    # --- asking --------------------------------------------------------------------------------

    async def call(self, *command: Any) -> Any:
        """The answer to a command. Raises the errors of `KV`, StoreError."""
        return await self._asked(self._on().execute_command, *command)

    async def at_start(self, *command: Any) -> Any:
        """The same before anybody is served. Raises CannotOpen."""
        try:
            ask: Callable[..., Any] = self._on().execute_command
            return await ask(*command)
        except Exception as error:
            raise refusal(self.name, error) from None

    async def run(self, script: str, keys: list[str], *arguments: Any) -> Any:
        """What `scripts/SCRIPT.lua` returns."""
        text = self._texts.get(script)
        if text is None:
            text = self._texts[script] = script_of(script)
        return await self._asked(self._on().register_script(text), keys, arguments)

    async def each(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """The answers to several commands, in one trip."""
        pipeline = self._on().pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        found: list[Any] = await self._asked(pipeline.execute)
        return found

    async def names(self, *parts: str) -> AsyncIterator[list[str]]:
        """Pages of the names of all our keys that begin so, without that beginning.

        A key that comes and goes meanwhile may be missing.
        """
        start = self.key(*parts, "")
        cursor, pattern = 0, _literally(start) + "*"
        while True:
            found = await self.call("SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_KEYS)
            cursor = int(found[0])
            yield [name[len(start) :] for name in found[1]]
            if cursor == 0:
                return

    async def drop_all(self, *parts: str) -> None:
        """Remove all our keys that begin so."""
        async for page in self.names(*parts):
            if page:
                await self.call("UNLINK", *(self.key(*parts, name) for name in page))

    async def _asked(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        from redis.exceptions import RedisError, ResponseError

        try:
            return await ask(*arguments)
        except ResponseError as error:
            raise self.error(str(error)) from None
        except (RedisError, OSError, TimeoutError) as error:
            raise self.away(error) from None
        except UnicodeEncodeError:
            raise SoliValueError("the store takes only text that has a UTF-8 form") from None

    def away(self, error: Exception) -> StoreAway:
        """What went wrong with the connection, for a program."""
        return StoreAway(f"the store is down: {self.name}: {_first_line(error)}")

    def error(self, text: str) -> SoliError:
        """What Redis answered that is an error, for a program."""
        for part, error in _ERRORS:
            if part in text:
                return error()
        if "maxmemory" in text:
            return StoreError(f"the store is full: {self.name}: {text}")
        return StoreError(f"the store failed: {self.name}: {text}")


def script_of(name: str) -> str:
    """The text of `scripts/NAME.lua`."""
    folder = resources.files(__package__).joinpath("scripts")
    return folder.joinpath(f"{name}.lua").read_text("utf-8")


_ERRORS: tuple[tuple[str, Callable[[], SoliError]], ...] = (
    ("WRONGTYPE", lambda: SoliPlainTypeError(WRONG_KIND)),
    ("not an integer", lambda: SoliValueError(NOT_AN_INTEGER)),
    ("would overflow", lambda: SoliValueError(NOT_AN_INTEGER)),
    ("not a valid float", lambda: SoliValueError(NOT_A_FLOAT)),
    ("not a number", lambda: SoliValueError(NOT_A_FLOAT)),
    ("no such key", no_such_key),
    ("index out of range", lambda: SoliIndexError("KV: ERR index out of range")),
    ("invalid expire", lambda: SoliValueError(BAD_EXPIRY)),
)
"""Answers of Redis that are the program's fault, as `KV` in memory says them."""


def _client(url: str) -> Redis:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    pool = BlockingConnectionPool.from_url(
        url,
        protocol=2,  # the one that every version of client and server speaks
        max_connections=MAX_CONNECTIONS,
        timeout=CALL_SECONDS,
        socket_timeout=CALL_SECONDS,
        socket_connect_timeout=CALL_SECONDS,
        decode_responses=True,
        encoding_errors="strict",
        # A command whose answer was lost may have been done: it is not ours to send it again.
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


def require_package() -> None:
    """Raises CannotOpen where redis-py is not installed."""
    try:
        import redis  # noqa: F401  # only whether it is there
    except ImportError:
        raise CannotOpen(
            "a store in Redis needs the package redis: pip install 'soli-lang[broker]'",
            UNAVAILABLE,
        ) from None


def refusal(name: str, error: Exception) -> CannotOpen:
    """Why Redis, called *name*, cannot be used at all."""
    from redis import exceptions

    text = _first_line(error)
    denied = (
        exceptions.AuthenticationError,
        exceptions.AuthorizationError,
        exceptions.NoPermissionError,
    )
    if isinstance(error, denied) or text.startswith(("NOAUTH", "WRONGPASS", "NOPERM")):
        return CannotOpen(f"{name}: wrong name or password: {text}", UNFIT)
    if "DB index" in text:
        return CannotOpen(f"{name}: there is no database with that number: {text}", UNFIT)
    if isinstance(error, TypeError):
        option = text.rpartition("argument ")[2]
        return CannotOpen(f"{name}: unknown option in the URL: {option}", UNFIT)
    return CannotOpen(f"cannot reach {name}: {text}", UNAVAILABLE)


def _literally(text: str) -> str:
    """*text* as a pattern that only matches itself."""
    return "".join(f"\\{c}" if c in "*?[]\\" else c for c in text)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
