"""The order of turns on a clock of its own: `python -m benchmarks.turns_simulated`.

An event loop, connections that compute for as long as a scenario says, an established *innocent*
that echoes every 50 ms, and a newcomer every 250 ms that connects and says one word. Nothing here
depends on how fast or busy the machine is, and ten seconds take less than one.
"""

from __future__ import annotations

import argparse
import random
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from soli_runtime.ws.channel import QUEUED_SLICE_SECONDS, SLICE_SECONDS
from soli_runtime.ws.fair.accounts import LIGHT, NEW
from soli_runtime.ws.fair.scheduler import Scheduler

TURN_COST = 20e-6
"""Of a turn of the loop that does nothing."""
UPGRADE_TURNS = 6
UPGRADE_COST = 200e-6
LIGHT_COST = 100e-6
LIMIT_SECONDS = 0.15
ENDLESS = float("inf")

Told = Callable[[], None]


class Timer:
    """What `call_later` returns."""

    def __init__(self) -> None:
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Loop:
    """Turns as uvloop makes them: timers, what was called soon, then what arrived."""

    def __init__(self) -> None:
        self.now = self.cpu = 0.0
        self.late = 0.0
        """How long what is told now had waited for the loop."""
        self._numbers = count()
        self._ready: deque[Told] = deque()
        self._timers: list[tuple[float, int, Timer, Told]] = []
        self._arrivals: list[tuple[float, int, Told]] = []

    def clock(self) -> float:
        return self.now

    def cpu_clock(self) -> float:
        return self.cpu

    def compute(self, seconds: float) -> None:
        self.now += seconds
        self.cpu += seconds

    def call_soon(self, told: Told) -> None:
        self._ready.append(told)

    def call_later(self, pause: float, told: Told) -> Timer:
        timer = Timer()
        heappush(self._timers, (self.now + pause, next(self._numbers), timer, told))
        return timer

    def arrives(self, at: float, told: Told) -> None:
        """Something comes over the network at that time."""
        heappush(self._arrivals, (max(at, self.now), next(self._numbers), told))

    def run(self, until: float) -> None:
        while self.now < until:
            if not self._ready:
                self.now = max(self.now, self._next())
            self._turn()

    def _next(self) -> float:
        heads = [queue[0][0] for queue in (self._timers, self._arrivals) if queue]
        return min(heads, default=float("inf"))

    def _turn(self) -> None:
        self.compute(TURN_COST)
        while self._timers and self._timers[0][0] <= self.now:
            _, _, timer, told = heappop(self._timers)
            if not timer.is_cancelled:
                told()
        for _ in range(len(self._ready)):
            self._ready.popleft()()
        polled = []
        while self._arrivals and self._arrivals[0][0] <= self.now:
            polled.append(heappop(self._arrivals))
        for at, _, told in polled:
            self.late = self.now - at
            told()


class Connection:
    """One whose messages compute for so many seconds each; a copy of what `ws.channel` does."""

    def __init__(self, world: World, address: str) -> None:
        self.used, self.until, self.proven, self.standing = 0.0, 0.0, 0, NEW
        self.address = address
        self._world = world
        self._inbox: deque[tuple[float, Told]] = deque()
        self._is_held = False
        self._is_finished = False
        self._slice_end = 0.0
        self.strikes: list[float] = []
        world.scheduler.begin(self)

    def receive(self, seconds: float, told: Told) -> None:
        """A message; *told* when it is handled."""
        now, scheduler = self._world.loop.now, self._world.scheduler
        self._inbox.append((seconds, told))
        if self._is_held or self._is_finished:
            return
        is_light = self.standing == LIGHT
        is_calm = is_light and now <= scheduler.calm_until
        is_known = is_light and now <= scheduler.look_at and self.used <= scheduler.bar
        if not is_calm and not is_known and scheduler.must_wait(self, now):
            self._wait()
        else:
            self._work(SLICE_SECONDS)

    def _wait(self) -> None:
        self._is_held = True
        self._world.scheduler.wait(self, self._turn_came, self._world.loop.now)

    def _turn_came(self) -> None:
        self._is_held = False
        self._work(QUEUED_SLICE_SECONDS)

    def _work(self, slice_seconds: float) -> None:
        loop = self._world.loop
        slice_end = loop.now + slice_seconds
        while self._inbox and not self._is_finished:
            self._handle(*self._inbox.popleft())
            if loop.now > slice_end and self._inbox:
                self._wait()
                return

    def _handle(self, seconds: float, told: Told) -> None:
        loop, scheduler = self._world.loop, self._world.scheduler
        started = loop.now
        loop.compute(min(seconds, LIMIT_SECONDS))
        if seconds == ENDLESS:
            scheduler.ended_by_limit(self)
            self.strikes = [at for at in self.strikes if loop.now - at < 60] + [loop.now]
            self._is_finished = len(self.strikes) >= 3
        scheduler.took(self, started, loop.now)
        told()


