"""What takes the place of a service's own classes while somebody watches (see `observation`).

The classes here have no fields of their own, so that objects can change to them and back: whoever
does not watch pays nothing, not even a test, and connections need not be told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import Cancelled
from soli_lang.values.values import Value

from ...core.actions import ACTIONS, ActionError
from ...core.effects import Close, Effect, Note, Replay
from ...core.events import copy_value
from ...core.payloads import cut_reason
from ...core.realtime import Realtime
from ...http.current import CONNECTION
from ...observing.observation import Observation, Observer
from ...observing.traces import (
    CONNECT,
    DISCONNECT,
    MESSAGE,
    ActionTaken,
    Closing,
    Delivered,
    HelperCalled,
    Trace,
    Warned,
    written,
)
from .channels import PhoenixConversation
from .conversations import MESSAGE as ON_MESSAGE
from .conversations import Conversation, Stage
from .phoenix import Frame, array_in

if TYPE_CHECKING:
    from ...ws.connection import Connection
    from ..service import Service


def watch(
    service: Service, observer: Observer, begun: Callable[[Trace], None] | None = None
) -> None:
    """Tell *observer* of all that happens in *service* from now on; *begun* when it begins."""
    observation = service.state.observation
    if observation is None:
        observation = Observation(time.time)
        _put_in(service, observation)
    observation.observers.append(observer)
    if begun is not None:
        observation.begun[observer] = begun


def unwatch(service: Service, observer: Observer) -> None:
    """Tell *observer* nothing any more. One that does not watch: nothing."""
    observation = service.state.observation
    if observation is None or observer not in observation.observers:
        return
    observation.observers.remove(observer)
    observation.begun.pop(observer, None)
    if not observation.observers:
        _put_in(service, None)


def _put_in(service: Service, observation: Observation | None) -> None:
    is_watched = observation is not None
    service.state.watch(observation)
    service.live.watch(observation, WATCHED if is_watched else UNWATCHED)
    realtime = service.realtime
    realtime.watch(None if observation is None else observation.add)
    realtime.__class__ = WatchedRealtime if is_watched else Realtime
    told = None if observation is None else _teller(observation)
    service.connections.delivery.watch(told)
    service.program.worker.observe(observation)


def _teller(observation: Observation) -> Any:
    def told(effect: Effect, recipients: tuple[str, ...]) -> None:
        if isinstance(effect, Close):
            part = Closing(effect.connection_id, effect.code, effect.reason)
            observation.add(part)
        elif isinstance(effect, Note):
            observation.add(Warned(effect.text, effect.once))
        elif isinstance(effect, Replay):
            observation.add(*[Delivered(payload, recipients) for payload in effect.payloads])
        else:
            observation.add(Delivered(effect.payload, recipients))  # type: ignore[union-attr]

    return told


class WatchedConversation(Conversation):
    """A conversation whose events are traced."""

    __slots__ = ()

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        event = self._message_event(payload, self.handler.event_parts)
        trace = self._trace(MESSAGE)
        trace.message = payload
        self._settle(self._traced_call(trace, event, ON_MESSAGE), ON_MESSAGE, payload)

    def _call(self, event: dict[str, Any], stage: Stage) -> Any:
        return self._traced_call(self._trace_of(event), event, stage)

    def _trace(self, kind: str) -> Trace:
        trace = Trace(
            kind,
            path=self.visitor.path,
            handler=self.handler.name,
            connection_id=self.id,
        )
        return self._observation.begin(trace)

    def _trace_of(self, event: dict[str, Any]) -> Trace:
        trace = self._trace(event["type"])
        if trace.kind == CONNECT:
            trace.user = self.visitor.user
            trace.details = self.events.describe()
        elif trace.kind == MESSAGE:
            trace.message = event["message"]
        elif trace.kind == DISCONNECT and self.ended is not None:
            trace.code, trace.reason = self.ended
        return trace

    @property
    def _observation(self) -> Observation:
        observation = self.live.observation
        assert observation is not None
        return observation

    def _traced_call(self, trace: Trace, event: dict[str, Any], stage: Stage) -> Any:
        live, observation = self.live, self._observation
        observation.events[self.id] = trace
        if observation.begun:
            trace.event = copy_value(event)
        invoke = observation.measured(self.handler.invoke, live.calls.machine, trace)

        def done(outcome: Any) -> None:
            self._resumed(outcome, stage)

        return live.calls.run(invoke, event, {CONNECTION: self}, done)

    def _apply(self, outcome: Any, message: Any = None) -> bool:
        observation = self._observation
        trace = observation.events.get(self.id)
        if trace is None:
            return super()._apply(outcome, message)  # its event began before anybody watched
        if outcome.__class__ is dict:
            trace.parts.extend(taken(outcome))
        with observation.attributing(trace):
            try:
                return super()._apply(outcome, message)
            finally:
                if trace.kind != DISCONNECT:  # which ends with what presence makes of it
                    observation.events.pop(self.id, None)
                    observation.finish(trace)

    def _failed(self, error: BaseException) -> None:
        self._observation.failed(error)
        super()._failed(error)

    def _refused(self, error: ActionError) -> None:
        observation = self._observation
        trace = observation.current()
        if trace is not None:
            trace.error = error
            trace.parts = [part for part in trace.parts if not isinstance(part, ActionTaken)]
        super()._refused(error)

    def _tell(self, text: str) -> None:
        self._observation.add(Delivered(text, (self.id,)))
        super()._tell(text)

    def _forget(self) -> None:
        observation = self._observation
        trace = observation.events.pop(self.id, None)
        if trace is None:
            super()._forget()
            return
        if trace.kind != DISCONNECT:
            trace.error = Cancelled("the connection is gone")
        with observation.attributing(trace):
            try:
                super()._forget()
            finally:
                observation.finish(trace)


class WatchedPhoenixConversation(PhoenixConversation, WatchedConversation):
    """The same with Phoenix's client: what it said is shown as it said it."""

    __slots__ = ()

    def _trace_of(self, event: dict[str, Any]) -> Trace:
        trace = super()._trace_of(event)
        if isinstance(trace.message, str):
            trace.message = array_in(trace.message)
        return trace

    def _leave(self, frame: Frame) -> None:
        trace = self._trace(MESSAGE)
        trace.message = frame.array
        with self._observation.attributing(trace):
            super()._leave(frame)
        self._observation.finish(trace)


