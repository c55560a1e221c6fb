"""Presence: what a change of the roster makes of its audience.

The rules are those of docs/spec §W5. Two clients must end up right after every sequence: the
page's (a join replaces a user, a leave deletes one) and the Presence object of npm `phoenix`,
which merges metas by ref. What that costs:

* Content of a meta reaches the second only in a diff; its snapshots compare refs. So every
  subscriber gets every update, and one that subscribes gets, after its snapshot, a diff of the
  users that changed since they were tracked: it may hold them from before (§W5.12). One that may
  show users where nobody is any more gets an empty snapshot (§W5.13).
* A diff makes it keep metas that it has and the diff has not. So a leave lists also the metas
  that are gone and that some subscriber may still show (ghosts), and subscribers whose snapshot
  is out of date get a fresh one before a diff, unless that is over the budget of resyncs.

What happens here has been decided elsewhere: by the hub for the connections of this process, whose
word it is what they are tracked as; by other nodes for theirs. So nothing depends on where a change
comes from, and two processes that are told the same in the same order tell their subscribers the
same. Time comes from outside, in seconds, and refs come with what is tracked. Every operation
returns the effects of that step; they are to be carried out in that order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from . import wire
from .audience.audience import Audience
from .effects import SCAN, SLICE, ConnectionId, Effect, RoomName, Slices, Step, sliced
from .rooms import Rooms
from .roster import Entry, Roster, User
from .seats import Seat, Seats


class Presence:
    """The roster, and the audience of this process.

    `diff_bytes` bounds what changes of users cost per room and second, each recipient counted:
    past it several changes become one diff, later (0: no bound).
    `resync_seconds` 0 turns resyncs off; `resync_bytes` 0 lifts their budget (bytes per room and
    second, each recipient counted). A room that lost its last user is remembered for
    `memory_seconds`, 0: not at all.
    """

    def __init__(
        self,
        seats: Seats,
        rooms: Rooms,
        *,
        resync_seconds: float = 1.0,
        resync_bytes: int = 1 << 20,
        diff_bytes: int = 8 << 20,
        memory_seconds: float = 60.0,
    ) -> None:
        self.roster = Roster()
        self.audience = Audience(
            seats,
            rooms,
            self.roster,
            resync_seconds=resync_seconds,
            resync_bytes=resync_bytes,
            diff_bytes=diff_bytes,
            memory_seconds=memory_seconds,
        )
        self._seats = seats
        self._members = rooms

    def __len__(self) -> int:
        """How many rooms have users or subscribers."""
        return len(self.roster.keys() | self.audience.rooms.keys())

    # Subscribers, all of this process

    def joined(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        """A connection became a member: it gets a snapshot if there is presence (§W5.1, §W5.13).

        Not to be called when the same step tracks the connection in that room (§W5.9).
        """
        seat = self._seats.get(connection_id)
        if seat is None or self.audience.subscribes(connection_id, room):
            return []
        if room not in self.roster and not self.audience.may_be_shown(seat, room, now):
            return []
        step = Step(connection_id, now)
        self.audience.snapshot_to(seat, room, step)
        return step.effects

    def left(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        """A connection left the room. It stays a subscriber while it is tracked there."""
        if not self.audience.subscribes(connection_id, room):
            return []
        step = Step(connection_id, now)
        if self.roster.tracked_as(room, connection_id) is None:
            self._unsubscribe(connection_id, room, step)
        return step.effects

    def forget(self, seat: Seat, now: float) -> list[Effect]:
        """A connection is gone: it is told nothing more. To untrack it is another matter."""
        step = Step(seat.connection_id, now)
        self.audience.forget(seat, step)
        return step.effects

    @property
    def due(self) -> float | None:
        """When `flush` has something to do next, None if nothing is pending."""
        return self.audience.due

    def flush(self, now: float) -> list[Effect]:
        """Send the resyncs that are due (§W5.8)."""
        step = Step("", now)
        self.audience.flush(step)
        return step.effects

    # Trackers, of any process

    def track(self, room: RoomName, entry: Entry, now: float) -> list[Effect]:
        """A connection is tracked (§W5.2, §W5.3, §W5.7), as who it was or as somebody else."""
        step = Step(entry.connection_id, now)
        former = self.roster.tracked_as(room, entry.connection_id)
        if former is not None and former.key == entry.key:
            meta = former.metas[entry.connection_id]
            meta.node, meta.lingers = entry.node, False  # nodes come back with new names
            self._revise(room, former, entry.body, step)
            self.audience.snapshot_to(self._seats.get(entry.connection_id), room, step)
            return step.effects
        if former is not None:
            self._drop(room, former, step, skip=entry.connection_id)
        self._add(room, entry, step)
        return step.effects

    def revise(
        self, room: RoomName, connection_id: ConnectionId, body: str, now: float
    ) -> list[Effect]:
        """State or metadata of a tracked connection changed (§W5.4); not tracked: nothing."""
        step = Step(connection_id, now)
        user = self.roster.tracked_as(room, connection_id)
        if user is not None:
            self._revise(room, user, body, step)
        return step.effects

    def untrack(self, room: RoomName, connection_id: ConnectionId, now: float) -> list[Effect]:
        """A connection is tracked no more (§W5.5, §W5.6); it was not: nothing.

        A member of the room stays a subscriber.
        """
        step = Step(connection_id, now)
        user = self.roster.tracked_as(room, connection_id)
        if user is not None:
            self._drop(room, user, step)
            if not self._members.contains(room, connection_id):
                self._unsubscribe(connection_id, room, step)
        return step.effects

    def linger(self, room: RoomName, connection_id: ConnectionId) -> None:
        """A tracked connection is gone, and its presence stays until it is untracked, or its user
        is tracked by another connection."""
        self.roster.linger(room, connection_id)

    # Nodes other than this one

    def drop_node(self, room: RoomName, node: str, time: Callable[[], float]) -> Slices:
        """A node is dead: its users leave *room*, many of them in one diff.

        One resync refreshes counts. Nobody may be tracked or untracked there meanwhile.
        """
        leavers: deque[User] = deque()
        stayers: list[tuple[User, ConnectionId]] = []
        for users in self._users_of(room):
            for user in users:
                gone = user.of_node(node)
                if len(gone) == len(user.metas):
                    leavers.append(user)
                else:
                    stayers += [(user, connection_id) for connection_id in gone]
            yield []
        while leavers:  # to free all of them at once would take long, too
            step = Step("", time())
            self._leave(room, [leavers.popleft() for _ in range(min(SLICE, len(leavers)))], step)
            yield step.effects
        for hushed in sliced(stayers):
            step = Step("", time())
            for user, connection_id in hushed:
                meta = self.roster.detach(room, connection_id)
                self.audience.hush(room, step, user.key, meta)
            self.audience.schedule(room, step)
            yield step.effects

    def linger_node(self, room: RoomName, node: str) -> Slices:
        """A node is dead, and presence of its users stays until `drop_node`."""
        for users in self._users_of(room):
            for user in users:
                user.linger(node)
            yield []

    def _users_of(self, room: RoomName) -> Iterator[Sequence[User]]:
        attendance = self.roster.get(room)
        return sliced(() if attendance is None else tuple(attendance.users.values()), SCAN)

    # Changes of one room

    def _add(self, room: RoomName, entry: Entry, step: Step) -> None:
        attendance = self.roster.get(room)
        if attendance is not None and entry.key in attendance.users:
            gone = attendance.users[entry.key].lingering()
            self.roster.attach(room, entry)
            self.audience.hush(room, step)
            for connection_id in gone:  # the user is back: nothing of it is waited for any more
                meta = self.roster.detach(room, connection_id)
                self.audience.hush(room, step, entry.key, meta)
            self._snapshot_to_tracker(room, step)
            self.audience.schedule(room, step)
            return
        tracker = entry.connection_id
        self.audience.prepare(room, (), step, skip=tracker)
        # With users, joining gives a snapshot at once: only a room without any has newcomers.
        newcomers = [] if attendance else self.audience.without_snapshot(room, tracker)
        user = self.roster.attach(room, entry)
        joins = wire.payload([user.text])
        self.audience.tell(room, joins, wire.EMPTY_OBJECT, step, but=tracker)
        if newcomers:
            self.audience.snapshot_to_all(room, newcomers, step)
        self._snapshot_to_tracker(room, step)

    def _revise(self, room: RoomName, user: User, body: str, step: Step) -> None:
        """§W5.4. Nothing happens when nothing changes."""
        if user.metas[step.connection_id].body == body:
            return
        if self.audience.must_owe(room, step):
            self.roster.revise(room, step.connection_id, body)
            self.audience.owe(room, user.key, step)
            return
        self.audience.prepare(room, (user.key,), step)
        self.roster.revise(room, step.connection_id, body)
        self.audience.tell_users(room, [user], step)

    def _drop(
        self, room: RoomName, user: User, step: Step, *, skip: ConnectionId | None = None
    ) -> None:
        """§W5.5 and §W5.6. *skip* is a connection that is about to be tracked again."""
        if len(user.metas) == 1:
            self._leave(room, [user], step, skip=skip)
            return
        meta = self.roster.detach(room, step.connection_id)
        self.audience.hush(room, step, user.key, meta)
        self.audience.schedule(room, step)

    def _leave(
        self, room: RoomName, users: Sequence[User], step: Step, *, skip: ConnectionId | None = None
    ) -> None:
        """§W5.6, for all metas of *users*."""
        audience = self.audience
        audience.prepare(room, [user.key for user in users], step, skip=skip)
        leaves = wire.payload(
            [user.text_with(audience.ghosts_of(room, user.key)) for user in users]
        )
        for user in users:
            for connection_id in tuple(user.metas):
                self.roster.detach(room, connection_id)
        audience.tell(room, wire.EMPTY_OBJECT, leaves, step)
        for user in users:
            audience.told_leave(room, user.key)
        if room not in self.roster:
            audience.remember_emptied(room, step.now)

    def _snapshot_to_tracker(self, room: RoomName, step: Step) -> None:
        self.audience.snapshot_to(self._seats.get(step.connection_id), room, step)

    def _unsubscribe(self, connection_id: ConnectionId, room: RoomName, step: Step) -> None:
        seat = self._seats.get(connection_id)
        if seat is not None and self.audience.subscribes(connection_id, room):
            self.audience.unsubscribe(seat, room, step)
