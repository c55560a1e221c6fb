"""What happens in this process when the turn of an operation has come.

An operation was decided somewhere (here, by `hub`, or in another process) and has its place in the
one order that a broker makes. Here it takes effect: on the members of rooms, on the roster, on who
is told what. With a single process every turn comes at once; a broker with a log applies operations
as it reads them, in that order, one entry per synchronous step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    Tracked,
    Untracked,
)

MANY = 64
"""Messages of the past, from which on they go out in slices."""
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
        self, seats: Seats, rooms: Rooms, presence: Presence, history: History | None = None
    ) -> None:
        self.seats = seats
        self.rooms = rooms
        self.presence = presence
        self.history = History("", lambda: 0.0) if history is None else history
        """Without rules it keeps nothing."""
        self._moved: dict[RoomName, None] = {}
        """Rooms with followers to which something was said in this turn of the loop."""
        self.appliers: dict[type[Any], Applier] = {
            Connected: _nothing,
            Disconnected: _nothing,
            Closed: self.closed,
            Joined: self.joined,
            Left: self.left,
            Message: self.message,
            MessageToAll: self.message_to_all,
            MessageToOne: self.message_to_one,
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
        if self.history.rules:
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
                text = resuming.position_of(name, self.history.position)
                effects.append(Send(room.followers.recipients, text))
        self._moved.clear()
        return effects

    def catch_up(self, position: str) -> list[Effect]:
        """What was said since *position* did not come this way, and is in the history now.

        Members get it late, if all is there; else followers are told that they missed something.
        """
        effects: list[Effect] = []
        for name, room in self.rooms.items():
            if not room.keeps:
                continue
            since = self.history.since(name, position)
            effects += [Send(room.recipients, kept.payload) for kept in since or ()]
            if not room.followers:
                continue
            self._moved[name] = None
            if since is None:
                text = resuming.resumed(name, False, 0, self.history.position)
                effects.append(Send(room.followers.recipients, text))
        return effects

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

    def _recalled(self, seat: Seat, name: RoomName, count: int) -> list[Effect]:
        """What a connection that joins gets of the past, in its one synchronous step."""
        room = self.rooms[name]
        if not room.keeps or seat.is_closing:
            return []
        if seat.returns is None:
            return self._told(seat, name, self.history.last(name, count))
        held = seat.returns.pop(name, None)
        effects: list[Effect] = []
        if held is None:
            messages = self.history.last(name, count)
        else:
            since = self.history.since(name, held)
            messages = self.history.last(name, count) if since is None else since
            effects.append(self._resumed(seat, name, held if since else None, messages, since))
        return effects + self._told(seat, name, messages) + self._follows(seat, name, room)

    def _resumed(
        self,
        seat: Seat,
        name: RoomName,
        held: str | None,
        messages: list[Kept],
        since: list[Kept] | None,
    ) -> Effect:
        """What comes first for one that comes back. Its line may break before the messages came,
        so it is told to be where it was, or just before what it gets instead."""
        history = self.history
        position = held
        if position is None:
            place = messages[0].place - 1 if messages else history.place
            position = history.position_at(place)
        text = resuming.resumed(name, since is not None, len(messages), position)
        return Send(One(seat.connection_id, name), text)

    def _follows(self, seat: Seat, name: RoomName, room: Room) -> list[Effect]:
        """The connection is told from now on how far it has seen; now for the first time."""
        if room.followers is None:
            room.followers = Followers(name)
        text = resuming.position_of(name, self.history.position)
        recipient = One(seat.connection_id, name)
        return [Send(recipient, text), room.followers.enter(seat.connection_id)]

    def _told(self, seat: Seat, name: RoomName, messages: Iterable[Kept]) -> list[Effect]:
        recipient = One(seat.connection_id, name)
        payloads = [kept.payload for kept in messages]
        if len(payloads) > MANY:
            return [Replay(recipient, payloads)]
        return [Send(recipient, payload) for payload in payloads]


def _sent(to: Recipients, payload: Payload, options: SendOptions) -> Send:
    if options.key is None:
        return Send(to, payload)
    return SendVolatile(to, payload, options.sender, options.key)


def _nothing(operation: Operation, now: float) -> list[Effect]:
    return []
