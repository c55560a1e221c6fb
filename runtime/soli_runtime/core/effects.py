"""What the core asks the I/O side to do. Few and large: one payload, many recipients.

Effects must be carried out in their order and without awaiting in between; that is how the
ordering guarantees of docs/spec §W3 hold. Who is in a room, or subscribes to its presence, is
told by effects of the same order (`Enter`, `Exit`) and never listed: a room that changes later in
the same step (`broadcast_room` and `leave` in one return) does not change who gets the message,
and a change of one costs the same however many are there. An effect may name a connection that is
gone: skip it.

Everything here is treated as immutable. The classes are plain and slotted because making a
frozen dataclass costs four times as much and these are made once or more per message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

ConnectionId: TypeAlias = str
RoomName: TypeAlias = str
Payload: TypeAlias = str | bytes
"""A finished message: `str` goes out as a text message, `bytes` as a binary one."""


class Framed(str):
    """A text message in the form in which its recipient gets it, whatever form that speaks."""

    __slots__ = ()


class FramedBytes(bytes):
    """The same of a binary message."""

    __slots__ = ()


class One:
    """A single connection."""

    __slots__ = ("connection_id", "room")

    def __init__(self, connection_id: ConnectionId, room: RoomName | None = None) -> None:
        self.connection_id = connection_id
        self.room = room
        """Of which room it is told, if of one."""

    def __repr__(self) -> str:
        return f"One({self.connection_id!r})"


class Some:
    """These connections, each at most once."""

    __slots__ = ("ids", "room")

    def __init__(self, ids: tuple[ConnectionId, ...], room: RoomName) -> None:
        self.ids = ids
        self.room = room
        """Of which room they are told."""

    def __repr__(self) -> str:
        return f"Some{self.ids!r}"


class Cohort:
    """Those of this process who get the same messages: members of a room, subscribers of presence.

    Its identity is all it has for the I/O side: `Enter` and `Exit` say, in order with what is sent,
    who is in it. It lasts as long as somebody is.
    """

    __slots__ = ("label", "room")

    def __init__(self, label: RoomName | None, room: RoomName) -> None:
        self.room = room
        """The room that it is of."""
        self.label = label
        """Of members: the room. Of subscribers: the room where their messages carry it
        (docs/spec §W5.11)."""

    def __repr__(self) -> str:
        return f"Cohort({self.label!r})"


class Members:
    """Who is in `cohort` when this effect's turn comes, `but` one."""

    __slots__ = ("but", "cohort")

    def __init__(self, cohort: Cohort, but: ConnectionId | None = None) -> None:
        self.cohort = cohort
        self.but = but

    def __repr__(self) -> str:
        return f"Members({self.cohort!r}, but={self.but!r})"


