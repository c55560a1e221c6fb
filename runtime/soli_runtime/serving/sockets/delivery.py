"""Carries out the effects of the core on the sockets of this process.

Effects of one step are carried out in order and without waiting (see `effects`). The fan-out
keeps the members of each cohort, so that a message to a thousand is one loop over bound writes; it
is told here, and only here, who enters and exits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from ...core.effects import (
    Close,
    ConnectionId,
    Effect,
    Enter,
    Everyone,
    EveryoneBut,
    Exit,
    Members,
    Note,
    One,
    Recipients,
    Replay,
    Send,
    SendFor,
    SendVolatile,
    Some,
    Wake,
)
from ...core.seats import Seat
from ...observing.logs import Log
from ...routing.handler import Handler
from ...ws.connection import Connection
from ...ws.protocol.outgoing import Outgoing
from ...ws.rooms.fanout import Fanout
from ...ws.rooms.volatile import Volatile

if TYPE_CHECKING:
    from ...core.hub import Hub
    from .arrays import Arrays

EVERYBODY = ""
"""The fan-out room of all connections; all others are cohorts."""


Told = Callable[[Effect, tuple[ConnectionId, ...]], None]
"""Gets an effect and, when it is a `Send` or a `Replay`, whom it reaches."""

Charge = Callable[[Connection, float], None]
"""Puts seconds to the account of a connection."""

MAX_NOTED = 1000
"""Different things that one handler is warned about: keys may be made at run time."""


class _Waking(NamedTuple):
    """When the hub has something to tell next."""

    at: float
    handle: asyncio.Handle
    """uvloop gives one without a time for what is due within half a millisecond."""


class Delivery:
    """The way from effects to sockets, for one event loop."""

    def __init__(
        self,
        hub: Hub,
        fanout: Fanout,
        loop: asyncio.AbstractEventLoop,
        log: Log,
    ) -> None:
        self._hub = hub
        self._volatile = Volatile(loop, fanout)
        self._fanout = fanout
        self._loop = loop
        self._log = log
        self._seats = hub.seats
        self._waking: _Waking | None = None
        self._told: Told | None = None
        self.arrays: Arrays | None = None
        """For connections that speak Phoenix's arrays, once there is one."""
        self._ways: dict[type, Callable[..., None]] = {
            Send: self._send,
            SendFor: self._send_for,
            SendVolatile: self._send_volatile,
            Replay: self._replay,
            Enter: self._enter,
            Exit: self._exit,
            Close: self._close,
            Note: self._note,
            Wake: self._wake,
        }
        self._perform = self._ways.copy()
        self._charge: Charge = _nobody_pays

    def speak_arrays(self) -> Arrays:
        """From now on some connections speak Phoenix's arrays; others pay nothing until then."""
        if self.arrays is None:
            from .arrays import Arrays  # here: most apps have no such client

            self.arrays = arrays = Arrays(self._fanout, self._seats, self._volatile)
            self._ways |= {
                Send: arrays.around(self._send),
                SendVolatile: arrays.around(self._send_volatile),
                Enter: arrays.enters(self._enter),
                Exit: arrays.exits(self._exit),
            }
            self.watch(self._told)
        return self.arrays

    def add(self, seat: Seat, connection: Connection) -> None:
        """From now on the connection can be reached."""
        seat.reached_by(connection)
        self._fanout.join(EVERYBODY, connection)

    def carry_out(self, effects: Iterable[Effect], handler: Handler | None = None) -> None:
        """Do what the core asks for; *handler* is whose notes are to be logged once."""
        effects = iter(effects)
        try:
            for effect in effects:
                self._perform[effect.__class__](effect, handler)
        except Exception:
            self._place_the_rest(effects)
            raise

    def _place_the_rest(self, effects: Iterator[Effect]) -> None:
        """After a fault: what was to be sent is lost; who is where is not."""
        for effect in effects:
            if isinstance(effect, Enter):
                self._perform[effect.__class__](effect, None)

    def tell_positions(self) -> None:
        """At the end of a turn of the loop: what followers of rooms are told (`core.history`)."""
        self.carry_out(self._hub.positions())

    def _find(self, connection_id: ConnectionId) -> Connection | None:
        seat = self._seats.get(connection_id)
        return None if seat is None else seat.connection

    def watch(self, told: Told | None) -> None:
        """From now on tell *told* of what is sent, closed and noted before it is; None: nobody."""
        self._told = told
        self._perform = self._ways.copy()
        if told is not None:
            for kind in (Send, SendVolatile, Replay, Close, Note):
                self._perform[kind] = self._telling(told, self._ways[kind])

    def _telling(self, told: Told, perform: Callable[..., None]) -> Callable[..., None]:
        def tell_and_perform(effect: Effect, handler: Handler | None) -> None:
            if isinstance(effect, Send):
                told(effect, self._reached(effect.recipients))
            elif isinstance(effect, Replay):
                told(effect, self._reached(effect.recipient))
            else:
                told(effect, ())
            perform(effect, handler)

        return tell_and_perform

    def _reached(self, recipients: Recipients) -> tuple[ConnectionId, ...]:
        """Whom a message reaches that is sent now."""
        if isinstance(recipients, Members):
            members = self._fanout.members(recipients.cohort)
            if self.arrays is not None:
                members += self.arrays.members(recipients.cohort)
            found = (connection.session.id for connection in members)
            return tuple(one for one in found if one != recipients.but)
        if isinstance(recipients, One):
            ids: Iterable[ConnectionId] = (recipients.connection_id,)
        else:
            ids = recipients.ids if isinstance(recipients, Some) else self._seats
        but = recipients.but if isinstance(recipients, EveryoneBut) else None
        return tuple(one for one in ids if one != but and self._is_open(one))

    def _is_open(self, connection_id: ConnectionId) -> bool:
        connection = self._find(connection_id)
        return connection is not None and connection.is_open

    def stop(self) -> None:
        """No further timers."""
        self._volatile.stop()
        if self._waking is not None:
            self._waking.handle.cancel()
            self._waking = None

    def _send(self, effect: Send, handler: Handler | None) -> None:
        recipients, payload = effect.recipients, effect.payload
        kind = recipients.__class__
        if kind is One:
            seat = self._seats.get(recipients.connection_id)  # type: ignore[union-attr]
            if seat is None or seat.connection is None:
                return
            connection = seat.connection
            try:
                if isinstance(payload, str):
                    connection.send_text(payload)
                else:
                    connection.send_binary(payload)
            except Exception:
                connection.failed()  # it, and not whoever sends to it
        elif kind is Members:
            self._send_members(recipients, payload)  # type: ignore[arg-type]
        elif kind is Everyone:
            self._fanout.publish(EVERYBODY, payload)
        elif kind is EveryoneBut:
            self._fanout.publish(EVERYBODY, payload, exclude=self._left_out(recipients.but))  # type: ignore[union-attr]
        else:
            self._send_some(recipients, payload)  # type: ignore[arg-type]

    def charge_by(self, charge: Charge) -> None:
        """Put what was put off, and is sent late, to accounts by *charge*."""
        self._charge = charge

    def _send_for(self, effect: SendFor, handler: Handler | None) -> None:
        """Nobody's event is handled meanwhile: those pay who caused it."""
        started = perf_counter()
        self._perform[Send](effect, handler)
        found = [one for one in map(self._find, effect.causers) if one is not None]
        share = (perf_counter() - started) / max(1, len(found))
        for connection in found:
            self._charge(connection, share)

    def _replay(self, effect: Replay, handler: Handler | None) -> None:
        """Slice by slice; what is written differently is written when its slice has come."""
        connection = self._find(effect.recipient.connection_id)
        if connection is not None:
            try:
                if self.arrays is None:
                    connection.replay(effect.said)
                else:
                    connection.replay(self.arrays.replayed(effect))
            except Exception:
                connection.failed()  # it, and not whoever sends to it

    def _send_members(self, members: Members, payload: str | bytes) -> None:
        if members.but is None:
            self._fanout.publish(members.cohort, payload)
        else:
            self._fanout.publish(members.cohort, payload, exclude=self._left_out(members.but))

    def _left_out(self, connection_id: ConnectionId | None) -> tuple[Connection, ...]:
        found = None if connection_id is None else self._find(connection_id)
        return () if found is None else (found,)

    def _send_volatile(self, effect: SendVolatile, handler: Handler | None) -> None:
        """For those who are behind the newest of its sender and key is enough."""
        recipients, slot = effect.recipients, (effect.sender, effect.key)
        if isinstance(recipients, One):
            connection = self._find(recipients.connection_id)
            if connection is not None:
                self._volatile.send(connection, effect.payload, slot)
            return
        assert not isinstance(recipients, Some), "no program sends to some"
        name = recipients.cohort if isinstance(recipients, Members) else EVERYBODY
        but = None if isinstance(recipients, Everyone) else recipients.but
        self._volatile.publish(name, effect.payload, slot, self._left_out(but))

    def _send_some(self, some: Some, payload: str | bytes) -> None:
        message = Outgoing(payload)
        for connection_id in some.ids:
            connection = self._find(connection_id)
            if connection is not None:
                try:
                    connection.send(message)
                except Exception:
                    connection.failed()

    def _enter(self, effect: Enter, handler: Handler | None) -> None:
        connection = self._find(effect.connection_id)
        if connection is not None:
            self._fanout.join(effect.cohort, connection)

    def _exit(self, effect: Exit, handler: Handler | None) -> None:
        connection = self._find(effect.connection_id)
        if connection is not None:
            self._fanout.leave(effect.cohort, connection)

    def _close(self, effect: Close, handler: Handler | None) -> None:
        connection = self._find(effect.connection_id)
        if connection is not None:
            try:
                connection.close(effect.code, effect.reason)
            except Exception:
                connection.failed()

    def _note(self, note: Note, handler: Handler | None) -> None:
        name = handler.name if handler is not None else "-"
        if not note.once:
            self._log.debug(note.kind, handler=name, subject=note.subject, text=note.text)
            return
        key = (note.kind, note.subject)
        noted = handler.noted if handler is not None else set()
        if key not in noted and len(noted) < MAX_NOTED:
            noted.add(key)
            self._log.warning(note.kind, handler=name, text=note.text)

    def _wake(self, effect: Wake, handler: Handler | None) -> None:
        waking = self._waking
        if waking is not None and waking.at <= effect.at:
            return
        if waking is not None:
            waking.handle.cancel()
        self._waking = _Waking(effect.at, self._loop.call_at(effect.at, self._flush))

    def _flush(self) -> None:
        self._waking = None
        try:
            self.carry_out(self._hub.flush(self._loop.time()))
        finally:
            # Whatever failed: channels that were put off are looked at again.
            due = self._hub.due
            if due is not None:
                self._wake(Wake(due), None)


def _nobody_pays(connection: Connection, seconds: float) -> None:
    """Until somebody keeps accounts."""
