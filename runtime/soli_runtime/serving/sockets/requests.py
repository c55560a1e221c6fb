"""Requests over a socket: a message with a `ref`, and the reply that bears it.

    {"event": "vote", "payload": {"for": "tabs"}, "ref": 7}
    {"event": "phx_reply", "ref": 7, "payload": {"status": "ok", "response": {"votes": 3}}}

The shape is that of Phoenix, as an object or as its array of five. A message is read for its `ref`
only when something is to be replied: who does not reply pays nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from ...core import wire
from ...core.actions import Action, Reply, ReplyToRequest
from ...core.effects import Framed, Note

MAX_REF_CHARACTERS = 64
MAX_TOPIC_CHARACTERS = 255
FAILED = '{"reason":"internal"}'
"""What a request gets whose handler failed."""
CONFLICT = '{"reason":"conflict"}'
"""The same where others changed the state of the room each time."""

Ref: TypeAlias = str | int


class Request(NamedTuple):
    """What a reply has to bear so that whoever asked knows it."""

    ref: Ref
    join_ref: Ref | None = None
    topic: str | None = None
    is_array: bool = False

    def reply(self, status: str, response: str) -> str:
        """The message that answers it; *response* is JSON."""
        payload = f'{{"status":"{status}","response":{response}}}'
        if self.is_array:
            start = wire.to_json([self.join_ref, self.ref, self.topic, "phx_reply"])
            return Framed(f"{start[:-1]},{payload}]")
        fields: dict[str, Any] = {"event": "phx_reply", "ref": self.ref}
        if self.topic is not None:
            fields["topic"] = self.topic
        if self.join_ref is not None:
            fields["join_ref"] = self.join_ref
        return f'{wire.to_json(fields)[:-1]},"payload":{payload}}}'


def request_in(message: str | bytes) -> Request | None:
    """The request that *message* is; None if it bears no ref."""
    if not isinstance(message, str) or not message.lstrip().startswith(("{", "[")):
        return None
    try:
        read = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if isinstance(read, dict):
        return _object(read)
    return _array(read) if len(read) == 5 else None


def _object(read: dict[str, Any]) -> Request | None:
    if not is_ref(read.get("ref")):
        return None
    join_ref, topic = read.get("join_ref"), read.get("topic")
    return Request(
        read["ref"],
        join_ref if is_ref(join_ref) else None,
        topic if is_topic(topic) else None,
    )


def _array(read: list[Any]) -> Request | None:
    join_ref, ref, topic, event, _ = read
    if not is_ref(ref) or not is_topic(topic) or not isinstance(event, str):
        return None
    return Request(ref, join_ref if is_ref(join_ref) else None, topic, is_array=True)


def replied(
    wanted: Sequence[Action], request: Request | None, asks: Counter[str]
) -> tuple[list[Action], list[Note]]:
    """*wanted*, with a message in place of the first reply, and what is noted of others.

    They are counted in *asks* by what became of them.
    """
    found: list[Action] = []
    notes: list[Note] = []
    was_replied = False
    for action in wanted:
        if type(action) is not ReplyToRequest:
            found.append(action)
        elif request is None:
            asks["nobody"] += 1
            notes.append(_note("the event is no message with a ref", once=False))
        elif was_replied:
            asks["twice"] += 1
            notes.append(_note("it has one already", once=True))
        else:
            was_replied = True
            asks[action.status] += 1
            found.append(Reply(request.reply(action.status, action.response)))
    return found, notes


def _note(why: str, *, once: bool) -> Note:
    return Note("reply", "reply", f"reply: nothing is sent to the request: {why}", once=once)


def is_ref(value: Any) -> bool:
    """A String or an Int of at most 64 characters."""
    if type(value) is int:
        return abs(value) < 10**MAX_REF_CHARACTERS and len(str(value)) <= MAX_REF_CHARACTERS
    return type(value) is str and 0 < len(value) <= MAX_REF_CHARACTERS and _is_whole(value)


def is_topic(value: Any) -> bool:
    """A name of a topic or an event."""
    return type(value) is str and len(value) <= MAX_TOPIC_CHARACTERS and _is_whole(value)


def _is_whole(text: str) -> bool:
    """Whether it can be sent: JSON may hold halves of characters, a WebSocket may not."""
    return text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)
