"""Schemas, versions and names of stores."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from soli_runtime.settings import SettingError, Settings
from soli_runtime.settings.kinds import without_password
from soli_runtime.stores.errors import CannotOpen, StoreError
from soli_runtime.stores.redis.link import RedisLink
from soli_runtime.stores.sqlite import database as database_module
from soli_runtime.stores.sqlite import schema
from soli_runtime.stores.sqlite.database import Database
from soli_runtime.stores.sqlite.history import SqliteHistory
from soli_runtime.stores.store import SqliteStore, store_of

GROWN = (*schema.MIGRATIONS, "CREATE TABLE more (x);\nINSERT INTO more VALUES (7);")


def opened(path: Path) -> Database:
    database = Database(str(path), 0)
    asyncio.run(database.open())
    return database


def version(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
    finally:
        db.close()


def test_a_file_becomes_the_next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One migration per version, each once; what was there stays; the older Soli then refuses."""
    path = tmp_path / "db"
    old = opened(path)
    insert = "INSERT INTO keys (key, kind, text) VALUES ('k', 'string', 'kept')"
    asyncio.run(old.do(lambda db, now: db.execute(insert)))
    asyncio.run(old.close())
    assert version(path) == len(schema.MIGRATIONS)
    monkeypatch.setattr(schema, "MIGRATIONS", GROWN)
    for _ in range(2):
        new = opened(path)
        rows = asyncio.run(new.do(lambda db, now: db.execute("SELECT text FROM keys").fetchall()))
        more = asyncio.run(new.do(lambda db, now: db.execute("SELECT x FROM more").fetchall()))
        assert (rows, more) == ([("kept",)], [(7,)])
        asyncio.run(new.close())
    assert version(path) == len(GROWN)
    monkeypatch.undo()
    with pytest.raises(CannotOpen, match="a store of a newer Soli") as refusal:
        opened(path)
    assert refusal.value.status == 78
    assert version(path) == len(GROWN)


def test_a_file_of_version_one_learns_to_keep_what_rooms_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was made before there was history."""
    path = tmp_path / "db"
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        asyncio.run(opened(path).close())
        assert version(path) == 1
    database = opened(path)
    saved = asyncio.run(SqliteHistory(database).begin("e"))
    assert (saved.place, saved.end, saved.rooms) == (0, None, [])
    asyncio.run(database.close())
    assert version(path) == len(schema.MIGRATIONS)


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even its first statement."""
    path = tmp_path / "db"
    asyncio.run(opened(path).close())
    broken = (*schema.MIGRATIONS, "CREATE TABLE more (x);\nINSERT INTO none VALUES (1);")
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(CannotOpen, match="no such table"):
        opened(path)
    monkeypatch.undo()
    asyncio.run(opened(path).close())
    assert version(path) == len(schema.MIGRATIONS)


def test_several_processes_may_make_one_file(tmp_path: Path) -> None:
    """One makes the tables, the others find them."""

    async def body() -> None:
        databases = [Database(str(tmp_path / "db"), 0) for _ in range(8)]
        await asyncio.gather(*(one.open() for one in databases))
        await asyncio.gather(*(one.close() for one in databases))

    asyncio.run(body())


def test_store_bytes_is_inclusive(tmp_path: Path) -> None:
    """The file may become as large as that, and no page larger."""
    page, pages = 4096, 198
    path = tmp_path / "db"
    database = Database(str(path), page * pages)
    asyncio.run(database.open())
    insert = "INSERT INTO keys (key, kind, text) VALUES (?, 'string', ?)"

    async def fill() -> None:
        for number in range(1000):
            row = (str(number), "x" * 3000)
            await database.do(lambda db, now, row=row: db.execute(insert, row))

    with pytest.raises(StoreError, match="the store is full"):
        asyncio.run(fill())
    asyncio.run(database.close())
    assert path.stat().st_size == page * pages
    # One text more needs a page for itself and one for the tree above it.
    grown = Database(str(path), page * (pages + 2))
    row = ("one more", "x" * 3000)
    asyncio.run(grown.do(lambda db, now: db.execute(insert, row)))
    asyncio.run(grown.close())
    assert page * pages < path.stat().st_size <= page * (pages + 2)


