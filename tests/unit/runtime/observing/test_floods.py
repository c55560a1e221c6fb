"""Floods of like lines: few are written, all are counted, one line says how many there were."""

from __future__ import annotations

import json
from collections.abc import Callable

from soli_runtime.observing.floods import LINES_PER_WINDOW, MAX_KINDS
from soli_runtime.observing.logs import Log


class Clocked:
    """A log whose clock and timer the test moves."""

    def __init__(self, level: str = "info") -> None:
        self.now = 100.0
        self.lines: list[str] = []
        self.timers: list[Callable[[], None]] = []
        self.log = Log(self.lines.append, level=level, as_json=True, clock=lambda: self.now)

    def use_timer(self) -> None:
        self.log.use_timer(lambda seconds, callback: self.timers.append(callback))

    def flood(self, times: int, **fields: object) -> None:
        for number in range(times):
            self.log.error("failed", number=number, **fields)

    @property
    def last(self) -> dict[str, object]:
        line: dict[str, object] = json.loads(self.lines[-1])
        return line


def test_like_lines_within_a_second_are_held_back() -> None:
    """Though their other fields differ; the counter knows them all."""
    clocked = Clocked()
    clocked.flood(10_000, handler="a#b")
    assert len(clocked.lines) == LINES_PER_WINDOW
    assert clocked.log.counts["failed"] == 10_000


def test_the_next_line_after_it_is_preceded_by_a_summary() -> None:
    """With the fields that the lines had in common."""
    clocked = Clocked()
    clocked.flood(LINES_PER_WINDOW + 5, handler="a#b")
    clocked.now += 1
    clocked.log.warning("other")
    summary = json.loads(clocked.lines[-2])
    del summary["time"]
    assert summary == {
        "level": "error",
        "event": "repeated",
        "of": "failed",
        "handler": "a#b",
        "times": 5,
    }
    assert clocked.last["event"] == "other"


def test_with_a_timer_the_summary_waits_for_no_line() -> None:
    """One timer for a flood, however long."""
    clocked = Clocked()
    clocked.use_timer()
    clocked.flood(LINES_PER_WINDOW + 5)
    assert len(clocked.timers) == 1
    clocked.timers.pop()()
    assert clocked.last["times"] == 5
    clocked.flood(LINES_PER_WINDOW + 1)
    assert len(clocked.timers) == 1


def test_another_timer_is_used_for_the_next_flood() -> None:
    """A log outlives the loop whose timer never came."""
    clocked = Clocked()
    clocked.use_timer()
    clocked.flood(LINES_PER_WINDOW + 1)
    clocked.timers.clear()
    clocked.log.use_timer(None)
    clocked.flood(1)
    clocked.use_timer()
    clocked.flood(1)
    assert len(clocked.timers) == 1


def test_what_is_left_is_summed_up_at_the_end() -> None:
    """`flush` is the last that a server does."""
    clocked = Clocked()
    clocked.flood(LINES_PER_WINDOW + 2)
    clocked.log.flush()
    assert clocked.last["times"] == 2
    clocked.log.flush()
    assert len(clocked.lines) == LINES_PER_WINDOW + 1


def test_lines_of_another_kind_are_written_meanwhile() -> None:
    """Another handler's error is not lost in the flood."""
    clocked = Clocked()
    clocked.flood(1000, handler="a#b")
    clocked.log.error("failed", handler="c#d")
    assert clocked.last["handler"] == "c#d"


def test_after_the_second_lines_are_written_again() -> None:
    """Also if the clock was set back meanwhile."""
    for step in (1.0, -3600.0):
        clocked = Clocked()
        clocked.flood(LINES_PER_WINDOW + 1)
        clocked.now += step
        clocked.log.error("failed", number=-1)
        assert clocked.last["number"] == -1


def test_infos_are_all_written() -> None:
    """Whoever asks for a line per request gets it."""
    clocked = Clocked()
    for _ in range(100):
        clocked.log.info("request")
    assert len(clocked.lines) == 100


def test_a_text_is_made_only_for_lines_that_are_written() -> None:
    """Rendering a backtrace 10,000 times a second is what would hold up the loop."""
    clocked = Clocked()
    made: list[str] = []

    def text() -> str:
        made.append("x")
        return "text"

    for _ in range(1000):
        clocked.log.error("failed", error=text)
    assert len(made) == LINES_PER_WINDOW
    assert clocked.last["error"] == "text"


def test_a_log_that_is_silent_makes_no_texts() -> None:
    """And knows of no floods."""
    clocked = Clocked(level="silent")
    clocked.log.error("failed", error=lambda: 1 / 0)
    clocked.log.flush()
    assert clocked.lines == []


def test_kinds_of_lines_are_bounded() -> None:
    """Beyond that many at a time they share one allowance."""
    clocked = Clocked()
    for number in range(MAX_KINDS + 1000):
        clocked.log.error("failed", handler=str(number))
    assert len(clocked.lines) == MAX_KINDS + LINES_PER_WINDOW
    clocked.now += 1
    clocked.log.flush()
    assert (clocked.last["of"], clocked.last["times"]) == ("other", 1000 - LINES_PER_WINDOW)
