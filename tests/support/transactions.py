"""Random transactions on rooms by several processes at once, and the judge of what came of it.

The judge knows no store, version or lease. It puts the transactions in the order that was told for
them, does each on a plain value of its own, and compares what it saw and what it made.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from soli_runtime.core.state.changes import Change
from soli_runtime.core.state.port import Conflict, RoomStates

MOST_RUNS = 8


class Done(NamedTuple):
    """A transaction that was acknowledged."""

    room: str
    version: int
    saw: dict[str, Any] | None
    """What it read; None: it needed no view."""
    asked: tuple[tuple[str, Any], ...]
    holds: dict[str, Any]
    """What the room held by it, as it was told."""
    runs: int


class Broken(AssertionError):
    """What the judge found."""


def judged(done: Sequence[Done], final: dict[str, dict[str, Any]]) -> None:
    """Raise Broken unless one after another could have done the same."""
    rooms: dict[str, dict[str, Any]] = {room: {} for room in final}
    versions: set[tuple[str, int]] = set()
    for one in sorted(done, key=lambda one: (one.room, one.version)):
        if (one.room, one.version) in versions:
            raise Broken(f"two are version {one.version} of {one.room}")
        versions.add((one.room, one.version))
        model = rooms[one.room]
        if one.saw is not None and one.saw != model:
            raise Broken(f"version {one.version} of {one.room} saw {one.saw}, there was {model}")
        for kind, asked in one.asked:
            _DO[kind](model, copy.deepcopy(asked))
        if one.holds != model:
            raise Broken(f"version {one.version} of {one.room} made {one.holds}, not {model}")
    if rooms != final:
        raise Broken(f"the rooms hold {final}, and not {rooms}")


def _patch(model: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            model.pop(key, None)
        elif isinstance(value, dict):
            inner = model.get(key)
            model[key] = inner if isinstance(inner, dict) else {}
            _patch(model[key], value)
        else:
            model[key] = value


def _add(model: dict[str, Any], amounts: dict[str, Any]) -> None:
    for key, amount in amounts.items():
        model[key] = model.get(key, 0) + amount


def _append(model: dict[str, Any], items: dict[str, Any]) -> None:
    for key, item in items.items():
        model.setdefault(key, []).append(item)


_DO: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "patch": _patch,
    "add": _add,
    "append": _append,
}


class Conflicted(Exception):
    """A transaction was refused too often."""


class Player:
    """Does transactions in one process, each as a handler of events does."""

    def __init__(
        self,
        states: RoomStates,
        chance: random.Random,
        waits: float = 0.0,
        *,
        waits_always: bool = False,
    ) -> None:
        self._states = states
        self._chance = chance
        self._waits = waits
        """How long some transactions wait between looking and writing, in seconds."""
        self._waits_always = waits_always
        self._locks: dict[str, asyncio.Lock] = {}
        self.done: list[Done] = []

    async def act(self, room: str, choose: Callable[[dict[str, Any]], Any]) -> Done | None:
        """Look, choose, write; again while others were first. None: nothing was chosen."""
        lock = self._locks.setdefault(room, asyncio.Lock())
        is_turn = lock.locked()
        if is_turn:  # who was refused goes first
            await lock.acquire()
        try:
            for run in range(1, MOST_RUNS + 1):
                seen = await _answer(self._states.look(room))
                asked = choose(seen.copy())
                if asked is None:
                    return None
                if self._waits_always:
                    await asyncio.sleep(self._waits)
                elif self._waits and self._chance.random() < 0.5:
                    await asyncio.sleep(self._chance.random() * self._waits)
                outcome = await _answer(self._states.commit(room, Change(asked), seen.version))
                if not isinstance(outcome, Conflict):
                    return self._did(room, seen.copy(), asked, outcome, run)
                if not is_turn:
                    await lock.acquire()
                    is_turn = True
                await _answer(self._states.take_turn(room, self))
        finally:
            if is_turn:
                self._states.end_turn(room, self)
                lock.release()
        raise Conflicted(room)

    async def blindly(self, room: str, *asked: Any) -> Done:
        """Write without a look."""
        outcome = await _answer(self._states.commit(room, Change(asked), None))
        return self._did(room, None, asked, outcome, 1)

    def _did(self, room: str, saw: Any, asked: Any, outcome: Any, runs: int) -> Done:
        state = outcome.state
        done = Done(room, state.version, saw, asked, state.copy(), runs)
        self.done.append(done)
        return done


class Group(Player):
    """Does transactions that take the turn first, and then go on before the last is committed."""

    def __init__(self, states: RoomStates, chance: random.Random) -> None:
        super().__init__(states, chance)
        self._waiting: dict[str, int] = {}
        self.ahead = 0
        """How often something was seen that was not committed yet."""
        self.most_runs = MOST_RUNS

    def never_gives_up(self) -> None:
        """Nobody is fair to it."""
        self.most_runs = 1000

    async def act(self, room: str, choose: Callable[[dict[str, Any]], Any]) -> Done | None:
        """Look, choose, write; again if what was seen did not become true."""
        for run in range(1, self.most_runs + 1):
            user = object()
            try:
                is_true, done = await self._try(room, choose, run, user)
            finally:
                self._states.end_turn(room, user)
            if is_true:
                return done
        raise Conflicted(room)

    async def _try(self, room: str, choose: Any, run: int, user: object) -> tuple[bool, Any]:
        async with self._turn(room):
            await _answer(self._states.take_turn(room, user))
            ahead = self._states.ahead(room)
            self.ahead += ahead is not None
            seen = await _answer(self._states.look(room)) if ahead is None else ahead.state
            asked = choose(seen.copy())
            if asked is not None:
                answer = self._states.commit(room, Change(asked), seen.version)
        if asked is None:
            return ahead is None or await asyncio.shield(ahead.settled), None
        outcome = await _answer(answer)
        if isinstance(outcome, Conflict):
            return False, None
        return True, self._did(room, seen.copy(), asked, outcome, run)

    @asynccontextmanager
    async def _turn(self, room: str) -> AsyncIterator[None]:
        """One runs at a time; what is ahead is committed when nobody else is about to."""
        lock = self._locks.setdefault(room, asyncio.Lock())
        self._waiting[room] = self._waiting.get(room, 0) + 1
        async with lock:
            self._waiting[room] -= 1
            yield
        if not self._waiting[room]:
            self._states.settle(room)


async def _answer(found: Any) -> Any:
    return await found if asyncio.iscoroutine(found) or asyncio.isfuture(found) else found


def choose_randomly(chance: random.Random, name: str) -> Callable[[dict[str, Any]], Any]:
    """What a handler might do: take something that is free, move a number, note that it was."""

    def choose(seen: dict[str, Any]) -> Any:
        kind = chance.randrange(4)
        if kind == 0:
            free = [cell for cell in map(str, range(30)) if cell not in seen.get("cells", {})]
            return (("patch", {"cells": {free[0]: name}}),) if free else None
        if kind == 1:
            return (("patch", {"count": seen.get("count", 0) + 1, "last": name}),)
        if kind == 2:
            return (("patch", {"cells": None, "last": None}), ("append", {"log": name}))
        return (("add", {"sum": 1}), ("patch", {"seen": len(seen.get("log", []))}))

    return choose
