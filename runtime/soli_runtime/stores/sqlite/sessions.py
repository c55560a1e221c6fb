"""HTTP sessions in SQLite: a row per session, a row per key."""

from __future__ import annotations

import sqlite3
from typing import Any

from soli_stdlib.json.text import decode, encode

from ...http.sessions import IDLE_SECONDS
from ..session_keys import former_name, stored_name
from .database import TIDY_ROWS, Database

MAX_SESSIONS = 1_000_000
"""Past it those go that end first."""
FRESH = 0.99
"""A use is written down once this part of the idle time has begun: not every reading writes."""


class SqliteSessions:
    """Sessions of all processes that use the file."""

    def __init__(
        self,
        database: Database,
        idle_seconds: float = IDLE_SECONDS,
        max_sessions: int = MAX_SESSIONS,
    ) -> None:
        self._database = database
        self._idle_seconds = idle_seconds
        self._max_sessions = max_sessions
        database.tidying.append(_drop_ended)

    async def load(self, session_id: str) -> dict[str, Any] | None:
        return await self._database.do(self._load, _Ids(session_id))

    async def create(self, session_id: str, data: dict[str, Any]) -> None:
        texts = {key: encode(value) for key, value in data.items()}
        await self._database.do(self._create, stored_name(session_id), texts)

    async def put(self, session_id: str, key: str, value: Any) -> bool:
        return await self._database.do(self._put, _Ids(session_id), key, encode(value))

    async def drop(self, session_id: str, key: str) -> None:
        await self._database.do(self._drop, _Ids(session_id), key)

    async def move(self, session_id: str, new_id: str) -> bool:
        return await self._database.do(self._move, _Ids(session_id), stored_name(new_id))

    async def delete(self, session_id: str) -> None:
        await self._database.do(_delete, stored_name(session_id))
        await self._database.do(_delete, former_name(session_id))

    def _use(self, db: sqlite3.Connection, now: float, ids: _Ids) -> str | None:
        """Put off the end of a session; its name in the file, None when there is none."""
        session_id, row = ids.stored, _expiry(db, ids.stored)
        if row is None and ids.former:
            row = _expiry(db, ids.former)
            if row is not None:
                _rename(db, ids.former, session_id)
        if row is None:
            return None
        if row[0] < now:
            _delete(db, now, session_id)
            return None
        if row[0] < now + FRESH * self._idle_seconds:
            expires = now + self._idle_seconds
            db.execute("UPDATE sessions SET expires = ? WHERE id = ?", (expires, session_id))
        return session_id

    def _load(self, db: sqlite3.Connection, now: float, ids: _Ids) -> dict[str, Any] | None:
        session_id = self._use(db, now, ids)
        if session_id is None:
            return None
        rows = db.execute("SELECT key, value FROM session_values WHERE id = ?", (session_id,))
        return {key: decode(text) for key, text in rows}

    def _create(
        self, db: sqlite3.Connection, now: float, session_id: str, texts: dict[str, str]
    ) -> None:
        expires = now + self._idle_seconds
        _delete(db, now, session_id)  # REPLACE would pass by the trigger that counts
        db.execute("INSERT INTO sessions VALUES (?, ?)", (session_id, expires))
        for key, text in texts.items():
            db.execute(_WRITE, (session_id, key, text))
        (count,) = db.execute("SELECT count FROM totals WHERE name = 'sessions'").fetchone()
        if count > self._max_sessions:
            first = "SELECT id FROM sessions ORDER BY expires LIMIT 1"
            _delete(db, now, db.execute(first).fetchone()[0])

    def _put(self, db: sqlite3.Connection, now: float, ids: _Ids, key: str, text: str) -> bool:
        session_id = self._use(db, now, ids)
        if session_id is None:
            return False
        db.execute(_WRITE, (session_id, key, text))
        return True

    def _drop(self, db: sqlite3.Connection, now: float, ids: _Ids, key: str) -> None:
        session_id = self._use(db, now, ids)
        if session_id is not None:
            db.execute("DELETE FROM session_values WHERE id = ? AND key = ?", (session_id, key))

    def _move(self, db: sqlite3.Connection, now: float, ids: _Ids, new_name: str) -> bool:
        session_id = self._use(db, now, ids)
        if session_id is None:
            return False
        _rename(db, session_id, new_name)
        return True


class _Ids:
    """The names that a session may have in the file."""

    __slots__ = ("former", "stored")

    def __init__(self, session_id: str) -> None:
        self.stored = stored_name(session_id)
        self.former = former_name(session_id)


_WRITE = "INSERT OR REPLACE INTO session_values VALUES (?, ?, ?)"


def _expiry(db: sqlite3.Connection, session_id: str) -> tuple[float] | None:
    query = "SELECT expires FROM sessions WHERE id = ?"
    row: tuple[float] | None = db.execute(query, (session_id,)).fetchone()
    return row


def _rename(db: sqlite3.Connection, session_id: str, new_id: str) -> None:
    for table in ("sessions", "session_values"):
        db.execute(f"UPDATE {table} SET id = ? WHERE id = ?", (new_id, session_id))


def _delete(db: sqlite3.Connection, now: float, session_id: str) -> None:
    for table in ("sessions", "session_values"):
        db.execute(f"DELETE FROM {table} WHERE id = ?", (session_id,))


def _drop_ended(db: sqlite3.Connection, now: float) -> None:
    rows = db.execute("SELECT id FROM sessions WHERE expires < ? LIMIT ?", (now, TIDY_ROWS))
    for (session_id,) in rows.fetchall():
        _delete(db, now, session_id)
