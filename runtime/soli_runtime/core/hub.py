"""What the connections of this process ask for: actions in, effects out.

Contract of use: `connect` when a connection is accepted, before its `connect` event is handled;
`apply` with the parsed return of every handler call; `closing` before its `disconnect` event is
handled; `disconnect` last, always. The effects of each call are carried out in order, before
the next call. Nothing here waits, and a call that raises has changed nothing.

The hub decides, in program order, and submits every operation to the broker. When one takes effect
on members and subscribers, the sender among them, the broker says (see `operations.broker`).
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
    ChangeState,
    CloseConnection,
    Join,
    Leave,
    Recall,
    Reply,
    SetPresence,
    StateCommitted,
    Track,
    Unknown,
    Untrack,
    WithOptions,
    presence_too_large,
)
from .answers import Answer
from .effects import ConnectionId, Effect, Note, Payload, RoomName, SendOptions, Step, Wake
from .history.rings import History, Past
from .history.rules import Rule
from .operations.arrivals import Arrivals
from .operations.broker import Broker, LocalBroker
from .operations.records import (
    Closed,
    Connected,
    Disconnected,
    Joined,
    Left,
    Lingered,
    MessageToAll,
    MessageToOne,
    Revised,
    StateChanged,
    Tracked,
    Untracked,
)
from .payloads import check_room_name, cut_reason
from .presence import Presence
from .rooms import Rooms
from .seats import Lingering, Seat, Seats, Tracking
from .state.changes import USERS
from .state.here import StatesHere
from .state.port import Committed
from .state.values import undeclared
from .wire import DEFAULT_STATE, body_size

_LIMITED = (ChangeState, Join, SetPresence, Track)
"""Actions that can pass a limit of the hub."""


class Hub:
    """The realtime core of one process. Limits of 0 are off."""

    def __init__(
        self,
        arrivals: Arrivals,
        broker: Broker,
        next_ref: Callable[[], str],
        *,
        max_rooms: int = 128,
        max_presence_bytes: int = 4096,
        max_connections_per_user: int = 64,
        grace_seconds: float = 0.0,
    ) -> None:
        self.seats = arrivals.seats
        self.rooms = arrivals.rooms
        self.presence = arrivals.presence
        self.history = arrivals.history
        self.broker = broker
        self.is_alone = isinstance(broker, LocalBroker)
        """Whether all connections are in this process, and operations take effect at once."""
        self._arrivals = arrivals
        self._next_ref = next_ref
        self._max_rooms = max_rooms
        self._max_presence_bytes = max_presence_bytes
        self._max_connections_per_user = max_connections_per_user
        self._grace_seconds = grace_seconds
        self._lingering = Lingering()
        self._senders: dict[type, Callable[[Step, Any, SendOptions], None]] = {
            Reply: self._reply,
            BroadcastRoom: self._broadcast_room,
            BroadcastChannel: self._broadcast_channel,
            Broadcast: self._broadcast,
        }
        self._appliers: dict[type, Callable[[Step, Any], None]] = {
            Untrack: self._untrack,
            Track: self._track,
            SetPresence: self._set_presence,
            StateCommitted: self._tell_state,
            Reply: self._reply,
            BroadcastRoom: self._broadcast_room,
            BroadcastChannel: self._broadcast_channel,
            Broadcast: self._broadcast,
            Leave: self._leave,
            CloseConnection: self._close,
            Unknown: self._unknown,
            WithOptions: self._with_options,
        }

    @classmethod
    def create(
        cls,
        settings: Settings,
        next_ref: Callable[[], str],
        make_broker: Callable[[Arrivals], Broker] = LocalBroker,
        history: History | None = None,
    ) -> Hub:
        """A hub and all that belongs to it; by itself it serves a single process.

        *next_ref* gives a new decimal ref with every call, unique and growing in all processes.
        *history* keeps nothing as long as it has no rules (`follow`).
        """
        seats: Seats = {}
        if history is None:
            history = History("", lambda: 0.0)
        rooms = Rooms(history.keeps)
        presence = Presence(
            seats,
            rooms,
            resync_seconds=settings.constants.presence_resync_seconds,
            resync_bytes=settings.constants.presence_resync_bytes,
            diff_bytes=settings.constants.presence_diff_bytes,
            memory_seconds=settings.constants.presence_memory_seconds,
        )
        arrivals = Arrivals(seats, rooms, presence, history)
        return cls(
            arrivals,
            make_broker(arrivals),
            next_ref,
            max_rooms=settings.max_rooms,
            max_presence_bytes=settings.constants.max_presence_bytes,
            max_connections_per_user=settings.constants.max_connections_per_user,
            grace_seconds=settings.presence_grace_seconds,
        )

    # The life of a connection

    def connect(self, connection_id: ConnectionId, conversation: Any = None) -> Seat:
        """A connection was accepted. It counts, and broadcasts reach it, from here on.

        *conversation* is whoever handles its events.
        """
        seat = self.seats[connection_id] = Seat(connection_id, conversation)
        self.broker.submit(Connected(connection_id))
        return seat

    def check(self, connection_id: ConnectionId, actions: Sequence[Action]) -> None:
        """Raise `ActionError` when *actions* pass a limit, as `apply` does."""
        seat = self.seats.get(connection_id)
        if seat is not None:
            self._check(seat, actions)

    def apply(
        self,
        connection_id: ConnectionId,
        actions: Sequence[Action],
        now: float,
        *,
        is_checked: bool = False,
    ) -> list[Effect]:
        """Carry out what a handler asked for, in the order of *actions* (see `actions.parse`).

        *now* is in seconds. Raises `ActionError` when a limit is passed; then nothing was done.
        What *is_checked* is not checked again. A connection that is unknown or gone: nothing.
        """
        step = Step(connection_id, now)
        if not actions or connection_id not in self.seats:
            return step.effects
        if len(actions) > 1 or type(actions[0]) in _LIMITED:
            if not is_checked:
                self._check(self.seats[connection_id], actions)
            self._join(step, actions)
        appliers = self._appliers
        for action in actions:
            applier = appliers.get(type(action))
            if applier is not None:
                applier(step, action)
        return step.effects

    def closing(self, connection_id: ConnectionId) -> None:
        """The `disconnect` event is about to be handled: sends to this connection are dropped.

        Rooms and presence stay in place, so that the handler can still reach the others.
        """
        seat = self.seats.get(connection_id)
        if seat is not None:
            seat.is_closing = True

    def disconnect(
        self, connection_id: ConnectionId, now: float, *, was_lost: bool = False
    ) -> list[Effect]:
        """End of a connection: untrack everything, leave every room, forget it.

        One that *was_lost* may come back: its presence stays for `presence-grace-seconds`.
        Safe to call for a connection that is unknown or gone: nothing.
        """
        seat = self.seats.get(connection_id)
        if seat is None:
            return []
        effects: list[Effect] = []
        try:
            effects += self.presence.forget(seat, now)
        finally:  # each for itself: a fault in one leaves nothing of the others behind
            try:
                if was_lost and self._grace_seconds:
                    effects += self._linger(seat, now)
                else:
                    for room in seat.tracked_rooms():
                        effects += self.broker.change(Untracked(room, connection_id), now)
            finally:
                for room in seat.rooms:
                    effects += self.broker.change(Left(connection_id, room), now)
                del self.seats[connection_id]
                self.broker.submit(Disconnected(connection_id))
        return effects

    @property
    def due(self) -> float | None:
        """When `flush` has something to do; the same is asked for with `Wake`."""
        dues = (self.presence.due, self._lingering.due, self._arrivals.states.mirrors.due)
        return min((due for due in dues if due is not None), default=None)

    def flush(self, now: float) -> list[Effect]:
        """Do what was put off until *now*: presence resyncs, the end of what lingers."""
        told = self._arrivals.states.flush(now)
        return [*told, *self._end_lingering(now), *self.presence.flush(now)]

    # Presence of connections that are gone

    def _linger(self, seat: Seat, now: float) -> list[Effect]:
        rooms = seat.tracked_rooms()
        if not rooms:
            return []
        until = now + self._grace_seconds
        self.broker.submit(Lingered(seat.connection_id))
        self._lingering.add(seat.connection_id, rooms, until)
        return [*self._end_lingering(now), Wake(until)]

    def _end_lingering(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for connection_id, rooms in self._lingering.over(now):
            for room in rooms:  # of those whose user came back there is nothing left
                effects += self.broker.change(Untracked(room, connection_id), now)
        return effects

    @property
    def states(self) -> StatesHere:
        """The state of rooms."""
        return self._arrivals.states

    def tell_state(
        self, room: RoomName, done: Committed, now: float, actor: ConnectionId | None = None
    ) -> list[Effect]:
        """The state of a room was changed, where it is kept."""
        operation = StateChanged(room, done.state.version, *done.diff)
        return self.broker.tell_state(operation, now, actor)

    def follow(self, rules: Sequence[Rule]) -> list[Effect]:
        """Keep what is said to the rooms that *rules* name, from now on."""
        return self._arrivals.follow(rules)

    def positions(self) -> list[Effect]:
        """To be carried out at the end of a turn of the loop: what followers of rooms are told."""
        return self._arrivals.positions()

    # Helper functions (docs/spec §W6)

    def send(
        self,
        connection_id: ConnectionId,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        """`ws_send`. Unknown or gone: nothing."""
        return self.broker.submit(MessageToOne(connection_id, payload, options), actor)

    def broadcast(
        self,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        """`ws_broadcast`, `ws_broadcast_others`."""
        return self.broker.submit(MessageToAll(payload, options), actor)

    def broadcast_room(
        self,
        room: RoomName,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        """`ws_broadcast_room`, `ws_broadcast_room_others`."""
        return self.broker.publish(room, payload, actor, options)

    def close(
        self,
        connection_id: ConnectionId,
        reason: str,
        code: int = 1000,
        actor: ConnectionId | None = None,
    ) -> list[Effect]:
        """`ws_close`. The reason is cut to 123 bytes. Unknown or gone: nothing."""
        return self.broker.submit(Closed(connection_id, code, cut_reason(reason)), actor)

    def join(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        """`ws_join`. Raises `SoliError` for a bad room name or past `max_rooms`."""
        seat = self.seats.get(connection_id)
        if seat is None:
            return []
        check_room_name(room)
        self._check_rooms(seat, (room,))
        return self.broker.change(Joined(connection_id, room), now) if seat.join(room) else []

    def leave(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        """`ws_leave`. A room that was not joined: nothing."""
        seat = self.seats.get(connection_id)
        if seat is None or room not in seat.rooms:
            return []
        del seat.rooms[room]
        return self.broker.change(Left(connection_id, room), now)

    def rooms_of(self, connection_id: ConnectionId) -> tuple[RoomName, ...]:
        """The rooms of a connection of this process, most recently joined last."""
        seat = self.seats.get(connection_id)
        return () if seat is None else tuple(seat.rooms)

    def clients(self) -> Answer[list[ConnectionId]]:
        """`ws_clients`, oldest first."""
        return self.broker.connections()

    def clients_in(self, room: RoomName) -> Answer[list[ConnectionId]]:
        """`ws_clients_in`, in the order of joining."""
        return self.broker.members(room)

    def count(self) -> Answer[int]:
        """`ws_count`."""
        return self.broker.connection_count()

    def count_in(self, room: RoomName) -> Answer[int]:
        """`ws_count` of a room; 0 for an unknown one."""
        return self.broker.member_count(room)

    def list_presence(self, room: RoomName) -> Answer[list[dict[str, Any]]]:
        """`ws_list_presence`: `{"user_id", "metas"}` per user, in order of first track."""
        return self.broker.users(room)

    def presence_count(self, room: RoomName) -> Answer[int]:
        """`ws_presence_count`: unique users."""
        return self.broker.user_count(room)

    def get_presence(self, room: RoomName, user_id: str | int) -> Answer[dict[str, Any] | None]:
        """`ws_get_presence`. 42 and "42" are one user."""
        return self.broker.user(room, str(user_id))

    def past(self, room: RoomName, count: int) -> Answer[list[Past]]:
        """`ws_history`: the last messages that are kept of *room*, oldest first."""
        return self.broker.past(room, count)

    # Checks, before anything is done

    def _check(self, seat: Seat, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Join):
                self._check_rooms(seat, action.rooms)
            elif isinstance(action, SetPresence):
                self._check_metadata(seat, action, actions)
            elif isinstance(action, Track):
                self._check_track(seat, action, actions)
            elif isinstance(action, ChangeState):
                # Those of programs that keep any are committed before (`transactions`).
                raise no_state(action, current_room(seat, actions))

    def _check_rooms(self, seat: Seat, rooms: Sequence[RoomName]) -> None:
        limit = self._max_rooms
        if limit and (count := seat.count_with(rooms)) > limit:
            raise ActionError(
                "join", f"join: {count} rooms, at most {limit} are allowed (max-rooms)"
            )

    def _check_track(self, seat: Seat, action: Track, actions: Sequence[Action]) -> None:
        """A channel in which a connection is tracked counts as a room, joined or not."""
        limit = self._max_rooms
        if limit:
            rooms = {*seat.rooms, *seat.tracked_rooms(), action.room}
            for other in actions:
                if isinstance(other, Untrack):
                    rooms -= set(other.rooms) - seat.rooms.keys()
                elif isinstance(other, Join):
                    rooms.update(other.rooms)
            if len(rooms | {action.room}) > limit:
                raise ActionError(
                    "track",
                    f"track: {len(rooms)} rooms, at most {limit} are allowed (max-rooms)",
                )
        most = self._max_connections_per_user
        attendance = self.presence.roster.get(action.room)
        user = None if attendance is None else attendance.users.get(action.key)
        if user is None or not most or seat.connection_id in user.metas:
            return
        if user.connection_count >= most:
            raise ActionError(
                "track",
                f"track: {most + 1} connections of user '{action.key}' in '{action.room}', "
                f"at most {most} are allowed",
            )

    def _check_metadata(self, seat: Seat, action: SetPresence, actions: Sequence[Action]) -> None:
        limit = self._max_presence_bytes
        if not limit or (not action.fields and action.state is None):
            return
        state, fields = _metadata_before(seat, action.room, actions)
        if action.state is not None:
            state = action.state
        size = body_size(state, {**fields, **action.fields})
        if size > limit:
            raise presence_too_large("set_presence", size, limit)

    # Actions

    def _join(self, step: Step, actions: Sequence[Action]) -> None:
        """The joins of one return: the first of its actions, whatever follows."""
        joins = [action for action in actions if isinstance(action, Join)]
        if not joins:
            return
        seat = self.seats[step.connection_id]
        tracked = {action.room for action in actions if isinstance(action, Track)}
        recalls = next((action.count for action in actions if type(action) is Recall), 0)
        for action in joins:
            for room in action.rooms:
                if recalls and not self.history.keeps(room):
                    step.effects.append(_no_history(room))
                if seat.join(room):
                    joined = Joined(step.connection_id, room, room in tracked, recalls)
                    step.effects += self.broker.change(joined, step.now)

    def _untrack(self, step: Step, action: Untrack) -> None:
        tracked = self.seats[step.connection_id].attending.tracked
        for room in action.rooms:
            if tracked.pop(room, None) is None:
                step.effects.append(_not_tracked("untrack", room))
            else:
                step.effects += self.broker.change(Untracked(room, step.connection_id), step.now)

    def _track(self, step: Step, action: Track) -> None:
        tracked = self.seats[step.connection_id].attending.tracked
        tracking = tracked.get(action.room)
        if tracking is not None and tracking.key == action.key:
            state = tracking.state if action.state is None else action.state
            tracking.change(state, action.fields)
        else:
            state = DEFAULT_STATE if action.state is None else action.state
            tracking = Tracking(action.key, self._next_ref(), state, action.fields)
            tracked[action.room] = tracking
        me, is_changed = step.connection_id, tracking.is_changed
        step.effects += self.broker.change(
            Tracked(action.room, me, tracking.key, tracking.ref, tracking.body, is_changed),
            step.now,
        )

    def _set_presence(self, step: Step, action: SetPresence) -> None:
        tracking = self.seats[step.connection_id].tracking(action.room)
        if tracking is None:
            step.effects.append(_not_tracked("set_presence", action.room))
            return
        state = tracking.state if action.state is None else action.state
        fields = {**tracking.fields, **action.fields} if action.fields else tracking.fields
        if tracking.change(state, fields):
            step.effects += self.broker.change(
                Revised(action.room, step.connection_id, tracking.body), step.now
            )

    def _tell_state(self, step: Step, action: StateCommitted) -> None:
        me, diff = step.connection_id, action.diff
        operation = StateChanged(action.room, action.version, *diff, action.is_told_first)
        step.effects += self.broker.tell_state(operation, step.now, me)

    def _reply(self, step: Step, action: Reply, options: SendOptions | None = None) -> None:
        me = step.connection_id
        step.effects += self.broker.submit(MessageToOne(me, action.payload, options), me)

    def _broadcast_room(
        self, step: Step, action: BroadcastRoom, options: SendOptions | None = None
    ) -> None:
        room = next(reversed(self.seats[step.connection_id].rooms), None)  # joined last
        if room is None:
            text = "broadcast_room: this connection has joined no room, nothing is sent"
            step.effects.append(Note("no_room", "broadcast_room", text, once=True))
            return
        step.effects += self.broker.publish(room, action.payload, step.connection_id, options)

    def _broadcast_channel(
        self, step: Step, action: BroadcastChannel, options: SendOptions | None = None
    ) -> None:
        me = step.connection_id
        step.effects += self.broker.publish(action.room, action.payload, me, options)

    def _broadcast(self, step: Step, action: Broadcast, options: SendOptions | None = None) -> None:
        me = step.connection_id
        step.effects += self.broker.submit(MessageToAll(action.payload, options), me)

    def _with_options(self, step: Step, wanted: WithOptions) -> None:
        """A send of a return that is volatile, or leaves this connection out."""
        me = step.connection_id
        options = SendOptions(me if wanted.to_others else None, wanted.key, me)
        self._senders[type(wanted.action)](step, wanted.action, options)

    def _leave(self, step: Step, action: Leave) -> None:
        rooms = self.seats[step.connection_id].rooms
        for room in action.rooms:
            if room in rooms:
                del rooms[room]
                step.effects += self.broker.change(Left(step.connection_id, room), step.now)

    def _close(self, step: Step, action: CloseConnection) -> None:
        if not self.seats[step.connection_id].is_closing:
            step.effects += self.broker.submit(
                Closed(step.connection_id, action.code, action.reason), step.connection_id
            )

    def _unknown(self, step: Step, action: Unknown) -> None:
        step.effects.append(Note("unknown_action", action.key, action.text, once=True))


def current_room(seat: Seat, actions: Sequence[Action]) -> RoomName | None:
    """The room that is the current one behind the joins of a return."""
    for action in actions:
        if isinstance(action, Join) and action.rooms:
            return action.rooms[-1]
    return next(reversed(seat.rooms), None)


def no_state(action: ChangeState, room: RoomName | None) -> ActionError:
    """The error for changing the state of a *room* that keeps none, or of no room."""
    key = USERS[action.step[0]]
    why = "this connection has joined no room" if room is None else undeclared(room).message
    return ActionError(key, f"{key}: {why}")


def _metadata_before(
    seat: Seat, room: RoomName, actions: Sequence[Action]
) -> tuple[str, dict[str, Any]]:
    """The metadata that a `set_presence` of *actions* will find in place."""
    tracking = seat.tracking(room)
    present = (DEFAULT_STATE, {}) if tracking is None else (tracking.state, tracking.fields)
    for action in actions:
        if isinstance(action, Track) and action.room == room:
            return present[0] if action.state is None else action.state, action.fields
    return present


def _no_history(room: RoomName) -> Note:
    text = f"history: nothing is kept of '{room}'; declare it with ws_keep_history"
    return Note("no_history", "history", text, once=True)


def _not_tracked(action: str, room: RoomName) -> Note:
    text = f"{action}: this connection is not tracked in '{room}'"
    return Note("not_tracked", room, text, once=False)
