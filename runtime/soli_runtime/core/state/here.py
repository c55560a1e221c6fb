"""The rooms that hold state, as this process has them: who is there is told what they hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ..answers import Answer
from ..effects import ConnectionId, Effect, RoomName, Send, SendFor, Wake
from ..rooms import Rooms
from . import wire
from .changes import Diff, between
from .expected import Expecting
from .incoming import BOUNDS, Bounds
from .mirrors import Mirror, Mirrors
from .port import RoomStates
from .rules import StateRule
from .values import EMPTY, State

UNKNOWN = -1
"""The version of a mirror as long as nothing is known of its room."""


class StatesHere:
    """Members join, changes arrive, time passes: effects on the connections of this process."""

    def __init__(
        self,
        rooms: Rooms,
        kept: RoomStates,
        place: Callable[[], int],
        moved: Callable[[RoomName], None],
    ) -> None:
        self._rooms = rooms
        self.kept = kept
        """Where they are kept."""
        self.mirrors = Mirrors()
        self.rules: tuple[StateRule, ...] = ()
        self._place = place
        """Where the order of all messages is now."""
        self._moved = moved
        """Is told of rooms whose followers have seen more now."""
        self.expecting = Expecting()
        self._bounds = BOUNDS
        self._ready: dict[RoomName, State] = {}
        """Rooms that somebody is about to join."""

    def keep_in(self, kept: RoomStates, bounds: Bounds = BOUNDS) -> None:
        """Keep them there, before anything is declared."""
        self.kept = kept
        self._bounds = bounds

    @property
    def bounds(self) -> Bounds:
        """What may be said of any room."""
        most = max((rule.bytes for rule in self.rules), default=0)
        return self._bounds._replace(bytes=most) if most else self._bounds

    def follow(self, rules: Sequence[StateRule]) -> list[Effect]:
        """Hold what *rules* say from now on; members are told what their rooms hold then."""
        if tuple(rules) == self.rules:
            return []
        before, self.rules = self.mirrors.rooms(), tuple(rules)
        self.kept.follow(self.rules)
        self.mirrors.follow(self.rules)
        for room in before:
            self.mirrors.end(room)
        effects: list[Effect] = []
        for room, found in self._rooms.items():
            mirror = self._begin(room)
            if mirror is not None and room not in before and mirror.state.version != UNKNOWN:
                effects.append(Send(found.recipients, wire.room_state(room, mirror.told)))
        return effects

    def ready(self, room: RoomName) -> Answer[None]:
        """Be able to tell at once what *room* holds: somebody is about to join it."""
        rule = self.mirrors.rule_of(room)
        if rule is None or not rule.tell or self.mirrors.get(room) is not None:
            return None
        found = self.kept.look(room)
        return self._await(room, found) if isinstance(found, Awaitable) else None

    async def _await(self, room: RoomName, found: Awaitable[State]) -> None:
        expected = self.expecting.begin(room)
        expected.know(await found)

    def entered(self, room: RoomName) -> Mirror | None:
        """Somebody joined *room*; None: it tells nothing."""
        found = self.mirrors.get(room)
        if found is not None:
            return found
        return self._begin(room) if len(self._rooms[room].members) == 1 else None

    def left(self, room: RoomName) -> None:
        """Somebody left it."""
        if room not in self._rooms and self.mirrors.rule_of(room) is not None:
            self.mirrors.end(room)
            self.kept.vacate(room)

    def _begin(self, room: RoomName) -> Mirror | None:
        rule = self.mirrors.rule_of(room)
        if rule is None:
            return None
        self.kept.occupy(room)
        if not rule.tell:
            return None
        state = self.expecting.take(room)
        if state is None:
            looked = self.kept.look(room)
            state = looked if isinstance(looked, State) else _not_awaited(looked)
        mirror = self.mirrors.begin(room, rule, state, self._place())
        if state.version == UNKNOWN:
            self.mirrors.misses(room, mirror)
        return mirror

    def changed(
        self, room: RoomName, version: int, diff: Diff, now: float, *, is_told_first: bool
    ) -> list[Effect]:
        """A change has its turn."""
        mirror = self.mirrors.get(room)
        if mirror is None:
            if room in self.expecting:
                self.expecting[room].change(version, diff)
            return []
        if not mirror.change(version, diff, self._place()):
            return self._reloaded(room, mirror, version)
        if not mirror.is_pending:
            return []
        may_tell = mirror.may_tell(now)
        if may_tell or is_told_first:
            return [self._told(room, mirror)]
        due = self.mirrors.put_off(room, mirror)
        return [] if due is None else [Wake(due)]

    def load(self, room: RoomName, state: State) -> list[Effect]:
        """What a room holds of which changes did not come this way."""
        mirror = self.mirrors.get(room)
        if mirror is None:
            return []
        before = mirror.told
        self.mirrors.told(room)
        if not mirror.load(state, self._place()) and before.version != UNKNOWN:
            return []
        self._moved(room)
        if before.version == UNKNOWN:
            text = wire.room_state(room, state)
        else:
            diff = Diff(between(before.value, state.value), {}, mirror.rule.keep)
            text = wire.room_diff(room, diff, state)
        return [Send(self._rooms[room].recipients, text)]

    def caused(self, room: RoomName, actor: ConnectionId) -> None:
        """The next change of *room* is that of *actor*, who pays for telling it if that waits."""
        if self.mirrors.get(room) is not None:
            self.mirrors.caused(room, actor)

    def flush(self, now: float) -> list[Effect]:
        """Tell what waited."""
        return [self._told_late(room, mirror) for room, mirror in self.mirrors.over(now)]

    def _told_late(self, room: RoomName, mirror: Mirror) -> Effect:
        causers = self.mirrors.causers(room)
        told = self._told(room, mirror)
        return SendFor(told.recipients, told.payload, causers) if causers else told

    def _reloaded(self, room: RoomName, mirror: Mirror, version: int) -> list[Effect]:
        looked = self.kept.look(room)
        if isinstance(looked, State) and looked.version >= version:
            return self.load(room, looked)
        if not isinstance(looked, State):
            _not_awaited(looked)
        self.mirrors.misses(room, mirror)
        return []

    def _told(self, room: RoomName, mirror: Mirror) -> Send:
        self.mirrors.told(room)
        self._moved(room)
        return Send(self._rooms[room].recipients, mirror.take(room))


def _not_awaited(answer: Awaitable[State]) -> State:
    """Nothing is known yet."""
    close = getattr(answer, "close", None)
    if close is not None:
        close()
    return EMPTY.at(UNKNOWN)
