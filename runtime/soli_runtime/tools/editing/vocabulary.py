"""The keys of events, requests and actions, in words for whoever writes a handler."""

from __future__ import annotations

from typing import Final

EVENT: Final = {
    "type": '`"connect"`, `"message"` or `"disconnect"`',
    "connection_id": "a random UUID, the same for all events of the connection",
    "message": "the text, on `message` only; Bytes if the message was binary",
    "binary": "`true`, on a binary message only",
    "params": "what stood in the dynamic segments of the route",
    "query": "the query of the upgrade request",
    "headers": "the headers of the upgrade request, names in lower case",
    "protocol": "the subprotocol that was selected; absent if none was",
    "resume": "on `connect` only, of a client that comes back to rooms which keep something",
    "code": "on `disconnect` only: why it ended; 1006 when the line just broke",
    "reason": "on `disconnect` only: the text that came with the code",
}
"""Keys of the Hash that a WebSocket handler gets (docs/spec §W3)."""

EVENT_TYPES: Final = ("connect", "message", "disconnect")

REQUEST: Final = {
    "method": "`GET`, `POST`, …",
    "path": "the path, decoded",
    "params": "what stood in the dynamic segments of the route",
    "query": "the query",
    "headers": "the headers, names in lower case",
    "cookies": "the cookies",
    "body": "the body as it came",
    "json": "the body of a JSON request, read",
    "form": "the fields of a form",
    "files": "the files of a form",
    "all": "dynamic segments, query and body together",
    "remote_ip": "the address of the client",
    "remote_addr": "the same as `remote_ip`",
}
"""Keys of the Hash that an action or `authenticate` gets (docs/spec §L24.2)."""

ACTIONS: Final = {
    "join": "a room, or an Array of rooms: makes the connection a member",
    "history": "how many messages of the past it gets first, with `join`",
    "untrack": "a channel, or an Array: stops tracking its presence there",
    "track": '`{"channel":, "user_id":, ...}`: tracks it there; other keys are shown to others',
    "set_presence": '`{"channel":, "state":}`: changes its state, or other keys',
    "send": "anything: to this connection",
    "volatile": "`true` or a key: who reads too slowly gets only the newest of what is sent so",
    "reply": "anything: answers the request (a message with a `ref`) that is handled",
    "reply_error": "anything: answers it with an error",
    "broadcast_room": "anything: to all members of the current room, itself included",
    "broadcast_room_others": "anything: to all members of the current room but this connection",
    "broadcast_channel": '`{"channel":, "message":}`: to all members of that room',
    "broadcast": "anything: to every connection",
    "broadcast_others": "anything: to every connection but this one",
    "leave": "a room, or an Array: ends the membership",
    "close": 'a reason, or `{"code": 4001, "reason":}`: closes the connection',
}
"""Keys of the Hash that a WebSocket handler returns (docs/spec §W4)."""

PARTS: Final[dict[str, tuple[str, ...]]] = {
    "track": ("channel", "user_id", "state"),
    "set_presence": ("channel", "state"),
    "broadcast_channel": ("channel", "message"),
    "close": ("code", "reason"),
}
"""Keys of the Hashes that actions take."""

ROUTE_WORDS: Final = frozenset(
    ("get", "post", "put", "patch", "delete", "router_websocket", "websocket")
)
"""Functions of `config/routes.soli` whose second argument is a `controller#action`."""
VIEW_WORDS: Final = frozenset({"render", "partial", "render_partial"})
