"""Who may compute when, on a loop and a clock that obey."""

from __future__ import annotations

from collections.abc import Callable

from soli_runtime.ws.turns import (
    BUSY_SHARE,
    HEAVY_SECONDS,
    MOST_REST_SECONDS,
    QUEUE_SECONDS,
    SLACK_SECONDS,
    Turns,
)


class Loop:
    """Turns that are taken one by one."""

    def __init__(self) -> None:
        self.now = 100.0
        self.soon: list[Callable[[], None]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> str:
        self.later.append((self.now + seconds, callback))
        return "timer"

    def turn(self) -> None:
        callbacks, self.soon = self.soon, []
        for callback in callbacks:
            callback()

    def sleep(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [item for item in self.later if item[0] <= end]:
            item = min(due, key=lambda each: each[0])
            self.later.remove(item)
            self.now = max(self.now, item[0])
            item[1]()
            self.turn()
        self.now = end


class Stage:
    """Turns, and those that wait for them."""

    def __init__(self, heavy_share: float = 0.2) -> None:
        self.loop = Loop()
        self.turns = Turns(self.loop, lambda: self.loop.now, heavy_share)  # type: ignore[arg-type]
        self.served: list[str] = []

    def one(self, name: str, *, due: float = 0.0, heavy: bool = False, takes: float = 0.0) -> One:
        return One(self, name, due, heavy, takes)


class One:
    def __init__(self, stage: Stage, name: str, due: float, heavy: bool, takes: float) -> None:
        self.stage, self.name, self.due, self.is_heavy = stage, name, due, heavy
        self.takes = takes

    def turn_came(self) -> None:
        loop = self.stage.loop
        started = loop.now
        loop.now += self.takes
        self.is_heavy = self.stage.turns.took(started, loop.now)
        self.stage.served.append(self.name)


def test_work_within_the_slack_makes_nobody_wait() -> None:
    """What is past it does, until the loop has made up for it."""
    stage = Stage()
    quiet = stage.one("quiet")
    now = stage.loop.now
    stage.turns.took(now, now + SLACK_SECONDS * BUSY_SHARE)
    assert not stage.turns.must_wait(quiet, now)
    stage.turns.took(now, now + 0.001)
    assert stage.turns.must_wait(quiet, now)
    assert not stage.turns.must_wait(quiet, now + 0.002)


def test_those_come_first_who_have_used_least() -> None:
    """Among equals, who came first."""
    stage = Stage()
    for name, due in (("much", 9.0), ("little", 1.0), ("also little", 1.0)):
        stage.turns.wait(stage.one(name, due=due))
    stage.loop.turn()
    assert stage.served == ["little", "also little", "much"]


def test_a_turn_serves_for_so_long_and_no_longer() -> None:
    """The rest is for the next turn, before which others are heard."""
    stage = Stage()
    for name in "abc":
        stage.turns.wait(stage.one(name, takes=QUEUE_SECONDS * 0.6))
    stage.loop.turn()
    assert stage.served == ["a", "b"]
    assert stage.turns.waiting == 1
    stage.loop.turn()
    assert stage.served == ["a", "b", "c"]


def test_what_is_heavy_rests_and_others_do_not() -> None:
    """Calls that others notice get a share of the time: one second of five."""
    stage = Stage()
    now = stage.loop.now
    assert not stage.turns.took(now, now + HEAVY_SECONDS * 0.99)
    assert stage.turns.took(now, now + 0.1)
    stage.loop.now += 0.2
    assert stage.turns.must_wait(stage.one("", heavy=True), stage.loop.now)
    assert not stage.turns.must_wait(stage.one(""), stage.loop.now)
    stage.loop.now += 0.31
    assert not stage.turns.must_wait(stage.one("", heavy=True), stage.loop.now)


def test_the_heavy_come_one_by_one() -> None:
    """How one does decides when the next may."""
    stage = Stage()
    now = stage.loop.now
    stage.turns.took(now, now + 0.1)
    for name in "ab":
        stage.turns.wait(stage.one(name, heavy=True, takes=0.1))
    stage.turns.wait(stage.one("light"))
    stage.loop.turn()
    assert stage.served == ["light"]
    stage.loop.sleep(0.55)
    assert stage.served == ["light", "a"]
    stage.loop.sleep(0.6)
    assert stage.served == ["light", "a", "b"]


def test_a_limit_costs_more_and_a_rest_has_an_end() -> None:
    """A twentieth of the time; five seconds at most."""
    stage = Stage()
    heavy = stage.one("", heavy=True)
    stage.turns.ended_by_limit(0.1)
    assert stage.turns.must_wait(heavy, stage.loop.now + 1.8)
    assert not stage.turns.must_wait(heavy, stage.loop.now + 2)
    stage.turns.ended_by_limit(60)
    assert not stage.turns.must_wait(heavy, stage.loop.now + MOST_REST_SECONDS)


def test_the_share_of_the_heavy_can_be_turned_off() -> None:
    """Zero: they do not rest."""
    stage = Stage(heavy_share=0)
    now = stage.loop.now
    stage.turns.took(now, now + 1)
    assert stage.turns.heavy_until == 0
