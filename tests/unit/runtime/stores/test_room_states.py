"""Every store does the same with the state of rooms as the plainest one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soli_runtime.settings.app_mark import AppMark
from soli_runtime.stores.errors import StoreError
from soli_runtime.stores.sqlite import schema
from soli_runtime.stores.sqlite.database import Database
from soli_runtime.stores.states.store import (
    EMPTY,
    KEPT_BYTES,
    NO_LIMITS,
    News,
    Outcome,
    StateFull,
    StateLimits,
    StateStore,
    Writer,
)
from soli_runtime.stores.store import RedisStore

from ....support.plain_states import PlainStates
from ....support.redis_server import needs_redis, redis_server
from .conftest import Made

KINDS = ("memory", "sqlite", "redis")
LEASE = 0.3
"""Of turns that are to end by themselves, in seconds."""
A_WHILE = 60.0


def states_of(made: Made, kind: str, limits: StateLimits = NO_LIMITS, **given: Any) -> Any:
    """A store of that kind."""
    found = made.store(kind, **given)
    if found is None:
        return PlainStates(lambda: time.time_ns() // 1000, limits)
    states: Any = found.room_states
    states.bound(limits)
    return states


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Bench:
    """A store whose answers are waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, states: StateStore) -> None:
        self.loop = loop
        self.states = states

    def run(self, awaited: Any) -> Any:
        return self.loop.run_until_complete(awaited)

    def load(self, room: str = "r", known: int = 0) -> News:
        news = self.run(self.states.load(room, known))
        return News(news.base, news.state, list(news.changes))

    def commit(self, *changes: str, known: int = 0, checked: bool = False, **more: Any) -> Outcome:
        room, seconds = more.pop("room", "r"), more.pop("seconds", A_WHILE)
        commit = self.states.commit(room, known, changes, seconds, is_checked=checked, **more)
        outcome: Outcome = self.run(commit)
        return outcome


@pytest.fixture
def bench(made: Made, kind: str) -> Bench:
    return Bench(made.loop, states_of(made, kind))


def test_a_room_begins_with_its_first_change(bench: Bench) -> None:
    """What lies between is told to who knows less, without the own changes."""
    assert bench.load() == News(0, EMPTY, [])
    begun = bench.commit("a", checked=True)
    base = begun.news.version
    assert (begun.is_done, begun.news.state, list(begun.news.changes)) == (True, EMPTY, [])
    assert base > 0
    assert bench.load() == News(base, EMPTY, ["a"])
    later = bench.commit("b", "c", known=base)
    assert later.news == News(base, None, ["a"])
    assert bench.load(known=base + 1) == News(base + 1, None, ["b", "c"])
    assert bench.run(bench.states.versions(["r", "other"])) == [base + 3, 0]


def test_a_checked_commit_is_refused_when_something_came_before(bench: Bench) -> None:
    """And is told what; nothing is written."""
    base = bench.commit("a").news.version
    assert not bench.commit("x", checked=True).is_done
    late = bench.commit("x", "y", known=base, checked=True)
    assert (late.is_done, late.is_taken, late.news) == (False, False, News(base, None, ["a"]))
    assert bench.commit("b", known=base + 1, checked=True).is_done
    assert bench.load(known=base).changes == ["a", "b"]


def test_names_and_texts_are_anything(bench: Bench) -> None:
    """A name that has no UTF-8 form; texts with all that JSON has."""
    for room in ("\ud800", "a:b\n", "", "ü*"):
        bench.commit(text := '{"ü\U0001f600": "\\u0000 \'\\""}', room=room)
        assert bench.load(room).changes == [text]


