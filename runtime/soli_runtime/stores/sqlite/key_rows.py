"""The rows that the commands of `KV` work on in SQLite."""

from __future__ import annotations

import sqlite3
from typing import Any

from soli_stdlib.stores.key_value_store import NOT_A_FLOAT, WRONG_KIND, floating, no_such_key

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.base.records import Record


class KeyRow(Record, frozen=True):
    """One key that is there."""

    kind: str
    text: str | None
    expires: float | None
    first: int
    """Place of the first text of a list; the places have no gaps."""
    count: int
    """Members of a hash or set, texts of a list."""


class Rows:
    """The tables of `KV` in one transaction."""

    __slots__ = ("db", "now")

    def __init__(self, db: sqlite3.Connection, now: float) -> None:
        self.db = db
        self.now = now

    def find(self, key: str) -> KeyRow | None:
        """The row of *key*; one that expired is dropped."""
        query = "SELECT kind, text, expires, first, count FROM keys WHERE key = ?"
        found = self.db.execute(query, (key,)).fetchone()
        if found is None:
            return None
        row = KeyRow(*found)
        if row.expires is not None and row.expires <= self.now:
            drop(self.db, key)
            return None
        return row

    def must_find(self, key: str) -> KeyRow:
        """The same; raises when there is none."""
        row = self.find(key)
        if row is None:
            raise no_such_key()
        return row

    def of_kind(self, key: str, kind: str) -> KeyRow | None:
        """The same; raises when it holds something else."""
        row = self.find(key)
        if row is not None and row.kind != kind:
            raise SoliPlainTypeError(WRONG_KIND)
        return row

    def text(self, key: str) -> str | None:
        row = self.of_kind(key, "string")
        return None if row is None else row.text

    def put_text(self, key: str, text: str, expires: float | None) -> None:
        """Store *text* in place of what was there."""
        drop(self.db, key)
        self.db.execute(
            "INSERT INTO keys (key, kind, text, expires) VALUES (?, 'string', ?, ?)",
            (key, text, expires),
        )

    def change_text(self, key: str, text: str) -> None:
        """Store *text* in place of another, expiry kept."""
        self.db.execute(
            "INSERT INTO keys (key, kind, text) VALUES (?, 'string', ?)"
            " ON CONFLICT (key) DO UPDATE SET text = excluded.text",
            (key, text),
        )

    def grow(self, key: str, kind: str, count: int, *, before: int = 0) -> None:
        """Note that *key* has *count* items more, *before* of them in front of a list."""
        self.db.execute(
            "INSERT INTO keys (key, kind, first, count) VALUES (?, ?, ?, ?) ON CONFLICT (key)"
            " DO UPDATE SET first = first + excluded.first, count = count + excluded.count",
            (key, kind, -before, count),
        )

    def shrink(self, key: str, count: int, *, before: int = 0) -> None:
        """Note that *key* has *count* items less; it is dropped when none is left."""
        self.db.execute(
            "UPDATE keys SET first = first + ?, count = count - ? WHERE key = ?",
            (before, count, key),
        )
        self.db.execute("DELETE FROM keys WHERE key = ? AND count <= 0", (key,))

    def column(self, query: str, *values: Any) -> list[Any]:
        """The first column of what *query* finds."""
        return [row[0] for row in self.db.execute(query, values)]


def drop(db: sqlite3.Connection, key: str) -> None:
    """Remove *key* and all that it holds."""
    for table in ("keys", "members", "places"):
        db.execute(f"DELETE FROM {table} WHERE key = ?", (key,))


def floating_sum(text: str | None, amount: float) -> float:
    """The Float in *text* (0.0 for None) plus *amount*. Raises when that is no number."""
    number = floating(text) + amount
    if number != number:
        raise SoliValueError(NOT_A_FLOAT)
    return number
