"""A room's history is in order and within its bounds, and never claims too much."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from soli_runtime.core.history import rings as rings_module
from soli_runtime.core.history.rings import MESSAGE_BYTES, RING_BYTES, History
from soli_runtime.core.history.rules import MAX_RULES, Rule, with_rule

from soli_lang.base.errors import SoliValueError

from ..support.examples import examples

ROOMS = st.sampled_from(["room:a", "room:b", "short", "other"])
RULES = (Rule("room:*", 4, 10.0), Rule("sho?t", 2, 1))
OTHER_RULES = (Rule("room:*", 2, 10.0), Rule("other", 3, 4))
LIES = ["", "e1", "e1.", ".1", "e2.1", "e1.-1", "e1.99999", "e1.٣", "e1.1.1", "e1." + "9" * 5000]


class Told(RuleBasedStateMachine):
    """A history beside all that was ever said, and the clients that come and go."""

    most_bytes = rings_module.DEFAULT_BYTES

    @initialize()
    def begin(self) -> None:
        self.now = 1000.0
        self.history = History("e1", lambda: self.now, self.most_bytes)
        self.history.follow(RULES)
        self.said: dict[str, list[str]] = {}
        self.number = 0
        self.clients: list[tuple[str, str, int]] = []
        """Room, position, how many messages of the room had been said."""

    @rule(room=ROOMS, size=st.integers(0, 400))
    def say(self, room: str, size: int) -> None:
        self.number += 1
        text = f"{self.number}" + "ü" * size
        self.history.place += 1
        self.history.append(room, text)
        self.said.setdefault(room, []).append(text)
        self.come(room)

    @rule(room=ROOMS)
    def come(self, room: str) -> None:
        self.clients.append((room, self.history.position, len(self.said.get(room, []))))

    @rule(seconds=st.sampled_from([-3, 0.1, 1, 4, 20]))
    def wait(self, seconds: float) -> None:
        """Also a clock that is put back."""
        self.now += seconds

    @rule(rules=st.sampled_from([RULES, OTHER_RULES, RULES[:1], ()]))
    def reload(self, rules: tuple[Rule, ...]) -> None:
        """A program that keeps something else."""
        self.history.follow(rules)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def return_(self, data: Any) -> None:
        room, position, seen = data.draw(st.sampled_from(self.clients))
        missed = self.history.since(room, position)
        if missed is not None:
            assert [kept.payload for kept in missed] == self.said.get(room, [])[seen:]
        if self.history.keeps(room):
            assert self.history.since(room, self.history.position) == []
        else:
            assert missed is None

    @rule(room=ROOMS, position=st.sampled_from(LIES))
    def lie(self, room: str, position: str) -> None:
        """A position that we never gave claims nothing."""
        assert self.history.since(room, position) is None

    @rule(room=ROOMS, count=st.integers(-1, 6))
    def look(self, room: str, count: int) -> None:
        texts = [kept.payload for kept in self.history.last(room, count)]
        assert len(texts) <= max(0, count)
        said = self.said.get(room, [])
        assert texts == said[len(said) - len(texts) :]

    @invariant()
    def is_bounded(self) -> None:
        rings = self.history._rings.values()
        assert all(len(ring.messages) <= ring.rule.messages for ring in rings)
        assert self.history.bytes_used == sum(ring.size for ring in rings)
        sizes = (kept.size for ring in rings for kept in ring.messages)
        assert self.history.bytes_used == sum(sizes) + RING_BYTES * len(rings)
        assert self.history.bytes_used <= self.most_bytes
        room_bytes = rings_module.MAX_ROOM_BYTES + RING_BYTES
        assert all(ring.size <= room_bytes for ring in rings)


class Crowded(Told):
    """The same with so little room that rings are forgotten and begun anew."""

    most_bytes = 2 * RING_BYTES + 1200

    @initialize()
    def tighten(self) -> None:
        self.bounds = pytest.MonkeyPatch()
        self.bounds.setattr(rings_module, "MAX_ROOM_BYTES", 900)

    def teardown(self) -> None:
        if hasattr(self, "bounds"):
            self.bounds.undo()


TestTold = Told.TestCase
TestTold.settings = settings(max_examples=examples(40), stateful_step_count=40, deadline=None)
TestCrowded = Crowded.TestCase
TestCrowded.settings = settings(max_examples=examples(40), stateful_step_count=40, deadline=None)


def history_of(*rules: Rule, max_bytes: int = rings_module.DEFAULT_BYTES) -> History:
    history = History("e", lambda: 0.0, max_bytes)
    history.follow(rules)
    return history


def say(history: History, room: str, payload: str | bytes) -> None:
    history.place += 1
    history.append(room, payload)


@given(extra=st.integers(0, 1))
@settings(deadline=None)
def test_a_room_holds_so_many_bytes(extra: int) -> None:
    """MAX_ROOM_BYTES are kept; one byte more and the oldest is gone, which is told."""
    history = history_of(Rule("r", 10))
    start = history.position
    half = rings_module.MAX_ROOM_BYTES // 2 - MESSAGE_BYTES
    say(history, "r", b"x" * half)
    say(history, "r", b"y" * (half + extra))
    missed = history.since("r", start)
    assert (missed is not None and len(missed) == 2) == (extra == 0)
    assert len(history.last("r", 10)) == 2 - extra


def test_a_message_larger_than_a_room_is_not_kept() -> None:
    """And who missed it is told so; what comes behind is kept."""
    history = history_of(Rule("r", 10))
    start = history.position
    say(history, "r", b"x" * (rings_module.MAX_ROOM_BYTES - MESSAGE_BYTES + 1))
    assert history.since("r", start) is None
    behind = history.position
    say(history, "r", "small")
    assert [kept.payload for kept in history.since("r", behind) or ()] == ["small"]


@pytest.mark.parametrize("extra", [0, 1])
def test_history_bytes_is_inclusive(extra: int) -> None:
    """Past it the room that was written to the longest ago is forgotten, which is told."""
    size = RING_BYTES + MESSAGE_BYTES + 100
    history = history_of(Rule("*", 10), max_bytes=3 * size)
    start = history.position
    for room in ("first", "second"):
        say(history, room, "x" * 100)
    say(history, "third", "x" * (100 + extra))
    assert (history.since("first", start) is None) == (extra == 1)
    assert [len(history.last(room, 9)) for room in ("second", "third")] == [1, 1]
    assert history.bytes_used == (3 - extra) * size + extra


def test_without_a_bound_nothing_is_forgotten() -> None:
    history = history_of(Rule("*", 10), max_bytes=0)
    for number in range(100):
        say(history, f"r{number}", "x")
    assert len(history) == 100


def test_rooms_that_fell_silent_give_their_memory_back() -> None:
    """As others are written to; who was there then is not told that all is there."""
    now = 0.0
    history = History("e", lambda: now)
    history.follow([Rule("*", 10, 5)])
    start = history.position
    for number in range(100):
        say(history, f"r{number}", "x")
    now = 5.0
    for number in range(60):
        say(history, f"new{number}", "x")
    assert len(history) == 60
    assert history.since("r99", start) is None


@pytest.mark.parametrize(
    ("pattern", "messages", "seconds", "words"),
    [
        ("r", 0, 1, "messages: expected an Int from 1 to 1000, got 0"),
        ("r", 1001, 1, "messages: expected an Int from 1 to 1000, got 1001"),
        ("r", 1, 0, "seconds: expected a number above 0, got 0"),
        ("r", 1, float("inf"), "seconds: expected a number above 0, got inf"),
        ("r", 1, float("nan"), "seconds: expected a number above 0, got nan"),
        ("", 1, 1, "expects a pattern of 1 to 255 characters, got 0"),
        ("r" * 256, 1, 1, "expects a pattern of 1 to 255 characters, got 256"),
    ],
)
def test_rules_that_make_no_sense(pattern: str, messages: int, seconds: float, words: str) -> None:
    with pytest.raises(SoliValueError, match=words):
        Rule(pattern, messages, seconds)


def test_a_thousand_messages_are_kept_at_most() -> None:
    """And the first pattern that fits rules a room; there may be MAX_RULES of them."""
    rules = with_rule(with_rule((), Rule("r*", 1000, 5)), Rule("*", 1, 5))
    history = history_of(*rules)
    for number in range(1001):
        say(history, "room", str(number))
    kept = history.last("room", 2000)
    assert (len(kept), kept[0].payload, kept[-1].payload) == (1000, "1", "1000")
    for number in range(MAX_RULES - 2):
        rules = with_rule(rules, Rule(f"more{number}"))
    with pytest.raises(SoliValueError, match="101 patterns, at most 100 are allowed"):
        with_rule(rules, Rule("one more"))
    history.follow(with_rule(rules, Rule("r*", 10, 5)))
    assert history.last("room", 20)[0].payload == "991", "from now on"


def test_text_that_has_no_utf8_form_is_kept() -> None:
    """As it was said; so is what is binary."""
    history = history_of(Rule("r"))
    for payload in ("\ud800", b"\xff", "é"):
        say(history, "r", payload)
    assert [kept.payload for kept in history.last("r", 9)] == ["\ud800", b"\xff", "é"]


def test_what_was_loaded_is_told_when_its_turn_comes() -> None:
    """A node that begins gets a history that may be ahead of what it has read of the log."""
    source = history_of(Rule("r", 10))
    for number in range(1, 5):
        say(source, "r", str(number))
    history = history_of(Rule("r", 10))
    history.exchange(history.begun_anew("e", 0, history.place))
    history.load("r", 0, source.last("r", 9))
    history.place = 2
    assert [kept.payload for kept in history.last("r", 9)] == ["1", "2"]
    assert [kept.payload for kept in history.since("r", "e.1") or ()] == ["2"]
    for place in (3, 4, 5):
        history.place = place
        history.append("r", str(place))
    assert [kept.payload for kept in history.last("r", 9)] == ["1", "2", "3", "4", "5"]
