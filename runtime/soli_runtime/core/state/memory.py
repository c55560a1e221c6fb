"""States of rooms in the memory of one process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..effects import RoomName
from .changes import Change, applied
from .incoming import BOUNDS, Bounds
from .port import Committed, Conflict, Made, Outcome
from .rules import StateRule, rule_of
from .values import EMPTY, State, StateRefused, undeclared

ROOM_BYTES = 400
"""What a room takes beside its state, roughly."""
FORGOTTEN_AT_ONCE = 2
"""States that are over which one change gives back."""


class Totals(NamedTuple):
    """What all rooms together may hold; 0: no limit."""

    bytes: int = 64 << 20
    rooms: int = 100_000


TOTALS = Totals()
"""Where nothing else is said."""


class _Held:
    """One room."""

    __slots__ = ("ends", "rule", "state")

    def __init__(self, state: State, rule: StateRule) -> None:
        self.state = state
        self.rule = rule
        self.ends: float | None = None
        """When it holds nothing any more; None: there are members."""


class MemoryRoomStates:
    """`RoomStates` of one process. *clock* gives seconds."""

    def __init__(
        self, clock: Callable[[], float], bounds: Bounds = BOUNDS, totals: Totals = TOTALS
    ) -> None:
        self._clock = clock
        self._bounds = bounds
        self._totals = totals
        self.rules: tuple[StateRule, ...] = ()
        self._held: OrderedDict[RoomName, _Held] = OrderedDict()
        """The one that was changed last is the last."""
        self._occupied: set[RoomName] = set()
        self.bytes_used = 0
        self._floor = 0
        """The highest version of a room that was forgotten: a new one goes on from there."""

    def __len__(self) -> int:
        return len(self._held)

    def rooms(self) -> tuple[RoomName, ...]:
        """Those that hold something, or did lately."""
        return tuple(self._held)

    def follow(self, rules: Sequence[StateRule]) -> None:
        """Keep what *rules* say from now on."""
        self.rules = tuple(rules)
        for room, held in tuple(self._held.items()):
            rule = rule_of(self.rules, room)
            if rule is None:
                self._forget(room)
            else:
                held.rule = rule

    def look(self, room: RoomName) -> State:
        """What a room holds now."""
        held = self._current(room)
        if held is not None:
            return held.state
        return EMPTY if not self._floor else EMPTY.at(self._floor)

    def commit(self, room: RoomName, change: Change, expected: int | None) -> Outcome:
        """Make a change. Raises StateRefused."""
        before = self.look(room)
        if expected is not None and expected != before.version:
            return Conflict(before.version)
        rule = rule_of(self.rules, room)
        if rule is None:
            raise undeclared(room)
        after, diff = applied(before, change, rule, self._bounds)
        self._check_totals(room, after)
        self._hold(room, rule, after)
        return Committed(after, diff)

    def ahead(self, room: RoomName) -> None:
        """Nothing: each change is committed at once."""

    def settle(self, room: RoomName) -> None:
        """Nothing is ahead."""

    def made(self, room: RoomName, since: int | None, before: int) -> Sequence[Made]:
        """Nothing: each change is told at once."""
        return ()

    def occupy(self, room: RoomName) -> None:
        """There are members."""
        held = self._current(room)
        self._occupied.add(room)
        if held is not None:
            held.ends = None

    def vacate(self, room: RoomName) -> None:
        """There are none any more."""
        self._occupied.discard(room)
        held = self._held.get(room)
        if held is not None:
            held.ends = self._clock() + held.rule.seconds

    def is_contended(self, room: RoomName) -> bool:
        """Nobody is elsewhere."""
        return False

    def take_turn(self, room: RoomName, user: object) -> None:
        """Nobody is elsewhere."""

    def end_turn(self, room: RoomName, user: object) -> None:
        """Nobody is elsewhere."""

    def _hold(self, room: RoomName, rule: StateRule, state: State) -> None:
        held = self._held.get(room)
        if held is None:
            self._forget_some()
            held = self._held[room] = _Held(state, rule)
            self.bytes_used += state.size + ROOM_BYTES
        else:
            self.bytes_used += state.size - held.state.size
            held.state = state
            self._held.move_to_end(room)
        if room not in self._occupied:
            held.ends = self._clock() + rule.seconds

    def _check_totals(self, room: RoomName, after: State) -> None:
        held, totals = self._held.get(room), self._totals
        grows = after.size + ROOM_BYTES if held is None else after.size - held.state.size
        is_full = totals.bytes and grows > 0 and self.bytes_used + grows > totals.bytes
        is_one_too_many = held is None and totals.rooms and len(self._held) >= totals.rooms
        if is_full or is_one_too_many:
            self._forget_all_over()
            held = self._held.get(room)
        if totals.bytes and grows > 0 and self.bytes_used + grows > totals.bytes:
            raise StateRefused(
                f"the state of all rooms has {self.bytes_used} bytes; this change of '{room}' "
                f"would pass {totals.bytes} (room-bytes)"
            )
        if held is None and totals.rooms and len(self._held) >= totals.rooms:
            raise StateRefused(f"{len(self._held)} rooms hold state, at most {totals.rooms} may")

    # What is over

    def _current(self, room: RoomName) -> _Held | None:
        held = self._held.get(room)
        if held is not None and held.ends is not None and held.ends <= self._clock():
            self._forget(room)
            return None
        return held

    def _forget(self, room: RoomName) -> None:
        held = self._held.pop(room)
        self.bytes_used -= held.state.size + ROOM_BYTES
        self._floor = max(self._floor, held.state.version)

    def _forget_some(self) -> None:
        """Give back the rooms that were changed longest ago, if they are over."""
        for _ in range(FORGOTTEN_AT_ONCE):
            room = next(iter(self._held), None)
            if room is None or self._current(room) is not None:
                return

    def _forget_all_over(self) -> None:
        for room in tuple(self._held):
            self._current(room)
