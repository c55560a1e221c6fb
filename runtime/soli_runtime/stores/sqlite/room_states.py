"""The state of rooms in SQLite: a row per room, its base beside it, a row per change."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ..states.store import (
    CHANGE_BYTES,
    EMPTY,
    KEPT_BYTES,
    NO_LIMITS,
    NOBODY,
    NOTHING,
    ROOM_BYTES,
    News,
    Outcome,
    StateLimits,
    Writer,
    full,
)
from .database import TIDY_ROWS, Database
from .room_turns import give_back, holder_of, turn

FIRST_PAUSE_SECONDS = 0.001
MAX_PAUSE_SECONDS = 0.008
"""Between two looks whether the turn of this process has come: 1 ms, 1.5 ms, … up to this."""
NEW_BYTES = ROOM_BYTES + len(EMPTY)


class _Row(NamedTuple):
    """What is known of a room, without its texts. Versions grow: first <= base <= version."""

    first: int
    """The version before the oldest change that is there."""
    base: int
    version: int
    weight: int
    """Bytes of the changes since the base."""


class SqliteStates:
    """See `StateStore`. Of all processes that use the file."""

    def __init__(self, database: Database, limits: StateLimits = NO_LIMITS) -> None:
        self._database = database
        self._limits = limits
        database.tidying.append(_drop_ended)

    def bound(self, limits: StateLimits) -> None:
        self._limits = limits

    async def load(self, room: str, known: int = 0) -> News:
        return await self._database.do(_load, _name(room), known)

    async def commit(
        self,
        room: str,
        known: int,
        changes: Sequence[str],
        seconds: float,
        *,
        is_checked: bool,
        writer: Writer = NOBODY,
    ) -> Outcome:
        name = _name(room)
        given = name, known, changes, seconds, is_checked, writer
        return await self._database.do(self._commit, given)

    async def compact(self, room: str, version: int, state: str) -> None:
        await self._database.do(_compact, _name(room), version, state)

    async def touch(self, rooms: Sequence[tuple[str, float]]) -> None:
        await self._database.do(_touch, rooms)

    async def versions(self, rooms: Sequence[str]) -> list[int]:
        return await self._database.do(_versions, rooms)

    async def turn(self, room: str, name: str, seconds: float, patience: float = 0.0) -> bool:
        pause, waited = FIRST_PAUSE_SECONDS, 0.0
        while not await self._database.do(turn, _name(room), name, seconds):
            if waited >= patience:
                return False
            await asyncio.sleep(pause)
            waited += pause
            pause = min(MAX_PAUSE_SECONDS, 1.5 * pause)
        return True

    async def give_back(self, room: str, name: str) -> None:
        await self._database.do(give_back, _name(room), name)

    def _commit(
        self,
        db: sqlite3.Connection,
        now: float,
        given: tuple[bytes, int, Sequence[str], float, bool, Writer],
    ) -> Outcome:
        room, known, changes, seconds, is_checked, writer = given
        row = _find(db, now, room)
        news = NOTHING if row is None else _news(db, room, row, known)
        if holder_of(db, now, room) not in ("", writer.name):
            return Outcome(False, news, True)
        if is_checked and news.version != known:
            return Outcome(False, news)
        added = sum(len(text.encode()) + CHANGE_BYTES for text in changes)
        self._admit(db, now, row is None, added + (NEW_BYTES if row is None else 0))
        if row is None:
            row = _begin(db, now, room)
            news = News(row.base, EMPTY, [])
        weight = _append(db, room, row, changes, added)
        db.execute(
            "UPDATE room_states SET ends = max(ends, ?) WHERE room = ?", (now + seconds, room)
        )
        if writer.name and not writer.keeps_turn:
            give_back(db, now, room, writer.name)
        return Outcome(True, news, False, weight)

    def _admit(self, db: sqlite3.Connection, now: float, is_new: bool, added: int) -> None:
        """Raise StateFull when a limit would be passed, also without what has ended."""
        rooms, size = self._limits
        for is_last in (False, True):
            count, total = _totals(db)
            lacks_rooms = is_new and 0 < rooms <= count
            if not lacks_rooms and not 0 < size < total + added:
                return
            if is_last:
                raise full(self._limits, lacks_rooms)
            _drop_ended(db, now)


def _name(room: str) -> bytes:
    return room.encode("utf-8", "surrogatepass")


def _totals(db: sqlite3.Connection) -> tuple[int, int]:
    query = "SELECT count, bytes FROM totals WHERE name = 'room_states'"
    count, size = db.execute(query).fetchone()
    return count, size


def _find(db: sqlite3.Connection, now: float, room: bytes) -> _Row | None:
    query = "SELECT first, base, version, weight, ends FROM room_states WHERE room = ?"
    found = db.execute(query, (room,)).fetchone()
    if found is None:
        return None
    *row, ends = found
    if ends <= now:
        _drop(db, room)
        return None
    return _Row(*row)


def _begin(db: sqlite3.Connection, now: float, room: bytes) -> _Row:
    version = int(now * 1_000_000)
    row = _Row(version, version, version, 0)
    db.execute("INSERT INTO room_states VALUES (?, ?, ?, ?, ?, ?, ?)", (room, *row, NEW_BYTES, now))
    db.execute("INSERT INTO room_bases VALUES (?, ?)", (room, EMPTY))
    return row


def _append(
    db: sqlite3.Connection, room: bytes, row: _Row, changes: Sequence[str], added: int
) -> int:
    """The bytes of the changes since the base, with *changes* behind the others."""
    numbered = [(room, number, text) for number, text in enumerate(changes, row.version + 1)]
    db.executemany("INSERT INTO room_changes VALUES (?, ?, ?)", numbered)
    db.execute(
        "UPDATE room_states SET version = ?, weight = ?, bytes = bytes + ? WHERE room = ?",
        (row.version + len(changes), row.weight + added, added, room),
    )
    return row.weight + added


def _drop(db: sqlite3.Connection, room: bytes) -> None:
    for table in ("room_states", "room_bases", "room_changes"):
        db.execute(f"DELETE FROM {table} WHERE room = ?", (room,))


def _drop_ended(db: sqlite3.Connection, now: float) -> None:
    query = "SELECT room FROM room_states WHERE ends <= ? ORDER BY ends LIMIT ?"
    for (room,) in db.execute(query, (now, TIDY_ROWS)).fetchall():
        _drop(db, room)
    db.execute("DELETE FROM room_turns WHERE asked < ?", (now - 3600.0,))


def _news(db: sqlite3.Connection, room: bytes, row: _Row, known: int) -> News:
    state = None
    if not row.first <= known <= row.version:
        known = row.base
        query = "SELECT state FROM room_bases WHERE room = ?"
        (state,) = db.execute(query, (room,)).fetchone()
    query = "SELECT text FROM room_changes WHERE room = ? AND version > ? ORDER BY version"
    return News(known, state, [text for (text,) in db.execute(query, (room, known))])


def _load(db: sqlite3.Connection, now: float, room: bytes, known: int) -> News:
    row = _find(db, now, room)
    return NOTHING if row is None else _news(db, room, row, known)


def _compact(db: sqlite3.Connection, now: float, room: bytes, version: int, state: str) -> None:
    row = _find(db, now, room)
    if row is None or not row.base < version <= row.version:
        return
    db.execute("UPDATE room_bases SET state = ? WHERE room = ?", (state, room))
    query = "SELECT version, text FROM room_changes WHERE room = ? ORDER BY version DESC"
    behind, first, weight, size = 0, version, 0, ROOM_BYTES + len(state.encode())
    for number, text in db.execute(query, (room,)):
        added = len(text.encode()) + CHANGE_BYTES
        if number > version:
            weight += added
        elif behind + added > KEPT_BYTES:
            break
        else:
            behind, first = behind + added, number - 1
        size += added
    db.execute("DELETE FROM room_changes WHERE room = ? AND version <= ?", (room, first))
    db.execute(
        "UPDATE room_states SET first = ?, base = ?, weight = ?, bytes = ? WHERE room = ?",
        (first, version, weight, size, room),
    )


def _touch(db: sqlite3.Connection, now: float, rooms: Sequence[tuple[str, float]]) -> None:
    for room, seconds in rooms:
        if _find(db, now, _name(room)) is not None:
            row = now + seconds, _name(room)
            db.execute("UPDATE room_states SET ends = ? WHERE room = ?", row)


def _versions(db: sqlite3.Connection, now: float, rooms: Sequence[str]) -> list[int]:
    found = [_find(db, now, _name(room)) for room in rooms]
    return [0 if row is None else row.version for row in found]
