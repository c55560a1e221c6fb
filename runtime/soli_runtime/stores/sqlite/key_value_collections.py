"""Hashes, lists, sets and sorted sets of `KV` in SQLite."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from soli_stdlib.stores.key_value_lists import slice_of
from soli_stdlib.stores.key_value_store import NOT_A_FLOAT, integer, no_such_key, within_64_bits

from soli_lang.base.errors import SoliIndexError, SoliValueError
from soli_lang.values.display import float_text

from .key_rows import Rows, floating_sum

# --- hashes ---------------------------------------------------------------------------------------

_NAMED = "FROM members WHERE key = ? AND name = ?"
_ALL = "FROM members WHERE key = ? ORDER BY number"


def _count(rows: Rows, kind: str, key: str) -> int:
    row = rows.of_kind(key, kind)
    return 0 if row is None else row.count


def _hget(rows: Rows, key: str, field: str) -> str | None:
    rows.of_kind(key, "hash")
    found = rows.column(f"SELECT text {_NAMED}", key, field)
    return found[0] if found else None


def _hset(rows: Rows, key: str, field: str, text: str) -> int:
    rows.of_kind(key, "hash")
    changed = rows.db.execute(
        "UPDATE members SET text = ? WHERE key = ? AND name = ?", (text, key, field)
    )
    if changed.rowcount:
        return 0
    rows.db.execute("INSERT INTO members (key, name, text) VALUES (?, ?, ?)", (key, field, text))
    rows.grow(key, "hash", 1)
    return 1


def _hsetnx(rows: Rows, key: str, field: str, text: str) -> bool:
    return _hget(rows, key, field) is None and _hset(rows, key, field, text) == 1


def _hmget(rows: Rows, key: str, *fields: str) -> list[str | None]:
    rows.of_kind(key, "hash")
    return [_hget(rows, key, field) for field in fields]


def _hgetall(rows: Rows, key: str) -> dict[str, str]:
    rows.of_kind(key, "hash")
    return dict(rows.db.execute(f"SELECT name, text {_ALL}", (key,)).fetchall())


def _hexists(rows: Rows, key: str, field: str) -> bool:
    return _hget(rows, key, field) is not None


def _hkeys(rows: Rows, key: str) -> list[str]:
    rows.of_kind(key, "hash")
    return rows.column(f"SELECT name {_ALL}", key)


def _hvals(rows: Rows, key: str) -> list[str]:
    rows.of_kind(key, "hash")
    return rows.column(f"SELECT text {_ALL}", key)


def _hincrby(rows: Rows, key: str, field: str, amount: int) -> int:
    number = within_64_bits(integer(_hget(rows, key, field)) + amount)
    _hset(rows, key, field, str(number))
    return number


def _hincrbyfloat(rows: Rows, key: str, field: str, amount: float) -> float:
    number = floating_sum(_hget(rows, key, field), amount)
    _hset(rows, key, field, float_text(number))
    return number


def _remover(kind: str) -> Callable[..., int]:
    def remove(rows: Rows, key: str, *names: str) -> int:
        rows.of_kind(key, kind)
        removed = sum(
            rows.db.execute(f"DELETE {_NAMED}", (key, name)).rowcount for name in set(names)
        )
        rows.shrink(key, removed)
        return removed

    return remove


def _counter(kind: str) -> Callable[[Rows, str], int]:
    return lambda rows, key: _count(rows, kind, key)


# --- lists ----------------------------------------------------------------------------------------

_PUT_PLACE = "INSERT INTO places VALUES (?, ?, ?)"
_PLACES = "FROM places WHERE key = ? AND place >= ? AND place < ?"


def _lpush(rows: Rows, key: str, *texts: str) -> int:
    return _push(rows, key, texts, at_front=True)


def _rpush(rows: Rows, key: str, *texts: str) -> int:
    return _push(rows, key, texts, at_front=False)


def _push(rows: Rows, key: str, texts: tuple[str, ...], *, at_front: bool) -> int:
    row = rows.of_kind(key, "list")
    first, count = (0, 0) if row is None else (row.first, row.count)
    if not texts:
        return count
    start, step = (first - 1, -1) if at_front else (first + count, 1)
    places = ((key, start + step * index, text) for index, text in enumerate(texts))
    rows.db.executemany(_PUT_PLACE, places)
    rows.grow(key, "list", len(texts), before=len(texts) if at_front else 0)
    return count + len(texts)


def _lpop(rows: Rows, key: str) -> str | None:
    return _pop(rows, key, at_front=True)


def _rpop(rows: Rows, key: str) -> str | None:
    return _pop(rows, key, at_front=False)


def _pop(rows: Rows, key: str, *, at_front: bool) -> str | None:
    row = rows.of_kind(key, "list")
    if row is None:
        return None
    place = row.first if at_front else row.first + row.count - 1
    (text,) = rows.column("SELECT text FROM places WHERE key = ? AND place = ?", key, place)
    rows.db.execute("DELETE FROM places WHERE key = ? AND place = ?", (key, place))
    rows.shrink(key, 1, before=int(at_front))
    return str(text)


def _lrange(rows: Rows, key: str, first: int, last: int) -> list[str]:
    row = rows.of_kind(key, "list")
    if row is None:
        return []
    start, end = slice_of(row.count, first, last)
    query = f"SELECT text {_PLACES} ORDER BY place"
    return rows.column(query, key, row.first + start, row.first + end)


def _lindex(rows: Rows, key: str, index: int) -> str | None:
    row = rows.of_kind(key, "list")
    if row is None or not -row.count <= index < row.count:
        return None
    place = row.first + index % row.count
    return str(rows.column(f"SELECT text {_PLACES}", key, place, place + 1)[0])


def _lset(rows: Rows, key: str, index: int, text: str) -> None:
    row = rows.of_kind(key, "list")
    if row is None:
        raise no_such_key()
    if not -row.count <= index < row.count:
        raise SoliIndexError("KV: ERR index out of range")
    place = row.first + index % row.count
    rows.db.execute("UPDATE places SET text = ? WHERE key = ? AND place = ?", (text, key, place))


def _lrem(rows: Rows, key: str, count: int, text: str) -> int:
    row = rows.of_kind(key, "list")
    if row is None:
        return 0
    order = "ASC" if count >= 0 else "DESC"
    query = f"SELECT place FROM places WHERE key = ? AND text = ? ORDER BY place {order} LIMIT ?"
    gone = rows.column(query, key, text, abs(count) or row.count)
    if not gone:
        return 0
    rows.db.executemany(
        "DELETE FROM places WHERE key = ? AND place = ?", [(key, place) for place in gone]
    )
    # The places that are left move together: into fresh ones, so that none meets another.
    left = rows.column("SELECT text FROM places WHERE key = ? ORDER BY place", key)
    rows.db.execute("DELETE FROM places WHERE key = ?", (key,))
    rows.db.executemany(_PUT_PLACE, [(key, row.first + i, kept) for i, kept in enumerate(left)])
    rows.shrink(key, len(gone))
    return len(gone)


def _ltrim(rows: Rows, key: str, first: int, last: int) -> None:
    row = rows.of_kind(key, "list")
    if row is None:
        return
    start, end = slice_of(row.count, first, last)
    rows.db.execute(
        "DELETE FROM places WHERE key = ? AND (place < ? OR place >= ?)",
        (key, row.first + start, row.first + end),
    )
    rows.shrink(key, row.count - (end - start), before=start)


def _rpoplpush(rows: Rows, source: str, target: str) -> str | None:
    if not _count(rows, "list", source):
        return None
    rows.of_kind(target, "list")
    text = _pop(rows, source, at_front=False)
    if text is not None:
        _push(rows, target, (text,), at_front=True)
    return text


# --- sets -----------------------------------------------------------------------------------------


def _sadd(rows: Rows, key: str, *members: str) -> int:
    rows.of_kind(key, "set")
    added = sum(
        rows.db.execute(
            "INSERT OR IGNORE INTO members (key, name) VALUES (?, ?)", (key, member)
        ).rowcount
        for member in members
    )
    if added:
        rows.grow(key, "set", added)
    return added


def _smembers(rows: Rows, key: str) -> list[str]:
    rows.of_kind(key, "set")
    return rows.column("SELECT name FROM members WHERE key = ? ORDER BY name", key)


def _sismember(rows: Rows, key: str, member: str) -> bool:
    rows.of_kind(key, "set")
    return bool(rows.column(f"SELECT 1 {_NAMED}", key, member))


def _smismember(rows: Rows, key: str, *members: str) -> list[bool]:
    rows.of_kind(key, "set")
    return [_sismember(rows, key, member) for member in members]


def _srandmember(rows: Rows, key: str) -> str | None:
    count = _count(rows, "set", key)
    if not count:
        return None
    query = "SELECT name FROM members WHERE key = ? LIMIT 1 OFFSET ?"
    return str(rows.column(query, key, random.randrange(count))[0])


def _spop(rows: Rows, key: str) -> str | None:
    member = _srandmember(rows, key)
    if member is not None:
        _remover("set")(rows, key, member)
    return member


def _smove(rows: Rows, source: str, target: str, member: str) -> bool:
    if not _count(rows, "set", source):
        return False
    rows.of_kind(target, "set")
    if not _remover("set")(rows, source, member):
        return False
    _sadd(rows, target, member)
    return True


# --- sorted sets ----------------------------------------------------------------------------------


def _zadd(rows: Rows, key: str, *pairs: Any) -> int:
    rows.of_kind(key, "zset")
    return sum(
        _score(rows, key, member, score)
        for score, member in zip(pairs[::2], pairs[1::2], strict=True)
    )


def _score(rows: Rows, key: str, member: str, score: float) -> int:
    """Give *member* a score; 1 when it is new."""
    changed = rows.db.execute(
        "UPDATE members SET score = ? WHERE key = ? AND name = ?", (score, key, member)
    )
    if changed.rowcount:
        return 0
    rows.db.execute("INSERT INTO members (key, name, score) VALUES (?, ?, ?)", (key, member, score))
    rows.grow(key, "zset", 1)
    return 1


def _zscore(rows: Rows, key: str, member: str) -> float | None:
    rows.of_kind(key, "zset")
    found = rows.column(f"SELECT score {_NAMED}", key, member)
    return float(found[0]) if found else None


def _zincrby(rows: Rows, key: str, amount: float, member: str) -> float:
    score = (_zscore(rows, key, member) or 0.0) + amount
    if score != score:
        raise SoliValueError(NOT_A_FLOAT)
    _score(rows, key, member, score)
    return score


Bound = tuple[float | None, bool]


def _zrangebyscore(rows: Rows, key: str, low: Bound, high: Bound) -> list[str]:
    rows.of_kind(key, "zset")
    tests, values = _between(low, high)
    return rows.column(
        f"SELECT name FROM members WHERE key = ? {tests} ORDER BY score, name", key, *values
    )


def _zcount(rows: Rows, key: str, low: Bound, high: Bound) -> int:
    rows.of_kind(key, "zset")
    tests, values = _between(low, high)
    query = f"SELECT count(*) FROM members WHERE key = ? {tests}"
    return int(rows.column(query, key, *values)[0])


def _between(low: Bound, high: Bound) -> tuple[str, list[float]]:
    """Conditions for scores from *low* to *high*, and their values."""
    given = [
        (f"AND score {sign}{'' if is_excluded else '='} ?", score)
        for sign, (score, is_excluded) in ((">", low), ("<", high))
        if score is not None
    ]
    return "AND score IS NOT NULL " + " ".join(test for test, _ in given), [s for _, s in given]


COLLECTION_COMMANDS: dict[str, Callable[..., Any]] = {
    "hset": _hset, "hsetnx": _hsetnx, "hget": _hget, "hmget": _hmget, "hgetall": _hgetall,
    "hdel": _remover("hash"), "hexists": _hexists, "hkeys": _hkeys, "hvals": _hvals,
    "hlen": _counter("hash"), "hincrby": _hincrby, "hincrbyfloat": _hincrbyfloat,
    "lpush": _lpush, "rpush": _rpush, "lpop": _lpop, "rpop": _rpop, "llen": _counter("list"),
    "lrange": _lrange, "lindex": _lindex, "lset": _lset, "lrem": _lrem, "ltrim": _ltrim,
    "rpoplpush": _rpoplpush,
    "sadd": _sadd, "srem": _remover("set"), "smembers": _smembers, "sismember": _sismember,
    "smismember": _smismember, "scard": _counter("set"), "srandmember": _srandmember,
    "spop": _spop, "smove": _smove,
    "zadd": _zadd, "zrem": _remover("zset"), "zscore": _zscore, "zincrby": _zincrby,
    "zcard": _counter("zset"), "zcount": _zcount, "zrangebyscore": _zrangebyscore,
}  # fmt: skip
