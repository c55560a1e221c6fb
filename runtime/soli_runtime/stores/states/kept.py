"""The states of rooms that several processes share: `RoomStates` over a store.

A change is true when the store has it. In each room one commit of this process is under way at a
time, and who looks at the room waits for its end; so events of one process that do not wait never
conflict with each other. Changes that need no view gather meanwhile and go together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Protocol

from soli_lang.base.errors import SoliError

from ...core.answers import Answer
from ...core.effects import RoomName
from ...core.state.changes import Change
from ...core.state.here import UNKNOWN
from ...core.state.incoming import BOUNDS, Bounds
from ...core.state.port import Committed, Conflict, Made, Outcome
from ...core.state.rules import StateRule, rule_of
from ...core.state.values import State, StateRefused, undeclared
from ..errors import StoreError
from .groups import Group
from .heads import Head, is_beginning, written
from .store import Outcome as Kept
from .store import StateStore
from .turns import LeasedTurns
from .upkeep import Upkeep

MAX_HEADS = 256
"""Rooms without members here of which something is remembered."""
MAX_TOGETHER = 256
"""Changes without a view that are written at once."""
LEAST_WEIGHT = 8192
"""Bytes of changes that are not worth a new base."""
PUT_OFF_SECONDS = 0.002
MOST_PUT_OFF_SECONDS = 0.05
"""Changes without a view wait so long for one of this process that has its turn."""
CONTENDED_SECONDS = 1.0
"""After another process came first, for which events take the turn before they run."""
GROUP_SECONDS = 0.002
"""After which a group is committed, whoever was about to join it."""
TOLD_TO_STRANGERS = 16
"""Changes that are told again by who does not know what was told."""


class Told(Protocol):
    """What members of rooms here were told."""

    def get(self, room: RoomName) -> Mirrored | None: ...


class Mirrored(Protocol):
    """A room with members here."""

    @property
    def state(self) -> State: ...


class _Room(Head):
    """A room, and what is under way in it."""

    __slots__ = ("contended_until", "flight", "group", "queue")

    def __init__(self, bounds: Bounds) -> None:
        super().__init__(bounds)
        self.flight: asyncio.Future[None] | None = None
        """Done when the commit has ended that is under way."""
        self.queue: list[_Waiting] = []
        """Changes that need no view."""
        self.group: Group | None = None
        """Changes that are committed together, as soon as nobody else joins them."""
        self.contended_until = 0.0
        """Until when who comes new takes the turn first."""


class _Waiting:
    __slots__ = ("answer", "change", "since")

    def __init__(self, change: Change, answer: asyncio.Future[Outcome], since: float) -> None:
        self.change = change
        self.answer = answer
        self.since = since

    def make(self, found: Head, rule: StateRule) -> None:
        """The store has it: it is made, or passed over."""
        refused = found.make(self.change, rule)
        if refused is not None:
            self.fail(refused)
        elif not self.answer.done():
            self.answer.set_result(Committed(found.state, found.diffs[-1].diff))

    def fail(self, error: SoliError) -> None:
        """It was not done."""
        if not self.answer.done():
            self.answer.set_exception(error)


class KeptRoomStates:
    """See the module. *told* says what members of this process know."""

    def __init__(
        self,
        store: StateStore,
        loop: asyncio.AbstractEventLoop,
        told: Told,
        name: str,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._store = store
        self._loop = loop
        self._told = told
        self._bounds = bounds
        self._rules: tuple[StateRule, ...] = ()
        self._rooms: dict[RoomName, _Room] = {}
        self._turns = LeasedTurns(store, loop, name)
        self._upkeep = Upkeep(store, loop, self._rule)
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, rules: Sequence[StateRule]) -> None:
        """Keep what *rules* say from now on."""
        self._rules = tuple(rules)

    def occupy(self, room: RoomName) -> None:
        """There are members here."""
        self._upkeep.occupy(room)

    def vacate(self, room: RoomName) -> None:
        """There are none here any more."""
        self._upkeep.vacate(room)

    def is_contended(self, room: RoomName) -> bool:
        """Whether another process came first there lately."""
        found = self._rooms.get(room)
        return found is not None and found.contended_until > self._loop.time()

    def take_turn(self, room: RoomName, user: object) -> Answer[None]:
        """Go before those that come new, in all processes."""
        answer = self._turns.take(room, user)
        return None if answer is None else self._take_turn(room, answer)

    async def _take_turn(self, room: RoomName, turn: Awaitable[None]) -> None:
        self.settle(room)
        await self._landed(self._room(room))  # before the turn is given to others
        await turn
        await self.look_elsewhere(room)  # others had it until now

    def end_turn(self, room: RoomName, user: object) -> None:
        """Others may go on."""
        self._turns.end(room, user)

    async def close(self) -> None:
        """Finish what is under way."""
        await self._upkeep.close()
        await self._turns.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # Looking

    def look(self, room: RoomName) -> Answer[State]:
        """What a room holds now; when nothing is under way and members are here, at once."""
        found = self._rooms.get(room)
        if found is not None and found.group is not None:
            self.settle(room)
        if found is not None and found.flight is not None:
            return self._look_later(room, found)
        told = self._told.get(room)
        if told is None or told.state.version == UNKNOWN:
            return self.look_elsewhere(room)
        return self._newest(self._room(room), told).state

    async def _look_later(self, room: RoomName, found: _Room) -> State:
        await self._landed(found)
        told = self._told.get(room)
        if told is None or told.state.version == UNKNOWN:
            return await self.look_elsewhere(room)
        return self._newest(found, told).state

    async def _landed(self, found: _Room) -> None:
        while found.flight is not None:
            await asyncio.shield(found.flight)

    async def look_elsewhere(self, room: RoomName) -> State:
        """What the store has, whatever is known here."""
        while True:
            found = self._room(room)
            known = found.state.version
            news = await self._store.load(room, known)
            if found.group is not None:
                self.settle(room)
            if found.flight is None:
                found.take(news, known)
                return found.state
            # It may tell of what is under way here, whose end is to be awaited.
            await asyncio.shield(found.flight)

    def _room(self, room: RoomName) -> _Room:
        found = self._rooms.pop(room, None)
        if found is None:
            found = _Room(self._bounds)
            if len(self._rooms) >= MAX_HEADS:
                self._forget_some()
        self._rooms[room] = found  # the last that was used is the last
        return found

    def _forget_some(self) -> None:
        idle = [
            name
            for name, room in self._rooms.items()
            if room.flight is None
            and room.group is None
            and not room.queue
            and self._told.get(name) is None
        ]
        for name in idle[: max(0, len(idle) - MAX_HEADS // 2)]:
            del self._rooms[name]

    def _newest(self, found: _Room, told: Mirrored | None) -> _Room:
        """*found*, which knows what members know as well."""
        if told is not None and told.state.version > found.state.version:
            found.become(told.state)
        return found

    def _rule(self, room: RoomName) -> StateRule:
        rule = rule_of(self._rules, room)
        if rule is None:
            raise undeclared(room)
        return rule

    # Changing

    def commit(self, room: RoomName, change: Change, expected: int | None) -> Answer[Outcome]:
        """Make a change; see `RoomStates`."""
        self._rule(room)
        found = self._room(room)
        if expected is not None:
            if found.flight is None and self._turns.is_used(room):
                return self._commit_together(room, found, change, expected)
            return self._commit_checked(room, found, change, expected)
        waiting = _Waiting(change, self._loop.create_future(), self._loop.time())
        found.queue.append(waiting)
        self._begin_queue(room, found)
        return waiting.answer

    def ahead(self, room: RoomName) -> Group | None:
        """See `RoomStates`."""
        found = self._rooms.get(room)
        return None if found is None else found.group

    def settle(self, room: RoomName) -> None:
        """See `RoomStates`."""
        found = self._rooms.get(room)
        if found is None or found.group is None:
            return
        group, found.group = found.group, None
        group.end()
        self._start(self._commit_group(room, found, group, self._begin_flight(found)))

    def made(self, room: RoomName, since: int | None, before: int) -> Sequence[Made]:
        """See `RoomStates`."""
        found = self._rooms.get(room)
        made = [] if found is None else found.since(since, TOLD_TO_STRANGERS)
        return [one for one in made if one.version < before]

    def _commit_together(
        self, room: RoomName, found: _Room, change: Change, expected: int
    ) -> Answer[Outcome]:
        """Commit with what others here, which have the turn as well, do before and after it."""
        group = found.group
        if group is None:
            group = Group(self._loop, self._newest(found, self._told.get(room)).state, self._bounds)
        if group.state.version != expected:
            return Conflict(group.state.version)
        try:
            answer = group.add(change, self._rule(room))
        except StateRefused as refused:
            if len(group):
                return group.refused(refused)
            return self._commit_checked(room, found, change, expected)
        if found.group is None:
            found.group = group
            group.end_by(self._loop.call_later(GROUP_SECONDS, self.settle, room))
        if len(group) >= MAX_TOGETHER:
            self.settle(room)
        return answer

    async def _commit_group(
        self, room: RoomName, found: _Room, group: Group, flight: asyncio.Future[None]
    ) -> None:
        try:
            rule, seen = self._rule(room), group.since
            kept = await self._store.commit(
                room, seen, group.texts, rule.seconds, is_checked=True, writer=self._turns.writer
            )
            _learn(found, kept, seen)
            if kept.is_done:
                group.done(found)
                self._compact(room, found, kept.weight)
            else:
                found.contended_until = self._loop.time() + CONTENDED_SECONDS
                group.lost(found.state.version)
        except SoliError as error:
            group.fail(error)
        finally:
            self._end_flight(found, flight)
            self._begin_queue(room, found)

    async def _commit_checked(
        self, room: RoomName, found: _Room, change: Change, expected: int
    ) -> Outcome:
        self.settle(room)
        await self._landed(found)
        self._newest(found, self._told.get(room))
        if found.state.version != expected:
            return Conflict(found.state.version)
        flight = self._begin_flight(found)
        try:
            return await self._commit_seen(room, found, change)
        finally:
            self._end_flight(found, flight)
            self._begin_queue(room, found)

    async def _commit_seen(self, room: RoomName, found: _Room, change: Change) -> Outcome:
        """Make a change of what *found* knows, if that is the newest."""
        rule, seen = self._rule(room), found.state.version
        try:
            state, diff = found.tried(change, rule)
        except StateRefused:
            found.take(await self._store.load(room, seen), seen)
            if found.state.version != seen:
                return Conflict(found.state.version)
            raise
        texts, writer = [written(change, rule)], self._turns.writer
        kept = await self._store.commit(
            room, seen, texts, rule.seconds, is_checked=True, writer=writer
        )
        _learn(found, kept, seen)
        if not kept.is_done:
            found.contended_until = self._loop.time() + CONTENDED_SECONDS
            return Conflict(found.state.version)
        state = state.at(found.state.version + 1)
        found.push(state, diff)
        self._compact(room, found, kept.weight)
        return Committed(state, diff)

    def _begin_queue(self, room: RoomName, found: _Room) -> None:
        """Write what gathered, if it is the time."""
        if not found.queue or found.flight is not None:
            return
        if found.group is not None:
            return  # it begins when that is done
        now = self._loop.time()
        if self._turns.is_used(room) and now - found.queue[0].since < MOST_PUT_OFF_SECONDS:
            # Somebody looked, and is about to change what it saw.
            self._loop.call_later(PUT_OFF_SECONDS, self._begin_queue, room, found)
            return
        self._newest(found, self._told.get(room))
        self._start(self._commit_queue(room, found, self._begin_flight(found)))

    async def _commit_queue(
        self, room: RoomName, found: _Room, flight: asyncio.Future[None]
    ) -> None:
        some, found.queue = found.queue[:MAX_TOGETHER], found.queue[MAX_TOGETHER:]
        try:
            rule, seen = self._rule(room), found.state.version
            kept = await self._write(room, seen, [written(one.change, rule) for one in some], rule)
            _learn(found, kept, seen)
            for one in some:
                one.make(found, rule)
            self._compact(room, found, kept.weight)
        except SoliError as error:
            for one in some:
                one.fail(error)
        finally:
            self._end_flight(found, flight)
            # Who waited to change what it saw goes first.
            self._loop.call_soon(self._begin_queue, room, found)

    async def _write(
        self, room: RoomName, known: int, texts: Sequence[str], rule: StateRule
    ) -> Kept:
        """Append changes that need no view, in turn with those that do."""
        turns, writer = self._turns, self._turns.writer
        try:
            while True:
                kept = await self._store.commit(
                    room, known, texts, rule.seconds, is_checked=False, writer=writer
                )
                if not kept.is_taken:
                    return kept
                waited = turns.take(room, self)
                if waited is not None:
                    await waited
        finally:
            turns.end(room, self)

    def _begin_flight(self, found: _Room) -> asyncio.Future[None]:
        found.flight = self._loop.create_future()
        return found.flight

    def _end_flight(self, found: _Room, flight: asyncio.Future[None]) -> None:
        found.flight = None
        flight.set_result(None)

    def _compact(self, room: RoomName, found: _Room, weight: int) -> None:
        """Give the store a new base when the changes have become many."""
        if weight > LEAST_WEIGHT + 2 * found.state.size:
            state = found.state
            self._start(_quietly(self._store.compact(room, state.version, state.text)))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _learn(found: Head, kept: Kept, known: int) -> None:
    if not kept.is_done or not is_beginning(kept.news):
        found.take(kept.news, known)
    elif kept.news.base > found.state.version:
        found.begin(kept.news.base)


async def _quietly(work: Awaitable[None]) -> None:
    """What fails is tried again by whoever comes next."""
    with suppress(StoreError):
        await work
