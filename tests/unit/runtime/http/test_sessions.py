"""Sessions in memory."""

from __future__ import annotations

import pytest
from soli_runtime.http.sessions import MAX_ENDED_AT_ONCE, MemoryStore, Session

from soli_lang.base.errors import SoliError


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_reading_makes_no_session() -> None:
    """No cookie for visitors who only look."""
    session = Session(MemoryStore(Clock()), None)
    assert session.get("a") is None
    assert session.current_id() is None
    assert session.cookie_header(secure=False) is None


def test_writing_makes_one_and_tells_its_id() -> None:
    """In a cookie that scripts cannot read."""
    session = Session(MemoryStore(Clock()), None)
    session.set("a", 1)
    assert session.cookie_header(secure=True) == (
        f"session_id={session.id}; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"
    )


def test_the_cookie_brings_it_back() -> None:
    """Without being sent again."""
    store = MemoryStore(Clock())
    first = Session(store, None)
    first.set("a", 1)
    again = Session(store, first.id)
    assert again.get("a") == 1
    assert again.cookie_header(secure=False) is None


def test_an_unknown_id_is_never_adopted() -> None:
    """The session gets an id that we chose."""
    session = Session(MemoryStore(Clock()), "chosen-by-somebody")
    session.set("a", 1)
    assert session.id != "chosen-by-somebody"


def test_idle_sessions_end() -> None:
    """Use keeps them alive."""
    clock = Clock()
    store = MemoryStore(clock, idle_seconds=10)
    session = Session(store, None)
    session.set("a", 1)
    clock.now = 9
    assert Session(store, session.id).get("a") == 1
    clock.now = 18
    assert Session(store, session.id).get("a") == 1
    clock.now = 29
    assert Session(store, session.id).get("a") is None


def test_regenerating_keeps_the_data_under_a_new_id() -> None:
    """The old id is worth nothing any more."""
    store = MemoryStore(Clock())
    session = Session(store, None)
    session.set("a", 1)
    before = session.id
    session.regenerate()
    assert session.id != before
    assert Session(store, session.id).get("a") == 1
    assert Session(store, before).get("a") is None


def test_destroying_takes_the_cookie_back() -> None:
    """And forgets the data."""
    store = MemoryStore(Clock())
    session = Session(store, None)
    session.set("a", 1)
    before = session.id
    session.destroy()
    header = session.cookie_header(secure=False)
    assert header is not None
    assert "Max-Age=0" in header
    assert Session(store, before).get("a") is None


def test_too_many_sessions_push_out_the_least_recently_used() -> None:
    """Memory is bounded."""
    store = MemoryStore(Clock(), max_sessions=2)
    for name in "abc":
        store.create(name, {"x": name})
    assert store.load("a") is None
    assert store.load("b") == {"x": "b"}


def test_two_requests_that_write_different_keys_both_succeed() -> None:
    """A session is not written as a whole: neither takes back what the other wrote."""
    store = MemoryStore(Clock())
    first = Session(store, None)
    first.set("cart", [1])
    here, there = Session(store, first.id), Session(store, first.id)
    assert here.get("cart") == [1]
    assert there.get("cart") == [1]
    here.set("name", "Ada")
    there.set("theme", "dark")
    assert Session(store, first.id).all() == {"cart": [1], "name": "Ada", "theme": "dark"}


def test_a_session_that_ended_meanwhile_is_begun_anew() -> None:
    """A write is not lost, and the visitor is told the new id."""
    store = MemoryStore(Clock())
    session = Session(store, None)
    session.set("a", 1)
    before = session.id
    assert before is not None
    store.delete(before)
    session.set("b", 2)
    assert session.id != before
    assert session.all() == {"b": 2}
    assert session.cookie_header(secure=False) is not None


def test_moving_what_is_gone_begins_an_empty_session() -> None:
    """After a login the id is new in any case."""
    store = MemoryStore(Clock())
    session = Session(store, None)
    session.set("a", 1)
    before = session.id
    assert before is not None
    store.delete(before)
    assert session.regenerate() != before
    assert session.all() == {}


