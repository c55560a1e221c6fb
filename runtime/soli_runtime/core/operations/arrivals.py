"""What happens in this process when the turn of an operation has come.

An operation was decided somewhere (here, by `hub`, or in another process) and has its place in the
one order that a broker makes. Here it takes effect: on the members of rooms, on the roster, on who
is told what. With a single process every turn comes at once; a broker with a log applies operations
as it reads them, in that order, one entry per synchronous step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from ..effects import (
    EVERYONE,
    Close,
    Effect,
    EveryoneBut,
    Members,
    One,
    Payload,
    Recipients,
    Replay,
    RoomName,
    Send,
    SendOptions,
    SendVolatile,
)
from ..history import resuming
from ..history.rings import History, Kept
from ..history.rules import Rule
from ..presence import Presence
from ..rooms import Followers, Room, Rooms
from ..roster import Entry
from ..seats import Seat, Seats
from ..state import wire as state_wire
from ..state.changes import Diff
from ..state.here import UNKNOWN, StatesHere
from ..state.memory import MemoryRoomStates
from ..state.mirrors import Mirror
from ..state.port import RoomStates
from .records import (
    Closed,
    Connected,
    Disconnected,
    Joined,
    Left,
    Lingered,
    Message,
    MessageToAll,
    MessageToOne,
    Operation,
    Revised,
    StateChanged,
    Tracked,
    Untracked,
)

MANY = 64
"""Messages of the past, from which on they go out in slices."""
LATE_BYTES = 256 << 10
"""In one slice of what members get late."""
TIMELESS = 0.0
"""The time of an operation whose effects do not depend on it."""

Applier: TypeAlias = Callable[[Any, float], list[Effect]]
"""Gets an operation and the time, in seconds."""


class Arrivals:
    """Operations whose turn has come, as effects on the connections of this process.

    What concerns a connection that is not here, or gone, does nothing to members and sends
    nothing; the roster is of all processes.
    """

    def __init__(
        self,
        seats: Seats,
        rooms: Rooms,
        presence: Presence,
        history: History | None = None,
        states: RoomStates | None = None,
    ) -> None:
        self.seats = seats
        self.rooms = rooms
        self.presence = presence
        self.history = History("", lambda: 0.0) if history is None else history
        """Without rules it keeps nothing."""
        self._moved: dict[RoomName, None] = {}
        """Rooms with followers to which something was said in this turn of the loop."""
        kept = MemoryRoomStates(lambda: 0.0) if states is None else states
        self.states = StatesHere(rooms, kept, lambda: self.history.place, self._note_moved)
        self.appliers: dict[type[Any], Applier] = {
            Connected: _nothing,
            Disconnected: _nothing,
            Closed: self.closed,
            Joined: self.joined,
            Left: self.left,
            Message: self.message,
            MessageToAll: self.message_to_all,
            MessageToOne: self.message_to_one,
            StateChanged: self.state_changed,
            Tracked: self.tracked,
            Revised: self.revised,
            Untracked: self.untracked,
            Lingered: self.lingered,
        }
        """What applies an operation, by its class."""

    def apply(self, operation: Operation, now: float) -> list[Effect]:
        """One operation, in its turn."""
        return self.appliers[operation.__class__](operation, now)

    def joined(self, operation: Joined, now: float) -> list[Effect]:
        """In a room with a history it gets first what it missed, or the last messages."""
        connection_id, room, is_tracked, recalls = operation
        seat = self.seats.get(connection_id)
        if seat is None:
            return []
        entered = self.rooms.join(connection_id, room)
        if entered is None:
            return []
        effects: list[Effect] = [entered]
        if self.states.rules:
            effects += self._recalled(seat, room, recalls, self.states.entered(room))
        elif self.history.rules:
            effects += self._recalled(seat, room, recalls)
        if not is_tracked:
            effects += self.presence.joined(connection_id, room, now)
        return effects

    def left(self, operation: Left, now: float) -> list[Effect]:
        """A connection is a member no more."""
        connection_id, room = operation
        found = self.rooms.get(room)
        left = self.rooms.leave(connection_id, room)
        if found is None or left is None:
            return []
        effects: list[Effect] = [left]
        if self.states.rules:
            self.states.left(room)
        if found.followers is not None:
            effects += found.followers.leave(connection_id)
        return effects + self.presence.left(connection_id, room, now)

    def message(self, operation: Message, now: float) -> list[Effect]:
        """A finished message to the members of a room."""
        room, payload, options = operation
        found = self.rooms.get(room)
        if (found is None or found.keeps) and (options is None or options.key is None):
            self._keep(room, found, payload)
        if found is None:
            return []
        if options is None:
            return [Send(found.recipients, payload)]
        return [_sent(Members(found.cohort, options.but), payload, options)]

    def message_to_all(self, operation: MessageToAll, now: float) -> list[Effect]:
        """A finished message to every connection."""
        payload, options = operation
        if options is None:
            return [Send(EVERYONE, payload)]
        to = EVERYONE if options.but is None else EveryoneBut(options.but)
        return [_sent(to, payload, options)]

    def message_to_one(self, operation: MessageToOne, now: float) -> list[Effect]:
        """A finished message to one connection, unless it is about to be forgotten."""
        connection_id, payload, options = operation
        seat = self.seats.get(connection_id)
        if seat is None or seat.is_closing:
            return []
        to = One(connection_id)
        return [Send(to, payload) if options is None else _sent(to, payload, options)]

    def closed(self, operation: Closed, now: float) -> list[Effect]:
        """A connection is to be closed."""
        return [Close(*operation)] if operation.connection_id in self.seats else []

    def state_changed(self, operation: StateChanged, now: float) -> list[Effect]:
        """The state of a room was changed."""
        room, version, patch, append, keep, is_told_first = operation
        diff = Diff(patch, append, keep)
        return self.states.changed(room, version, diff, now, is_told_first=is_told_first)

    def tracked(self, operation: Tracked, now: float) -> list[Effect]:
        """A connection of this process is tracked."""
        return self.presence.track(operation.room, Entry(*operation[1:]), now)

    def revised(self, operation: Revised, now: float) -> list[Effect]:
        """State or metadata of a tracking changed."""
        return self.presence.revise(*operation, now)

    def untracked(self, operation: Untracked, now: float) -> list[Effect]:
        """A connection is tracked no more."""
        return self.presence.untrack(*operation, now)

    def lingered(self, operation: Lingered, now: float) -> list[Effect]:
        """A connection of this process is about to be gone, and stays present."""
        seat = self.seats.get(operation.connection_id)
        for room in () if seat is None else seat.tracked_rooms():
            self.presence.linger(room, operation.connection_id)
        return []

    # History

    def follow(self, rules: Iterable[Rule]) -> list[Effect]:
        """Keep what *rules* say from now on; also of rooms that have members."""
        self.history.follow(rules)
        effects: list[Effect] = []
        for name, room in self.rooms.items():
            keeps = self.history.keeps(name)
            if keeps == room.keeps:
                continue
            room.keeps = keeps
            for seat in map(self.seats.get, room.members):
                if seat is None:
                    continue
                if keeps and seat.returns is not None:
                    effects += self._follows(seat, name, room)
                elif room.followers is not None:
                    effects += room.followers.leave(seat.connection_id)
        return effects

    def positions(self) -> list[Effect]:
        """Tell followers how far they have seen, behind all that a turn of the loop sent them."""
        if not self._moved:
            return []
        effects: list[Effect] = []
        for name in self._moved:
            room = self.rooms.get(name)
            if room is not None and room.followers:
                effects.append(Send(room.followers.recipients, self._position_of(name)))
        self._moved.clear()
        return effects

    def catch_up(self, position: str) -> Iterator[list[Effect]]:
        """What was said since *position* did not come this way, and is in the history now.

        Members get it late, if all is there; else followers are told that they missed something.
        It comes in slices, between which others have their turns; nothing may be applied meanwhile.
        """
        for name in tuple(self.rooms):
            room = self.rooms.get(name)
            if room is None or not room.keeps:
                continue
            since = self.history.since(name, position)
            yield from self._late(name, since or ())
            if not room.followers:
                continue
            self._moved[name] = None  # not before all of it was said
            if since is None:
                text = resuming.resumed(name, False, 0, self.history.position)
                yield [Send(room.followers.recipients, text)]

    def _late(self, name: RoomName, messages: Iterable[Kept]) -> Iterator[list[Effect]]:
        effects: list[Effect] = []
        size = 0
        for kept in messages:
            room = self.rooms.get(name)
            if room is None:
                return  # the last member is gone
            effects.append(Send(room.recipients, kept.say()))
            size += len(kept.data)
            if len(effects) == MANY or size >= LATE_BYTES:
                yield effects
                effects, size = [], 0
        yield effects  # also nothing: there may be a hundred thousand such rooms

    def renew(self, epoch: str) -> list[Effect]:
        """Positions of before mean nothing from now on; followers are told others."""
        self.history.renew(epoch)
        self._moved.update((name, None) for name, room in self.rooms.items() if room.followers)
        return self.positions()

    def _keep(self, name: RoomName, room: Room | None, payload: Payload) -> None:
        if self.history.rules:
            self.history.append(name, payload)
            if room is not None and room.followers:
                self._moved[name] = None

    def _note_moved(self, name: RoomName) -> None:
        room = self.rooms.get(name)
        if room is not None and room.followers:
            self._moved[name] = None

    def _position_of(self, name: RoomName) -> str:
        """What tells followers how far they have seen a room."""
        position, mirror = self.history.position, self.states.mirrors.get(name)
        told = position if mirror is None else mirror.position(position)
        return resuming.position_of(name, told)

    def _recalled(
        self, seat: Seat, name: RoomName, count: int, mirror: Mirror | None = None
    ) -> list[Effect]:
        """What a connection that joins gets of what is, and of the past, in its one step.

        *mirror*: what the room holds, if it tells that.
        """
        room = self.rooms[name]
        if not (room.keeps or mirror) or seat.is_closing:
            return []
        if seat.returns is None:
            return self._held(seat, name, mirror, None) + self._last(seat, name, room, count)
        held = seat.returns.pop(name, None)
        if held is None:
            effects = self._held(seat, name, mirror, None) + self._last(seat, name, room, count)
        else:
            effects = self._returned(seat, name, count, mirror, held)
        return effects + self._follows(seat, name, room)

    def _returned(
        self, seat: Seat, name: RoomName, count: int, mirror: Mirror | None, held: str
    ) -> list[Effect]:
        """The same for one that comes back, from the position *held*."""
        keeps = self.rooms[name].keeps
        place, state_place = resuming.places(held, self.history.seen)
        since = self.history.since_place(name, place) if keeps else None
        diff = None if mirror is None else mirror.since(state_place)
        messages = [] if not keeps else self.history.last(name, count) if since is None else since
        recovered = since is not None if keeps else diff is not None
        is_all = recovered and (mirror is None or diff is not None)
        position = held if is_all else self._before(messages, mirror)
        text = resuming.resumed(name, recovered, len(messages), position)
        resumed: Effect = Send(One(seat.connection_id, name), text)
        return [resumed, *self._held(seat, name, mirror, diff), *self._told(seat, name, messages)]

    def _before(self, messages: list[Kept], mirror: Mirror | None) -> str:
        """Where one is who comes back, just before it gets *messages*: its line may break before
        they came. Of a room's state it knows nothing then."""
        place = messages[0].place - 1 if messages else self.history.place
        position = self.history.position_at(place)
        return position if mirror is None else resuming.without_state(position)

    def _held(
        self, seat: Seat, name: RoomName, mirror: Mirror | None, diff: Diff | None
    ) -> list[Effect]:
        """What the room holds: what changed, as far as that is known, or all of it."""
        if mirror is None or mirror.told.version == UNKNOWN:
            return []  # who is here is told as soon as it is known
        if diff is None:
            text = state_wire.room_state(name, mirror.told)
        elif diff.patch or diff.append:
            text = state_wire.room_diff(name, diff, mirror.told)
        else:
            return []
        return [Send(One(seat.connection_id, name), text)]

    def _last(self, seat: Seat, name: RoomName, room: Room, count: int) -> list[Effect]:
        return self._told(seat, name, self.history.last(name, count)) if room.keeps else []

    def _follows(self, seat: Seat, name: RoomName, room: Room) -> list[Effect]:
        """The connection is told from now on how far it has seen; now for the first time."""
        if room.followers is None:
            room.followers = Followers(name)
        recipient = One(seat.connection_id, name)
        position = Send(recipient, self._position_of(name))
        return [position, room.followers.enter(seat.connection_id)]

    def _told(self, seat: Seat, name: RoomName, messages: Iterable[Kept]) -> list[Effect]:
        recipient = One(seat.connection_id, name)
        said = [kept.say for kept in messages]
        if len(said) > MANY:
            return [Replay(recipient, said)]
        return [Send(recipient, say()) for say in said]


def _sent(to: Recipients, payload: Payload, options: SendOptions) -> Send:
    if options.key is None:
        return Send(to, payload)
    return SendVolatile(to, payload, options.sender, options.key)


def _nothing(operation: Operation, now: float) -> list[Effect]:
    return []
