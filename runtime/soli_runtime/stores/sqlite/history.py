"""The past of rooms in SQLite: a row per room, a row per message."""

from __future__ import annotations

import json
import sqlite3

from ...core.history.rings import Kept
from ..history import Change, End, Saved
from .database import Database


class SqliteHistory:
    """See `HistoryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, epoch: str) -> Saved:
        # To the disk: a machine that fails later must not go back to an orderly end before this.
        return await self._database.do_durably(_begin, epoch)

    async def save(self, epoch: str, place: int, changes: list[Change]) -> bool:
        return await self._database.do(_save, epoch, place, changes)

    async def finish(self, epoch: str, end: End) -> bool:
        return await self._database.do(_finish, epoch, end)


def _begin(db: sqlite3.Connection, now: float, epoch: str) -> Saved:
    row = db.execute("SELECT place, ended FROM kept_life").fetchone()
    place, ended = (0, None) if row is None else row
    db.execute("INSERT OR REPLACE INTO kept_life VALUES (1, ?, ?, NULL)", (epoch, place))
    rooms = []
    for room, floor in db.execute("SELECT room, floor FROM kept_rooms ORDER BY latest"):
        query = "SELECT place, data, is_text, at FROM kept WHERE room = ? ORDER BY place"
        messages = [
            Kept(place, data, bool(is_text), at)
            for place, data, is_text, at in db.execute(query, (room,))
        ]
        rooms.append((room.decode("utf-8", "surrogatepass"), floor, messages))
    return Saved(place, None if ended is None else End(*json.loads(ended)), rooms)


def _is_ours(db: sqlite3.Connection, epoch: str) -> bool:
    row = db.execute("SELECT epoch FROM kept_life").fetchone()
    return row is not None and row[0] == epoch


def _save(
    db: sqlite3.Connection, now: float, epoch: str, place: int, changes: list[Change]
) -> bool:
    if not _is_ours(db, epoch):
        return False
    db.execute("UPDATE kept_life SET place = ?", (place,))
    for change in changes:
        room = change.room.encode("utf-8", "surrogatepass")
        if change.floor is None:
            db.execute("DELETE FROM kept WHERE room = ?", (room,))
            db.execute("DELETE FROM kept_rooms WHERE room = ?", (room,))
            continue
        db.execute("DELETE FROM kept WHERE room = ? AND place <= ?", (room, change.floor))
        rows = [(room, one.place, one.at, one.is_text, one.data) for one in change.messages]
        db.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", rows)
        db.execute(
            "INSERT INTO kept_rooms VALUES (?, ?, ?)"
            " ON CONFLICT (room) DO UPDATE SET floor = excluded.floor, latest = excluded.latest",
            (room, change.floor, place),
        )
    return True


def _finish(db: sqlite3.Connection, now: float, epoch: str, end: End) -> bool:
    if not _is_ours(db, epoch):
        return False
    db.execute("UPDATE kept_life SET place = ?, ended = ?", (end.place, json.dumps(end)))
    return True