class Everyone:
    """Every open connection of this process. Use the instance `EVERYONE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "EVERYONE"


EVERYONE = Everyone()


class EveryoneBut:
    """Every open connection of this process but one."""

    __slots__ = ("but",)

    def __init__(self, but: ConnectionId) -> None:
        self.but = but

    def __repr__(self) -> str:
        return f"EveryoneBut({self.but!r})"


Recipients: TypeAlias = One | Some | Members | Everyone | EveryoneBut


class SendOptions(NamedTuple):
    """In what a message is not an ordinary one."""

    but: ConnectionId | None = None
    """A connection of the process that asks for it: the message is not for that one."""
    key: str | None = None
    """Of a volatile message. Where a recipient is behind, of those that have the same sender and
    key only the newest waits; and no room keeps it."""
    sender: ConnectionId = ""
    """Whose handler asks for it; empty where none does."""


class Send:
    """Queue `payload` for every connection of `recipients`."""

    __slots__ = ("payload", "recipients")

    def __init__(self, recipients: Recipients, payload: Payload) -> None:
        self.recipients = recipients
        self.payload = payload

    def __repr__(self) -> str:
        return f"Send({self.recipients!r}, {self.payload!r})"


class Replay:
    """Queue many payloads for one connection, in their order.

    *said* makes them: each when it is sent, since all at once would hold up everybody else.
    """

    __slots__ = ("recipient", "said")

    def __init__(self, recipient: One, said: Sequence[Callable[[], Payload]]) -> None:
        self.recipient = recipient
        self.said = said

    @property
    def payloads(self) -> list[Payload]:
        """All of them, for whoever has to have them at once."""
        return [say() for say in self.said]

    def __repr__(self) -> str:
        return f"Replay({self.recipient!r}, {len(self.said)} payloads)"


class SendFor(Send):
    """The same, put off; what it costs is put to the accounts of those who caused it."""

    __slots__ = ("causers",)

    def __init__(
        self, recipients: Recipients, payload: Payload, causers: tuple[ConnectionId, ...]
    ) -> None:
        super().__init__(recipients, payload)
        self.causers = causers


class SendVolatile(Send):
    """The same for a volatile message (see `SendOptions`)."""

    __slots__ = ("key", "sender")

    def __init__(
        self, recipients: Recipients, payload: Payload, sender: ConnectionId, key: str
    ) -> None:
        super().__init__(recipients, payload)
        self.sender = sender
        self.key = key

    def __repr__(self) -> str:
        return f"SendVolatile({self.recipients!r}, {self.payload!r}, {self.sender!r}, {self.key!r})"


class Enter:
    """The connection is in `cohort` from here on; it was not."""

    __slots__ = ("cohort", "connection_id")

    def __init__(self, connection_id: ConnectionId, cohort: Cohort) -> None:
        self.connection_id = connection_id
        self.cohort = cohort

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.connection_id!r}, {self.cohort!r})"


class Exit(Enter):
    """The connection is not in `cohort` from here on; it was. It may be gone."""

    __slots__ = ()


class Close:
    """Start the closing handshake of one connection, after what is queued for it."""

    __slots__ = ("code", "connection_id", "reason")

    def __init__(self, connection_id: ConnectionId, code: int, reason: str) -> None:
        self.connection_id = connection_id
        self.code = code
        self.reason = reason

    def __repr__(self) -> str:
        return f"Close({self.connection_id!r}, {self.code}, {self.reason!r})"


class Note:
    """Something to log, once per handler and `(kind, subject)` when `once`, else at debug level.

    Kinds: `unknown_action` (subject: the key), `no_room` (`broadcast_room` with no room joined),
    `not_tracked` (subject: the room), `no_history` (`history` of a room that keeps none).
    """

    __slots__ = ("kind", "once", "subject", "text")

    def __init__(self, kind: str, subject: str, text: str, *, once: bool) -> None:
        self.kind = kind
        self.subject = subject
        self.text = text
        self.once = once

    def __repr__(self) -> str:
        return f"Note({self.kind!r}, {self.subject!r}, {self.text!r})"


class Wake:
    """Call `Hub.flush(now)` at the time `at` (seconds, the clock that is passed as `now`).

    A later `Wake` never cancels an earlier one; calling `flush` too early is harmless.
    """

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at

    def __repr__(self) -> str:
        return f"Wake({self.at})"


Effect: TypeAlias = Send | Replay | Enter | Exit | Close | Note | Wake

SLICE, SCAN = 100, 1000
"""Connections or users in one slice of what concerns many, and where most are passed over."""

Slices: TypeAlias = Iterator[list[Effect]]
"""The effects of slices: those of each are carried out, and others have their turns, before the
next is asked for."""

T = TypeVar("T")


def sliced(items: Sequence[T], size: int = SLICE) -> Iterator[Sequence[T]]:
    """*items*, a slice at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Step:
    """One synchronous step of the core: for which connection, when, and its effects so far."""

    __slots__ = ("connection_id", "effects", "now")

    def __init__(self, connection_id: ConnectionId, now: float) -> None:
        self.connection_id = connection_id
        self.now = now
        """In seconds, of a clock that never goes backwards."""
        self.effects: list[Effect] = []
