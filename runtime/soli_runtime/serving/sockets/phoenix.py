"""Messages as the arrays of Phoenix's second serializer (`?vsn=2.0.0`), both ways.

    [join_ref, ref, topic, event, payload]

Handlers know nothing of it: a message reaches them as the text of an object with these keys. What
they send is put into an array again, its `event` and `payload` where it has them.
https://hexdocs.pm/phoenix/writing_a_channels_client.html
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

from ...core import wire
from ...core.effects import Framed, FramedBytes, Payload
from ...core.state.wire import DiffText
from .requests import Ref, is_ref, is_topic

VERSION = "2.0.0"
SUFFIX = "/websocket"
"""What Phoenix's client puts behind the path."""
HEARTBEAT_TOPIC = "phoenix"
JOIN, LEAVE, HEARTBEAT = "phx_join", "phx_leave", "heartbeat"
DEFAULT_EVENT = "message"
"""Of what a program sends without an `event`."""

_PUSH, _BROADCAST = 0, 2
"""Kinds of binary messages: from a client, and to one."""
_MOST = 255
"""Bytes of a name in a binary message."""


class Frame(NamedTuple):
    """A message of a client."""

    join_ref: Ref | None
    ref: Ref | None
    topic: str
    event: str
    payload: Any
    """Bytes in a binary message."""

    @property
    def text(self) -> Payload:
        """What the handler sees of it."""
        if isinstance(self.payload, bytes):
            return self.payload
        seen = {"topic": self.topic, "event": self.event, "payload": self.payload}
        text = wire.to_json({**seen, "ref": self.ref, "join_ref": self.join_ref})
        return _whole(text)

    @property
    def array(self) -> Payload:
        """The message as it came; of a binary one the payload alone."""
        return self.payload if isinstance(self.payload, bytes) else wire.to_json(self)


def array_in(text: str) -> str:
    """The array that became the *text* that a handler saw."""
    read = json.loads(text)
    return wire.to_json([read[name] for name in Frame._fields])


def frame_in(message: Payload) -> Frame | None:
    """What a client says; None if it is none of Phoenix's messages."""
    if isinstance(message, bytes):
        return _pushed(message)
    try:
        read = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, list) or len(read) != 5:
        return None
    return _checked(Frame(*read))


def _pushed(message: bytes) -> Frame | None:
    """A binary push: kind, four sizes, four texts, and the rest is the payload."""
    if len(message) < 5 or message[0] != _PUSH:
        return None
    texts, start = [], 5
    for size in message[1:5]:
        texts.append(message[start : start + size].decode("utf-8", "replace"))
        start += size
    if start > len(message):
        return None
    join_ref, ref, topic, event = texts
    return _checked(Frame(join_ref or None, ref or None, topic, event, message[start:]))


def _checked(frame: Frame) -> Frame | None:
    refs = (frame.join_ref, frame.ref)
    if any(ref is not None and not is_ref(ref) for ref in refs):
        return None
    return frame if is_topic(frame.topic) and is_topic(frame.event) else None


def array_of(payload: Payload, topic: str, join_ref: Ref | None = None) -> Payload:
    """What a program sends, as clients get it that speak arrays."""
    return arrays_of(payload)(topic, join_ref)


def arrays_of(payload: Payload) -> Callable[..., Payload]:
    """What makes the array of *payload* for one topic after another.

    What all of them share is read and written once: a client chooses how many topics there are.
    """
    if isinstance(payload, Framed | FramedBytes):
        return lambda topic, join_ref=None: payload
    if isinstance(payload, bytes):
        return lambda topic, join_ref=None: _broadcast(payload, topic)
    end = _end_of(payload.whole() if isinstance(payload, DiffText) else payload)

    def array(topic: str, join_ref: Ref | None = None) -> Payload:
        start = _whole(wire.to_json([join_ref, None, topic]))
        return Framed(f"{start[:-1]},{end}")

    return array


def _end_of(payload: str) -> str:
    """Event and payload, and the end of the array."""
    try:
        text = wire.to_json(_parts(payload))
    except RecursionError:  # one level more than could be read
        text = wire.to_json((DEFAULT_EVENT, payload))
    return _whole(text)[1:]


def _whole(text: str) -> str:
    """*text* without halves of characters, which no WebSocket carries."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _parts(text: str) -> tuple[str, Any]:
    """Event and payload; of an object without a `payload` what stands beside its `event`."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return DEFAULT_EVENT, text
    if not isinstance(read, dict) or not isinstance(read.get("event"), str):
        return DEFAULT_EVENT, read
    event = read.pop("event")
    return event, read.get("payload", read)


def _broadcast(payload: bytes, topic: str) -> Payload:
    name, event = topic.encode("utf-8", "replace"), DEFAULT_EVENT.encode()
    if len(name) > _MOST:
        text = b64encode(payload).decode()
        return Framed(wire.to_json([None, None, topic, DEFAULT_EVENT, {"base64": text}]))
    head = bytes((_BROADCAST, len(name), len(event)))
    return FramedBytes(head + name + event + payload)
