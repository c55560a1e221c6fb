"""Who waits for whom, on a clock of its own: the promises of docs/security.md.

The loop, its clients and its clock are simulated, the scheduler is the real one; what a call costs
is said by the scenario. Bounds are in seconds of that clock, so no machine is too slow for them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from soli_runtime.ws.fair.accounts import LIGHT

from benchmarks.turns_simulated import (
    ENDLESS,
    SCENARIOS,
    Connection,
    Scenario,
    World,
    simulated,
)

ADDRESSES = ("home", "away")
"""Of the attack: that of the innocent, and another one."""

EVER_NEW = "10 new ones a second, endless"
"""Nobody can tell a newcomer from these where they come from the same address."""


def _median(found: list[float]) -> float:
    return sorted(found)[len(found) // 2]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nobody_light_waits_for_anybody_heavy(scenario: Scenario, address: str) -> None:
    """50 ms as a rule and 200 ms at most; from connecting to the first answer 400 ms at most."""
    world = simulated(scenario, address)
    assert len(world.established) > 80
    assert _median(world.established) < 0.05
    assert max(world.established) < 0.2
    if scenario.name == EVER_NEW and address == "home":
        return
    assert len(world.newcomers) > 36
    assert max(world.newcomers) < 0.4


def test_endless_loops_are_paced() -> None:
    """Newcomers hardly notice them."""
    for scenario in SCENARIOS:
        if "endless loops" in scenario.name:
            assert _median(simulated(scenario, "home").newcomers) < 0.1


@pytest.mark.parametrize("seconds", [0.06, 0.14])
def test_the_heavy_are_served_in_turn(seconds: float) -> None:
    """Each of them as often as the others, give or take one; none is left out."""
    world = World()
    world.innocent()
    world.loop.run(1.0)
    served: list[list[float]] = []
    for _ in range(10):
        connection = Connection(world, "away")
        served.append(world.sends(connection, lambda: seconds, 0.0))
    world.loop.run(61.0)
    counts = sorted(map(len, served))
    assert counts[-1] - counts[0] <= 1
    assert counts[0] >= 60 * 0.2 / seconds / 10 - 2


def test_one_who_is_light_is_enough_for_the_heavy_to_rest() -> None:
    """Though it says little, and nobody comes."""
    world = World()
    world.innocent()
    world.loop.run(1.0)
    for _ in range(10):
        world.sends(Connection(world, "away"), lambda: 0.1, 0.0)
    world.loop.run(11.0)
    assert 15 <= len(world.attackers) <= 30


def test_without_a_share_the_heavy_do_not_rest() -> None:
    """Zero turns the rests off, also those behind a limit."""
    world = World(heavy_share=0.0)
    world.innocent()
    world.loop.run(1.0)
    for _ in range(3):
        world.sends(Connection(world, "away"), lambda: 0.1, 0.0)
    burner = Connection(world, "away")
    world.loop.arrives(1.1, lambda: burner.receive(ENDLESS, lambda: None))
    world.loop.arrives(1.2, lambda: burner.receive(0.1, lambda: world.attackers.append(0)))
    world.loop.run(6.0)
    assert len(world.attackers) > 45


def test_alone_the_heavy_do_not_rest() -> None:
    """Calls that break no limit wait for others only, and there are none."""
    world = World()
    world.sends(Connection(world, "home"), lambda: 0.1, 0.0)
    world.loop.run(11.0)
    assert len(world.attackers) > 90


def test_an_address_with_many_connections_gets_no_more_than_one_with_a_few() -> None:
    """Forty heavy ones from one address, and one from another."""
    world = World()
    world.innocent()
    world.loop.run(1.0)
    crowd = [world.sends(Connection(world, "crowd"), lambda: 0.06, 0.0) for _ in range(40)]
    alone = world.sends(Connection(world, "alone"), lambda: 0.06, 0.0)
    world.loop.run(61.0)
    assert len(alone) > 0.8 * sum(map(len, crowd))


def test_who_ran_into_limits_waits_longest() -> None:
    """A call that a limit ended costs nineteen times what it took; light ones after it wait."""
    world = World()
    world.innocent()
    world.loop.run(1.0)
    held: list[tuple[str, float]] = []
    world.scheduler.report = lambda flow, reason, seconds: held.append((reason, seconds))
    connection = Connection(world, "home")
    world.loop.arrives(1.1, lambda: connection.receive(ENDLESS, lambda: None))
    world.loop.arrives(1.2, lambda: connection.receive(0.0001, lambda: None))
    world.loop.run(10.0)
    [(reason, seconds)] = held
    assert reason == "limit"
    assert 2.7 < seconds < 3.0


def test_who_waits_is_counted_by_reason() -> None:
    """For the metrics and the dashboard."""
    world = World()
    world.innocent()
    world.loop.run(1.0)
    for _ in range(5):
        connection = Connection(world, "home")
        world.sends(connection, lambda: 0.1, 0.0)
    world.loop.run(5.0)
    waiting = world.scheduler.waiting_by_reason()
    assert waiting["heavy"] >= 3
    assert waiting["limit"] == 0


def test_messages_that_come_alone_ask_for_hardly_any_turns() -> None:
    """A turn of the loop that is asked for costs more than the handler of a small message."""
    world = World()
    world.innocent()
    world.loop.run(1.0)
    asked, call_soon = 0, world.loop.call_soon

    def counted(told: Callable[[], None]) -> None:
        nonlocal asked
        asked += told == world.scheduler._turn
        call_soon(told)

    world.scheduler._call_soon = counted
    before = len(world.established)
    world.loop.run(20.0)
    messages = len(world.established) - before
    assert messages > 100
    assert asked < messages / 10


@pytest.mark.parametrize("share_new", [0.0, 0.5, 1.0])
def test_no_turn_of_those_who_wait_is_longer_than_ten_milliseconds(share_new: float) -> None:
    """Many short messages in one write, of the light, of the new and of both: with some margin."""
    world = World()
    longest, turn = 0.0, world.scheduler._turn

    def timed() -> None:
        nonlocal longest
        started = world.loop.now
        turn()
        longest = max(longest, world.loop.now - started)

    world.scheduler._call_soon = lambda told: world.loop.call_soon(timed if told == turn else told)
    for number in range(40):
        connection = Connection(world, f"address {number}")
        if number >= 40 * share_new:
            connection.standing = LIGHT
        for _ in range(2_000):
            world.loop.arrives(0.0, lambda one=connection: one.receive(0.00007, lambda: None))
    world.loop.run(4.0)
    assert 0.003 < longest < 0.009
