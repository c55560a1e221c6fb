"""A room's history is in order and within its bounds, and never claims too much."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from soli_runtime.core import history as history_module
from soli_runtime.core.history import MESSAGE_OVERHEAD, History, size_of

from soli_lang.base.errors import SoliValueError

ROOMS = st.sampled_from(["room:a", "room:b", "short", "other"])
MESSAGES, SECONDS = 4, 10.0


class Told(RuleBasedStateMachine):
    """A history beside all that was ever said, and the clients that come and go."""

    @initialize()
    def begin(self) -> None:
        self.history = History("e1")
        self.history.keep("room:*", MESSAGES, SECONDS)
        self.history.keep("sho?t", 2, 1)
        self.now = 1000.0
        self.said: dict[str, list[str]] = {}
        self.number = 0
        self.clients: list[tuple[str, str, int]] = []
        """Room, position, how many messages of the room had been said."""

    @rule(room=ROOMS, size=st.integers(0, 400))
    def say(self, room: str, size: int) -> None:
        self.number += 1
        text = f"{self.number}" + "x" * size
        position = self.history.append(room, text, self.now)
        self.said.setdefault(room, []).append(text)
        assert (position is None) == (room == "other")
        if position is not None:
            self.clients.append((room, position, len(self.said[room])))

    @rule(room=ROOMS)
    def come(self, room: str) -> None:
        position = self.history.position(room, self.now)
        if position is not None:
            self.clients.append((room, position, len(self.said.get(room, []))))

    @rule(seconds=st.sampled_from([0.1, 1, 4, 20]), sweeps=st.booleans())
    def wait(self, seconds: float, sweeps: bool) -> None:
        self.now += seconds
        if sweeps:
            self.history.sweep(self.now)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def return_(self, data: Any) -> None:
        room, position, seen = data.draw(st.sampled_from(self.clients))
        resumed = self.history.resume(room, position, self.now)
        assert resumed is not None
        missed = [kept.message for kept in resumed.missed]
        if resumed.recovered:
            assert missed == self.said.get(room, [])[seen:]
        else:
            assert missed == []
        again = self.history.resume(room, resumed.position, self.now)
        assert again is not None
        assert (again.recovered, again.missed) == (True, ())

    @rule(
        room=ROOMS,
        position=st.sampled_from(
            [
                "",
                "e1",
                "e1.",
                ".1",
                "e2.1",
                "e1.-1",
                "e1.99999",
                "e1.٣",
                "e1.1.1",
                "e1." + "9" * 5000,
            ]
        ),
    )
    def lie(self, room: str, position: str) -> None:
        """A position that we never gave claims nothing."""
        resumed = self.history.resume(room, position, self.now)
        assert resumed is None or (resumed.recovered, resumed.missed) == (False, ())

    @rule(room=ROOMS, count=st.integers(-1, 6))
    def look(self, room: str, count: int) -> None:
        texts = [kept.message for kept in self.history.last(room, count, self.now)]
        assert len(texts) <= max(0, count)
        said = self.said.get(room, [])
        assert texts == said[len(said) - len(texts) :]

    @invariant()
    def is_bounded(self) -> None:
        rings = self.history._rings.values()
        assert all(len(ring.messages) <= ring.rule.messages for ring in rings)
        assert self.history.bytes_used == sum(ring.size for ring in rings)
        sizes = (size_of(kept.message) for ring in rings for kept in ring.messages)
        assert self.history.bytes_used == sum(sizes)
        assert self.history.bytes_used <= history_module.MAX_TOTAL_BYTES
        assert all(ring.size <= history_module.MAX_BYTES for ring in rings)
        assert len(self.history) <= history_module.MAX_ROOMS


class Crowded(Told):
    """The same with so little room that rings are forgotten and begun anew."""

    @initialize()
    def tighten(self) -> None:
        self.bounds = pytest.MonkeyPatch()
        self.bounds.setattr(history_module, "MAX_BYTES", 900)
        self.bounds.setattr(history_module, "MAX_TOTAL_BYTES", 1200)
        self.bounds.setattr(history_module, "MAX_ROOMS", 2)

    def teardown(self) -> None:
        if hasattr(self, "bounds"):
            self.bounds.undo()


TestTold = Told.TestCase
TestTold.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestCrowded = Crowded.TestCase
TestCrowded.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(extra=st.integers(0, 1))
@settings(deadline=None)
def test_a_room_holds_so_many_bytes(extra: int) -> None:
    """MAX_BYTES are kept; one byte more and the oldest is gone, which is told."""
    history = History("e")
    history.keep("r", 10)
    start = history.position("r", 0)
    assert start is not None
    half = history_module.MAX_BYTES // 2 - MESSAGE_OVERHEAD
    history.append("r", b"x" * half, 0)
    history.append("r", b"y" * (half + extra), 0)
    resumed = history.resume("r", start, 0)
    assert resumed is not None
    assert (resumed.recovered, len(resumed.missed)) == ((True, 2) if extra == 0 else (False, 0))
    assert len(history.last("r", 10, 0)) == 2 - extra


@pytest.mark.parametrize(
    ("messages", "seconds", "words"),
    [
        (0, 1, "messages are from 1 to 1000, got 0"),
        (1001, 1, "messages are from 1 to 1000, got 1001"),
        (1, 0, "seconds are more than 0, got 0"),
        (1, float("inf"), "seconds are more than 0, got inf"),
        (1, float("nan"), "seconds are more than 0, got nan"),
    ],
)
def test_rules_that_make_no_sense(messages: int, seconds: float, words: str) -> None:
    with pytest.raises(SoliValueError, match=words):
        History("e").keep("r", messages, seconds)


def test_a_thousand_messages_are_kept_at_most() -> None:
    """And the first pattern that fits rules a room; there may be MAX_RULES of them."""
    history = History("e")
    history.keep("r*", 1000, 5)
    history.keep("*", 1, 5)
    for number in range(1001):
        history.append("room", str(number), 0)
    kept = history.last("room", 2000, 0)
    assert (len(kept), kept[0].message, kept[-1].message) == (1000, "1", "1000")
    for number in range(history_module.MAX_RULES - 2):
        history.keep(f"more{number}")
    with pytest.raises(SoliValueError, match="100 patterns at most"):
        history.keep("one more")
    history.keep("r*", 10, 5)
    assert history.last("room", 20, 0)[0].message == "991", "from now on"
