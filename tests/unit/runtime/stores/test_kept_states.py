"""States that several processes share: each transaction as if it were alone."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from soli_runtime.core.state.changes import Change
from soli_runtime.core.state.port import Committed, Conflict
from soli_runtime.core.state.rules import StateRule
from soli_runtime.core.state.values import State, StateRefused
from soli_runtime.stores.states import kept as kept_module
from soli_runtime.stores.states.kept import KeptRoomStates
from soli_runtime.stores.states.store import NOBODY, News, Outcome, Writer

from ....support.plain_states import PlainStates
from ....support.transactions import Broken, Group, Player, choose_randomly, judged
from .conftest import Made

RULES = (StateRule("r*"), StateRule("short*", seconds=0.6), StateRule("small*", bytes=200))


class SlowStates(PlainStates):
    """A store at the end of a slow line: what is asked first need not arrive first."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(lambda: time.time_ns() // 1000)
        self._chance = chance
        self.commits = 0
        self.turns = 0

    async def load(self, room: str, known: int = 0) -> News:
        await self._trip()
        found = await super().load(room, known)
        await self._trip()
        return found

    async def commit(
        self,
        room: str,
        known: int,
        changes: Sequence[str],
        seconds: float,
        *,
        is_checked: bool,
        writer: Writer = NOBODY,
    ) -> Outcome:
        self.commits += 1
        await self._trip()
        found = await super().commit(
            room, known, changes, seconds, is_checked=is_checked, writer=writer
        )
        await self._trip()
        return found

    async def turn(self, room: str, name: str, seconds: float, patience: float = 0.0) -> bool:
        self.turns += 1
        await self._trip()
        return await super().turn(room, name, seconds, patience)

    async def _trip(self) -> None:
        await asyncio.sleep(self._chance.random() / 2000)


class CarelessStates(SlowStates):
    """A store that forgets to compare versions."""

    async def commit(self, *given: Any, is_checked: bool, writer: Writer = NOBODY) -> Outcome:
        return await super().commit(*given, is_checked=False, writer=writer)


