"""States of rooms in the memory of one process: versions, ends and bounds."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.core.state.changes import Change
from soli_runtime.core.state.memory import ROOM_BYTES, MemoryRoomStates, Totals
from soli_runtime.core.state.port import Committed, Conflict
from soli_runtime.core.state.rules import StateRule
from soli_runtime.core.state.values import StateRefused

from soli_lang.base.errors import SoliValueError


def patch(**values: Any) -> Change:
    return Change((("patch", values),))


class Bench:
    def __init__(self, totals: Totals | None = None, *rules: StateRule) -> None:
        self.now = 0.0
        self.states = MemoryRoomStates(lambda: self.now, totals=totals or Totals())
        self.states.follow(rules or (StateRule("*", seconds=10),))

    def set(self, room: str, expected: int | None = None, **values: Any) -> Any:
        return self.states.commit(room, patch(**values), expected)


def test_a_change_is_made_if_the_room_is_as_it_was_seen() -> None:
    """The answer to another is the version that it is at, and nothing is done."""
    bench = Bench()
    seen = bench.states.look("r").version
    first = bench.set("r", seen, a=1)
    assert isinstance(first, Committed)
    assert bench.set("r", seen, a=2) == Conflict(first.state.version)
    assert bench.states.look("r").value == {"a": 1}
    assert bench.set("r", None, a=3).state.version == first.state.version + 1


def test_a_room_holds_nothing_some_time_after_its_last_member_left() -> None:
    """Or after its last change, if it never had one."""
    bench = Bench()
    bench.set("never", a=1)
    bench.set("occupied", a=1)
    bench.states.occupy("occupied")
    bench.now = 9.0
    bench.set("never", b=1)
    bench.now = 18.9
    assert bench.states.look("never").value == {"a": 1, "b": 1}
    bench.now = 19.0
    assert bench.states.look("never").value == {}
    assert bench.states.look("occupied").value == {"a": 1}
    bench.states.vacate("occupied")
    bench.now = 28.9
    bench.states.occupy("occupied")
    bench.now = 60.0
    assert bench.states.look("occupied").value == {"a": 1}
    bench.states.vacate("occupied")
    bench.now = 70.0
    assert bench.states.look("occupied").value == {}
    assert (len(bench.states), bench.states.bytes_used) == (0, 0)


def test_no_version_comes_again() -> None:
    """Who saw a room before it ended and began anew is refused."""
    bench = Bench()
    for number in range(3):
        bench.set("r", a=number)
    seen = bench.states.look("r").version
    bench.now = 10.0
    versions = {seen, bench.states.look("r").version}
    for number in range(3):
        assert isinstance(bench.set("r", seen if number == 0 else None, a=number), Committed)
        versions.add(bench.states.look("r").version)
    assert len(versions) == 4
    assert bench.states.look("r").version > seen


def test_rooms_that_are_over_are_given_back_when_others_change() -> None:
    """Two at a time, so no change waits for many."""
    bench = Bench()
    for number in range(10):
        bench.set(f"r{number}", a=1)
    bench.now = 10.0
    for number in range(5):
        bench.set(f"new{number}", a=1)
    assert len(bench.states) == 5
    assert bench.states.bytes_used == 5 * (len('{"a":1}') + ROOM_BYTES)


def test_the_state_of_all_rooms_is_bounded() -> None:
    """In bytes; a change that makes a state smaller is always made."""
    bench = Bench(Totals(bytes=2 * ROOM_BYTES + 40))
    bench.set("a", x="12345")
    bench.set("b", x="12345")
    with pytest.raises(StateRefused, match=r"would pass 840 \(room-bytes\)"):
        bench.set("b", x="12345678901234567890")
    assert bench.states.look("b").value == {"x": "12345"}
    bench.set("b", x=None)
    bench.set("a", x="1234567890")
    bench.now = 10.0
    bench.set("c", x="1234567890123456")


def test_so_many_rooms_hold_state() -> None:
    """Those that are over do not count."""
    bench = Bench(Totals(rooms=2))
    bench.set("a", x=1)
    bench.set("b", x=1)
    with pytest.raises(StateRefused, match=r"2 rooms hold state, at most 2 may"):
        bench.set("c", x=1)
    bench.set("a", x=2)
    bench.now = 10.0
    bench.set("c", x=1)


def test_only_rooms_that_a_pattern_fits_hold_state() -> None:
    """The first one that fits counts; a state of a rule that is gone is gone, too."""
    bench = Bench(None, StateRule("a*", bytes=20), StateRule("*b"))
    bench.set("b", x="y" * 30)
    with pytest.raises(StateRefused, match="at most 20 are allowed"):
        bench.set("ab", x="y" * 30)
    with pytest.raises(StateRefused, match="no state is kept of 'c'; declare it"):
        bench.set("c", x=1)
    bench.states.follow((StateRule("a*"),))
    assert bench.states.look("b").value == {}
    assert bench.states.bytes_used == 0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"bytes": 1}, "bytes: expected an Int from 2 to 16777216, got 1"),
        ({"seconds": 0}, "seconds: expected a number above 0, got 0"),
        ({"seconds": float("inf")}, "seconds: expected a number above 0, got inf"),
        ({"keep": 0}, "keep: expected an Int from 1 to 10000, got 0"),
        ({"pattern": ""}, "expects a pattern of 1 to 255 characters, got 0"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(options: dict[str, Any], text: str) -> None:
    """With what would."""
    with pytest.raises(SoliValueError, match=text):
        StateRule(**{"pattern": "*", **options})