def test_a_login_changes_the_id() -> None:
    """Whoever knew the id before has nothing; nor does it end up with the login for a moment."""
    ended: list[str] = []
    store = MemoryStore(Clock())
    before = Session(store, None)
    before.set("cart", 3)
    known = before.id
    session = Session(store, known, login_key="user_id", on_end=ended.append)
    session.set("user_id", "ada")
    assert session.id != known
    assert session.is_new
    assert session.all() == {"cart": 3, "user_id": "ada"}
    assert store.load(str(known)) is None
    assert ended == [known]


def test_another_user_is_a_login_too_and_the_same_one_is_not() -> None:
    """Nor is any other key."""
    store = MemoryStore(Clock())
    session = Session(store, None, login_key="user_id")
    session.set("user_id", "ada")
    first = session.id
    session.set("user_id", "ada")
    session.set("colour", "red")
    assert session.id == first
    session.set("user_id", "grace")
    assert session.id != first


def test_a_login_where_nobody_can_tell_the_client_is_an_error() -> None:
    """In a WebSocket handler: the old id would stay valid, or the client be lost."""
    store = MemoryStore(Clock())
    first = Session(store, None)
    first.set("a", 1)
    session = Session(store, first.id, login_key="user_id", tells=False)
    session.set("b", 2)
    with pytest.raises(SoliError, match="only an HTTP action can tell the client"):
        session.set("user_id", "ada")
    assert session.all() == {"a": 1, "b": 2}


def test_a_client_that_makes_sessions_without_number_loses_its_own() -> None:
    """The sessions of others stay, however old."""
    ended: list[str] = []
    store = MemoryStore(Clock(), max_sessions=100, on_end=ended.append)
    for number in range(40):
        store.create(f"other{number}", {}, f"10.0.0.{number}")
    for number in range(5000):
        store.create(f"flood{number}", {}, "6.6.6.6")
    assert all(store.load(f"other{number}") == {} for number in range(40))
    assert len(ended) == 5040 - 100
    assert ended[0] == "flood0"


def test_the_end_of_a_session_is_told() -> None:
    """By its age, without anybody asking; a moved one is of the same client."""
    clock, ended = Clock(), list[str]()
    store = MemoryStore(clock, idle_seconds=10, on_end=ended.append)
    store.create("a", {}, "1.1.1.1")
    assert store.move("a", "b")
    assert store.drop_old() == 10
    clock.now += 11
    assert store.drop_old() == 10
    assert ended == ["b"]


def test_many_old_sessions_end_in_several_turns() -> None:
    """Each may have connections to close."""
    clock, ended = Clock(), list[str]()
    store = MemoryStore(clock, idle_seconds=10, on_end=ended.append)
    for number in range(MAX_ENDED_AT_ONCE + 1):
        store.create(str(number), {})
    clock.now += 11
    assert store.drop_old() == 0
    assert len(ended) == MAX_ENDED_AT_ONCE
    assert store.drop_old() == 10
    assert len(ended) == MAX_ENDED_AT_ONCE + 1


def test_who_writes_to_a_session_asks_its_store_once() -> None:
    """A store in Redis is a way there and back for each question."""
    asked: list[str] = []

    class Counting(MemoryStore):
        def load(self, session_id: str) -> dict[str, object] | None:
            asked.append("load")
            return super().load(session_id)

        def put(self, session_id: str, key: str, value: object) -> bool:
            asked.append("put")
            return MemoryStore.put(self, session_id, key, value)

    store = Counting(Clock())
    first = Session(store, None)
    first.set("a", 1)
    asked.clear()
    again = Session(store, first.id)
    again.set("a", 2)
    assert again.id == first.id
    assert not again.is_new
    assert asked == ["put", "load"]  # the load is the store's own, within `put`


def test_a_visitor_s_session_counts_for_the_address() -> None:
    """Visitors of one address push out its own sessions, not those of others."""
    ended: list[str] = []
    store = MemoryStore(Clock(), max_sessions=3, on_end=ended.append)
    for address in ("10.0.0.1", "10.0.0.2", "6.6.6.6", "6.6.6.6", "6.6.6.6"):
        Session(store, None, address=address).set("from", address)
    kept = [store.load(session_id) for session_id in list(store._sessions)]
    assert [data["from"] for data in kept if data] == ["10.0.0.1", "10.0.0.2", "6.6.6.6"]
    assert len(ended) == 2
