"""The cache and the attempts of rate limiters in SQLite."""

from __future__ import annotations

import sqlite3

from soli_stdlib.stores.cache import ENTRY_OVERHEAD, MAX_BYTES
from soli_stdlib.stores.rate_limiter import MAX_ATTEMPTS

from .database import TIDY_ROWS, Database

MAX_ENTRIES = 100_000
"""Of the cache; past it (or past the bytes of a cache in memory) the oldest go."""


class SqliteCache:
    """Texts by key; when there are too many, what was stored longest ago goes."""

    def __init__(
        self, database: Database, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._database = database
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        database.tidying.append(_drop_expired)

    async def get(self, key: str) -> str | None:
        return await self._database.do(_get, key)

    async def set(self, key: str, text: str, seconds: float) -> None:
        await self._database.do(self._set, key, text, seconds)

    async def delete(self, key: str) -> bool:
        return await self._database.do(_delete, key)

    async def clear(self) -> None:
        await self._database.do(_clear)

    async def keys(self) -> list[str]:
        return await self._database.do(_keys)

    async def left(self, key: str) -> float | None:
        return await self._database.do(_left, key)

    async def touch(self, key: str, seconds: float) -> bool:
        return await self._database.do(_touch, key, seconds)

    async def clear_expired(self) -> None:
        await self._database.do(_drop_all_expired)

    def _set(self, db: sqlite3.Connection, now: float, key: str, text: str, seconds: float) -> None:
        size = len(key.encode()) + len(text.encode()) + ENTRY_OVERHEAD
        db.execute("DELETE FROM cache WHERE key = ?", (key,))
        db.execute(
            "INSERT INTO cache (key, text, size, expires) VALUES (?, ?, ?, ?)",
            (key, text, size, now + seconds),
        )
        while self._is_full(db):
            db.execute("DELETE FROM cache WHERE number = (SELECT min(number) FROM cache)")

    def _is_full(self, db: sqlite3.Connection) -> bool:
        row = db.execute("SELECT count, bytes FROM totals WHERE name = 'cache'").fetchone()
        return bool(row[0] > self._max_entries or row[1] > self._max_bytes)


_LIVE = "FROM cache WHERE key = ? AND expires > ?"


def _get(db: sqlite3.Connection, now: float, key: str) -> str | None:
    row = db.execute(f"SELECT text {_LIVE}", (key, now)).fetchone()
    return None if row is None else str(row[0])


def _left(db: sqlite3.Connection, now: float, key: str) -> float | None:
    row = db.execute(f"SELECT expires {_LIVE}", (key, now)).fetchone()
    return None if row is None else float(row[0]) - now


def _delete(db: sqlite3.Connection, now: float, key: str) -> bool:
    return db.execute(f"DELETE {_LIVE}", (key, now)).rowcount > 0


def _clear(db: sqlite3.Connection, now: float) -> None:
    # Not without a condition: SQLite would then empty the table past the trigger.
    db.execute("DELETE FROM cache WHERE number >= 0")


def _keys(db: sqlite3.Connection, now: float) -> list[str]:
    return [key for (key,) in db.execute("SELECT key FROM cache WHERE expires > ?", (now,))]


def _touch(db: sqlite3.Connection, now: float, key: str, seconds: float) -> bool:
    changed = db.execute(
        "UPDATE cache SET expires = ? WHERE key = ? AND expires > ?", (now + seconds, key, now)
    )
    return changed.rowcount > 0


def _drop_expired(db: sqlite3.Connection, now: float) -> None:
    some = "SELECT number FROM cache WHERE expires <= ? LIMIT ?"
    db.execute(f"DELETE FROM cache WHERE number IN ({some})", (now, TIDY_ROWS))


def _drop_all_expired(db: sqlite3.Connection, now: float) -> None:
    db.execute("DELETE FROM cache WHERE expires <= ?", (now,))


class SqliteAttempts:
    """When attempts were made, by key, for all processes that use the file."""

    def __init__(self, database: Database, max_attempts: int = MAX_ATTEMPTS) -> None:
        self._database = database
        self._max_attempts = max_attempts
        database.tidying.append(_forget_old)

    async def attempt(self, key: str, limit: int, window: float) -> float | None:
        return await self._database.do(self._attempt, key, limit, window)

    async def recent(self, key: str, window: float) -> tuple[int, float]:
        return await self._database.do(_recent, key, window)

    async def forget(self, key: str) -> None:
        await self._database.do(_forget, key)

    async def forget_all(self) -> None:
        await self._database.do(_forget_all)

    async def forget_old(self) -> None:
        await self._database.do(_forget_all_old)

    def _attempt(
        self, db: sqlite3.Connection, now: float, key: str, limit: int, window: float
    ) -> float | None:
        count, wait = _recent(db, now, key, window)
        if count >= limit:
            return wait
        db.execute("DELETE FROM attempts WHERE key = ? AND made <= ?", (key, now - window))
        db.execute(
            "INSERT INTO attempts (key, made, until) VALUES (?, ?, ?)", (key, now, now + window)
        )
        (total,) = db.execute("SELECT count FROM totals WHERE name = 'attempts'").fetchone()
        if total > self._max_attempts:
            db.execute("DELETE FROM attempts WHERE number = (SELECT min(number) FROM attempts)")
        return None


def _recent(db: sqlite3.Connection, now: float, key: str, window: float) -> tuple[int, float]:
    count, first = db.execute(
        "SELECT count(*), min(made) FROM attempts WHERE key = ? AND made > ?", (key, now - window)
    ).fetchone()
    return count, (first + window - now if count else 0.0)


def _forget(db: sqlite3.Connection, now: float, key: str) -> None:
    db.execute("DELETE FROM attempts WHERE key = ?", (key,))


def _forget_all(db: sqlite3.Connection, now: float) -> None:
    db.execute("DELETE FROM attempts WHERE number >= 0")


def _forget_old(db: sqlite3.Connection, now: float) -> None:
    some = "SELECT number FROM attempts WHERE until <= ? LIMIT ?"
    db.execute(f"DELETE FROM attempts WHERE number IN ({some})", (now, TIDY_ROWS))


def _forget_all_old(db: sqlite3.Connection, now: float) -> None:
    db.execute("DELETE FROM attempts WHERE until <= ?", (now,))
