"""All that a program keeps, by the setting `store`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from soli_stdlib.stores.remote import Attempts, KeyValues, Texts

from ..jobs.queue import LEAST_LEASE_SECONDS, JobStore
from ..settings import IN_MEMORY, Settings
from ..settings.app_mark import AppMark
from .claims import claim

if TYPE_CHECKING:
    from .history import HistoryStore
    from .sqlite.database import Database
    from .states.store import StateStore
    from .waited import AsyncSessionStore


class Store(Protocol):
    """What must outlive the process. `open` comes first."""

    @property
    def kind(self) -> str:
        """`sqlite` or `redis`."""
        ...

    @property
    def name(self) -> str:
        """How messages call it."""
        ...

    @property
    def sessions(self) -> AsyncSessionStore: ...

    @property
    def key_values(self) -> KeyValues: ...

    @property
    def cache(self) -> Texts: ...

    @property
    def attempts(self) -> Attempts: ...

    @property
    def jobs(self) -> JobStore: ...

    @property
    def history(self) -> HistoryStore: ...

    @property
    def room_states(self) -> StateStore: ...

    async def open(self) -> list[str]:
        """See that it can be used; warnings for the log. Raises CannotOpen."""
        ...

    async def look(self) -> None:
        """Nothing, when it can be used now. Raises StoreError."""
        ...

    async def detach(self) -> None:
        """Give back what belongs to the running event loop."""
        ...

    async def close(self) -> None:
        """Finish what waits. Nothing comes after this."""
        ...


class SqliteStore:
    """A store in one file."""

    kind = "sqlite"

    def __init__(self, path: str, max_bytes: int, lease_seconds: float) -> None:
        from .sqlite.cache import SqliteAttempts, SqliteCache
        from .sqlite.database import Database
        from .sqlite.history import SqliteHistory
        from .sqlite.jobs import SqliteJobs
        from .sqlite.key_values import SqliteKeyValues
        from .sqlite.room_states import SqliteStates
        from .sqlite.sessions import SqliteSessions

        self.name = f"sqlite:{path}"
        self._database: Database = Database(path, max_bytes)
        self.sessions = SqliteSessions(self._database)
        self.key_values = SqliteKeyValues(self._database)
        self.cache = SqliteCache(self._database)
        self.attempts = SqliteAttempts(self._database)
        self.jobs = SqliteJobs(self._database, lease_seconds)
        self.history = SqliteHistory(self._database)
        self.room_states = SqliteStates(self._database)

    async def open(self) -> list[str]:
        await self._database.open()
        return []

    async def look(self) -> None:
        await self._database.do(lambda db, now: db.execute("PRAGMA user_version").fetchone())

    async def detach(self) -> None:
        """The file belongs to no loop."""

    async def close(self) -> None:
        await self._database.close()


class RedisStore:
    """A store in a Redis or Valkey server."""

    kind = "redis"

    def __init__(self, url: str, mark: AppMark, lease_seconds: float) -> None:
        from .redis.cache import RedisAttempts, RedisCache
        from .redis.history import RedisHistory
        from .redis.jobs import RedisJobs
        from .redis.key_values import RedisKeyValues
        from .redis.link import RedisLink
        from .redis.room_states import RedisStates
        from .redis.sessions import RedisSessions

        self._mark = mark
        self._link = RedisLink(url, mark.name)
        self.name = self._link.name
        self.sessions = RedisSessions(self._link)
        self.key_values = RedisKeyValues(self._link)
        self.cache = RedisCache(self._link)
        self.attempts = RedisAttempts(self._link)
        self.jobs = RedisJobs(self._link, lease_seconds)
        self.history = RedisHistory(self._link)
        self.room_states = RedisStates(self._link)

    async def open(self) -> list[str]:
        warnings = await self._link.open()
        await claim(self._link, self._mark)
        return warnings

    async def look(self) -> None:
        await self._link.call("PING")

    async def detach(self) -> None:
        self.room_states.detach()
        await self._link.detach()

    async def close(self) -> None:
        await self.detach()


def store_of(settings: Settings, app: str, mark: AppMark | None = None) -> Store | None:
    """The store that *settings* ask for, None for memory. *app* is the name of its folder.

    *mark*: by what the app is known again; without it any app's data is taken.
    """
    if settings.store == IN_MEMORY:
        return None
    lease = max(LEAST_LEASE_SECONDS, settings.constants.job_lease_seconds)
    scheme, _, rest = settings.store.partition(":")
    if scheme == "sqlite":
        path = rest[2:] if rest.startswith("//") else rest  # some write sqlite:///var/app.db
        return SqliteStore(os.path.abspath(path), settings.sqlite_max_bytes, lease)
    if mark is None:
        mark = AppMark(settings.store_prefix or settings.app_name or app, "", frozenset())
    return RedisStore(settings.store, mark, lease)
