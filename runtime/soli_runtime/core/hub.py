"""Connections, rooms and presence as one state machine: actions in, effects out.

Contract of use: `connect` when a connection is accepted, before its `connect` event is handled;
`apply` with the parsed return of every handler call; `closing` before its `disconnect` event is
handled; `disconnect` last, always. The effects of each call are carried out in order, before
the next call. Nothing here waits, and a call that raises has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..settings import Settings
from .actions import (
    Action,
    ActionError,
    Broadcast,
    BroadcastChannel,
    BroadcastRoom,
    CloseConnection,
    Join,
    Leave,
    Reply,
    SetPresence,
    Track,
    Unknown,
    Untrack,
    presence_too_large,
)
from .broker import Broker, LocalBroker
from .effects import Close, ConnectionId, Effect, Note, One, Payload, RoomName, Send
from .payloads import check_room_name, cut_reason
from .presence import Presence
from .rooms import Rooms
from .wire import DEFAULT_STATE, body_size

_LIMITED = (Join, SetPresence)
"""Actions that can pass a limit of the hub."""


class Hub:
    """The realtime core of one process. Limits of 0 are off."""

    def __init__(
        self,
        broker: Broker,
        rooms: Rooms,
        *,
        max_rooms: int = 128,
        max_presence_bytes: int = 4096,
    ) -> None:
        self.broker = broker
        self.rooms = rooms
        self._presence = broker.presence
        self._max_rooms = max_rooms
        self._max_presence_bytes = max_presence_bytes
        self._connections: set[ConnectionId] = set()
        self._closing: set[ConnectionId] = set()
        """Connections whose `disconnect` is being handled: nothing is sent to them."""
        self._appliers: dict[type, Callable[[ConnectionId, Any, float, list[Effect]], None]] = {
            Untrack: self._untrack,
            Track: self._track,
            SetPresence: self._set_presence,
            Reply: self._reply,
            BroadcastRoom: self._broadcast_room,
            BroadcastChannel: self._broadcast_channel,
            Broadcast: self._broadcast,
            Leave: self._leave,
            CloseConnection: self._close,
            Unknown: self._unknown,
        }

    @classmethod
    def local(cls, settings: Settings, next_ref: Callable[[], str]) -> Hub:
        """A hub for a single process. *next_ref* gives a new decimal ref with every call."""
        rooms = Rooms()
        presence = Presence(
            rooms,
            next_ref,
            resync_seconds=settings.presence_resync_seconds,
            resync_bytes=settings.presence_resync_bytes,
        )
        return cls(
            LocalBroker(rooms, presence),
            rooms,
            max_rooms=settings.max_rooms,
            max_presence_bytes=settings.max_presence_bytes,
        )

    # The life of a connection

    def connect(self, connection_id: ConnectionId) -> None:
        """A connection was accepted. It counts, and broadcasts reach it, from here on."""
        self._connections.add(connection_id)
        self.broker.connected(connection_id)

    def apply(
        self, connection_id: ConnectionId, actions: Sequence[Action], now: float
    ) -> list[Effect]:
        """Carry out what a handler asked for, in the order of *actions* (see `actions.parse`).

        *now* is in seconds. Raises `ActionError` when a limit is passed; then nothing was done.
        A connection that is unknown or gone: nothing.
        """
        effects: list[Effect] = []
        if not actions or connection_id not in self._connections:
            return effects
        appliers = self._appliers
        if len(actions) > 1 or type(actions[0]) in _LIMITED:
            self._check(connection_id, actions)
            self._join(connection_id, actions, effects)
        for action in actions:
            applier = appliers.get(type(action))
            if applier is not None:
                applier(connection_id, action, now, effects)
        if connection_id in self._closing:
            return [effect for effect in effects if not _is_only_for(effect, connection_id)]
        return effects

    def closing(self, connection_id: ConnectionId) -> None:
        """The `disconnect` event is about to be handled: sends to this connection are dropped.

        Rooms and presence stay in place, so that the handler can still reach the others.
        """
        if connection_id in self._connections:
            self._closing.add(connection_id)

    def disconnect(self, connection_id: ConnectionId, now: float) -> list[Effect]:
        """End of a connection: untrack everything, leave every room, forget it.

        Safe to call for a connection that is unknown or gone: nothing.
        """
        if connection_id not in self._connections:
            return []
        effects: list[Effect] = []
        try:
            effects += self._presence.forget(connection_id, now)
        finally:
            effects += self.rooms.leave_all(connection_id)
            self._connections.discard(connection_id)
            self._closing.discard(connection_id)
            self.broker.disconnected(connection_id)
        return effects

    @property
    def due(self) -> float | None:
        """When `flush` has something to do; the same is asked for with `Wake`."""
        return self._presence.due

    def flush(self, now: float) -> list[Effect]:
        """Send what was put off until *now* (presence resyncs)."""
        return self._presence.flush(now)

    # Helper functions (spec/websocket.md §6)

    def send(self, connection_id: ConnectionId, payload: Payload) -> list[Effect]:
        """`ws_send`. Unknown or gone: nothing."""
        if connection_id in self._closing:
            return []
        effect = self.broker.send(connection_id, payload)
        return [] if effect is None else [effect]

    def broadcast(self, payload: Payload) -> list[Effect]:
        """`ws_broadcast`."""
        return [self.broker.publish_all(payload)]

    def broadcast_room(self, room: RoomName, payload: Payload) -> list[Effect]:
        """`ws_broadcast_room`."""
        effect = self.broker.publish(room, payload)
        return [] if effect is None else [effect]

    def close(self, connection_id: ConnectionId, reason: str, code: int = 1000) -> list[Effect]:
        """`ws_close`. The reason is cut to 123 bytes. Unknown or gone: nothing."""
        effect = self.broker.close(connection_id, code, cut_reason(reason))
        return [] if effect is None else [effect]

    def join(self, connection_id: ConnectionId, room: RoomName) -> list[Effect]:
        """`ws_join`. Raises `SoliError` for a bad room name or past `max_rooms`."""
        if connection_id not in self._connections:
            return []
        check_room_name(room)
        self._check_rooms(connection_id, (room,))
        return self._enter(connection_id, room)

    def leave(self, connection_id: ConnectionId, room: RoomName) -> list[Effect]:
        """`ws_leave`. A room that was not joined: nothing."""
        left = self.rooms.leave(connection_id, room)
        return [] if left is None else [left, *self._presence.left(connection_id, room)]

    def clients(self) -> list[ConnectionId]:
        """`ws_clients`, oldest first."""
        return self.broker.connections()

    def clients_in(self, room: RoomName) -> list[ConnectionId]:
        """`ws_clients_in`, in the order of joining."""
        return self.broker.members(room)

    def count(self) -> int:
        """`ws_count`."""
        return self.broker.connection_count()

    def list_presence(self, channel: RoomName) -> list[dict[str, Any]]:
        """`ws_list_presence`: `{"user_id", "metas"}` per user, in order of first track."""
        return self._presence.users(channel)

    def presence_count(self, channel: RoomName) -> int:
        """`ws_presence_count`: unique users."""
        return self._presence.user_count(channel)

    def get_presence(self, channel: RoomName, user_id: str | int) -> dict[str, Any] | None:
        """`ws_get_presence`. 42 and "42" are one user."""
        return self._presence.user(channel, str(user_id))

    # Checks, before anything is done

    def _check(self, connection_id: ConnectionId, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Join):
                self._check_rooms(connection_id, action.rooms)
            elif isinstance(action, SetPresence):
                self._check_metadata(connection_id, action, actions)

    def _check_rooms(self, connection_id: ConnectionId, rooms: Sequence[RoomName]) -> None:
        limit = self._max_rooms
        if limit and (count := self.rooms.count_with(connection_id, rooms)) > limit:
            raise ActionError(
                "join", f"join: {count} rooms, a connection is in at most {limit} (max-rooms)"
            )

    def _check_metadata(
        self, connection_id: ConnectionId, action: SetPresence, actions: Sequence[Action]
    ) -> None:
        limit = self._max_presence_bytes
        if not limit or (not action.fields and action.state is None):
            return
        state, fields = self._metadata_before(connection_id, action.room, actions)
        if action.state is not None:
            state = action.state
        size = body_size(state, {**fields, **action.fields})
        if size > limit:
            raise presence_too_large("set_presence", size, limit)

    def _metadata_before(
        self, connection_id: ConnectionId, room: RoomName, actions: Sequence[Action]
    ) -> tuple[str, dict[str, Any]]:
        """The metadata that a `set_presence` of *actions* will find in place."""
        present = self._presence.fields_of(connection_id, room) or (DEFAULT_STATE, {})
        for action in actions:
            if isinstance(action, Track) and action.room == room:
                return present[0] if action.state is None else action.state, action.fields
        return present

    # Actions

    def _join(
        self, connection_id: ConnectionId, actions: Sequence[Action], effects: list[Effect]
    ) -> None:
        """The joins of one return: the first of its actions, whatever follows."""
        joins = [action for action in actions if isinstance(action, Join)]
        if not joins:
            return
        tracked = {action.room for action in actions if isinstance(action, Track)}
        for action in joins:
            for room in action.rooms:
                effects += self._enter(connection_id, room, is_tracked=room in tracked)

    def _enter(
        self, connection_id: ConnectionId, room: RoomName, *, is_tracked: bool = False
    ) -> list[Effect]:
        joined = self.rooms.join(connection_id, room)
        if joined is None:
            return []
        if is_tracked:
            return [joined]  # the track gives the snapshot (rule 9)
        return [joined, *self._presence.joined(connection_id, room)]

    def _untrack(
        self, connection_id: ConnectionId, action: Untrack, now: float, effects: list[Effect]
    ) -> None:
        for room in action.rooms:
            effects += self._presence.untrack(connection_id, room, now)

    def _track(
        self, connection_id: ConnectionId, action: Track, now: float, effects: list[Effect]
    ) -> None:
        effects += self._presence.track(
            connection_id, action.room, action.key, action.state, action.fields, now
        )

    def _set_presence(
        self, connection_id: ConnectionId, action: SetPresence, now: float, effects: list[Effect]
    ) -> None:
        effects += self._presence.update(
            connection_id, action.room, action.state, action.fields, now
        )

    def _reply(
        self, connection_id: ConnectionId, action: Reply, now: float, effects: list[Effect]
    ) -> None:
        effects.append(Send(One(connection_id), action.payload))

    def _broadcast_room(
        self, connection_id: ConnectionId, action: BroadcastRoom, now: float, effects: list[Effect]
    ) -> None:
        room = self.rooms.current(connection_id)
        if room is None:
            text = "broadcast_room: this connection has joined no room, nothing is sent"
            effects.append(Note("no_room", "broadcast_room", text, once=True))
            return
        effect = self.broker.publish(room, action.payload)
        if effect is not None:
            effects.append(effect)

    def _broadcast_channel(
        self,
        connection_id: ConnectionId,
        action: BroadcastChannel,
        now: float,
        effects: list[Effect],
    ) -> None:
        effects += self.broadcast_room(action.room, action.payload)

    def _broadcast(
        self, connection_id: ConnectionId, action: Broadcast, now: float, effects: list[Effect]
    ) -> None:
        effects.append(self.broker.publish_all(action.payload))

    def _leave(
        self, connection_id: ConnectionId, action: Leave, now: float, effects: list[Effect]
    ) -> None:
        for room in action.rooms:
            effects += self.leave(connection_id, room)

    def _close(
        self,
        connection_id: ConnectionId,
        action: CloseConnection,
        now: float,
        effects: list[Effect],
    ) -> None:
        effects.append(Close(connection_id, action.code, action.reason))

    def _unknown(
        self, connection_id: ConnectionId, action: Unknown, now: float, effects: list[Effect]
    ) -> None:
        effects.append(Note("unknown_action", action.key, action.text, once=True))


def _is_only_for(effect: Effect, connection_id: ConnectionId) -> bool:
    """Whether *effect* does something to that connection and to nobody else."""
    if type(effect) is Send:
        audience = effect.audience
        return type(audience) is One and audience.connection_id == connection_id
    return type(effect) is Close and effect.connection_id == connection_id