UNWATCHED = (Conversation, PhoenixConversation)
WATCHED = (WatchedConversation, WatchedPhoenixConversation)


def taken(outcome: dict[Any, Value]) -> list[ActionTaken]:
    """The actions in a handler's return, in the order in which they are applied."""
    keys = [key for key in ACTIONS if key in outcome]
    return [ActionTaken(key, written(outcome[key])) for key in keys]


class WatchedRealtime(Realtime):
    """The `ws_*` helpers, traced; also what the host calls in its own code."""

    def _told(self, name: str, *arguments: Value) -> None:
        assert self.told is not None
        self.told(HelperCalled(name, ", ".join(written(value) for value in arguments)))

    def send(
        self,
        connection_id: str,
        message: Value,
        actor: str | None = None,
        *,
        volatile: str | None = None,
    ) -> None:
        self._told("ws_send", connection_id, message, *_last(volatile))
        super().send(connection_id, message, actor, volatile=volatile)

    def broadcast(
        self, message: Value, actor: str | None = None, *, volatile: str | None = None
    ) -> None:
        self._told("ws_broadcast", message, *_last(volatile))
        super().broadcast(message, actor, volatile=volatile)

    def broadcast_others(
        self, message: Value, actor: str | None = None, *, volatile: str | None = None
    ) -> None:
        self._told("ws_broadcast_others", message, *_last(volatile))
        super().broadcast_others(message, actor, volatile=volatile)

    def broadcast_room(
        self,
        room: str,
        message: Value,
        user: str = "ws_broadcast_room",
        actor: str | None = None,
        *,
        volatile: str | None = None,
    ) -> None:
        self._told(user, room, message, *_last(volatile))
        super().broadcast_room(room, message, user, actor, volatile=volatile)

    def broadcast_room_others(
        self, room: str, message: Value, actor: str | None = None, *, volatile: str | None = None
    ) -> None:
        self._told("ws_broadcast_room_others", room, message, *_last(volatile))
        super().broadcast_room_others(room, message, actor, volatile=volatile)

    def close(
        self, connection_id: str, reason: str = "", code: int = 1000, actor: str | None = None
    ) -> None:
        self._told("ws_close", connection_id, cut_reason(reason), code)
        super().close(connection_id, reason, code, actor)

    def join(self, connection_id: str, room: str) -> None:
        self._told("ws_join", room)
        super().join(connection_id, room)

    def leave(self, connection_id: str, room: str) -> None:
        self._told("ws_leave", room)
        super().leave(connection_id, room)


def _last(volatile: str | None) -> list[Value]:
    """The options that a program gives to a helper."""
    return [] if volatile is None else [{"volatile": volatile or True}]
