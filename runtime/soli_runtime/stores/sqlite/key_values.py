"""`KV` in SQLite: a row per key, per member and per place in a list.

Each command is one transaction. What it costs grows with what it touches, as in Redis, not with
what is stored; only `lrem` and `dbsize` look at all of something.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from soli_stdlib.stores.key_value_store import integer, within_64_bits
from soli_stdlib.text.wildcards import matches

from soli_lang.values.display import float_text
from soli_lang.values.values import Value

from .database import TIDY_ROWS, Database
from .key_rows import Rows, drop, floating_sum
from .key_value_collections import COLLECTION_COMMANDS


class SqliteKeyValues:
    """Keys of all processes that use the file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.tidying.append(_drop_expired)

    async def command(self, name: str, arguments: Sequence[Any]) -> Value:
        return await self._database.do(_run, name, arguments)


def _run(db: sqlite3.Connection, now: float, name: str, arguments: Sequence[Any]) -> Value:
    return COMMANDS[name](Rows(db, now), *arguments)


def _drop_expired(db: sqlite3.Connection, now: float) -> None:
    query = "SELECT key FROM keys WHERE expires <= ? LIMIT ?"
    for (key,) in db.execute(query, (now, TIDY_ROWS)).fetchall():
        drop(db, key)


# --- texts ----------------------------------------------------------------------------------------


def _set(rows: Rows, key: str, text: str, seconds: float | None = None) -> None:
    rows.put_text(key, text, None if seconds is None else rows.now + seconds)


def _set_if(rows: Rows, key: str, before: str | None, text: str, seconds: float | None) -> bool:
    if rows.text(key) != before:
        return False
    _set(rows, key, text, seconds)
    return True


def _change(rows: Rows, key: str, before: str | None, text: str | None) -> bool:
    if rows.text(key) != before:
        return False
    if text is None:
        drop(rows.db, key)
    else:
        rows.change_text(key, text)
    return True


def _get(rows: Rows, key: str) -> str | None:
    return rows.text(key)


def _delete(rows: Rows, key: str) -> bool:
    if rows.find(key) is None:
        return False
    drop(rows.db, key)
    return True


def _exists(rows: Rows, key: str) -> bool:
    return rows.find(key) is not None


def _setnx(rows: Rows, key: str, text: str) -> bool:
    if rows.find(key) is not None:
        return False
    rows.put_text(key, text, None)
    return True


def _getset(rows: Rows, key: str, text: str) -> str | None:
    before = rows.text(key)
    rows.put_text(key, text, None)
    return before


def _getdel(rows: Rows, key: str) -> str | None:
    before = rows.text(key)
    drop(rows.db, key)
    return before


def _append(rows: Rows, key: str, text: str) -> int:
    whole = (rows.text(key) or "") + text
    rows.change_text(key, whole)
    return len(whole)


def _strlen(rows: Rows, key: str) -> int:
    return len(rows.text(key) or "")


def _mget(rows: Rows, *keys: str) -> list[str | None]:
    found = [rows.find(key) for key in keys]
    return [row.text if row is not None and row.kind == "string" else None for row in found]


def _mset(rows: Rows, *pairs: str) -> None:
    for key, text in zip(pairs[::2], pairs[1::2], strict=True):
        rows.put_text(key, text, None)


def _incrby(rows: Rows, key: str, amount: int) -> int:
    number = within_64_bits(integer(rows.text(key)) + amount)
    rows.change_text(key, str(number))
    return number


def _incr(rows: Rows, key: str) -> int:
    return _incrby(rows, key, 1)


def _decr(rows: Rows, key: str) -> int:
    return _incrby(rows, key, -1)


def _decrby(rows: Rows, key: str, amount: int) -> int:
    return _incrby(rows, key, -amount)


def _incrbyfloat(rows: Rows, key: str, amount: float) -> float:
    number = floating_sum(rows.text(key), amount)
    rows.change_text(key, float_text(number))
    return number


# --- expiry ---------------------------------------------------------------------------------------


def _expireat(rows: Rows, key: str, instant: float) -> bool:
    if rows.find(key) is None:
        return False
    if instant <= rows.now:
        drop(rows.db, key)
    else:
        rows.db.execute("UPDATE keys SET expires = ? WHERE key = ?", (instant, key))
    return True


def _expire(rows: Rows, key: str, seconds: float) -> bool:
    return _expireat(rows, key, rows.now + seconds)


def _pexpire(rows: Rows, key: str, milliseconds: float) -> bool:
    return _expireat(rows, key, rows.now + milliseconds / 1000)


def _left(rows: Rows, key: str) -> float | None:
    row = rows.find(key)
    return None if row is None or row.expires is None else row.expires - rows.now


def _ttl(rows: Rows, key: str) -> int | None:
    left = _left(rows, key)
    return None if left is None else -int(-left // 1)


def _pttl(rows: Rows, key: str) -> int | None:
    left = _left(rows, key)
    return None if left is None else int(left * 1000)


def _persist(rows: Rows, key: str) -> bool:
    if _left(rows, key) is None:
        return False
    rows.db.execute("UPDATE keys SET expires = NULL WHERE key = ?", (key,))
    return True


# --- housekeeping ---------------------------------------------------------------------------------


def _rename(rows: Rows, key: str, new_key: str) -> None:
    rows.must_find(key)
    if new_key == key:
        return
    drop(rows.db, new_key)
    for table in ("keys", "members", "places"):
        rows.db.execute(f"UPDATE {table} SET key = ? WHERE key = ?", (new_key, key))


def _type(rows: Rows, key: str) -> str:
    row = rows.find(key)
    return "none" if row is None else row.kind


def _dbsize(rows: Rows) -> int:
    query = "SELECT count(*) FROM keys WHERE expires IS NULL OR expires > ?"
    return int(rows.db.execute(query, (rows.now,)).fetchone()[0])


def _keys(rows: Rows, pattern: str = "*") -> list[str]:
    query = "SELECT key FROM keys WHERE expires IS NULL OR expires > ?"
    return [key for (key,) in rows.db.execute(query, (rows.now,)) if matches(pattern, key)]


def _flushdb(rows: Rows) -> None:
    for table in ("keys", "members", "places"):
        rows.db.execute(f"DELETE FROM {table}")


COMMANDS: dict[str, Callable[..., Any]] = {
    "set": _set, "set_if": _set_if, "change": _change, "get": _get, "delete": _delete,
    "exists": _exists, "setnx": _setnx,
    "getset": _getset, "getdel": _getdel, "append": _append, "strlen": _strlen, "mget": _mget,
    "mset": _mset, "incr": _incr, "decr": _decr, "incrby": _incrby, "decrby": _decrby,
    "incrbyfloat": _incrbyfloat, "expire": _expire, "pexpire": _pexpire, "expireat": _expireat,
    "ttl": _ttl, "pttl": _pttl, "persist": _persist, "rename": _rename, "type": _type,
    "dbsize": _dbsize, "keys": _keys, "flushdb": _flushdb,
    **COLLECTION_COMMANDS,
}  # fmt: skip
