"""The audience: who of this process is told what of a room's presence.

It reads the roster and never writes it. Subscribers come and go here (`snapshot_to`, `unsubscribe`,
`forget`); what changes in the roster is told here: `prepare` before the change, `tell` or `hush`
after it. What the two kinds of clients need is said in `presence`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from .. import wire
from ..effects import (
    ConnectionId,
    Enter,
    Exit,
    Members,
    One,
    RoomName,
    Send,
    Some,
    Step,
    Wake,
)
from ..rooms import Rooms
from ..roster import Meta, Roster, User
from ..seats import Seat, Seats
from .subscribers import Subscribers

logger = logging.getLogger("soli.presence")

MAX_GHOSTS = 64
"""Metas of one user that are gone, may still be shown, and are remembered for its leave."""

MIN_OWED_SECONDS = 0.05
"""For which changes over the budget are gathered at least."""

MAX_LEFT = 128
"""Rooms that a connection left and may come back to; past it the oldest is forgotten."""

MAX_EMPTIED = 4096
"""Rooms that lost their last user and are remembered; past it the oldest is forgotten."""


class Audience:
    """The subscribers of this process, by room."""

    def __init__(
        self,
        seats: Seats,
        rooms: Rooms,
        roster: Roster,
        *,
        resync_seconds: float,
        resync_bytes: int,
        diff_bytes: int,
        memory_seconds: float,
    ) -> None:
        self.rooms: dict[RoomName, Subscribers] = {}
        """Those with a subscriber."""
        self._seats = seats
        self._members = rooms
        self._roster = roster
        self._resync_seconds = resync_seconds
        self._resync_bytes = resync_bytes
        self._diff_bytes = diff_bytes
        self._memory_seconds = memory_seconds
        self._emptied: dict[RoomName, float] = {}
        """Until when a room that lost its last user is remembered (docs/spec §W5.13)."""
        self._pending: dict[RoomName, float] = {}
        """When the next resync of a room is due."""
        self._owed: dict[RoomName, float] = {}
        """When the changes of a room can be told that are over its budget."""
        self._wake: float | None = None
        """The earliest time for which `Wake` was asked and `flush` has not been called."""
        self._revision = 0
        """Grows with every change of any room, so it orders what happens in all of them."""

    # Coming and going

    def subscribes(self, connection_id: ConnectionId, room: RoomName) -> bool:
        """Whether a connection has a snapshot of *room*."""
        found = self.rooms.get(room)
        return found is not None and connection_id in found.synced

    def may_be_shown(self, seat: Seat, room: RoomName, now: float) -> bool:
        """Whether a client that subscribes to an empty *room* may show users (§W5.13)."""
        return seat.may_show(room) or self._emptied.get(room, now) > now

    def remember_emptied(self, room: RoomName, now: float) -> None:
        """*room* lost its last user at *now*."""
        if not self._memory_seconds:
            return
        emptied = self._emptied
        emptied.pop(room, None)
        emptied[room] = now + self._memory_seconds
        while len(emptied) > MAX_EMPTIED or next(iter(emptied.values())) <= now:
            del emptied[next(iter(emptied))]

    def snapshot_to(self, seat: Seat | None, room: RoomName, step: Step) -> None:
        """Give one connection a snapshot; who had none subscribes with it."""
        if seat is None or seat.is_closing:
            return
        is_new = self._subscribe(seat, room, step)
        snapshot, changed = self._messages(room, self.rooms[room].label_of(seat.connection_id))
        one = One(seat.connection_id, room)
        step.effects.append(Send(one, snapshot))
        if is_new and changed is not None:
            step.effects.append(Send(one, changed))  # docs/spec §W5.12

    def snapshot_to_all(self, room: RoomName, ids: Iterable[ConnectionId], step: Step) -> int:
        """One snapshot per shape to many. Returns how many bytes go out, all recipients counted."""
        seats = [seat for each in ids if (seat := self._seats.get(each)) is not None]
        news = [seat.connection_id for seat in seats if self._subscribe(seat, room, step)]
        if not seats:
            return 0
        subscribers = self.rooms[room]
        sent = 0
        for label, members in subscribers.split(seat.connection_id for seat in seats):
            snapshot, _ = self._messages(room, label)
            sent += self._snapshot_bytes(room, label) * len(members)
            step.effects.append(Send(Some(members, room), snapshot))
        for label, members in subscribers.split(news):
            _, changed = self._messages(room, label)
            if changed is not None:
                step.effects.append(Send(Some(members, room), changed))  # docs/spec §W5.12
        return sent

    def without_snapshot(self, room: RoomName, but: ConnectionId) -> list[ConnectionId]:
        """Members of a room without users that have no snapshot of it yet (docs/spec §W5.1)."""
        found = self.rooms.get(room)
        synced = () if found is None else found.synced
        members = self._members.members(room)
        return [member for member in members if member not in synced and member != but]

    def unsubscribe(self, seat: Seat, room: RoomName, step: Step) -> None:
        """Nothing of *room* is sent to a connection any more; not subscribed: nothing."""
        subscribed = seat.attending.subscribed
        subscribers = subscribed.get(room)
        if subscribers is None:
            return
        connection_id = seat.connection_id
        step.effects.append(Exit(connection_id, subscribers.cohort_of(connection_id)))
        subscribers.unsync(connection_id)
        del subscribed[room]
        if len(subscribed) == 1:
            self._label(seat, False, step)
        if room in self._roster:
            left = seat.attending.left
            left[room] = None
            if len(left) > MAX_LEFT:
                del left[next(iter(left))]
        if not subscribers.synced:
            del self.rooms[room]
            self._pending.pop(room, None)

    def forget(self, seat: Seat, step: Step) -> None:
        """A connection is gone, for all rooms; who it was stays in the roster."""
        for subscribers in seat.subscribed():
            self.unsubscribe(seat, subscribers.name, step)

    def _subscribe(self, seat: Seat, room: RoomName, step: Step) -> bool:
        """Note that a connection has the newest snapshot. True if it had none before."""
        subscribers = self.rooms.get(room)
        if subscribers is None:
            subscribers = self.rooms[room] = Subscribers(room, float(self._resync_bytes))
        connection_id = seat.connection_id
        subscribers.sync(connection_id, self._revision)
        attending = seat.attending
        if room in attending.subscribed:
            return False
        attending.left.pop(room, None)
        if len(attending.subscribed) == 1:
            self._label(seat, True, step)
        attending.subscribed[room] = subscribers
        subscribers.label(connection_id, len(attending.subscribed) > 1)
        step.effects.append(Enter(connection_id, subscribers.cohort_of(connection_id)))
        return True

    def _label(self, seat: Seat, wanted: bool, step: Step) -> None:
        """docs/spec §W5.11, for the rooms that it has: with a second one, all are named."""
        connection_id = seat.connection_id
        for subscribers in seat.subscribed():
            step.effects.append(Exit(connection_id, subscribers.cohort_of(connection_id)))
            subscribers.label(connection_id, wanted)
            step.effects.append(Enter(connection_id, subscribers.cohort_of(connection_id)))

    # What changes

    def prepare(
        self,
        room: RoomName,
        keys: Iterable[str],
        step: Step,
        skip: ConnectionId | None = None,
    ) -> None:
        """Before a change of the users *keys* that is told: who is behind is brought up to date.

        With resyncs turned off that is done only for users of whom they show too much (§W5.8).
        """
        found = self.rooms.get(room)
        if found is None or not found.has_stale():
            return
        if self._resync_seconds or any(found.held_ghosts(key) for key in keys):
            self._resync(room, step, skip=skip)

    def tell(
        self,
        room: RoomName,
        joins: str,
        leaves: str,
        step: Step,
        *,
        but: ConnectionId | None = None,
    ) -> None:
        """After a change: a diff to all subscribers, except *but*."""
        self._revision += 1
        found = self.rooms.get(room)
        if found is None:
            return
        for cohort in found.cohorts(but):
            text = wire.diff(joins, leaves, cohort.label)
            step.effects.append(Send(Members(cohort, but), text))

    # Changes of users (docs/spec §W5.4)

    def must_owe(self, room: RoomName, step: Step) -> bool:
        """Whether a change of a user of *room* has to wait until the budget allows it."""
        found = self.rooms.get(room)
        if found is None or not self._diff_bytes:
            return False
        found.refill_diffs(step.now, self._diff_bytes)
        return bool(found.owed) or found.diff_balance <= 0

    def owe(self, room: RoomName, key: str, step: Step) -> None:
        """After a change of user *key*: tell it when `must_owe` would not say so any more."""
        self._revision += 1
        found = self.rooms[room]
        found.owed[key] = None
        if room not in self._owed:
            wait = max(0.0, -found.diff_balance / self._diff_bytes) + MIN_OWED_SECONDS
            self._owed[room] = step.now + wait
            self._ask(step.now + wait, step)

    def tell_users(self, room: RoomName, users: Iterable[User], step: Step) -> None:
        """After changes: one diff with all metas of *users*."""
        joins = wire.payload([user.text for user in users])
        self.tell(room, joins, wire.EMPTY_OBJECT, step)
        found = self.rooms.get(room)
        if found is not None:
            found.diff_balance -= len(joins) * len(found.synced)

    def _pay(self, room: RoomName, step: Step) -> None:
        """Tell what is owed, as it is now; states in between are not told."""
        found, attendance = self.rooms.get(room), self._roster.get(room)
        if found is None or attendance is None:
            return
        keys = [key for key in found.owed if key in attendance.users]
        found.owed.clear()
        found.refill_diffs(step.now, self._diff_bytes)
        if keys:
            self.prepare(room, keys, step)
            self.tell_users(room, [attendance.users[key] for key in keys], step)

    def ghosts_of(self, room: RoomName, key: str) -> list[Meta]:
        """The metas of a user that are gone and may still be shown (docs/spec §W5.6)."""
        found = self.rooms.get(room)
        return [] if found is None else [ghost.meta for ghost in found.held_ghosts(key)]

    def told_leave(self, room: RoomName, key: str) -> None:
        """A user left, and `tell` said so with all that `ghosts_of` gave."""
        found = self.rooms.get(room)
        if found is not None:
            found.lay_ghosts(key)
            found.owed.pop(key, None)

    def hush(
        self, room: RoomName, step: Step, key: str | None = None, gone: Meta | None = None
    ) -> None:
        """After a change that nobody is told (§W5.3, §W5.5); *gone*, a meta of *key*, went."""
        self._revision += 1
        found = self.rooms.get(room)
        if found is None:
            return
        found.silent = self._revision
        if key is not None and gone is not None:
            found.haunt(key, gone, self._revision)
            self._bound_ghosts(found, key, step)

    def _bound_ghosts(self, found: Subscribers, key: str, step: Step) -> None:
        if len(found.held_ghosts(key)) <= MAX_GHOSTS:
            return
        if self._resync_seconds:
            found.drop_oldest_ghost(key)  # the resync that is pending takes it away from clients
        else:
            self._resync(found.name, step, force=True)

    # Resyncs (docs/spec §W5.8)

    @property
    def due(self) -> float | None:
        """When `flush` has something to do next, None if nothing is pending."""
        return min((*self._pending.values(), *self._owed.values()), default=None)

    @property
    def pending(self) -> int:
        """In how many rooms subscribers wait for a resync."""
        return len(self._pending)

    def flush(self, step: Step) -> None:
        """Send the resyncs that are due. Ends with a `Wake` if others are pending."""
        self._wake = step.now  # one `Wake` at the end is enough
        for room, at in tuple(self._owed.items()):
            if at <= step.now:
                del self._owed[room]
                self._pay(room, step)
        for room, at in tuple(self._pending.items()):
            if at <= step.now:
                del self._pending[room]
                try:
                    self._resync(room, step)
                except Exception:
                    logger.exception("a resync failed")  # of one room: the others get theirs
        self._wake = self.due
        if self._wake is not None:
            step.effects.append(Wake(self._wake))

    def schedule(self, room: RoomName, step: Step) -> None:
        """Plan a resync if somebody is behind, after `resync_seconds` or more; one per room."""
        found = self.rooms.get(room)
        if not self._resync_seconds or found is None or room in self._pending:
            return
        if not found.has_stale():
            return
        wait = self._resync_seconds
        if self._resync_bytes and found.balance < 0:
            wait = max(wait, 1 - found.balance / self._resync_bytes)
        at = self._pending[room] = step.now + wait
        self._ask(at, step)

    def _ask(self, at: float, step: Step) -> None:
        if self._wake is None or at < self._wake:
            self._wake = at
            step.effects.append(Wake(at))

    def _resync(
        self,
        room: RoomName,
        step: Step,
        *,
        force: bool = False,
        skip: ConnectionId | None = None,
    ) -> None:
        """A snapshot to those whose last one is out of date, as far as the budget goes."""
        found = self.rooms[room]
        stale = found.stale(skip)
        if self._resync_bytes:
            found.refill(step.now, self._resync_bytes)
            if not force:
                stale = found.affordable(stale, lambda label: self._snapshot_bytes(room, label))
        sent = self.snapshot_to_all(room, tuple(stale), step)
        if self._resync_bytes:
            found.balance -= sent
        if found.has_stale():
            self.schedule(room, step)
        else:
            self._pending.pop(room, None)

    # Text

    def _messages(self, room: RoomName, label: RoomName | None) -> tuple[str, str | None]:
        attendance = self._roster.get(room)
        if attendance is None:
            return wire.snapshot(wire.EMPTY_OBJECT, label), None
        return attendance.messages(label)

    def _snapshot_bytes(self, room: RoomName, label: RoomName | None) -> int:
        attendance = self._roster.get(room)
        if attendance is None:
            return len(wire.snapshot(wire.EMPTY_OBJECT, label).encode("utf-8", "replace"))
        return attendance.snapshot_bytes(label)
