"""Carries out the effects of the core on the sockets of this process.

Effects of one step are carried out in order and without waiting (see `effects`). The fan-out
keeps rooms of its own, so that a message to a thousand members is one loop over bound writes; it
is told here, and only here, what changed in the hub's rooms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..core.effects import (
    Close,
    Cohort,
    ConnectionId,
    Effect,
    Enter,
    Everyone,
    Exit,
    Note,
    One,
    Room,
    RoomName,
    Send,
    Some,
    Subscribers,
    Wake,
)
from ..core.rooms import Rooms
from ..observing.logs import Log
from ..routing.handler import Handler
from ..ws.connection import Connection
from ..ws.fanout import Fanout
from ..ws.protocol.outgoing import Outgoing

if TYPE_CHECKING:
    from ..core.hub import Hub

EVERYBODY = ""
"""The fan-out room of all connections; the hub's rooms always have a name."""


MAX_NOTED = 1000
"""Different things that one handler is warned about: keys may be made at run time."""


class WatchedRooms(Rooms):
    """The hub's rooms, remembering whose membership changed since the fan-out was told."""

    __slots__ = ("changed",)

    def __init__(self) -> None:
        super().__init__()
        self.changed: dict[RoomName, dict[ConnectionId, None]] = {}

    def join(self, connection_id: ConnectionId, room: RoomName) -> bool:
        joined = super().join(connection_id, room)
        if joined:
            self.changed.setdefault(room, {})[connection_id] = None
        return joined

    def leave(self, connection_id: ConnectionId, room: RoomName) -> bool:
        left = super().leave(connection_id, room)
        if left:
            self.changed.setdefault(room, {})[connection_id] = None
        return left


class Delivery:
    """The way from effects to sockets, for one event loop."""

    def __init__(
        self,
        hub: Hub,
        rooms: WatchedRooms,
        fanout: Fanout,
        loop: asyncio.AbstractEventLoop,
        log: Log,
    ) -> None:
        self._hub = hub
        self._rooms = rooms
        self._fanout = fanout
        self._loop = loop
        self._log = log
        self._connections: dict[ConnectionId, Connection] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._perform: dict[type, Callable[..., None]] = {
            Send: self._send,
            Enter: self._enter,
            Exit: self._exit,
            Close: self._close,
            Note: self._note,
            Wake: self._wake,
        }

    def add(self, connection_id: ConnectionId, connection: Connection) -> None:
        """From now on the connection can be reached."""
        self._connections[connection_id] = connection
        self._fanout.join(EVERYBODY, connection)

    def remove(self, connection_id: ConnectionId) -> None:
        """The connection is gone."""
        self._connections.pop(connection_id, None)

    def carry_out(self, effects: Iterable[Effect], handler: Handler | None = None) -> None:
        """Do what the core asks for; *handler* is whose notes are to be logged once."""
        for effect in effects:
            self._perform[effect.__class__](effect, handler)
        if self._rooms.changed:
            self._follow_rooms()

    def stop(self) -> None:
        """No further timers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self, effect: Send, handler: Handler | None) -> None:
        audience, payload = effect.audience, effect.payload
        kind = audience.__class__
        if kind is One:
            connection = self._connections.get(audience.connection_id)  # type: ignore[union-attr]
            if connection is None:
                return
            try:
                if isinstance(payload, str):
                    connection.send_text(payload)
                else:
                    connection.send_binary(payload)
            except Exception:
                connection.failed()  # it, and not whoever sends to it
        elif kind is Room:
            self._publish(audience, payload)  # type: ignore[arg-type]
        elif kind is Everyone:
            self._fanout.publish(EVERYBODY, payload)
        elif kind is Subscribers:
            self._send_subscribers(audience, payload)  # type: ignore[arg-type]
        else:
            self._send_some(audience, payload)  # type: ignore[arg-type]

    def _publish(self, room: Room, payload: str | bytes) -> None:
        changed = self._rooms.changed.get(room.name)
        if changed:
            # Membership may have changed further since this audience was fixed; what counts for
            # this message is who was a member when the effect was made.
            for connection_id in changed:
                self._place(room.name, connection_id, connection_id in room.ids)
        self._fanout.publish(room.name, payload)

    def _send_subscribers(self, audience: Subscribers, payload: str | bytes) -> None:
        left_out = None if audience.but is None else self._connections.get(audience.but)
        exclude = () if left_out is None else (left_out,)
        self._fanout.publish(audience.cohort, payload, exclude=exclude)

    def _send_some(self, audience: Some, payload: str | bytes) -> None:
        message = Outgoing(payload)
        find = self._connections.get
        for connection_id in audience.ids:
            connection = find(connection_id)
            if connection is not None:
                try:
                    connection.send(message)
                except Exception:
                    connection.failed()

    def _enter(self, effect: Enter, handler: Handler | None) -> None:
        self._place(effect.cohort, effect.connection_id, True)

    def _exit(self, effect: Exit, handler: Handler | None) -> None:
        self._place(effect.cohort, effect.connection_id, False)

    def _follow_rooms(self) -> None:
        """Make the fan-out's rooms what the hub's rooms are now."""
        for room, connection_ids in self._rooms.changed.items():
            for connection_id in connection_ids:
                self._place(room, connection_id, self._rooms.contains(room, connection_id))
        self._rooms.changed.clear()

    def _place(self, room: RoomName | Cohort, connection_id: ConnectionId, is_member: bool) -> None:
        connection = self._connections.get(connection_id)
        if connection is None:
            return
        if is_member:
            self._fanout.join(room, connection)
        else:
            self._fanout.leave(room, connection)

    def _close(self, effect: Close, handler: Handler | None) -> None:
        connection = self._connections.get(effect.connection_id)
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
        timer = self._timer
        if timer is not None and timer.when() <= effect.at:
            return
        if timer is not None:
            timer.cancel()
        self._timer = self._loop.call_at(effect.at, self._flush)

    def _flush(self) -> None:
        self._timer = None
        try:
            self.carry_out(self._hub.flush(self._loop.time()))
        finally:
            # Whatever failed: channels that were put off are looked at again.
            due = self._hub.due
            if due is not None:
                self._wake(Wake(due), None)
