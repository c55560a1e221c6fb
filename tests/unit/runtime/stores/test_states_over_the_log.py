"""What members hear when several processes share states and a log, and processes die."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from soli_runtime.core.operations.records import StateChanged
from soli_runtime.core.state.changes import Change
from soli_runtime.core.state.port import Committed, Conflict
from soli_runtime.core.state.rules import StateRule
from soli_runtime.core.state.values import State
from soli_runtime.stores.states import mending as mending_module
from soli_runtime.stores.states.kept import KeptRoomStates
from soli_runtime.stores.states.mending import Mending

from ....support.memory_log import LogBench, MemoryLog
from ....support.transactions import MOST_RUNS
from .test_kept_states import SlowStates

RULES = (StateRule("r*"),)


class Wrong(AssertionError):
    """What a member noticed."""


class Member:
    """Follows a room as a client does, and knows what must not happen."""

    def __init__(self) -> None:
        self.value: dict[str, Any] | None = None
        self.heard: list[str] = []

    def hear(self, message: Any) -> None:
        self.heard.append(str(message))
        if isinstance(message, int):
            if self.value is None or self.value.get("count", 0) < message:
                raise Wrong(f"the message {message} came before its room_diff")
        elif message["event"] == "room_state":
            if self.value is not None:
                raise Wrong("a second room_state")
            self.value = message["payload"]
        elif message["event"] == "room_diff":
            if self.value is None:
                raise Wrong("a room_diff before the room_state")
            if (message["payload"].get("count", 1 << 30) or 0) <= self.value.get("count", 0):
                raise Wrong(f"the change {message} came out of order, or twice")
            self._merge(message)

    def _merge(self, message: dict[str, Any]) -> None:
        assert self.value is not None
        for key, value in message["payload"].items():
            if value is None:
                self.value.pop(key, None)
            else:
                self.value[key] = value
        for key, items in message.get("append", {}).items():
            self.value.setdefault(key, []).extend(items)


class Process:
    """A process whose handlers look, change, and broadcast."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.name = f"n{number}"
        self.bench = LogBench(world.log, self.name, world.refs)
        self.here = self.bench.hub._arrivals.states
        loop = asyncio.get_running_loop()
        self.kept = KeptRoomStates(world.store, loop, self.here.mirrors, self.name)
        self.here.keep_in(self.kept)
        self.bench.deliver(self.here.follow(RULES))
        told = self.bench.deliver
        self.mending = Mending(world.store, self.kept, self.here, loop, self._submit, told)
        self.mending.start()
        self.is_dead = False
        self.members: dict[str, Member] = {}
        self._lock = asyncio.Lock()

    def _submit(self, operation: StateChanged) -> list[Any]:
        return self.bench.hub.broker.tell_state(operation, self.bench.now)

    async def join(self, connection_id: str) -> None:
        self.bench.connect(connection_id)
        ready = self.here.ready("r")
        if ready is not None:
            await ready  # type: ignore[misc]
        await self.world.pause()
        self.members[connection_id] = Member()
        self.bench.do(connection_id, {"join": "r"})

    async def act(self) -> bool:
        """An event: count, and tell everybody to which number. False: it died on its way."""
        lock = self._lock if self._lock.locked() else None
        if lock is not None:  # who was refused goes first
            await lock.acquire()
        try:
            for _ in range(MOST_RUNS):
                looked: Any = self.kept.look("r")
                seen = looked if isinstance(looked, State) else await looked
                count = seen.value.get("count", 0) + 1
                change = Change((("patch", {"count": count}), ("append", {"log": count})))
                outcome: Any = await self.kept.commit("r", change, seen.version)  # type: ignore[misc]
                if isinstance(outcome, Committed):
                    return await self._tell(outcome, count)
                assert isinstance(outcome, Conflict)
                if lock is None:
                    await self._lock.acquire()
                    lock = self._lock
                turn: Any = self.kept.take_turn("r", self)
                if turn is not None:
                    await turn
            raise Wrong("refused too often")
        finally:
            if lock is not None:
                self.kept.end_turn("r", self)
                lock.release()

    async def _tell(self, outcome: Committed, count: int) -> bool:
        self.world.counts.append(count)
        if self.world.chance.random() < self.world.dies:
            return False
        self.tell(StateChanged("r", outcome.state.version, *outcome.diff, True))
        self.bench.deliver(self.bench.hub.broadcast_room("r", str(count)))
        return True

    def tell(self, operation: StateChanged) -> None:
        self.bench.deliver(self._submit(operation))

    def move(self) -> None:
        """Some of what is to be sent and read, and let time pass."""
        chance = self.world.chance
        if chance.random() < 0.5:
            self.bench.push()
        for _ in range(chance.randrange(4)):
            self.bench.pull()
        self.settle()

    def settle(self) -> None:
        self.bench.now += 0.01
        self.bench.flush()
        for connection_id, member in self.members.items():
            for message in self.bench.inboxes[connection_id].take():
                member.hear(message)
        assert self.bench.faults == []

    async def die(self) -> None:
        self.is_dead = True
        self.members.clear()
        await self.mending.stop()
        await self.kept.close()
        self.world.log.end(self.bench.broker.node)

    def rest(self) -> bool:
        moved = self.bench.push(), self.bench.pull()
        return any(moved)


