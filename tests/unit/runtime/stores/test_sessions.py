"""Sessions behave alike wherever they are kept."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from soli_runtime.http.sessions import MemoryStore, Session
from soli_runtime.stores.redis.sessions import RedisSessions
from soli_runtime.stores.sqlite.database import Database
from soli_runtime.stores.sqlite.sessions import SqliteSessions
from soli_runtime.stores.waited import SuspendingSessionStore

from .conftest import KINDS, Made


def sessions(made: Made, kind: str, prefix: str | None = None, **options: Any) -> Any:
    """A `SessionStore` of that kind."""
    store = made.store(kind, prefix=prefix)
    if store is None:
        return MemoryStore(time.monotonic, **options)
    if kind == "redis":
        kept: Any = RedisSessions(store._link, **options)  # type: ignore[attr-defined]
    else:
        kept = SqliteSessions(store._database, **options)  # type: ignore[attr-defined]
    return SuspendingSessionStore(made.library(store).machine, kept)


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_from_beginning_to_end(made: Made, kind: str) -> None:
    """Keys of any text, values of any JSON form, a new id after login, an end."""
    store = sessions(made, kind)
    session = Session(store, None)
    assert session.all() == {}
    session.set("", {"a": [1.0, None, "é"]})
    session.set("m", 1)
    first = session.id
    again = Session(store, first)
    assert again.all() == {"": {"a": [1.0, None, "é"]}, "m": 1}
    assert type(again.get("")["a"][0]) is float
    assert again.delete("m") == 1
    assert again.has("m") is False
    second = again.regenerate()
    assert second != first
    assert Session(store, first).current_id() is None
    assert Session(store, second).all() == {"": {"a": [1.0, None, "é"]}}
    Session(store, second).destroy()
    assert Session(store, second).all() == {}
    assert store.put(second, "k", 1) is False
    assert store.move(second, "other") is False


@pytest.mark.parametrize("kind", KINDS)
def test_use_puts_off_the_end(made: Made, kind: str) -> None:
    """Whether it reads or writes; without use a session is gone."""
    store = sessions(made, kind, idle_seconds=1.2)
    session = Session(store, None)
    session.set("a", 1)
    for _ in range(4):
        time.sleep(0.4)
        assert session.get("a") == 1
    time.sleep(1.6)
    assert Session(store, session.id).get("a") is None


@pytest.mark.parametrize("kind", KINDS)
def test_writers_of_different_keys_do_not_meet(made: Made, kind: str) -> None:
    """Each of two requests read the session before the other wrote."""
    store = sessions(made, kind)
    first = Session(store, None)
    first.set("a", 1)
    here, there = Session(store, first.id), Session(store, first.id)
    assert here.get("a") == there.get("a") == 1
    here.set("b", 2)
    there.set("c", 3)
    assert here.all() == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_session_outlives_its_process(made: Made, kind: str) -> None:
    session = Session(sessions(made, kind, "kept"), None)
    session.set("user", 7)
    assert Session(sessions(made, kind, "kept"), session.id).get("user") == 7


def test_the_file_holds_so_many_sessions(made: Made) -> None:
    """At the limit all, one past it the one that ends first is gone."""
    store = sessions(made, "sqlite", max_sessions=2)
    for name in ("a", "b"):
        store.create(name, {"x": name})
    assert store.load("a") == {"x": "a"}
    store.create("c", {})
    assert [store.load(name) for name in ("a", "b", "c")].count(None) == 1
    assert store.load("c") == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "cookie",
    ["", "x", "\udcff" * 36, "é" * 36, "x" * 36, "x" * 100_000, "\0" * 36],
    ids=["empty", "short", "no text", "wide", "unknown", "long", "zeros"],
)
def test_cookies_that_we_never_gave(made: Made, kind: str, cookie: str) -> None:
    """Are nobody's session, whatever they hold; the visitor gets one of their own."""
    session = Session(sessions(made, kind), cookie)
    assert session.get("a") is None
    session.set("a", 1)
    assert session.id != cookie
    assert session.get("a") == 1


def _names(store: Any, kind: str) -> list[str]:
    """Under which names the sessions lie in the store."""
    machine, kept = store._machine, store._sessions
    if kind == "sqlite":
        query = "SELECT id FROM sessions UNION SELECT id FROM session_values"

        def read(db: Any, now: float) -> list[str]:
            return [row[0] for row in db.execute(query).fetchall()]

        return list(machine.suspend(kept._database.do(read), "test"))

    async def scan() -> list[str]:
        return [name async for page in kept._link.names("session") for name in page]

    return list(machine.suspend(scan(), "test"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "memory"])
def test_no_store_has_the_ids_that_cookies_hold(made: Made, kind: str) -> None:
    """Who reads a store, or a copy of it, is nobody by that; nor is a name of it a cookie."""
    store = sessions(made, kind)
    session = Session(store, None)
    session.set("user_id", "ada")
    first = session.id
    session.regenerate()

    (name,) = set(_names(store, kind))
    assert first not in name
    assert session.id not in name
    assert store.load(name) is None
    assert store.load(session.id) == {"user_id": "ada"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "memory"])
def test_sessions_of_older_versions_go_on_and_are_hashed_when_read(made: Made, kind: str) -> None:
    """By whatever is done with them first."""
    store = sessions(made, kind)
    machine, kept = store._machine, store._sessions
    old = "0b9c2a0e-8f4b-4ad4-9d5b-1f2f3e4d5c6b"
    if kind == "sqlite":

        def insert(db: Any, now: float) -> None:
            db.execute("INSERT INTO sessions VALUES (?, ?)", (old, now + 1000))
            db.execute("INSERT INTO session_values VALUES (?, 'user_id', '\"ada\"')", (old,))

        machine.suspend(kept._database.do(insert), "test")
    else:
        key = kept._link.key("session", old)
        machine.suspend(kept._link.call("HSET", key, "m", "1", "kuser_id", '"ada"'), "test")
    assert _names(store, kind).count(old) > 0

    assert Session(store, old).get("user_id") == "ada"

    assert old not in _names(store, kind)
    assert Session(store, old).get("user_id") == "ada"
    Session(store, old).destroy()
    assert _names(store, kind) == []


@pytest.mark.parametrize("mode", [None, 0o644, 0o640])
def test_nobody_else_reads_the_file(tmp_path: Path, mode: int | None) -> None:
    """A file that everybody could read is closed; one that its owner opened to a group stays so."""
    file = tmp_path / "app.db"
    before = os.umask(0o022)
    try:
        if mode is not None:
            file.touch()
            file.chmod(mode)
        database = Database(str(file), 0)

        async def use() -> list[int]:
            await database.open()
            await database.do(lambda db, now: db.execute("CREATE TABLE t (a)"))
            names = [name for name in os.listdir(tmp_path) if name.startswith("app.db")]
            found = [stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in names]
            await database.close()
            return found

        modes = asyncio.run(use())
    finally:
        os.umask(before)
    assert len(modes) == 3  # the log beside it, and what is shared
    assert set(modes) == {0o640 if mode == 0o640 else 0o600}
