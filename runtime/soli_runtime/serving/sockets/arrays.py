"""What is sent to connections that speak Phoenix's arrays, beside all others.

They are in rooms of the fan-out of their own, so that a message to a thousand of them is encoded
once. What goes to a room bears its name as the topic; what goes to everybody the topic that each
has joined last; what goes to one connection the topic and `join_ref` of what it said last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ...core.effects import (
    Cohort,
    ConnectionId,
    Enter,
    Everyone,
    EveryoneBut,
    Exit,
    Members,
    One,
    Payload,
    Recipients,
    Replay,
    RoomName,
    Send,
    SendVolatile,
    Some,
)
from ...core.seats import Seat, Seats
from ...routing.handler import Handler
from ...ws.channel import Replayed
from ...ws.connection import Connection
from ...ws.rooms.fanout import Fanout
from ...ws.rooms.volatile import Volatile
from .phoenix import array_of, arrays_of
from .requests import Ref

if TYPE_CHECKING:
    from .channels import PhoenixConversation

LOOKS = 2
"""How many topics are looked at when one is added: those that nobody has any more are forgotten."""

Perform: TypeAlias = Callable[[Send, Handler | None], None]


class Arrays:
    """The connections of one event loop that speak arrays."""

    def __init__(self, fanout: Fanout, seats: Seats, volatile: Volatile) -> None:
        self._fanout = fanout
        self._seats = seats
        self._volatile = volatile
        self._topics: dict[str, None] = {}
        """Those under which somebody gets what goes to everybody, and some that nobody has."""
        self._to_look_at: deque[str] = deque()
        """The same, the one first that was not looked at for longest."""

    # Who is where

    def add(self, seat: Seat, connection: Connection, topic: str) -> None:
        """From now on the connection can be reached."""
        seat.reached_by(connection)
        self.place(connection, topic)

    def place(self, connection: Connection, topic: str, former: str | None = None) -> None:
        """What goes to everybody reaches the connection under *topic* from now on."""
        if former is not None:
            self._fanout.leave(_all(former), connection)
        self._fanout.join(_all(topic), connection)
        if topic not in self._topics:
            self._topics[topic] = None
            self._to_look_at.append(topic)
            self._forget_some()

    def _forget_some(self) -> None:
        """Look at some topics. All at once would cost each who joins more, the more there are."""
        waiting = self._to_look_at
        for _ in range(min(LOOKS, len(waiting))):
            topic = waiting.popleft()
            if self._fanout.count(_all(topic)):
                waiting.append(topic)
            else:
                del self._topics[topic]

    def members(self, cohort: Cohort) -> tuple[Connection, ...]:
        """Those of a cohort."""
        return self._fanout.members(_of(cohort))

    def enters(self, others: Callable[[Enter, Handler | None], None]) -> Callable[..., None]:
        """How a connection enters a cohort; *others* is how those do that speak no arrays."""

        def enter(effect: Enter, handler: Handler | None) -> None:
            found = self._find(effect.connection_id)
            if found is None:
                others(effect, handler)
            elif found.connection is not None:
                self._fanout.join(_of(effect.cohort), found.connection)

        return enter

    def exits(self, others: Callable[[Exit, Handler | None], None]) -> Callable[..., None]:
        """The same for who exits."""

        def leave(effect: Exit, handler: Handler | None) -> None:
            found = self._find(effect.connection_id)
            if found is None:
                others(effect, handler)
            elif found.connection is not None:
                self._fanout.leave(_of(effect.cohort), found.connection)

        return leave

    def _find(self, connection_id: ConnectionId | None) -> PhoenixConversation | None:
        """The conversation of a connection that speaks arrays; None for any other."""
        seat = None if connection_id is None else self._seats.get(connection_id)
        conversation = None if seat is None else seat.conversation
        return conversation if conversation is not None and conversation.speaks_arrays else None

    # Sending

    def replayed(self, effect: Replay) -> list[Replayed]:
        """What a replay sends; to one of these arrays, which are made when they are sent."""
        recipient = effect.recipient
        found = self._find(recipient.connection_id)
        if found is None:
            return list(effect.said)
        topic, join_ref = found.address if recipient.room is None else (recipient.room, None)
        return [partial(_array_later, say, topic, join_ref) for say in effect.said]

    def around(self, others: Callable[..., None]) -> Perform:
        """How a message is sent; *others* sends it to those that speak no arrays."""

        def send(effect: Send, handler: Handler | None) -> None:
            recipients = effect.recipients
            if isinstance(recipients, One):
                if self._send_one(recipients.connection_id, recipients.room, effect):
                    return
            elif isinstance(recipients, Some):
                effect = self._without_ours(recipients, effect)
            elif isinstance(recipients, Members):
                cohort = recipients.cohort
                self._publish(_of(cohort), cohort.room, recipients.but, effect)
            else:
                self._publish_to_all(recipients, effect)
            others(effect, handler)

        return send

    def _send_one(self, connection_id: ConnectionId, room: RoomName | None, effect: Send) -> bool:
        """Whether the connection is one of these."""
        found = self._find(connection_id)
        if found is None:
            return False
        topic, join_ref = found.address if room is None else (room, None)
        message = array_of(effect.payload, topic, join_ref)
        connection = found.connection
        if connection is None:
            return True
        if isinstance(effect, SendVolatile):
            self._volatile.send(connection, message, (effect.sender, effect.key))
            return True
        try:
            connection.send(message)
        except Exception:
            connection.failed()  # it, and not whoever sends to it
        return True

    def _without_ours(self, some: Some, effect: Send) -> Send:
        ours = [one for one in some.ids if self._send_one(one, some.room, effect)]
        if not ours:
            return effect
        return Send(
            Some(tuple(one for one in some.ids if one not in ours), some.room), effect.payload
        )

    def _publish_to_all(self, recipients: Recipients, effect: Send) -> None:
        assert isinstance(recipients, Everyone | EveryoneBut), "all other kinds are handled"
        but = recipients.but if isinstance(recipients, EveryoneBut) else None
        topics = [one for one in self._topics if self._fanout.count(_all(one))]
        if not topics:
            return
        array = arrays_of(effect.payload)
        for topic in topics:
            self._publish_array(_all(topic), array(topic), but, effect)

    def _publish(self, name: Hashable, topic: str, but: ConnectionId | None, effect: Send) -> None:
        if self._fanout.count(name):
            self._publish_array(name, array_of(effect.payload, topic), but, effect)

    def _publish_array(
        self, name: Hashable, message: Payload, but: ConnectionId | None, effect: Send
    ) -> None:
        found = self._find(but)
        left_out = () if found is None or found.connection is None else (found.connection,)
        if isinstance(effect, SendVolatile):
            slot = (effect.sender, effect.key)
            self._volatile.publish(name, message, slot, left_out)
        else:
            self._fanout.publish(name, message, exclude=left_out)


def _of(cohort: Cohort) -> Hashable:
    return (Arrays, cohort)


def _all(topic: str) -> Hashable:
    return (Arrays, topic)


def _array_later(say: Callable[[], Payload], topic: str, join_ref: Ref | None) -> Payload:
    return array_of(say(), topic, join_ref)