def test_a_busy_store_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MAX_WAITING calls wait; one more is told."""
    monkeypatch.setattr(database_module, "MAX_WAITING", 3)

    async def body() -> None:
        database = Database(str(tmp_path / "db"), 0)
        await database.open()
        calls = (database.do(lambda db, now: 1) for _ in range(4))
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert found[:3] == [1, 1, 1]
        assert isinstance(found[3], StoreError)
        assert "the store is busy: 3 calls wait" in found[3].message
        await database.close()

    asyncio.run(body())


def test_another_process_that_never_ends_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is waited for so long, and then named."""
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.1)
    path = tmp_path / "db"
    database = opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process writes"):
        asyncio.run(database.do(lambda db, now: 1))
    other.execute("ROLLBACK")
    assert asyncio.run(database.do(lambda db, now: 1)) == 1
    other.close()
    asyncio.run(database.close())


def test_what_expired_is_removed_by_and_by(tmp_path: Path) -> None:
    """A file does not grow by what nobody asks for any more."""
    clock = [0.0]
    database = Database(str(tmp_path / "db"), 0, lambda: clock[0])
    store = SqliteStore(str(tmp_path / "db"), 0, 30)
    asyncio.run(store.close())
    from soli_runtime.stores.sqlite.cache import SqliteAttempts, SqliteCache
    from soli_runtime.stores.sqlite.key_values import SqliteKeyValues
    from soli_runtime.stores.sqlite.sessions import SqliteSessions

    cache, attempts = SqliteCache(database), SqliteAttempts(database)
    keys, sessions = SqliteKeyValues(database), SqliteSessions(database, idle_seconds=10)

    async def fill() -> None:
        await cache.set("k", "x", 10)
        await attempts.attempt("k", 5, 10)
        await keys.command("set", ["k", "x", 10])
        await sessions.create("s", {"a": 1})

    asyncio.run(fill())
    clock[0] = 1000.0
    asyncio.run(database.do(lambda db, now: None))
    tables = ("cache", "attempts", "keys", "sessions", "session_values")
    for table in tables:
        query = f"SELECT count(*) FROM {table}"
        count = asyncio.run(database.do(lambda db, now, query=query: db.execute(query).fetchone()))
        assert count == (0,), table
    asyncio.run(database.close())


@pytest.mark.parametrize(("shown", "fits"), [("6.0.16", False), ("6.2.0", True), ("10.1.0", True)])
def test_an_old_redis_is_refused(shown: str, fits: bool) -> None:
    """By what it says of itself (Valkey tells the version of Redis that it stands for)."""
    link = RedisLink("redis://localhost", "app")
    if fits:
        link._check({"redis_version": shown}, None)
        return
    with pytest.raises(CannotOpen, match=f"Redis {shown} is too old; 6.2 or newer") as refusal:
        link._check({"redis_version": shown}, None)
    assert refusal.value.status == 78


def test_passwords_are_not_shown() -> None:
    """In no message; what else stands in the URL is."""
    assert without_password("redis://u:p@h:1/2?x=y") == "redis://u:***@h:1/2?x=y"
    assert without_password("rediss://:p@h") == "rediss://:***@h"
    assert without_password("unix:///tmp/s") == "unix:///tmp/s"
    for secret in ("pa/ss", "pa?ss", "pa#ss", "p@ss", "pa:ss", "pa ss"):
        assert without_password(f"redis://u:{secret}@h/0") == "redis://u:***@h/0"
    assert without_password("redis://h?password=p@ss&db=1") == "redis://h?password=***&db=1"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:app.db", "app.db"),
        ("sqlite:/var/app.db", "/var/app.db"),
        ("sqlite:///var/app.db", "/var/app.db"),
        ("sqlite://app.db", "app.db"),
    ],
)
def test_paths_of_files(
    url: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Relative to where the command runs, in either way of writing."""
    monkeypatch.chdir(tmp_path)
    store = store_of(Settings(store=url), "app")
    assert store is not None
    assert store.name == f"sqlite:{tmp_path / name}"


@pytest.mark.parametrize(
    "url", ["", "mysql://x", "sqlite", "sqlite:", "redis:", "redis://", "unix:/x"]
)
def test_no_store(url: Any) -> None:
    """Said with what there is."""
    with pytest.raises(SettingError, match="store: expected memory, sqlite:PATH"):
        Settings(store=url)
