"""Who has the turn to change the state of a room: the oldest of those that asked."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class _Turn(NamedTuple):
    number: int
    name: str
    seconds: float
    until: float


def holder_of(db: sqlite3.Connection, now: float, room: bytes) -> str:
    """Who has the turn; empty: nobody. A turn that ended by itself is passed on."""
    first = _first(db, room)
    if first is None:
        return ""
    if first.until > now:
        return first.name
    _end(db, now, room, first)
    first = _first(db, room)
    return "" if first is None else first.name


def turn(db: sqlite3.Connection, now: float, room: bytes, name: str, seconds: float) -> bool:
    """See `StateStore.turn`."""
    holder = holder_of(db, now, room)
    if not holder or holder == name:
        db.execute(
            "INSERT INTO room_turns (room, name, seconds, until, asked) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (room, name) DO UPDATE SET seconds = excluded.seconds,"
            " until = excluded.until, asked = excluded.asked",
            (room, name, seconds, now + seconds, now),
        )
        return True
    db.execute(
        "INSERT INTO room_turns (room, name, seconds, until, asked) VALUES (?, ?, ?, 0, ?)"
        " ON CONFLICT (room, name) DO NOTHING",
        (room, name, seconds, now),
    )
    return False


def give_back(db: sqlite3.Connection, now: float, room: bytes, name: str) -> None:
    """See `StateStore.give_back`."""
    holder_of(db, now, room)
    first = _first(db, room)
    if first is not None and first.name == name:
        _end(db, now, room, first)
    else:
        db.execute("DELETE FROM room_turns WHERE room = ? AND name = ?", (room, name))


def _first(db: sqlite3.Connection, room: bytes) -> _Turn | None:
    query = "SELECT number, name, seconds, until FROM room_turns WHERE room = ? ORDER BY number"
    found = db.execute(f"{query} LIMIT 1", (room,)).fetchone()
    return None if found is None else _Turn(*found)


def _end(db: sqlite3.Connection, now: float, room: bytes, ended: _Turn) -> None:
    db.execute("DELETE FROM room_turns WHERE number = ?", (ended.number,))
    following = _first(db, room)
    if following is not None:
        row = now + following.seconds, following.number
        db.execute("UPDATE room_turns SET until = ? WHERE number = ?", row)
