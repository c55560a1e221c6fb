"""Server-sent events and streamed responses (docs/spec §L13.3).

An action asks for a stream by returning the marker that `sse`, `stream` or `sse_subscribe` gave
it; the server then sends the headers and runs the block, or relays the topic.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from soli_lang.base.errors import SoliError
from soli_lang.base.records import Record
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, function, method
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import is_callable
from soli_lang.values.values import Value

from .current import REQUEST

MAX_WAITING_FRAMES = 256
"""Frames kept for a subscriber that reads slowly; of more, the oldest are lost."""

SSE_HEADERS = (
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache"),
    ("Connection", "keep-alive"),
    ("X-Accel-Buffering", "no"),
)


def frame(data: Value, event: str | None = None) -> bytes:
    """One server-sent event. A line break in *event* would end the field, so it becomes a space."""
    text = "" if data is None else to_text(data)
    lines = [f"data: {line}" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    if event is not None:
        lines.insert(0, "event: " + " ".join(event.splitlines()))
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


class Subscriber:
    """One client that follows a topic. `wake` is called when a frame is waiting."""

    __slots__ = ("frames", "lost", "wake")

    def __init__(self, wake: Callable[[], None]) -> None:
        self.frames: deque[bytes] = deque(maxlen=MAX_WAITING_FRAMES)
        self.lost = 0
        self.wake = wake

    def put(self, data: bytes) -> None:
        """Queue a frame; a full queue loses its oldest."""
        if len(self.frames) == MAX_WAITING_FRAMES:
            self.lost += 1
        self.frames.append(data)
        self.wake()


class Elsewhere(Protocol):
    """What the topics of other processes are reached through."""

    def publish_topic(self, topic: str, data: bytes) -> None:
        """A frame for the subscribers of all processes; those of this one are told with it."""
        ...

    def tell_subscribers(self, topic: str, count: int) -> None:
        """This process has so many subscribers of a topic now."""
        ...

    def subscribers_elsewhere(self, topic: str) -> int:
        """How many other processes have."""
        ...


class Topics:
    """Who follows which topic in this process, and how others are reached."""

    def __init__(self) -> None:
        self._subscribers: dict[str, dict[Subscriber, None]] = {}
        self.elsewhere: Elsewhere | None = None
        """None: there is one process."""

    def meet(self, elsewhere: Elsewhere) -> None:
        """Share topics with other processes."""
        self.elsewhere = elsewhere

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        self._subscribers.setdefault(topic, {})[subscriber] = None
        self._tell(topic)

    def _tell(self, topic: str) -> None:
        if self.elsewhere is not None:
            self.elsewhere.tell_subscribers(topic, len(self._subscribers.get(topic, ())))

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        members = self._subscribers.get(topic)
        if members is not None:
            members.pop(subscriber, None)
            if not members:
                del self._subscribers[topic]
            self._tell(topic)

    def publish(self, topic: str, data: Value, event: str | None = None) -> int:
        """Send to all subscribers of *topic*, wherever they are; returns how many there are."""
        count = self.count(topic)
        if not count:
            return 0
        encoded = frame(data, event)
        if self.elsewhere is None:
            self.deliver(topic, encoded)
        else:
            self.elsewhere.publish_topic(topic, encoded)
        return count

    def deliver(self, topic: str, data: bytes) -> None:
        """A frame for the subscribers that this process has."""
        for subscriber in tuple(self._subscribers.get(topic, ())):
            subscriber.put(data)

    def count(self, topic: str) -> int:
        """How many follow *topic*, in all processes."""
        here = len(self._subscribers.get(topic, ()))
        return (
            here if self.elsewhere is None else here + self.elsewhere.subscribers_elsewhere(topic)
        )

    def counts(self) -> list[tuple[str, int]]:
        """How many of this process follow each topic."""
        return [(topic, len(members)) for topic, members in self._subscribers.items()]


class BlockStream(Record, frozen=True):
    """A response that a block of the program writes."""

    block: Value
    content_type: str
    is_sse: bool


class TopicStream(Record, frozen=True):
    """A response that relays a topic."""

    topic: str


class Out:
    """What the block of `sse` or `stream` writes to. `write` sends bytes; False: client gone."""

    __slots__ = ("is_sse", "send")

    soli_type = "Stream"

    def __init__(self, send: Callable[[bytes], Awaitable[bool]], is_sse: bool) -> None:
        self.send = send
        self.is_sse = is_sse

    def soli_text(self) -> str:
        return "<Stream>"


@method("Stream", "emit", Any_, Any_.optional())
def stream_emit(machine: Machine, out: Out, data: Value, event: Value) -> bool:
    """Write one event (or, in `stream`, the text). False when the client is gone."""
    if not out.is_sse:
        return _write(machine, out, _bytes(data))
    return _write(machine, out, frame(data, None if event is None else to_text(event)))


@method("Stream", "write", Any_)
def stream_write(machine: Machine, out: Out, text: Value) -> bool:
    """Write raw text or bytes. False when the client is gone."""
    return _write(machine, out, _bytes(text))


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else to_text(value).encode("utf-8", "replace")


def _write(machine: Machine, out: Out, data: bytes) -> bool:
    return bool(machine.suspend(out.send(data), "Stream.write"))


def _marker(machine: Machine, user: str, plan: BlockStream | TopicStream) -> dict[str, Value]:
    request = machine.local.get(REQUEST)
    if request is None:
        raise SoliError(f"{user}() works only while an HTTP request is handled")
    request.stream = plan
    return {"status": 200, "body": ""}


@function("sse", Any_, Any_.optional())
def sse(machine: Machine, req: Value, block: Value) -> Value:
    """Stream events to the client: `sse(req) do |out| … end`, returned from the action."""
    if not is_callable(block):
        raise SoliError("sse(req) requires a block: sse(req) do |out| … end")
    return _marker(machine, "sse", BlockStream(block, "text/event-stream", is_sse=True))


@function("stream", Any_, Any_.optional(), Any_.optional())
def stream(machine: Machine, req: Value, content_type: Value, block: Value) -> Value:
    """Stream bytes to the client: `stream(req, content_type) do |out| … end`."""
    if block is None and is_callable(content_type):
        content_type, block = None, content_type
    if not is_callable(block):
        raise SoliError("stream(req) requires a block: stream(req) do |out| … end")
    kind = "application/octet-stream" if content_type is None else to_text(content_type)
    return _marker(machine, "stream", BlockStream(block, kind, is_sse=False))


@function("sse_subscribe", Any_, String("string topic"))
def sse_subscribe(machine: Machine, req: Value, topic: str) -> Value:
    """Keep the connection open and relay *topic*; returned from the action."""
    return _marker(machine, "sse_subscribe", TopicStream(topic))


TOPICS: MachineKey[Topics] = MachineKey("soli_runtime.topics")


def _topics(machine: Machine) -> Topics | None:
    return machine.library.get(TOPICS)


@function("sse_broadcast", String("string topic"), Any_, Any_.optional())
def sse_broadcast(machine: Machine, topic: str, data: Value, event: Value) -> int:
    """Send an event to the subscribers of *topic*; returns how many were reached."""
    if event is not None and not isinstance(event, str):
        raise SoliError(f"sse_broadcast() expects string event, got {type_name(event)}")
    topics = _topics(machine)
    return topics.publish(topic, data, event) if topics is not None else 0


@function("sse_subscribers", String("string topic"))
def sse_subscribers(machine: Machine, topic: str) -> int:
    """How many clients follow *topic*."""
    topics = _topics(machine)
    return topics.count(topic) if topics is not None else 0


def broadcast_to_topic(machine: Machine, topic: str, payload: str | bytes) -> int:
    """What `broadcast` does on this transport."""
    topics = _topics(machine)
    if topics is None:
        return 0
    text: Any = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else payload
    return topics.publish(topic, text)
