"""Every operation of the realtime core, each declared once.

The hub decides, in program order, and submits an operation to the broker; in every process the
operation takes effect when its turn has come (`arrivals`). A declaration says what is to be known
of an operation anywhere: its name and fields, the code that stands for it between processes, which
connections hear of it, how it is ordered, and whether an account of a node holds its outcome. The
broker orders by it, the codec of the log writes and reads by it, and log lines show it.

What only nodes tell each other is declared in the same way, where nodes are.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple, TypeAlias, TypeVar

from ..effects import ConnectionId, Payload, RoomName, SendOptions
from ..roster import Entry

Operation: TypeAlias = tuple[Any, ...]
"""A record of any class that is declared."""

T = TypeVar("T")


class Order(Enum):
    """When an operation takes effect in the process that submits it."""

    LOGGED = "in its turn"
    """Behind everything that was submitted before, in the one order of all processes."""
    BEHIND_PENDING = "at once, unless something is pending"
    """It concerns one connection alone. It only waits for its turn while operations of that
    connection, or of the connection whose handler asks for it, wait for theirs."""


class Hearers(Enum):
    """Whom an operation reaches, by its first field."""

    MEMBERS = "members of a room"
    EVERYONE = "all connections"
    CONNECTION = "one connection"
    SUBSCRIBERS = "subscribers of a topic"
    PROCESSES = "all processes"
    """No connection hears of it as such: what all processes know changes."""


class Declaration(NamedTuple):
    """What is known of all operations of one class."""

    record: type[Any]
    code: str
    """One letter: what the operation is called between processes."""
    hearers: Hearers
    order: Order
    is_of_connection: bool
    """Whether the connection that it names does it, so that what it does later comes after."""
    is_in_account: bool
    """Whether its outcome is part of what a node tells of itself when it begins anew."""
    fields: tuple[str, ...]
    least: int
    """How many fields it has at least; those behind have defaults."""
    payload: int | None
    """Which field is a payload, which may be bytes; None: there is none."""
    has_options: bool
    """Whether `SendOptions` stand behind the payload."""

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.record.__name__


DECLARATIONS: dict[type[Any], Declaration] = {}
"""All that are declared, by class."""


def operation(
    code: str,
    hearers: Hearers = Hearers.PROCESSES,
    order: Order = Order.LOGGED,
    *,
    is_of_connection: bool = False,
    is_in_account: bool = False,
) -> Callable[[type[T]], type[T]]:
    """Declare the operations that a NamedTuple describes. Raises ValueError: the code is taken."""

    def declare(record: type[T]) -> type[T]:
        taken = next((one for one in DECLARATIONS.values() if one.code == code), None)
        if taken is not None:
            raise ValueError(f"operation {record.__name__}: {taken.name} has the code '{code}'")
        fields: tuple[str, ...] = record._fields  # type: ignore[attr-defined]
        defaults = record._field_defaults  # type: ignore[attr-defined]
        DECLARATIONS[record] = Declaration(
            record,
            code,
            hearers,
            order,
            is_of_connection,
            is_in_account,
            fields,
            len(fields) - len(defaults),
            fields.index("payload") if "payload" in fields else None,
            "options" in fields,
        )
        return record

    return declare


# Connections


@operation("c", is_in_account=True)
class Connected(NamedTuple):
    """A connection of this process was accepted; it has a seat."""

    connection_id: ConnectionId


@operation("x", is_in_account=True)
class Disconnected(NamedTuple):
    """A connection of this process is gone, its rooms and trackings before it."""

    connection_id: ConnectionId


@operation("k", Hearers.CONNECTION, Order.BEHIND_PENDING)
class Closed(NamedTuple):
    """A connection is to be closed; unknown or gone: nothing."""

    connection_id: ConnectionId
    code: int
    reason: str


# Rooms


@operation("j", is_of_connection=True, is_in_account=True)
class Joined(NamedTuple):
    """A connection is a member of a room from here on."""

    connection_id: ConnectionId
    room: RoomName
    is_tracked: bool = False
    """Whether the same step tracks it there: that gives the snapshot (docs/spec §W5.9)."""
    recalls: int = 0
    """How many messages of the past it wants (`history`)."""


@operation("l", is_of_connection=True, is_in_account=True)
class Left(NamedTuple):
    """A connection is a member of a room no more. What it published before still reaches it."""

    connection_id: ConnectionId
    room: RoomName


# Messages


@operation("m", Hearers.MEMBERS)
class Message(NamedTuple):
    """A finished message to the members of a room, as far as the options do not say less."""

    room: RoomName
    payload: Payload
    options: SendOptions | None = None


@operation("b", Hearers.EVERYONE)
class MessageToAll(NamedTuple):
    """A finished message to every connection, in the same way."""

    payload: Payload
    options: SendOptions | None = None


@operation("d", Hearers.CONNECTION, Order.BEHIND_PENDING)
class MessageToOne(NamedTuple):
    """A finished message to one connection; unknown or gone: nothing."""

    connection_id: ConnectionId
    payload: Payload
    options: SendOptions | None = None


# State


@operation("y", Hearers.MEMBERS)
class StateChanged(NamedTuple):
    """The state of a room was changed: it is committed where it is kept (`state.port`)."""

    room: RoomName
    version: int
    """At which it is by this change."""
    patch: dict[str, Any]
    append: dict[str, list[Any]]
    keep: int
    """Those three are a `Diff`; an empty one moves the version, and nobody hears of it. Where
    `keep` is 0 the room holds nothing at that version, whatever it was at."""
    is_told_first: bool = False
    """Whether members hear of it at once: messages of the same event follow."""


# Presence


@operation("t", is_of_connection=True, is_in_account=True)
class Tracked(NamedTuple):
    """A connection is tracked: newly, as somebody else, or again as who it is."""

    room: RoomName
    connection_id: ConnectionId
    key: str
    ref: str
    body: str
    is_changed: bool = False

    def entry(self, node: str) -> Entry:
        """The same for the roster; *node* is the one that tracks it."""
        return Entry(self.connection_id, self.key, self.ref, self.body, self.is_changed, node)


@operation("r", is_of_connection=True, is_in_account=True)
class Revised(NamedTuple):
    """State or metadata of a tracking changed."""

    room: RoomName
    connection_id: ConnectionId
    body: str


@operation("u", is_of_connection=True, is_in_account=True)
class Untracked(NamedTuple):
    """A connection is tracked in a room no more."""

    room: RoomName
    connection_id: ConnectionId


@operation("g")
class Lingered(NamedTuple):
    """A connection is gone, and its presence stays in the rooms that track it until `Untracked`.

    Or until its user is tracked by another connection.
    """

    connection_id: ConnectionId


# What concerns connections by who they are, and streams of HTTP. One process does it by itself;
# several tell each other.


@operation("w")
class UserClosed(NamedTuple):
    """The connections of a user are to be closed."""

    user: str
    code: int
    reason: str


@operation("o")
class SessionEnded(NamedTuple):
    """The connections that came with a session are to be closed."""

    session_id: str


@operation("p", Hearers.SUBSCRIBERS)
class TopicMessage(NamedTuple):
    """A finished server-sent event to the subscribers of a topic."""

    topic: str
    payload: bytes


@operation("n")
class TopicSubscribers(NamedTuple):
    """A process has so many subscribers of a topic now."""

    topic: str
    subscribers: int


Change: TypeAlias = Joined | Left | Tracked | Revised | Untracked
"""What a connection does to its rooms and its presence."""

Submitted: TypeAlias = (
    Connected
    | Disconnected
    | Closed
    | Message
    | MessageToAll
    | MessageToOne
    | Lingered
    | UserClosed
    | SessionEnded
    | TopicMessage
    | TopicSubscribers
)
"""Operations whose effects do not depend on the time."""
