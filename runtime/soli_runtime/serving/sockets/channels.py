"""Conversations with Phoenix's own client: its channels on our events and rooms.

Joining a channel is a message to the handler (`phx_join`), which is answered with "ok" unless it
replies an error; heartbeats and leaving are answered here. A topic that is left is a room that is
left, and presence there that ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import SoliError

from ...core.actions import Leave, Untrack
from ...core.effects import Payload
from ...core.payloads import encode, room_name_fault
from .conversations import MESSAGE, Conversation
from .phoenix import HEARTBEAT, HEARTBEAT_TOPIC, JOIN, LEAVE, Frame, array_of, frame_in
from .requests import Ref, Request

if TYPE_CHECKING:
    from ...core.seats import Seat
    from ...ws.connection import Connection

UNSUPPORTED = 1003
MAX_JOINED = 1000
"""Topics that one connection is in; past it the one joined first is forgotten as an address."""


class PhoenixConversation(Conversation):
    """A conversation whose client speaks arrays."""

    __slots__ = ("joined", "said")

    speaks_arrays = True

    said: tuple[str, Ref | None] | None
    """Topic and `join_ref` of what the client said last, unless it left that topic."""
    joined: dict[str, Ref | None]
    """Topics that it is in, and the `join_ref` of each; the last one joined last."""

    @property
    def address(self) -> tuple[str, Ref | None]:
        """Topic and `join_ref` of what goes to this connection alone."""
        if self.said is not None:
            return self.said
        topic = self.topic
        return topic, self.joined.get(topic)

    @property
    def topic(self) -> str:
        """The one that it joined last; empty before the first."""
        return next(reversed(self.joined), "")

    def on_open(self, connection: Connection) -> None:
        self.said, self.joined = None, {}
        super().on_open(connection)

    def _reachable(self, seat: Seat, connection: Connection) -> None:
        self.live.delivery.speak_arrays().add(seat, connection, self.topic)

    def on_message(self, connection: Connection, payload: Payload) -> None:
        frame = frame_in(payload)
        if frame is None:
            connection.close(UNSUPPORTED, "no [join_ref, ref, topic, event, payload]")
        elif frame.topic == HEARTBEAT_TOPIC and frame.event == HEARTBEAT:
            self._acknowledge(frame)
        elif frame.event == LEAVE:
            self._leave(frame)
        else:
            self._handle(connection, frame)

    def _handle(self, connection: Connection, frame: Frame) -> None:
        try:
            event = self._event_of(frame)
        except RecursionError:  # it could just be read, but not written with a level around it
            connection.close(UNSUPPORTED, "the payload is nested too deeply")
            return
        self.said = frame.topic, frame.join_ref
        self._settle(self._call(event, MESSAGE), MESSAGE, frame)

    def _event_of(self, frame: Frame) -> dict[str, Any]:
        text, parts = frame.text, self.handler.event_parts
        if isinstance(text, bytes):
            return self.events.binary(text, parts)
        return self.events.message(text, parts)

    def _acknowledge(self, frame: Frame) -> None:
        request = self._request_in(frame)
        if request is not None:
            effects = self.live.hub.send(self.id, request.reply("ok", "{}"), self.id)
            self.live.delivery.carry_out(effects, self.handler)

    def _leave(self, frame: Frame) -> None:
        live, topic, seat = self.live, frame.topic, self.seat
        if seat is not None and room_name_fault(topic) is None:
            tracks = seat.tracking(topic) is not None
            wanted = [*([Untrack((topic,))] if tracks else ()), Leave((topic,))]
            live.delivery.carry_out(live.hub.apply(self.id, wanted, live.now()), self.handler)
        self._acknowledge(frame)
        self._part(topic)

    def _join(self, frame: Frame) -> None:
        former = self.topic
        self.joined.pop(frame.topic, None)
        self.joined[frame.topic] = frame.join_ref
        if len(self.joined) > MAX_JOINED:
            del self.joined[next(iter(self.joined))]
        self._move(former)

    def _part(self, topic: str) -> None:
        former = self.topic
        self.joined.pop(topic, None)
        if self.said is not None and self.said[0] == topic:
            self.said = None
        self._move(former)

    def _move(self, former: str) -> None:
        if self.connection is not None and self.topic != former:
            self.live.delivery.speak_arrays().place(self.connection, self.topic, former)

    # What the handler returns

    def _request_in(self, message: Any) -> Request | None:
        if not isinstance(message, Frame) or message.ref is None:
            return None
        return Request(message.ref, message.join_ref, message.topic, is_array=True)

    def _apply(self, outcome: Any, message: Any = None) -> bool:
        if not isinstance(message, Frame):
            return super()._apply(outcome, message)
        if outcome.__class__ is dict:
            outcome = self._addressed(outcome, message)
        if message.event != JOIN:
            return super()._apply(outcome, message)
        if outcome.__class__ is not dict or "reply_error" in outcome:
            return super()._apply(outcome, message)
        self._join(message)
        is_done = super()._apply({"reply": {}, **outcome}, message)
        if not is_done:
            self._part(message.topic)
        return is_done

    def _framed(self, value: Any, message: Any) -> Payload:
        return array_of(super()._framed(value, message), message.topic, message.join_ref)

    def _tell(self, text: str) -> None:
        super()._tell(str(array_of(text, *self.address)))

    def _addressed(self, outcome: dict[Any, Any], frame: Frame) -> dict[Any, Any]:
        """*outcome*, with what it sends to this connection as an array for the channel of *frame*.

        At once: where several processes meet it may go out when other messages were handled.
        """
        if "send" not in outcome:
            return outcome
        try:
            payload = encode(outcome["send"], self.live.encode_json)
        except (SoliError, TypeError, ValueError):
            return outcome  # whoever applies it says what is wrong
        return {**outcome, "send": array_of(payload, frame.topic, frame.join_ref)}
