"""What the members of this process were told of a room's state, and what they still have to be.

Diffs go out at once, one for each change, as long as a room changes seldom. Past `BURST` in quick
succession they are joined, so that members hear at most BURST + A_SECOND in any second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from ..effects import ConnectionId, RoomName
from . import wire
from .changes import Diff, between, compose, merged
from .rules import StateRule, rule_of
from .values import EMPTY, State, encoded

BURST = 10
"""Diffs that a room that was quiet tells one by one."""
A_SECOND = 40
"""Diffs that it tells a second from then on."""
MAX_CAUSERS = 100
"""Connections that share the cost of telling one diff."""
MAX_DIFFS = 1000
"""Diffs that are remembered of a room, for those who come back."""


class Past(NamedTuple):
    """A diff that was told."""

    place: int
    diff: Diff
    size: int


class Mirror:
    """The state of one room as its members here have it."""

    __slots__ = (
        "_allowance", "_filled_at", "_past", "_past_bytes", "_pending", "floor", "is_pending",
        "place", "rule", "state", "told", "told_place",
    )  # fmt: skip

    def __init__(self, rule: StateRule, state: State, place: int) -> None:
        self.rule = rule
        self.state = state
        self.told = state
        """What members know: those who join are told this."""
        self.place = self.told_place = self.floor = place
        """Where the order of all messages was at the last change, and at that of `told`; and
        up to where changes are not remembered."""
        self.is_pending = False
        """Whether members have yet to hear of changes."""
        self._pending: Diff | None = None
        """All of them as one, where one diff says it."""
        self._allowance = float(BURST)
        self._filled_at = float("-inf")
        self._past: deque[Past] = deque()
        self._past_bytes = 0

    def change(self, version: int, diff: Diff, place: int) -> bool:
        """Take a change, which members have yet to hear of. False: changes before it are missing.

        One that is known already: nothing.
        """
        if version <= self.state.version:
            return True
        if not diff.keep:
            self._begin_anew(version, place)
            return True
        if version != self.state.version + 1:
            return False
        if not (diff.patch or diff.append):
            self.state = self.state.at(version)
            return True
        self.state = merged(self.state, diff)
        self.place = place
        if not self.is_pending:
            self.is_pending, self._pending = True, diff
        elif self._pending is not None:
            self._pending = compose(self._pending, diff)
        return True

    def _begin_anew(self, version: int, place: int) -> None:
        """The room holds nothing at *version*."""
        was_empty = not self.state.value
        self.state = EMPTY.at(version)
        if not was_empty:
            self.place = place
            self.is_pending, self._pending = True, None

    def load(self, state: State, place: int) -> bool:
        """What the room holds now, as far as is known elsewhere. Whether members know another.

        Who comes back is told the whole.
        """
        self.state = state
        self.place = self.floor = place
        self._past.clear()
        self._past_bytes = 0
        self.is_pending, self._pending = False, None
        before, self.told, self.told_place = self.told, state, place
        return before.text != state.text

    def may_tell(self, now: float) -> bool:
        """Whether it is time for one diff more; it counts as told."""
        if now > self._filled_at:
            gained = (now - self._filled_at) * A_SECOND
            self._allowance = min(float(BURST), self._allowance + gained)
            self._filled_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def due(self) -> float:
        """When it will be."""
        return self._filled_at + max(0.0, 1 - self._allowance) / A_SECOND

    def take(self, room: RoomName) -> str:
        """The diff that members have yet to hear."""
        diff = self._pending
        if diff is None:  # an Array that grew is told as a whole then
            diff = Diff(between(self.told.value, self.state.value), {}, self.rule.keep)
        self.is_pending, self._pending = False, None
        self._remember(Past(self.place, diff, len(encoded([diff.patch, diff.append]))))
        self.told, self.told_place = self.state, self.place
        return wire.room_diff(room, diff, self.state)

    def _remember(self, past: Past) -> None:
        """More than the whole state nobody is ever told."""
        self._past.append(past)
        self._past_bytes += past.size
        while self._past and (
            len(self._past) > MAX_DIFFS or self._past_bytes > max(self.state.size, 1024)
        ):
            gone = self._past.popleft()
            self._past_bytes -= gone.size
            self.floor = gone.place

    def position(self, position: str) -> str:
        """The *position* that members have, who may have heard less of the state than else."""
        return f"{position}+{self.told_place}" if self.is_pending else position

    def since(self, place: int | None) -> Diff | None:
        """All that was told since *place*, as one; None: the whole has to be told."""
        if place is None or place < self.floor:
            return None
        found = Diff({}, {}, self.rule.keep)
        for past in self._past:
            if past.place > place:
                joined = compose(found, past.diff)
                if joined is None:
                    return None
                found = joined
        return found


Reload: TypeAlias = Callable[[RoomName, int], object]
"""Gets a room and the version up to which it is known: changes behind that are missing here."""


class Mirrors:
    """The rooms that tell their state and have members here."""

    def __init__(self) -> None:
        self.rules: tuple[StateRule, ...] = ()
        self._by_room: dict[RoomName, Mirror] = {}
        self._pending: dict[RoomName, Mirror] = {}
        self._causers: dict[RoomName, dict[ConnectionId, None]] = {}
        """Whose changes wait to be told."""
        self._reload: Reload | None = None

    def follow(self, rules: Iterable[StateRule]) -> None:
        """Hold what *rules* say from now on."""
        self.rules = tuple(rules)

    def reload_by(self, reload: Reload) -> None:
        """Tell *reload* where changes are missing; it has them applied, or the whole loaded."""
        self._reload = reload

    def rule_of(self, room: RoomName) -> StateRule | None:
        """The rule of a room; None: it holds nothing."""
        return rule_of(self.rules, room)

    def get(self, room: RoomName) -> Mirror | None:
        """What members of a room know."""
        return self._by_room.get(room)

    def rooms(self) -> dict[RoomName, int]:
        """The rooms, and the version at which each is known."""
        return {room: mirror.state.version for room, mirror in self._by_room.items()}

    def names(self) -> list[RoomName]:
        """The names of these rooms."""
        return list(self._by_room)

    def version_of(self, room: RoomName) -> int | None:
        """The version at which a room is known; None: it is not."""
        mirror = self._by_room.get(room)
        return None if mirror is None else mirror.state.version

    def holds(self, room: RoomName) -> bool:
        """Whether members of a room know that it holds something."""
        mirror = self._by_room.get(room)
        return mirror is not None and bool(mirror.state.value)

    def begin(self, room: RoomName, rule: StateRule, state: State, place: int) -> Mirror:
        """The room has members from now on."""
        mirror = self._by_room[room] = Mirror(rule, state, place)
        return mirror

    def end(self, room: RoomName) -> None:
        """It has none any more."""
        self._by_room.pop(room, None)
        self.told(room)

    def misses(self, room: RoomName, mirror: Mirror) -> None:
        """Changes did not come this way."""
        if self._reload is not None:
            self._reload(room, mirror.state.version)

    def put_off(self, room: RoomName, mirror: Mirror) -> float | None:
        """Its diff has to wait; until when, if nobody knows that yet."""
        if room in self._pending:
            return None
        self._pending[room] = mirror
        return mirror.due()

    def told(self, room: RoomName) -> None:
        """Nothing of a room waits."""
        self._pending.pop(room, None)
        self._causers.pop(room, None)

    def caused(self, room: RoomName, actor: ConnectionId) -> None:
        """*actor* changes *room*."""
        causers = self._causers.setdefault(room, {})
        if len(causers) < MAX_CAUSERS:
            causers[actor] = None

    def causers(self, room: RoomName) -> tuple[ConnectionId, ...]:
        """Whose changes wait there."""
        return tuple(self._causers.get(room, ()))

    @property
    def due(self) -> float | None:
        """When the next diff may be told that waits."""
        return min((mirror.due() for mirror in self._pending.values()), default=None)

    def over(self, now: float) -> Iterator[tuple[RoomName, Mirror]]:
        """Rooms whose diffs waited long enough."""
        for room, mirror in tuple(self._pending.items()):
            if mirror.may_tell(now):
                del self._pending[room]
                yield room, mirror
