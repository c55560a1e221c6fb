"""Sessions in memory."""

from __future__ import annotations

from soli_runtime.http.sessions import MemoryStore, Session


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
