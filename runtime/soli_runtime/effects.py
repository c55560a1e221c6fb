"""What the core asks the I/O side to do. Few and large: one payload, many recipients.

Effects must be carried out in their order and without awaiting in between; that is how the
ordering guarantees of spec/websocket.md hold. An audience is fixed when its effect is made, so
a room that changes later in the same step (`broadcast_room` and `leave` in one return) does not
change who gets the message. An audience may name a connection that is gone: skip it.

Everything here is treated as immutable. The classes are plain and slotted because making a
frozen dataclass costs four times as much and these are made once or more per message.
"""

from __future__ import annotations

from typing import Any, TypeAlias

ConnectionId: TypeAlias = str
RoomName: TypeAlias = str
Payload: TypeAlias = str | bytes
"""A finished message: `str` goes out as a text message, `bytes` as a binary one."""


class One:
    """A single connection."""

    __slots__ = ("connection_id",)

    def __init__(self, connection_id: ConnectionId) -> None:
        self.connection_id = connection_id

    def __repr__(self) -> str:
        return f"One({self.connection_id!r})"


class Some:
    """These connections, each at most once.

    The core hands out the same object until membership changes. `fanout` belongs to the I/O
    side: it may keep there what it made of `ids` (a tuple of bound writers). The core neither
    reads nor clears it.
    """

    __slots__ = ("fanout", "ids")

    def __init__(self, ids: tuple[ConnectionId, ...]) -> None:
        self.ids = ids
        self.fanout: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.ids!r}"


class Room(Some):
    """The members that the room `name` has in this process."""

    __slots__ = ("name",)

    def __init__(self, name: RoomName, ids: tuple[ConnectionId, ...]) -> None:
        super().__init__(ids)
        self.name = name


class Everyone:
    """Every open connection of this process. Use the instance `EVERYONE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "EVERYONE"


EVERYONE = Everyone()

Audience: TypeAlias = One | Some | Everyone


class Send:
    """Queue `payload` for every connection of `audience`."""

    __slots__ = ("audience", "payload")

    def __init__(self, audience: Audience, payload: Payload) -> None:
        self.audience = audience
        self.payload = payload

    def __repr__(self) -> str:
        return f"Send({self.audience!r}, {self.payload!r})"


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
    `not_tracked` (subject: the room).
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


Effect: TypeAlias = Send | Close | Note | Wake