class World:
    """A loop, its scheduler, the two who are asked, and what they saw."""

    def __init__(self, seed: int = 1, heavy_share: float = 0.2) -> None:
        self.loop = Loop()
        self.random = random.Random(seed)
        self.scheduler = Scheduler(
            clock=self.loop.clock,
            cpu=self.loop.cpu_clock,
            call_soon=self.loop.call_soon,
            call_later=self.loop.call_later,
            heavy_share=heavy_share,
        )
        self.established: list[float] = []
        self.newcomers: list[float] = []
        self.attackers: list[float] = []

    def connect(self, address: str, opened: Callable[[Connection], None]) -> None:
        """An upgrade takes several turns of the loop."""

        def step(left: int) -> None:
            self.loop.compute(UPGRADE_COST / UPGRADE_TURNS)
            if left:
                self.loop.call_soon(lambda: step(left - 1))
            else:
                opened(Connection(self, address))

        step(UPGRADE_TURNS - 1)

    def innocent(self, address: str = "home") -> None:
        """Echoes over one connection, every 50 ms."""
        connection = Connection(self, address)

        def say() -> None:
            began = self.loop.now - self.loop.late
            connection.receive(LIGHT_COST, lambda: heard(began))

        def heard(began: float) -> None:
            self.established.append(self.loop.now - began)
            pause = 0.04 + self.random.random() * 0.02  # not in step with the attack
            self.loop.arrives(self.loop.now + pause, say)

        say()

    def newcomer(self, address: str = "home") -> None:
        """Connects and says one word, again and again."""

        def arrive() -> None:
            began = self.loop.now - self.loop.late
            self.loop.arrives(began + 0.24 + self.random.random() * 0.02, arrive)
            self.connect(address, lambda connection: opened(connection, began))

        def opened(connection: Connection, began: float) -> None:
            def said() -> None:
                connection.receive(LIGHT_COST, lambda: heard(began))

            self.loop.arrives(self.loop.now + 0.0005, said)

        def heard(began: float) -> None:
            self.newcomers.append(self.loop.now - began)

        arrive()

    def sends(
        self, connection: Connection, seconds: Callable[[], float], pause: float
    ) -> list[float]:
        """A client that sends its next message *pause* after the answer to the last.

        Returns how long each took, as they come.
        """
        answered: list[float] = []

        def say() -> None:
            began = self.loop.now
            arrived = self.loop.now + pause
            self.loop.arrives(arrived, lambda: connection.receive(seconds(), lambda: heard(began)))

        def heard(began: float) -> None:
            self.attackers.append(self.loop.now - began)
            answered.append(self.loop.now - began)
            say()

        say()
        return answered


class Scenario(NamedTuple):
    """An attack; *begin* is called when the innocent has been there for a second."""

    name: str
    begin: Callable[[World, str], None]


def _once(number: int, seconds: float) -> Callable[[World, str], None]:
    """Connections that send one message each, all at once."""

    def begin(world: World, address: str) -> None:
        for _ in range(number):
            one = Connection(world, address)
            began = world.loop.now
            world.loop.arrives(
                began,
                lambda one=one, began=began: one.receive(  # type: ignore[misc]
                    seconds, lambda: world.attackers.append(world.loop.now - began)
                ),
            )

    return begin


def _again(number: int, seconds: float, pause: float = 0.0) -> Callable[[World, str], None]:
    """Connections that send the next message as soon as the last is answered."""

    def begin(world: World, address: str) -> None:
        for _ in range(number):
            world.sends(Connection(world, address), lambda: seconds, pause)

    return begin


