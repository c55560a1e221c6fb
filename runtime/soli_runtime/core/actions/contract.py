"""What handlers are called with and what they return, as one table (docs/spec §W3, §W4, §L24.2).

`soli check` and the language server read it; `returns` does what it says, and a test holds
the two together. Kinds are what `type(value)` gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from soli_lang.base.records import Record, field

CONNECT, MESSAGE, DISCONNECT = "connect", "message", "disconnect"
EVENT_TYPES: Final = (CONNECT, MESSAGE, DISCONNECT)


class Given(Record, frozen=True):
    """A key of an event or a request."""

    text: str
    """What it holds, in words."""
    kinds: tuple[str, ...] = ()
    """Kinds of its value; empty: any."""
    events: tuple[str, ...] = EVENT_TYPES
    """The types of events that have it."""
    is_optional: bool = False
    """Whether these may lack it as well."""


class Taken(Record, frozen=True):
    """A key of what a handler returns, or of a Hash in that."""

    text: str
    expected: str = ""
    """What its value has to be, as errors say it; empty: anything."""
    kinds: tuple[str, ...] = ()
    """Kinds of its value; empty: any."""
    items: tuple[str, ...] = ()
    """Kinds of the items, where it is an Array."""
    parts: Mapping[str, Taken] = field(default_factory=dict)
    """Keys of it, where it is a Hash."""
    values: Taken | None = None
    """Each of its values, where it is a Hash."""
    others: str = ""
    """What to say of other keys (`{}`), where nobody reads them."""
    is_required: bool = False


EVENT: Final[Mapping[str, Given]] = {
    "type": Given('`"connect"`, `"message"` or `"disconnect"`', ("string",)),
    "connection_id": Given("a random UUID, the same for all events of the connection", ("string",)),
    "message": Given(
        "the text, on `message` only; Bytes if the message was binary",
        ("string", "bytes"),
        (MESSAGE,),
    ),
    "binary": Given("`true`, on a binary message only", ("bool",), (MESSAGE,), is_optional=True),
    "payload": Given(
        "the checked fields of a message that `ws_message` declares; absent otherwise",
        (),
        (MESSAGE,),
        is_optional=True,
    ),
    "params": Given("what stood in the dynamic segments of the route", ("hash",)),
    "query": Given("the query of the upgrade request", ("hash",)),
    "headers": Given("the headers of the upgrade request, names in lower case", ("hash",)),
    "protocol": Given(
        "the subprotocol that was selected; absent if none was", ("string",), is_optional=True
    ),
    "resume": Given(
        "on `connect` only, of a client that comes back to rooms which keep something",
        (),
        (CONNECT,),
        is_optional=True,
    ),
    "room_state": Given(
        "a copy of the state of the current room, where it holds any; {} at first",
        ("hash",),
        is_optional=True,
    ),
    "code": Given(
        "on `disconnect` only: why it ended; 1006 when the line just broke",
        ("int",),
        (DISCONNECT,),
    ),
    "reason": Given(
        "on `disconnect` only: the text that came with the code", ("string",), (DISCONNECT,)
    ),
}
"""Keys of the Hash that a WebSocket handler gets."""

REQUEST: Final[Mapping[str, Given]] = {
    "method": Given("`GET`, `POST`, …", ("string",)),
    "path": Given("the path, decoded", ("string",)),
    "params": Given("what stood in the dynamic segments of the route", ("hash",)),
    "query": Given("the query", ("hash",)),
    "headers": Given("the headers, names in lower case", ("hash",)),
    "cookies": Given("the cookies", ("hash",)),
    "body": Given("the body as it came"),
    "json": Given("the body of a JSON request, read"),
    "form": Given("the fields of a form"),
    "files": Given("the files of a form"),
    "all": Given("dynamic segments, query and body together", ("hash",)),
    "remote_ip": Given("the address of the client"),
    "remote_addr": Given("the same as `remote_ip`"),
}
"""Keys of the Hash that an action or `authenticate` gets; middleware may add others."""

_ROOMS: Final = "a String or an Array of Strings"
_CHANNEL: Final = Taken("the room", "a String", ("string",), is_required=True)
_STATE: Final = Taken("its state", "a String", ("string",))

ACTIONS: Final[Mapping[str, Taken]] = {
    "join": Taken(
        "a room, or an Array of rooms: makes the connection a member",
        _ROOMS,
        ("string", "array"),
        ("string",),
    ),
    "history": Taken(
        "how many messages of the past it gets first, with `join`",
        "a whole number from 0 to 1000",
        ("int",),
    ),
    "volatile": Taken(
        "`true` or a key: who reads too slowly gets only the newest of what is sent so",
        "true or a String",
        ("bool", "string"),
    ),
    "untrack": Taken(
        "a channel, or an Array: stops tracking its presence there",
        _ROOMS,
        ("string", "array"),
        ("string",),
    ),
    "track": Taken(
        '`{"channel":, "user_id":, ...}`: tracks it there; other keys are shown to others',
        "a Hash with 'channel' and 'user_id'",
        ("hash",),
        parts={
            "channel": _CHANNEL,
            "user_id": Taken(
                "the user", "a non-empty String or an Int", ("string", "int"), is_required=True
            ),
            "state": _STATE,
        },
    ),
    "set_presence": Taken(
        '`{"channel":, "state":}`: changes its state, or other keys',
        "a Hash with 'channel' and 'state'",
        ("hash",),
        parts={"channel": _CHANNEL, "state": _STATE},
    ),
    "room_state": Taken(
        "a merge patch of the state of the current room: keys to set, null for those to remove",
        "a Hash",
        ("hash",),
    ),
    "room_add": Taken(
        "numbers to be added to those in the state of the current room",
        "a Hash of numbers",
        ("hash",),
        values=Taken("a number, or a Hash of numbers", "a number", ("int", "float", "hash")),
    ),
    "room_append": Taken(
        "an item for each Array in the state of the current room that it is appended to",
        "a Hash of items by key",
        ("hash",),
    ),
    "send": Taken("anything: to this connection"),
    "reply": Taken("anything: answers the request (a message with a `ref`) that is handled"),
    "reply_error": Taken("anything: answers it with an error"),
    "broadcast_room": Taken("anything: to all members of the current room, itself included"),
    "broadcast_room_others": Taken(
        "anything: to all members of the current room but this connection"
    ),
    "broadcast_channel": Taken(
        '`{"channel":, "message":}`: to all members of that room',
        "a Hash with 'channel' and 'message'",
        ("hash",),
        parts={
            "channel": _CHANNEL,
            "message": Taken("what is sent", "any value", is_required=True),
        },
    ),
    "broadcast": Taken("anything: to every connection"),
    "broadcast_others": Taken("anything: to every connection but this one"),
    "leave": Taken(
        "a room, or an Array: ends the membership", _ROOMS, ("string", "array"), ("string",)
    ),
    "close": Taken(
        'a reason, or `{"code": 4001, "reason":}`: closes the connection',
        "a String or a Hash with 'code' and 'reason'",
        ("string", "hash"),
        parts={
            "code": Taken("the close code", "an Int", ("int",)),
            "reason": Taken("its text", "a String", ("string",)),
        },
        others="close has no '{}'",
    ),
}
"""Keys of the Hash that a WebSocket handler returns."""

RESULT: Final = "a handler returns a Hash"
RESULT_HINT: Final = 'return { "send": text } to answer, or {} to do nothing'
HISTORY_ALONE: Final = "history: 'join' is missing; it says what a client that joins receives"