class Processes:
    """Several processes over one store."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *stores: Any) -> None:
        self.loop = loop
        self.told: list[dict[str, Any]] = [{} for _ in stores]
        self.all = [
            KeptRoomStates(store, loop, told, f"p{number}")
            for number, (store, told) in enumerate(zip(stores, self.told, strict=True))
        ]
        for states in self.all:
            states.follow(RULES)

    def run(self, awaited: Any) -> Any:
        return self.loop.run_until_complete(awaited)

    def look(self, index: int, room: str = "r") -> Any:
        async def look() -> State:
            found = self.all[index].look(room)
            return found if isinstance(found, State) else await found

        return self.run(look())

    def commit(self, index: int, *steps: Any, seen: int | None, room: str = "r") -> Any:
        async def commit() -> Any:
            return await self.all[index].commit(room, Change(steps), seen)  # type: ignore[misc]

        return self.run(commit())

    def close(self) -> None:
        for states in self.all:
            self.run(states.close())


@pytest.fixture
def processes(loop: asyncio.AbstractEventLoop) -> Any:
    store = SlowStates(random.Random(1))
    found = Processes(loop, store, store)
    yield found
    found.close()


def test_what_one_commits_the_other_sees(processes: Processes) -> None:
    """With its version, which no other has; and the first knows it without asking."""
    assert (processes.look(0).version, processes.look(0).value) == (0, {})
    first = processes.commit(0, ("patch", {"a": 1}), seen=0)
    assert isinstance(first, Committed)
    assert processes.look(1) == first.state == processes.look(0)
    second = processes.commit(1, ("add", {"a": 2}), seen=first.state.version)
    assert (second.state.value, second.state.version) == ({"a": 3}, first.state.version + 1)
    assert second.diff.patch == {"a": 3}
    assert processes.look(0) == second.state


def test_a_view_that_is_old_is_refused(processes: Processes) -> None:
    """Also when nothing was there; afterwards the process knows what is."""
    first = processes.commit(0, ("patch", {"a": 1}), seen=0).state
    assert processes.commit(1, ("patch", {"a": 2}), seen=0) == Conflict(first.version)
    assert processes.all[1]._rooms["r"].state == first
    assert isinstance(processes.commit(1, ("patch", {"a": 2}), seen=first.version), Committed)


def test_what_needs_no_view_goes_together(processes: Processes) -> None:
    """Each has its own answer; one that does not fit is passed over, and only it."""

    async def add_all() -> list[Any]:
        adds: list[Any] = [
            processes.all[index % 2].commit("r", Change((("add", {"n": 1}),)), None)
            for index in range(40)
        ]
        wrong: Any = processes.all[0].commit("r", Change((("append", {"n": 1}),)), None)
        adds.append(processes.all[0].commit("r", Change((("add", {"n": 1}),)), None))
        found = await asyncio.gather(*adds, wrong, return_exceptions=True)
        return list(found)

    *added, refused = processes.run(add_all())
    assert sorted(one.state.value["n"] for one in added) == list(range(1, 42))
    assert isinstance(refused, StateRefused)
    assert processes.look(0).value == processes.look(1).value == {"n": 41}
    assert processes.look(0).version == processes.look(1).version
    store: Any = processes.all[0]._store
    assert store.commits < 10


def test_a_refusal_is_of_what_is_there(processes: Processes) -> None:
    """A change that does not fit what was seen is a conflict when something else is there."""
    first = processes.commit(0, ("patch", {"a": "text"}), seen=0).state
    with pytest.raises(StateRefused, match="room_add"):
        processes.commit(0, ("add", {"a": 1}), seen=first.version)
    processes.commit(1, ("patch", {"a": 1}), seen=None)
    found = processes.commit(0, ("add", {"a": 1}), seen=first.version)
    assert found == Conflict(first.version + 1)
    with pytest.raises(StateRefused, match="200"):
        processes.commit(0, ("patch", {"a": "x" * 300}), seen=0, room="small")
    assert processes.look(1, "small").version == 0


def test_a_room_without_a_rule_holds_nothing(processes: Processes) -> None:
    """As it is in memory."""
    with pytest.raises(StateRefused, match="ws_keep_state"):
        processes.commit(0, ("patch", {"a": 1}), seen=0, room="other")


def test_members_are_told_what_is_known(processes: Processes) -> None:
    """With members here nothing is asked for; what they were told is known, too."""
    first = processes.commit(0, ("patch", {"a": 1}), seen=0).state

    class Mirror:
        state = first

    processes.told[1]["r"] = Mirror
    assert processes.all[1].look("r") is first
    second = processes.commit(1, ("add", {"a": 1}), seen=first.version)
    assert processes.all[1].look("r") == second.state
    assert [made.diff.patch for made in processes.all[1].made("r", first.version, 1 << 60)]
    unknown = processes.all[0].made("r", None, 1 << 60)
    assert [made.diff.keep for made in unknown] == [0, 1000], "it begins, then there is a change"


def test_a_state_stays_while_there_are_members(processes: Processes) -> None:
    """And its seconds from then on."""
    first, second = processes.all

    async def live() -> None:
        first.occupy("short")
        await asyncio.sleep(0.1)
        outcome: Any = first.commit("short", Change((("patch", {"a": 1}),)), None)
        await outcome
        await asyncio.sleep(1.0)

    processes.run(live())
    assert processes.look(1, "short").value == {"a": 1}
    second.occupy("short")
    first.vacate("short")
    processes.run(asyncio.sleep(1.0))
    assert processes.look(0, "short").value == {"a": 1}
    second.vacate("short")
    processes.run(asyncio.sleep(1.0))
    assert processes.look(0, "short").value == {}


def test_a_long_past_is_made_short(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes new reads the base and what came since."""
    monkeypatch.setattr(kept_module, "LEAST_WEIGHT", 500)
    for number in range(40):
        processes.commit(number % 2, ("add", {"n": 1}), seen=None)
    news = processes.run(processes.all[0]._store.load("r"))
    assert (len(news.changes) < 20, news.state != "{}") == (True, True)
    assert processes.look(0).value == processes.look(1).value == {"n": 40}


@pytest.mark.parametrize("kind", ["slow", "sqlite", "redis"])
def test_random_transactions_are_serialisable(
    made: Made, loop: asyncio.AbstractEventLoop, kind: str
) -> None:
    """Three processes, each with handlers that wait and that do not; nobody is refused for good."""
    for seed in range(3):
        run(loop, seed, stores(made, kind, seed))


def stores(made: Made, kind: str, seed: int) -> list[Any]:
    if kind == "slow":
        return [SlowStates(random.Random(seed))] * 3
    if kind == "sqlite":
        prefix = f"shared{seed}"
        return [made.store(kind, prefix=prefix).room_states for _ in range(3)]  # type: ignore
    store: Any = made.store(kind)
    return [store.room_states] * 3