def _alternating(world: World, address: str) -> None:
    """Forty connections that send nine light messages and a heavy one, over and over."""
    for _ in range(40):
        turns = count(1)

        def seconds(turns: count[int] = turns) -> float:
            return 0.1 if next(turns) % 10 == 0 else LIGHT_COST

        world.sends(Connection(world, address), seconds, 0.0)


def _proven(world: World, address: str) -> None:
    """A thousand that prove to be light, then send an endless message each at the same time."""
    for _ in range(1000):
        one = Connection(world, address)
        for _ in range(16):
            world.loop.arrives(world.loop.now, lambda one=one: one.receive(1e-5, lambda: None))  # type: ignore[misc]
        world.loop.arrives(
            world.loop.now + 1,
            lambda one=one: one.receive(ENDLESS, lambda: None),  # type: ignore[misc]
        )


def _ever_new(world: World, address: str) -> None:
    """Ten new connections a second, an endless message over each."""

    def arrive() -> None:
        world.loop.call_later(0.1 * (0.5 + world.random.random()), arrive)
        world.connect(address, opened)

    def opened(connection: Connection) -> None:
        def said() -> None:
            connection.receive(ENDLESS, lambda: None)

        world.loop.arrives(world.loop.now + 0.0005, said)

    arrive()


def _burst(world: World, address: str) -> None:
    """Forty connections, 1,900 messages of 3 ms in one write each."""
    for _ in range(40):
        one = Connection(world, address)
        for _ in range(1900):
            world.loop.arrives(world.loop.now, lambda one=one: one.receive(0.003, lambda: None))  # type: ignore[misc]


SCENARIOS = (
    Scenario("nothing", lambda world, address: None),
    Scenario("1 endless loop", _once(1, ENDLESS)),
    Scenario("15 endless loops", _once(15, ENDLESS)),
    Scenario("20 endless loops", _once(20, ENDLESS)),
    Scenario("100 endless loops", _once(100, ENDLESS)),
    Scenario("1,000 endless loops", _once(1000, ENDLESS)),
    Scenario("endless loops without end over 15", _again(15, ENDLESS)),
    Scenario("40 calls of 60 ms", _once(40, 0.06)),
    Scenario("40 x 60 ms, again and again", _again(40, 0.06)),
    Scenario("40 x 140 ms, again and again", _again(40, 0.14)),
    Scenario("40 x 10 ms, again and again", _again(40, 0.01)),
    Scenario("200 x 39 ms, again and again", _again(200, 0.039)),
    Scenario("1,000 x 39 ms, again and again", _again(1000, 0.039)),
    Scenario("1,000 x 0.9 ms, again and again", _again(1000, 0.0009)),
    Scenario("10 x 39 ms, every 0.4 s", _again(10, 0.039, 0.4)),
    Scenario("40 that alternate", _alternating),
    Scenario("1,000 proven, then endless", _proven),
    Scenario("10 new ones a second, endless", _ever_new),
    Scenario("40 x 1,900 messages of 3 ms in one write", _burst),
)


def simulated(scenario: Scenario, address: str, seconds: float = 10.0) -> World:
    """What happened while an attack from *address* went on; the innocent are at `home`."""
    world = World()
    world.innocent()
    world.loop.run(1.0)
    world.newcomer()
    world.established.clear()
    scenario.begin(world, address)
    world.loop.run(1.0 + seconds)
    return world


def waits(found: list[float]) -> str:
    """Median, 99th percentile and maximum in milliseconds."""
    if not found:
        return "never | | "
    found = sorted(found)
    places = (found[len(found) // 2], found[int(len(found) * 0.99)], found[-1])
    return " | ".join(f"{place * 1000:.0f}" for place in places)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--address", default="home", help="of the attack; the innocent's is `home`")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print("| attack | established p50 | p99 | most | newcomer p50 | p99 | most | n | served |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for scenario in SCENARIOS:
        if options.only in scenario.name:
            world = simulated(scenario, options.address, options.seconds)
            cells = (scenario.name, waits(world.established), waits(world.newcomers))
            print(
                "| " + " | ".join(cells) + f" | {len(world.newcomers)} | {len(world.attackers)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
