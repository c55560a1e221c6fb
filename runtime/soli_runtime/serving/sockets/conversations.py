"""The events of one connection, strictly in order: what the socket layer calls, in our terms.

    on_open ── connect event ──▶ message events … ──▶ on_closed ── disconnect event ── forgotten

One event at a time: while a handler waits, its connection delivers no further message. There
is one way out, `_finish`, and `_forget` behind it always runs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, NamedTuple

from soli_lang.base.errors import LimitError, SoliError
from soli_lang.values.values import SKIP

from ...calling.calls import failure_text, is_cancelled
from ...calling.greenlets import Failure, Runner, WaitLimitError
from ...core import actions
from ...core.actions import Action, ActionError, Replying, Track
from ...core.events import Events, new_message
from ...core.history import resuming
from ...core.seats import Seat
from ...core.state.values import ConflictError
from ...gate.request_turns import RequestFlow
from ...http.current import CONNECTION
from ...http.guards.identity import user_id_of
from ...observing.tally import INTERNAL, kind_of
from ...routing.handler import Handler
from ...routing.messages import InvalidMessage, fields_named
from ...ws.connection import Connection
from ...ws.counters import CloseCause
from ...ws.fair.accounts import STRUCK
from .live import Live
from .requests import CONFLICT, FAILED, Request, replied, request_in
from .transactions import BEFORE, KEYS, Commit
from .visitors import Visitor

logger = logging.getLogger("soli.ws")

INTERNAL_ERROR = 1011
POLICY_VIOLATION = 1008

MAX_STRIKES = 3
"""Calls ended by a limit, within `STRIKE_SECONDS`, that cost the connection."""
STRIKE_SECONDS = 60.0

_POLICY = frozenset(
    {
        CloseCause.BINARY_REFUSED,
        CloseCause.LISTENER_ERROR,
        CloseCause.PING_TIMEOUT,
        CloseCause.RATE,
        CloseCause.SLOW_CONSUMER,
        CloseCause.UNFINISHED,
        CloseCause.VIOLATION,
        CloseCause.WORK,
    }
)
"""Ends that somebody who runs the server wants to know about."""


_MAY_COME_BACK = frozenset({CloseCause.LOST, CloseCause.PING_TIMEOUT, CloseCause.SHUTDOWN})
"""Ends that nobody wanted: neither the client said goodbye, nor did the program send it away."""


class Conversation:
    """A listener (see `ws.listener`) that turns what a connection does into events."""

    __slots__ = (
        "connection",
        "ended",
        "events",
        "handler",
        "id",
        "live",
        "opening",
        "runner",
        "seat",
        "strikes",
        "visitor",
    )

    speaks_arrays = False
    """Whether the client is Phoenix's (see `channels`)."""

    def __init__(
        self,
        live: Live,
        handler: Handler,
        events: Events,
        visitor: Visitor,
        opening: RequestFlow | None = None,
    ) -> None:
        self.live = live
        self.id = events.connection_id
        self.handler = handler
        self.events = events
        self.visitor = visitor
        self.connection: Connection | None = None
        self.runner: Runner | None = None
        """The suspended call of the handler; None when none waits."""
        self.ended: tuple[int, str] | None = None
        """Close code and reason once the connection is closed."""
        self.strikes: tuple[float, ...] = ()
        """When a limit ended the handler, of late."""
        self.opening = opening
        """To whose account the connect event is put; None: to nobody's."""
        self.seat: Seat | None = None
        """What the core knows of the connection, once it is open."""

    @property
    def held_back(self) -> str:
        """Why its messages wait for their turn; empty when they do not."""
        return "" if self.connection is None else self.connection.held_back

    def follow(self, handlers: Mapping[str, Handler]) -> None:
        """Go on with the handler of the same name in a newly loaded program, if it has one."""
        self.handler = handlers.get(self.handler.name, self.handler)

    # What the socket layer calls

    def on_open(self, connection: Connection) -> None:
        live = self.live
        self.connection = connection
        live.visitors.opened(self.visitor, self)
        connection.belongs_to(self, self.visitor.remote_ip)
        self.seat = seat = live.hub.connect(self.id, self)
        self._reachable(seat, connection)
        live.state.log.info(
            "connected",
            connection=self.id,
            path=self.visitor.path,
            origin=self.events.header("origin"),
            **self._who(),
        )
        started = perf_counter()
        self._settle(self._call(self._connect_event(seat), CONNECT), CONNECT)
        self._count_opening(connection, started)

    def _count_opening(self, connection: Connection, started: float) -> None:
        """Put the connect event to the account of whoever opens connections there."""
        flow, turns = self.opening, self.live.state.turns
        if flow is not None:
            if connection.standing == STRUCK:
                turns.ended_by_limit(flow)
            turns.took(flow, started, perf_counter())
            self.opening = None

    def _reachable(self, seat: Seat, connection: Connection) -> None:
        """From now on the connection gets messages."""
        self.live.delivery.add(seat, connection)

    def _connect_event(self, seat: Seat) -> dict[str, Any]:
        event = self.events.connect()
        if self.live.hub.history.rules or self.live.hub.states.rules:
            returns = resuming.asked(event["query"])
            if returns is not None:
                seat.come_back(returns)
                event["resume"] = returns.copy()
        return event

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        handler = self.handler
        parts = handler.event_parts
        if parts or payload.__class__ is not str:
            event = self._message_event(payload, parts)
        else:  # `Events.message`, written out
            event = new_message()
            event["message"] = payload
        live = self.live
        calls = live.calls
        machine = calls.machine
        if calls.may_wait or machine.local:
            outcome = calls.run(handler.invoke, event, {CONNECTION: self}, self._message_done)
        else:  # the same, written out
            try:
                outcome = machine.enter(handler.invoke, event, {CONNECTION: self})
            except Exception as error:
                outcome = calls.failed(error)
        if outcome.__class__ is dict:
            if len(outcome) == 1:
                # `actions.reply_of`, written out: most returns are `{"send": text}`.
                # It may not overtake what the connection sent to others (`core.broker`).
                reply = outcome.get("send")
                if reply.__class__ is str and (live.hub.is_alone or not self.seat.under_way):  # type: ignore[union-attr]
                    connection.send_text(reply)
                    return
            self._apply(outcome, payload)
        else:
            self._settle(None if outcome is SKIP else outcome, MESSAGE, payload)

    def _message_event(self, payload: str | bytes, parts: tuple[str, ...]) -> dict[str, Any]:
        if isinstance(payload, str):
            return self.events.message(payload, parts)
        return self.events.binary(payload, parts)

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        self.ended = (code, reason)
        try:
            if connection.cause in _POLICY:
                self._log_policy(connection, code)
            cause = connection.cause.value
            self.live.state.log.info(
                "disconnected", connection=self.id, code=code, cause=cause, **self._who()
            )
            if self.runner is not None:
                self.runner.cancel()  # `_resumed` goes on from here
            else:
                self.live.hub.closing(self.id)
                connection.in_turn(self._finish_in_turn)
        except Exception:
            self._give_up()
            raise

    def _who(self) -> dict[str, Any]:
        """For the log: the address, and who `authenticate` said it is."""
        name = user_id_of(self.visitor.user)
        known = {} if name is None else {"user": name}
        return {"ip": self.visitor.remote_ip, **known}

    def _log_policy(self, connection: Connection, code: int) -> None:
        ip, cause = self.visitor.remote_ip, connection.cause.value
        fields = {"cause": cause, "code": code, "connection": self.id, "ip": ip}
        if connection.cause is CloseCause.WORK:
            fields["handler"] = self.handler.name
        self.live.state.log.warning("closed_by_policy", **fields)

    def on_cut(self, connection: Connection) -> None:
        # Nobody is there to wait for any more; what came before the end is still handled.
        if self.runner is not None:
            self.runner.cancel()

    @property
    def _is_cut(self) -> bool:
        """Whether the line broke, and messages that came before are still to be handled."""
        connection = self.connection
        return self.ended is None and connection is not None and connection.transport is None

    # Calls of the handler

    def _call(self, event: dict[str, Any], stage: Stage) -> Any:
        def done(outcome: Any) -> None:
            self._resumed(outcome, stage)

        return self.live.calls.run(self.handler.invoke, event, {CONNECTION: self}, done)

    def _message_done(self, outcome: Any) -> None:
        self._resumed(outcome, MESSAGE)

    def _settle(self, outcome: Any, stage: Stage, message: Any = None) -> None:
        """Go on at once, or hold the connection's further events until the handler is done."""
        if outcome.__class__ is Runner:
            self.runner = outcome
            outcome.handles(message, self.connection)
            if self.connection is not None:
                self.connection.pause_reading()
            if self._is_cut:
                outcome.cancel()
            return
        stage.returned(self, outcome, message)

    def _resumed(self, outcome: Any, stage: Stage) -> None:
        """A handler that waited is done."""
        runner, self.runner = self.runner, None
        try:
            self._go_on(outcome, stage, None if runner is None else runner.take_message())
        except Exception as error:
            # Nobody above us knows whose fault it is: the loop called.
            self._broke(error)

    def _broke(self, error: Exception) -> None:
        """A bug of ours, being handled: it costs this connection, and no other."""
        if self.ended is not None:
            logger.error("conversation failed", exc_info=error)
            self._give_up()
        elif self.connection is not None:
            self.live.state.tally.handler_errors[self.handler.name, INTERNAL] += 1
            self.connection.failed()
            self.connection.resume_reading()

    def _give_up(self) -> None:
        """The same once the connection is closed: nothing is kept of it."""
        self.live.state.tally.handler_errors[self.handler.name, INTERNAL] += 1
        if self.connection is not None:
            self._forget()

    def _go_on(self, outcome: Any, stage: Stage, message: Any) -> None:
        if is_cancelled(outcome) and (self.ended is not None or self._is_cut):
            stage.taken_back(self)
        else:
            stage.returned(self, outcome, message)
        if stage.is_last:
            return
        if self.ended is not None:
            self._finish()
        else:
            assert self.connection is not None
            self.connection.resume_reading()

    # What becomes of a handler's return, or of a call that was taken back (see `Stage`)

    def _connected(self, outcome: Any, message: None) -> None:
        if not self._apply(outcome) and self.connection is not None and self.ended is None:
            # Half set up: whatever the program meant to establish is not there.
            self.connection.close(INTERNAL_ERROR, "")

    def _unconnected(self) -> None:
        if self.ended is None:
            assert self.connection is not None
            self.connection.abort()  # no message without a connect that ran

    def _answered(self, outcome: Any, message: Any) -> None:
        self._apply(outcome, message)

    def _unanswered(self) -> None:
        """Nobody is there to hear the answer."""

    def _departed(self, outcome: Any, message: None) -> None:
        try:
            self._apply(outcome)
        finally:
            self._forget()

    def _undeparted(self) -> None:
        self._forget()

    def _apply(self, outcome: Any, message: Any = None) -> bool:
        """Apply the actions of a return. False when it failed; then nothing was applied.

        *message* is what was handled: a request, perhaps, that has to have its reply.
        """
        live = self.live
        if outcome.__class__ is Failure:
            self._unapplied(outcome.error, message)
            return False
        if live.state.commits:
            commit = live.state.commits.pop(self.id, None)
            if commit is not None:
                return self._apply_committed(commit, outcome, message)
        try:
            wanted = actions.parse(outcome, live.encode_json, live.max_presence_bytes)
            if wanted.__class__ is Replying:
                wanted = self._with_replies(wanted, message)
            effects = live.hub.apply(self.id, wanted, live.now())
        except ActionError as error:
            self._refused(error)
            self._reply_failed(message)
            return False
        live.delivery.carry_out(effects, self.handler)
        for action in wanted:  # `_note_tracks`, written out
            if action.__class__ is Track:
                live.visitors.tracked(self.visitor, action.key)
        return True

    def _unapplied(self, error: BaseException, message: Any) -> None:
        """There is no return: the handler failed, or was never called for a message."""
        if isinstance(error, InvalidMessage):
            self._refuse(error, message)
        else:
            self._failed(error)
            self._reply_failed(message, error)

    def _apply_committed(self, commit: Commit, outcome: Any, message: Any) -> bool:
        """The rest of a return, of which a change of a room's state is committed already."""
        live = self.live
        if commit.error is not None:
            self._refused(commit.error)
            self._reply_failed(message)
            return False
        rest = {key: value for key, value in outcome.items() if key not in KEYS}
        wanted = actions.parse(rest, live.encode_json, live.max_presence_bytes)
        if wanted.__class__ is Replying:
            wanted = self._with_replies(wanted, message)
        before: list[Action] = [action for action in wanted if isinstance(action, BEFORE)]
        behind = [action for action in wanted if not isinstance(action, BEFORE)]
        if commit.done is not None:
            before.append(commit.done)
        self._apply_checked(before)
        for write in commit.messages:
            try:
                live.calls.outside(write, {CONNECTION: self})
            except SoliError as error:
                self.write_failed(error)
        self._apply_checked(behind)
        self._note_tracks(wanted)
        return True

    def _note_tracks(self, done: Sequence[Action]) -> None:
        for action in done:
            if action.__class__ is Track:
                self.live.visitors.tracked(self.visitor, action.key)

    def _apply_checked(self, wanted: Sequence[Action]) -> None:
        live = self.live
        effects = live.hub.apply(self.id, wanted, live.now(), is_checked=True)
        live.delivery.carry_out(effects, self.handler)

    def write_failed(self, error: SoliError) -> None:
        """What a helper asked for, and what waited for the commit, could not be done then."""
        self._failed(error)

    # Requests (see `requests`)

    def _refuse(self, error: InvalidMessage, message: Any) -> None:
        """Who sent what does not fit its declaration is told so (docs/spec §W12.1)."""
        live, name = self.live, self.handler.name
        live.state.tally.invalid_messages[name, error.event] += 1
        live.state.log.warning(
            "invalid_message",
            handler=name,
            message=error.event,
            fields=fields_named(error.errors),
            connection=self.id,
        )
        request = self._request_in(message)
        if request is None:
            answer = self._framed({"event": "invalid", "payload": error.answer}, message)
        else:
            live.state.tally.asks["invalid"] += 1
            answer = request.reply("error", live.encode_json(error.answer))
        live.delivery.carry_out(live.hub.send(self.id, answer, self.id), self.handler)

    def _framed(self, value: Any, message: Any) -> Any:
        """*value* as it is sent to who sent *message*."""
        return self.live.encode_json(value)

    def _request_in(self, message: Any) -> Request | None:
        return request_in(message)

    def _with_replies(self, wanted: Sequence[Action], message: Any) -> Sequence[Action]:
        """*wanted*, with a message in place of the first reply, if there is one to reply to."""
        request = None if message is None else self._request_in(message)
        found, notes = replied(wanted, request, self.live.state.tally.asks)
        self.live.delivery.carry_out(notes, self.handler)
        return found

    def _reply_failed(self, message: Any, error: BaseException | None = None) -> None:
        """Who asked is told that there will be no other reply."""
        request = None if message is None else self._request_in(message)
        if request is not None:
            live = self.live
            is_conflict = isinstance(error, ConflictError)
            live.state.tally.asks["conflict" if is_conflict else "internal"] += 1
            reason = CONFLICT if is_conflict else FAILED
            effects = live.hub.send(self.id, request.reply("error", reason), self.id)
            live.delivery.carry_out(effects, self.handler)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, LimitError) and not isinstance(error, WaitLimitError):
            self._strike()
        live, name, kind = self.live, self.handler.name, kind_of(error)
        live.state.tally.handler_errors[name, kind] += 1
        live.state.log.error(
            "handler_error",
            handler=name,
            kind=kind,
            connection=self.id,
            error=lambda: failure_text(error),
        )
        self._show(error.message if isinstance(error, SoliError) else "internal error")

    def _strike(self) -> None:
        """A limit ended the handler: what made it work so hard came from the other side."""
        connection, now = self.connection, self.live.now()
        if connection is None or self.ended is not None:
            return
        connection.ended_by_limit()
        strikes = [at for at in self.strikes if now - at < STRIKE_SECONDS]
        self.strikes = (*strikes, now)
        if len(self.strikes) >= MAX_STRIKES:
            connection.close(POLICY_VIOLATION, "too much work", cause=CloseCause.WORK)

    def _refused(self, error: ActionError) -> None:
        live = self.live
        live.state.tally.handler_errors[self.handler.name, "ActionError"] += 1
        live.state.log.error(
            "action_error",
            handler=self.handler.name,
            at=self.handler.place_of(error.key),
            connection=self.id,
            error=error.message + (f" ({error.hint})" if error.hint else ""),
        )
        self._show(error.message)

    def _show(self, message: str) -> None:
        """With `--dev`, tell the client what went wrong."""
        if self.live.state.settings.dev and self.connection is not None and self.ended is None:
            payload = {"event": "error", "payload": {"message": message}}
            self._tell(self.live.encode_json(payload))

    def _tell(self, text: str) -> None:
        assert self.connection is not None
        self.connection.send(text)

    # The end

    def _finish_in_turn(self) -> None:
        connection = self.connection
        try:
            self._finish()
        except Exception as error:
            if connection is not None:
                connection.listener_failed()
            self._broke(error)  # nobody above us knows whose fault it is

    def _finish(self) -> None:
        """The connection is closed and no handler runs: the disconnect event, then oblivion."""
        assert self.ended is not None
        self.live.hub.closing(self.id)
        if self.live.is_over():
            self._forget()
            return
        try:
            event = self.events.disconnect(*self.ended)
            outcome = self._call(event, DISCONNECT)
        except BaseException:
            self._forget()
            raise
        self._settle(outcome, DISCONNECT)

    def _forget(self) -> None:
        live = self.live
        try:
            was_lost = self.connection is not None and self.connection.cause in _MAY_COME_BACK
            effects = live.hub.disconnect(self.id, live.now(), was_lost=was_lost)
            live.delivery.carry_out(effects, self.handler)
        finally:
            self.connection = None
            live.visitors.gone(self.visitor)
            live.tell_if_empty()


class Stage(NamedTuple):
    """What follows the call of the handler for one kind of event."""

    returned: Callable[[Conversation, Any, Any], None]
    """With what came of it, a return or a failure, and the message that was handled if any."""
    taken_back: Callable[[Conversation], None]
    """When the client was gone before a handler that waited was done."""
    is_last: bool = False
    """Otherwise: the next message, or the end if there was one meanwhile."""


CONNECT = Stage(Conversation._connected, Conversation._unconnected)
MESSAGE = Stage(Conversation._answered, Conversation._unanswered)
DISCONNECT = Stage(Conversation._departed, Conversation._undeparted, is_last=True)