def run(
    loop: asyncio.AbstractEventLoop, seed: int, shared: Sequence[Any], number: int = 15
) -> list[Any]:
    """What was done. Raises Broken."""
    processes = Processes(loop, *shared)
    chance = random.Random(seed)
    players = [Player(states, chance, 0.004) for states in processes.all]

    async def act(player: Player, name: str) -> None:
        for index in range(number):
            room = chance.choice(("r1", "r2"))
            if chance.random() < 0.2:
                await player.blindly(room, ("add", {"sum": 2}), ("append", {"log": name}))
            else:
                await player.act(room, choose_randomly(chance, f"{name}.{index}"))

    async def act_all() -> None:
        works = [act(player, f"{i}{j}") for i, player in enumerate(players) for j in range(3)]
        await asyncio.gather(*works)

    processes.run(act_all())
    done = [one for player in players for one in player.done]
    for index in range(len(processes.all)):
        judged(done, {room: processes.look(index, room).value for room in ("r1", "r2")})
    processes.close()
    return done


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_writers_that_wait_are_never_refused_for_good(
    made: Made, loop: asyncio.AbstractEventLoop, kind: str
) -> None:
    """Four in each of three processes, each of which waits 4 ms between looking and writing."""
    shared = stores(made, kind, 0)
    processes = Processes(loop, *shared)
    players = [
        Player(states, random.Random(1), 0.004, waits_always=True) for states in processes.all
    ]

    def count(seen: dict[str, Any]) -> Any:
        return (("patch", {"n": seen.get("n", 0) + 1}),)

    async def act(player: Player) -> None:
        for _ in range(5):
            await player.act("r", count)

    async def act_all() -> None:
        await asyncio.gather(*(act(player) for player in players for _ in range(4)))

    processes.run(act_all())
    assert processes.look(0).value == {"n": 60}
    assert max(one.runs for player in players for one in player.done) <= 6
    processes.close()


def run_together(
    loop: asyncio.AbstractEventLoop, store: SlowStates, chance: Any, *, is_fair: bool = True
) -> list[Group]:
    """Four in each of three processes, all of them in turn. Raises Broken."""
    processes = Processes(loop, store, store, store)
    players = [Group(states, chance) for states in processes.all]
    if not is_fair:
        for player in players:
            player.never_gives_up()

    async def act(player: Player, name: str) -> None:
        for index in range(15):
            if chance.random() < 0.1:
                await player.blindly("r", ("add", {"sum": 2}), ("append", {"log": name}))
            else:
                await player.act("r", choose_randomly(chance, f"{name}.{index}"))

    async def act_all() -> None:
        works = [act(player, f"{i}{j}") for i, player in enumerate(players) for j in range(4)]
        await asyncio.gather(*works)

    processes.run(act_all())
    done = [one for player in players for one in player.done]
    for index in range(3):
        judged(done, {"r": processes.look(index).value})
    processes.close()
    return players


def test_who_has_the_turn_commits_for_all_that_wait(loop: asyncio.AbstractEventLoop) -> None:
    """Each saw what the one before it left, and the store was asked less often than they are."""
    for seed in range(5):
        chance = random.Random(seed)
        store = SlowStates(chance)
        players = run_together(loop, store, chance)
        done = [one for player in players for one in player.done]
        assert sum(player.ahead for player in players) > len(done) / 3
        assert store.commits < len(done) * 2 / 3


def test_a_group_whose_turn_was_lost_runs_again(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases that end too soon: what was seen ahead never became true, and nothing is wrong."""
    monkeypatch.setattr(kept_module.LeasedTurns, "is_used", lambda *_: True)
    monkeypatch.setattr(SlowStates, "turn", _yes)
    chance = random.Random(3)
    players = run_together(loop, SlowStates(chance), chance, is_fair=False)
    assert max(one.runs for player in players for one in player.done) > 1


async def _yes(*_: Any) -> bool:
    return True


def test_one_that_does_not_fit_leaves_the_group(processes: Processes) -> None:
    """It alone fails, of what is true by then; the others are one commit."""

    async def act() -> list[Any]:
        states, answers = processes.all[0], []
        await states.take_turn("r", 1)  # type: ignore[misc]
        for change in ({"n": 1}, {"n": "x" * 600_000}, {"m": 2}):
            ahead = states.ahead("r")
            seen = ahead.state if ahead is not None else states._rooms["r"].state
            answers.append(states.commit("r", Change((("patch", change),)), seen.version))
        assert not any(isinstance(answer, Conflict) for answer in answers)
        states.settle("r")
        found = await asyncio.gather(*answers, return_exceptions=True)  # type: ignore[arg-type]
        states.end_turn("r", 1)
        return found

    first, refused, last = processes.run(act())
    assert isinstance(refused, StateRefused)
    assert last.state.value == {"n": 1, "m": 2} == processes.look(1).value
    assert last.state.version == first.state.version + 1


@pytest.mark.parametrize("fault", [CarelessStates])
def test_the_judge_finds_faults(
    loop: asyncio.AbstractEventLoop, fault: Callable[..., SlowStates]
) -> None:
    """Versions that are not compared are found in every run."""
    with pytest.raises(Broken):
        run(loop, 1, [fault(random.Random(1))] * 3)
