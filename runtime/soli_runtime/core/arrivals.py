"""What happens in this process when the turn of a change has come.

A change was decided somewhere (here, by `hub`, or in another process) and has its place in the one
order that a broker makes. Here it takes effect: on the members of rooms, on the roster, on who is
told what. With a single process every turn comes at once; a broker with a log calls these methods
as it reads, in that order, one entry per synchronous step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from .effects import (
    EVERYONE,
    Close,
    ConnectionId,
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
from .history import resuming
from .history.rings import History, Kept
from .history.rules import Rule
from .presence import Presence
from .rooms import Followers, Room, Rooms
from .roster import Entry
from .seats import Seat, Seats

MANY = 64
"""Messages of the past, from which on they go out in slices."""


class Joined(NamedTuple):
    """A connection is a member of a room from here on."""

    connection_id: ConnectionId
    room: RoomName
    is_tracked: bool
    """Whether the same step tracks it there: that gives the snapshot (docs/spec §W5.9)."""
    recalls: int = 0
    """How many messages of the past it wants (`history`)."""


class Left(NamedTuple):
    """A connection is a member of a room no more."""

    connection_id: ConnectionId
    room: RoomName


class Message(NamedTuple):
    """To the members of a room."""

    room: RoomName
    payload: Payload
    options: SendOptions | None = None


class MessageToAll(NamedTuple):
    """To every connection."""

    payload: Payload
    options: SendOptions | None = None


class MessageToOne(NamedTuple):
    """To one connection."""

    connection_id: ConnectionId
    payload: Payload
    options: SendOptions | None = None


class Closed(NamedTuple):
    """A connection is to be closed."""

    connection_id: ConnectionId
    code: int
    reason: str


class Tracked(NamedTuple):
    """A connection is tracked, newly or again."""

    room: RoomName
    entry: Entry


class Revised(NamedTuple):
    """State or metadata of a tracking changed."""

    room: RoomName
    connection_id: ConnectionId
    body: str


class Untracked(NamedTuple):
    """A connection is tracked in a room no more."""

    room: RoomName
    connection_id: ConnectionId


class NodeDied(NamedTuple):
    """All that a node tracked in a room is gone."""

    room: RoomName
    node: str


Change: TypeAlias = (
    Joined
    | Left
    | Message
    | MessageToAll
    | MessageToOne
    | Closed
    | Tracked
    | Revised
    | Untracked
    | NodeDied
)


class Arrivals:
    """Changes whose turn has come, as effects on the connections of this process.

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
        self._take: dict[type, Callable[[Any, float], list[Effect]]] = {
            Joined: lambda it, now: self.joined(
                it.connection_id, it.room, it.is_tracked, now, it.recalls
            ),
            Left: lambda it, now: self.left(it.connection_id, it.room, now),
            Message: lambda it, now: self.message(it.room, it.payload, it.options),
            MessageToAll: lambda it, now: self.message_to_all(it.payload, it.options),
            MessageToOne: lambda it, now: self.message_to_one(
                it.connection_id, it.payload, it.options
            ),
            Closed: lambda it, now: self.closed(it.connection_id, it.code, it.reason),
            Tracked: lambda it, now: presence.track(it.room, it.entry, now),
            Revised: lambda it, now: presence.revise(it.room, it.connection_id, it.body, now),
            Untracked: lambda it, now: presence.untrack(it.room, it.connection_id, now),
            NodeDied: lambda it, now: presence.drop_node(it.room, it.node, now),
        }

    def apply(self, changes: Iterable[Change], now: float) -> list[Effect]:
        """The twin of `Hub.apply` for what comes in: one step, in the order of *changes*."""
        effects: list[Effect] = []
        for change in changes:
            effects += self._take[type(change)](change, now)
        return effects

    def joined(
        self,
        connection_id: ConnectionId,
        room: RoomName,
        is_tracked: bool,
        now: float,
        recalls: int = 0,
    ) -> list[Effect]:
        """A connection is a member from here on. With *is_tracked* a track follows (§W5.9).

        In a room with a history it gets first what it missed, or the last *recalls* messages.
        """
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

    def left(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        """A connection is a member no more."""
        found = self.rooms.get(room)
        left = self.rooms.leave(connection_id, room)
        if found is None or left is None:
            return []
        effects: list[Effect] = [left]
        if found.followers is not None:
            effects += found.followers.leave(connection_id)
        return effects + self.presence.left(connection_id, room, now)

    def message(
        self, room: RoomName, payload: Payload, options: SendOptions | None = None
    ) -> list[Effect]:
        """A finished message to the members of a room."""
        found = self.rooms.get(room)
        if (found is None or found.keeps) and (options is None or options.key is None):
            self._keep(room, found, payload)
        if found is None:
            return []
        if options is None:
            return [Send(found.recipients, payload)]
        return [_sent(Members(found.cohort, options.but), payload, options)]

    def message_to_all(self, payload: Payload, options: SendOptions | None = None) -> list[Effect]:
        """A finished message to every connection."""
        if options is None:
            return [Send(EVERYONE, payload)]
        to = EVERYONE if options.but is None else EveryoneBut(options.but)
        return [_sent(to, payload, options)]

    def message_to_one(
        self, connection_id: ConnectionId, payload: Payload, options: SendOptions | None = None
    ) -> list[Effect]:
        """A finished message to one connection, unless it is about to be forgotten."""
        seat = self.seats.get(connection_id)
        if seat is None or seat.is_closing:
            return []
        to = One(connection_id)
        return [Send(to, payload) if options is None else _sent(to, payload, options)]

    def closed(self, connection_id: ConnectionId, code: int, reason: str) -> list[Effect]:
        """A connection is to be closed."""
        return [Close(connection_id, code, reason)] if connection_id in self.seats else []

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