def test_a_base_takes_the_place_of_changes(bench: Bench) -> None:
    """Who knows something that is still there gets changes, anybody else the base."""
    large = "x" * (KEPT_BYTES // 2)
    base = bench.commit("first", large, large).news.version
    bench.run(bench.states.compact("r", base + 2, "two"))
    assert bench.load() == News(base + 2, "two", [large])
    assert bench.load(known=base + 1) == News(base + 1, None, [large, large])
    assert bench.load(known=base).changes == ["first", large, large]
    bench.run(bench.states.compact("r", base + 3, "three"))
    assert bench.load(known=base + 2) == News(base + 2, None, [large])
    assert bench.load(known=base + 1) == News(base + 3, "three", [])
    for late, state in ((base + 1, "one"), (base + 3, "again"), (base + 9, "never")):
        bench.run(bench.states.compact("r", late, state))
    bench.run(bench.states.compact("other", 7, "nothing"))
    assert bench.load() == News(base + 3, "three", [])
    assert bench.load("other") == News(0, EMPTY, [])


def test_a_base_is_due_when_changes_weigh(bench: Bench) -> None:
    """The weight is of what came since the base, and what is there makes it smaller."""
    first = bench.commit("x" * 100)
    second = bench.commit("ü" * 100)
    assert 100 < first.weight < second.weight - 200
    bench.run(bench.states.compact("r", first.news.version + 1, "..."))
    assert bench.commit("").weight == second.weight - first.weight + 60


def test_a_room_ends(bench: Bench) -> None:
    """With its last commit or touch, whichever is later; and no version comes again."""
    base = bench.commit("a", seconds=0.3).news.version
    bench.commit("b", seconds=0.01)
    assert bench.load().changes == ["a", "b"]
    bench.run(bench.states.touch([("r", 60.0), ("other", 60.0)]))
    time.sleep(0.32)
    assert bench.load().changes == ["a", "b"]
    bench.run(bench.states.touch([("r", 0.02)]))
    time.sleep(0.04)
    assert bench.load(known=base + 2) == News(0, EMPTY, [])
    assert bench.run(bench.states.versions(["r"])) == [0]
    refused = bench.commit("c", known=base + 2, checked=True)
    assert (refused.is_done, refused.news.version) == (False, 0)
    assert bench.commit("c", checked=True).news.version > base + 2
    assert bench.load("other") == News(0, EMPTY, [])


def test_limits_of_all_rooms(made: Made, kind: str) -> None:
    """Refused in a sentence, nothing written; what ended makes room, so does a base."""
    bench = Bench(made.loop, states_of(made, kind, StateLimits(rooms=2)))
    bench.commit("a", room="1", seconds=0.3)
    bench.commit("a", room="2")
    with pytest.raises(StateFull, match="2 rooms hold state"):
        bench.commit("a", room="3")
    bench.commit("b", room="2")
    time.sleep(0.32)
    assert bench.commit("a", room="3").is_done

    bench = Bench(made.loop, states_of(made, kind, StateLimits(bytes=2000)))
    base = bench.commit("x" * 900).news.version
    with pytest.raises(StateFull, match="as many bytes as it may: 2000"):
        bench.commit("x" * 900)
    with pytest.raises(StateFull):
        bench.commit("x" * 900, room="other")
    assert bench.load(known=base).changes == ["x" * 900]
    assert bench.load("other").version == 0
    bench.run(bench.states.touch([("r", 0.0)]))
    assert bench.commit("x" * 900, room="other").is_done


def test_turns_come_in_their_order(bench: Bench) -> None:
    """Nobody else commits meanwhile; a turn ends with a commit, by itself, or is given back."""
    states, run = bench.states, bench.run
    assert run(states.turn("r", "a", A_WHILE))
    assert not run(states.turn("r", "b", A_WHILE))
    assert not run(states.turn("r", "c", A_WHILE))
    assert not run(states.turn("r", "b", A_WHILE))
    assert run(states.turn("other", "b", A_WHILE))
    refused = bench.commit("x", writer=Writer("c"))
    assert (refused.is_done, refused.is_taken) == (False, True)
    assert bench.commit("x").is_taken
    base = bench.commit("a", writer=Writer("a", keeps_turn=True)).news.version
    assert bench.commit("b", known=base + 1, checked=True, writer=Writer("a")).is_done
    assert bench.commit("x", writer=Writer("a")).is_taken, "its turn ended with the commit"
    assert run(states.turn("r", "b", A_WHILE))
    run(states.give_back("r", "b"))
    run(states.give_back("r", "nobody"))
    assert bench.commit("x").is_taken, "now it is c's turn, who has not asked again"
    assert run(states.turn("r", "c", A_WHILE))
    run(states.give_back("r", "c"))
    assert bench.commit("x").is_done


def test_a_turn_ends_by_itself(bench: Bench) -> None:
    """And so does that of the next, who is gone; one that asks again goes on."""
    states, run = bench.states, bench.run
    assert run(states.turn("r", "dead", LEASE))
    assert not run(states.turn("r", "gone", LEASE))
    assert not run(states.turn("r", "c", LEASE))
    time.sleep(LEASE + 0.02)
    assert not run(states.turn("r", "c", LEASE))
    assert bench.commit("x", writer=Writer("dead")).is_taken
    time.sleep(LEASE + 0.02)
    for _ in range(3):
        assert run(states.turn("r", "c", LEASE))
        time.sleep(LEASE / 2)
    assert bench.commit("x", writer=Writer("c")).is_done
    assert bench.commit("x").is_done


class Step(NamedTuple):
    """Something that is done to a store, whose times are all far away."""

    do: Callable[[StateStore, dict[str, int]], Any]
    name: str


rooms = st.sampled_from(("r", "s"))
names = st.sampled_from(("", "a", "b", "c"))
texts = st.text("xü", max_size=3) | st.sampled_from(("y" * 9000, "ü" * 3000))


def _commit(room: str, behind: int, changes: list[str], checked: bool, writer: Writer) -> Step:
    def do(states: StateStore, newest: dict[str, int]) -> Any:
        known = max(0, newest.get(room, 0) - behind)
        return states.commit(room, known, changes, A_WHILE, is_checked=checked, writer=writer)

    return Step(do, f"commit {room} -{behind} {changes} {checked} {writer}")


def _about(verb: str, room: str, behind: int, text: str) -> Step:
    def do(states: StateStore, newest: dict[str, int]) -> Any:
        version = max(0, newest.get(room, 0) - behind)
        if verb == "load":
            return states.load(room, version)
        return states.compact(room, version, text)

    return Step(do, f"{verb} {room} -{behind} {text}")


def _turn(verb: str, room: str, name: str) -> Step:
    def do(states: StateStore, newest: dict[str, int]) -> Any:
        if verb == "turn":
            return states.turn(room, name, A_WHILE)
        return states.give_back(room, name)

    return Step(do, f"{verb} {room} {name}")


def _end(room: str) -> Step:
    return Step(lambda states, newest: states.touch([(room, 0.0)]), f"end {room}")


behind = st.integers(0, 4)
steps = st.lists(
    st.one_of(
        st.builds(
            _commit, rooms, behind, st.lists(texts, min_size=1, max_size=3), st.booleans(),
            st.builds(Writer, names, st.booleans()),
        ),
        st.builds(_about, st.sampled_from(("load", "compact")), rooms, behind, texts),
        st.builds(_turn, st.sampled_from(("turn", "give_back")), rooms, names.filter(bool)),
        st.builds(_end, rooms),
    ),
    max_size=25,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_random_steps(made: Made, kind: str, steps: list[Step]) -> None:
    """Whatever is done, each answers as the plainest does; versions counted from a room's start."""
    limits = StateLimits(rooms=0, bytes=40_000)
    actual = _Watched(made, states_of(made, kind, limits))
    plain = _Watched(made, PlainStates(lambda: time.time_ns() // 1000, limits))
    for step in steps:
        assert actual.did(step) == plain.did(step), step.name


class _Watched:
    """A store, and the versions of its rooms."""

    def __init__(self, made: Made, states: StateStore) -> None:
        self._run = made.loop.run_until_complete
        self._states = states
        self._starts: dict[str, int] = {}

    def did(self, step: Step) -> Any:
        """What came of it, and what is there then."""
        newest = dict(zip("rs", self._run(self._states.versions("rs")), strict=True))
        try:
            found = self._run(step.do(self._states, newest))
        except StateFull as error:
            found = str(error)
        for room, version in zip("rs", self._run(self._states.versions("rs")), strict=True):
            if not version:
                self._starts.pop(room, None)
            elif room not in self._starts:
                news = self._run(self._states.load(room))
                self._starts[room] = news.base
        loads = {room: self._seen(self._run(self._states.load(room)), room) for room in "rs"}
        return self._seen(found, step.name.split()[1]), loads

    def _seen(self, found: Any, room: str) -> Any:
        if isinstance(found, Outcome):
            return found._replace(news=self._seen(found.news, room))
        if isinstance(found, News):
            start = self._starts.get(room, 0) if found.base else 0
            return found._replace(base=found.base - start, changes=list(found.changes))
        return found


def test_states_of_one_file_are_those_of_its_processes(made: Made) -> None:
    """Two writers in two threads, each with a connection of its own: all is there, once."""
    first = states_of(made, "sqlite", prefix="shared")
    bench = Bench(made.loop, first)
    other = made.elsewhere()
    second = Bench(other.loop, states_of(other, "sqlite", prefix="shared"))
    base = bench.commit("a", checked=True).news.version
    assert second.commit("b", known=base + 1, checked=True).is_done
    assert bench.commit("c", known=base + 1, checked=True).news.changes == ["b"]
    other.close()
    other.loop.close()


@needs_redis
def test_a_redis_that_went_back_in_time_has_no_version_twice(
    loop: asyncio.AbstractEventLoop,
) -> None:
    """What it lost is not taken for what comes then."""
    with redis_server() as server:
        store = RedisStore(server.url, AppMark("x", "", frozenset()), 30)
        bench = Bench(loop, store.room_states)
        base = bench.commit("a", "b").news.version
        loop.run_until_complete(store._link.call("SAVE"))
        bench.commit("lost", "lost")
        server.kill()
        server.start()
        with suppress(StoreError):
            bench.load()
        refused = bench.commit("c", known=base + 4, checked=True)
        assert not refused.is_done
        news = bench.load(known=base + 4)
        assert (news.state, news.changes, news.version > base + 4) == (EMPTY, ["a", "b"], True)
        assert bench.commit("c", known=news.version, checked=True).is_done
        assert bench.load(known=news.version).changes == ["c"]
        loop.run_until_complete(store.close())


def test_a_file_of_before_gets_the_tables(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was made before rooms had state."""
    old = Database(str(tmp_path / "old"), 0)
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
        made.loop.run_until_complete(old.open())
        made.loop.run_until_complete(old.close())
    again = made.store("sqlite", prefix="old")
    assert again is not None
    assert Bench(made.loop, again.room_states).commit("a").is_done