class World:
    """Some processes, one store, one log, one source of chance."""

    process: type[Process] = Process

    def __init__(self, seed: int, dies: float = 0.0) -> None:
        self.chance = random.Random(seed)
        self.dies = dies
        self.store = SlowStates(self.chance)
        self.log = MemoryLog()
        self.refs: Iterator[int] = itertools.count(1)
        self.counts: list[int] = []
        self.numbers = itertools.count(1)
        self.processes: list[Process] = []

    async def pause(self) -> None:
        await asyncio.sleep(self.chance.random() / 1000)

    async def run(self, events: int) -> None:
        """Several processes, where events happen at once. Raises Wrong."""
        self.processes = [self.process(self, next(self.numbers)) for _ in range(3)]
        pump = asyncio.create_task(self._pump())
        works = [self._work(process, events) for process in self.processes]
        await asyncio.gather(*works)
        pump.cancel()
        await asyncio.wait((pump,))
        if not pump.cancelled():
            pump.result()
        await self._come_to_rest()
        for process in self.processes:
            await process.mending.stop()
            await process.kept.close()

    async def _pump(self) -> None:
        while True:
            for process in tuple(self.processes):
                process.move()
            await asyncio.sleep(0)

    async def _work(self, process: Process, events: int) -> None:
        names = map("{}-{}".format, itertools.repeat(process.name), itertools.count())
        joins = [process.join(next(names)) for _ in range(2)]
        await asyncio.gather(*joins)
        for _ in range(events):
            if self.chance.random() < 0.2:
                await process.join(next(names))
            if self.chance.random() < 0.2:
                self._leave(process)
            await self.pause()
            if not await process.act():
                self.processes.remove(process)
                await process.die()
                process = self.process(self, next(self.numbers))
                self.processes.append(process)
                await process.join(next(names))

    def _leave(self, process: Process) -> None:
        if len(process.members) > 1:
            connection_id = self.chance.choice(list(process.members))
            del process.members[connection_id]
            process.bench.disconnect(connection_id)

    async def _come_to_rest(self) -> None:
        deadline = asyncio.get_running_loop().time() + 5
        final = (await self.processes[0].kept.look_elsewhere("r")).value
        while True:
            while sum(process.rest() for process in self.processes):
                pass
            for process in self.processes:
                process.settle()
            members = [one for process in self.processes for one in process.members.values()]
            if all(member.value == final for member in members):
                break
            if asyncio.get_running_loop().time() > deadline:
                raise Wrong(f"members have {[member.value for member in members]}, not {final}")
            await asyncio.sleep(0.01)
        if sorted(self.counts) != list(range(1, len(self.counts) + 1)):
            raise Wrong(f"changes were lost or doubled: {self.counts}")
        if self.counts and final["log"] != sorted(self.counts):
            raise Wrong(f"the room holds {final}")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending_module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(mending_module, "UNDER_WAY_SECONDS", 0.05)


@pytest.mark.parametrize("dies", [0.0, 0.1])
def test_members_hear_every_change_once_in_order(dies: float) -> None:
    """And what the room holds once, when they join; also when processes die before they tell."""
    for seed in range(5):
        asyncio.run(World(seed, dies).run(12))


def test_the_last_change_of_a_process_that_died_is_told() -> None:
    """Nobody changes the room after it, so only comparing versions finds it."""

    async def die_before_telling() -> None:
        world = World(1)
        dying, other = world.processes = [Process(world, 1), Process(world, 2)]
        await other.join("member")
        assert await dying.act()
        world.dies = 1.0
        assert not await dying.act()
        world.processes.remove(dying)
        await dying.die()
        await world._come_to_rest()
        assert other.members["member"].value == {"count": 2, "log": [1, 2]}
        await other.mending.stop()
        await other.kept.close()

    asyncio.run(die_before_telling())


class Hasty(Process):
    """Tells changes that it has yet to write."""

    async def act(self) -> bool:
        state: Any = await self.kept.look_elsewhere("r")
        count = state.value.get("count", 0) + 1
        diff = ({"count": count}, {"log": [count]}, 1000)
        self.tell(StateChanged("r", state.version + 1, *diff, True))
        return await super().act()


class Forward(Process):
    """Tells of its own change only, whatever others have not told yet."""

    def tell(self, operation: StateChanged) -> None:
        self.bench.broker.outbox.put(operation, None)


class Silent(Process):
    """Forgets some changes, and does not look whether others did."""

    async def _look_away(self) -> None:
        pass

    def tell(self, operation: StateChanged) -> None:
        for process in self.world.processes:
            process.mending._look = self._look_away  # type: ignore[method-assign]
        if self.world.chance.random() < 0.5:
            super().tell(operation)


@pytest.mark.parametrize("process", [Hasty, Forward, Silent])
def test_members_notice_faults(process: Callable[..., Process]) -> None:
    """Told before it was written, out of order, or not at all."""

    class Faulty(World):
        pass

    Faulty.process = process  # type: ignore[assignment]

    async def try_all() -> None:
        for seed in range(10):
            await Faulty(seed).run(12)

    with pytest.raises(Wrong):
        asyncio.run(try_all())
