"""Presence: who is tracked where, and what each subscriber is told about it.

The rules are those of spec/websocket.md §5, cited by number. Two clients must end up right after
every sequence: the page's (a join replaces a user, a leave deletes one) and the Presence object
of npm `phoenix`, which merges metas by ref. What that costs:

* Content of a meta reaches the second only in a diff; its snapshots compare refs. So every
  subscriber gets every update, and one that comes back gets a diff of what changed meanwhile (and a
  snapshot even of an empty channel, if it left when there were users).
* A diff makes it keep metas that it has and the diff has not. So a leave lists also the metas
  that are gone and that some subscriber may still show (ghosts), and subscribers whose snapshot
  is out of date get a fresh one before a diff, unless that is over the budget of resyncs.

Refs and time come from outside: `next_ref` is called once per tracking, `now` is in seconds.
Every operation returns the effects of that step; they are to be carried out in that order.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from . import wire
from .effects import ConnectionId, Effect, Members, Note, One, RoomName, Send, Some, Wake
from .roster import Channel, Ghost, Meta, Seat, User

logger = logging.getLogger("soli.presence")

MAX_GHOSTS = 64
"""Metas of one user that are gone, may still be shown, and are remembered for its leave."""


class Membership(Protocol):
    """What presence asks about rooms: their members are subscribers too."""

    def members(self, room: RoomName) -> tuple[ConnectionId, ...]: ...

    def contains(self, room: RoomName, connection_id: ConnectionId) -> bool: ...


class Presence:
    """The presence of all channels, and the subscribers of this process.

    `resync_seconds` 0 turns resyncs off; `resync_bytes` 0 lifts their budget (bytes per channel
    and second, each recipient counted).
    """

    def __init__(
        self,
        membership: Membership,
        next_ref: Callable[[], str],
        *,
        resync_seconds: float = 1.0,
        resync_bytes: int = 1 << 20,
    ) -> None:
        self._membership = membership
        self._next_ref = next_ref
        self._resync_seconds = resync_seconds
        self._resync_bytes = resync_bytes
        self._channels: dict[RoomName, Channel] = {}
        self._seats: dict[ConnectionId, Seat] = {}
        self._pending: dict[RoomName, float] = {}
        """When the next resync of a channel is due."""
        self._wake: float | None = None
        """The earliest time for which `Wake` was asked and `flush` has not been called."""
        self._revision = 0
        """Grows with every change of any channel, so it orders what happens in all of them."""

    # Questions

    def users(self, channel: RoomName) -> list[dict[str, Any]]:
        """`ws_list_presence`: fresh Hashes of plain JSON values, in order of first track."""
        found = self._channels.get(channel)
        return [] if found is None else [user.describe() for user in found.users.values()]

    def user(self, channel: RoomName, key: str) -> dict[str, Any] | None:
        """`ws_get_presence`: one element of `users`, or None."""
        found = self._channels.get(channel)
        user = found.users.get(key) if found is not None else None
        return user.describe() if user is not None else None

    def user_count(self, channel: RoomName) -> int:
        """`ws_presence_count`: users, not connections."""
        found = self._channels.get(channel)
        return 0 if found is None else len(found.users)

    def total_users(self) -> int:
        """Users in all channels; one who is in two counts twice."""
        return sum(len(channel.users) for channel in self._channels.values())

    def fields_of(
        self, connection_id: ConnectionId, channel: RoomName
    ) -> tuple[str, dict[str, Any]] | None:
        """State and metadata with which a connection is tracked in *channel*, or None."""
        found = self._channels.get(channel)
        user = found.trackers.get(connection_id) if found is not None else None
        if user is None:
            return None
        meta = user.metas[connection_id]
        return meta.state, meta.fields

    def __len__(self) -> int:
        """How many channels are remembered."""
        return len(self._channels)

    # Subscribers

    def joined(self, connection_id: ConnectionId, channel: RoomName) -> list[Effect]:
        """A connection became a member of the room: it gets a snapshot if there is presence.

        Not to be called when the same step tracks the connection in that channel (rule 9).
        """
        found = self._channels.get(channel)
        if found is not None and connection_id in found.synced:
            return []
        if (found is None or not found.users) and not self._shows_users(connection_id, channel):
            return []
        effects: list[Effect] = []
        self._snapshot_to(self._open(channel), connection_id, effects)
        return effects

    def left(self, connection_id: ConnectionId, channel: RoomName) -> list[Effect]:
        """A connection left the room. It stays a subscriber while it is tracked there."""
        effects: list[Effect] = []
        found = self._channels.get(channel)
        seat = self._seats.get(connection_id)
        if found is not None and seat is not None and connection_id not in found.trackers:
            self._unsubscribe(seat, found, effects)
        return effects

    def forget(self, connection_id: ConnectionId, now: float) -> list[Effect]:
        """A connection is gone: untrack it everywhere and tell the others, not itself."""
        seat = self._seats.get(connection_id)
        if seat is None:
            return []
        effects: list[Effect] = []
        tracked = tuple(seat.tracked.values())
        for channel in tuple(seat.synced.values()):
            self._unsubscribe(seat, channel, effects)
        for channel in tracked:
            self._drop(channel, connection_id, now, effects)
        del self._seats[connection_id]
        return effects

    # The three verbs

    def track(
        self,
        connection_id: ConnectionId,
        channel: RoomName,
        key: str,
        state: str | None,
        fields: dict[str, Any],
        now: float,
    ) -> list[Effect]:
        """Track a connection as the user *key* (rules 2, 3 and 7).

        *fields* must be plain JSON values and belongs to presence from here on. *state* None
        means "online", or what it was when the connection is tracked as that user already.
        """
        effects: list[Effect] = []
        found = self._open(channel)
        former = found.trackers.get(connection_id)
        if former is not None and former.key == key:
            meta = former.metas[connection_id]
            self._change(found, former, meta, _or(state, meta.state), fields, now, effects)
            self._snapshot_to(found, connection_id, effects)
            return effects
        if former is not None:
            self._drop(found, connection_id, now, effects, keep=True)
        self._add(found, connection_id, key, _or(state, wire.DEFAULT_STATE), fields, now, effects)
        return effects

    def update(
        self,
        connection_id: ConnectionId,
        channel: RoomName,
        state: str | None,
        fields: dict[str, Any],
        now: float,
    ) -> list[Effect]:
        """Change state and merge metadata (rules 4 and 10). None keeps the state."""
        found = self._channels.get(channel)
        user = found.trackers.get(connection_id) if found is not None else None
        if found is None or user is None:
            return [_not_tracked("set_presence", channel)]
        effects: list[Effect] = []
        meta = user.metas[connection_id]
        merged = {**meta.fields, **fields} if fields else meta.fields
        self._change(found, user, meta, _or(state, meta.state), merged, now, effects)
        return effects

    def untrack(self, connection_id: ConnectionId, channel: RoomName, now: float) -> list[Effect]:
        """Stop tracking (rules 5, 6 and 10). A member of the room stays a subscriber."""
        found = self._channels.get(channel)
        if found is None or connection_id not in found.trackers:
            return [_not_tracked("untrack", channel)]
        effects: list[Effect] = []
        self._drop(found, connection_id, now, effects)
        return effects

    # Resyncs (rule 8)

    @property
    def due(self) -> float | None:
        """When `flush` has something to do next, None if nothing is pending."""
        return min(self._pending.values(), default=None)

    def flush(self, now: float) -> list[Effect]:
        """Send the resyncs that are due. Ends with a `Wake` if others are pending."""
        effects: list[Effect] = []
        self._wake = now  # one `Wake` at the end is enough
        for name, at in tuple(self._pending.items()):
            if at <= now:
                del self._pending[name]
                try:
                    self._resync(self._channels[name], now, effects)
                except Exception:
                    logger.exception("a resync failed")  # of one channel: the others get theirs
        self._wake = self.due
        if self._wake is not None:
            effects.append(Wake(self._wake))
        return effects

    def _resync(
        self,
        channel: Channel,
        now: float,
        effects: list[Effect],
        *,
        force: bool = False,
        skip: ConnectionId | None = None,
    ) -> None:
        """A snapshot to those whose last one is out of date, as far as the budget goes."""
        stale = channel.stale(skip)
        if self._resync_bytes:
            channel.refill(now, self._resync_bytes)
            if not force:
                stale = channel.affordable(stale)
        sent = self._snapshot_to_all(channel, stale, effects)
        if self._resync_bytes:
            channel.balance -= sent
        if channel.has_stale():
            self._schedule(channel, now, effects)
        else:
            self._pending.pop(channel.name, None)

    def _schedule(self, channel: Channel, now: float, effects: list[Effect]) -> None:
        """Plan a resync: one per channel, at the earliest in `resync_seconds`."""
        if not self._resync_seconds or channel.name in self._pending or not channel.has_stale():
            return
        wait = self._resync_seconds
        if self._resync_bytes and channel.balance < 0:
            wait = max(wait, 1 - channel.balance / self._resync_bytes)
        at = self._pending[channel.name] = now + wait
        if self._wake is None or at < self._wake:
            self._wake = at
            effects.append(Wake(at))

    def _before_diff(
        self,
        channel: Channel,
        user: User | None,
        now: float,
        effects: list[Effect],
        skip: ConnectionId | None = None,
    ) -> None:
        """Bring stale subscribers up to date before they get a diff about *user* (rule 8).

        With resyncs turned off that is done only for a user of whom they show too much.
        """
        if not channel.has_stale():
            return
        if self._resync_seconds or (user is not None and channel.held_ghosts(user)):
            self._resync(channel, now, effects, skip=skip)

    # Changes of one channel

    def _add(
        self,
        channel: Channel,
        connection_id: ConnectionId,
        key: str,
        state: str,
        fields: dict[str, Any],
        now: float,
        effects: list[Effect],
    ) -> None:
        self._revision += 1
        meta = Meta(self._next_ref(), self._revision, state, fields)
        user = channel.users.get(key)
        if user is not None:
            self._attach(channel, user, connection_id, meta)
            channel.silent = self._revision
            self._snapshot_to(channel, connection_id, effects)
            self._schedule(channel, now, effects)
            return
        self._before_diff(channel, None, now, effects, skip=connection_id)
        newcomers = self._without_snapshot(channel, connection_id)
        user = channel.users[key] = User(key)
        self._attach(channel, user, connection_id, meta)
        joins = wire.payload([user.text])
        self._diff(channel, joins, wire.EMPTY_OBJECT, effects, but=connection_id)
        if newcomers:
            self._snapshot_to_all(channel, newcomers, effects)
        self._snapshot_to(channel, connection_id, effects)

    def _attach(
        self, channel: Channel, user: User, connection_id: ConnectionId, meta: Meta
    ) -> None:
        user.metas[connection_id] = meta
        channel.trackers[connection_id] = user
        self._seat(connection_id).tracked[channel.name] = channel
        channel.touch(user)

    def _change(
        self,
        channel: Channel,
        user: User,
        meta: Meta,
        state: str,
        fields: dict[str, Any],
        now: float,
        effects: list[Effect],
    ) -> None:
        """Rule 4. Nothing happens when nothing changes."""
        if not meta.differs(state, fields):
            return
        self._before_diff(channel, user, now, effects)
        meta.change(state, fields)
        self._revision += 1
        user.revised = self._revision
        channel.touch(user)
        joins = wire.payload([user.text])
        self._diff(channel, joins, wire.EMPTY_OBJECT, effects)

    def _drop(
        self,
        channel: Channel,
        connection_id: ConnectionId,
        now: float,
        effects: list[Effect],
        *,
        keep: bool = False,
    ) -> None:
        """Untrack (rules 5 and 6). With *keep* the connection is about to be tracked again."""
        user = channel.trackers[connection_id]
        if len(user.metas) == 1:
            self._before_diff(channel, user, now, effects, skip=connection_id if keep else None)
            leaves = wire.payload([user.text_with(channel.held_ghosts(user))])
            self._detach(channel, user, connection_id)
            self._diff(channel, wire.EMPTY_OBJECT, leaves, effects)
        else:
            meta = self._detach(channel, user, connection_id)
            channel.silent = self._revision
            user.ghosts.append(Ghost(meta, self._revision))
            self._bound_ghosts(channel, user, now, effects)
            self._schedule(channel, now, effects)
        if keep:
            return
        if not self._membership.contains(channel.name, connection_id):
            self._unsubscribe(self._seats[connection_id], channel, effects)
        self._discard_if_unused(channel)

    def _bound_ghosts(
        self, channel: Channel, user: User, now: float, effects: list[Effect]
    ) -> None:
        if len(channel.held_ghosts(user)) <= MAX_GHOSTS:
            return
        if self._resync_seconds:
            del user.ghosts[0]  # the resync that is pending takes it away from clients
        else:
            self._resync(channel, now, effects, force=True)

    def _detach(self, channel: Channel, user: User, connection_id: ConnectionId) -> Meta:
        self._revision += 1
        meta = user.metas.pop(connection_id)
        del channel.trackers[connection_id]
        del self._seats[connection_id].tracked[channel.name]
        channel.touch(user)
        return meta

    # Frames

    def _diff(
        self,
        channel: Channel,
        joins: str,
        leaves: str,
        effects: list[Effect],
        *,
        but: ConnectionId | None = None,
    ) -> None:
        for cohort in channel.cohorts(but):
            text = wire.diff(joins, leaves, cohort.label)
            effects.append(Send(Members(cohort, but), text))

    def _snapshot_to(
        self, channel: Channel, connection_id: ConnectionId, effects: list[Effect]
    ) -> None:
        seat = self._seat(connection_id)
        since = seat.left.get(channel.name)
        effects += seat.subscribe(channel, self._revision)
        label = channel.name if connection_id in channel.labelled else None
        effects.append(Send(One(connection_id), channel.snapshot(label)))
        if since is not None:
            # It may still show what it saw before it left; see the head of this file.
            revised = [user.text for user in channel.users.values() if user.revised > since]
            if revised:
                text = wire.diff(wire.payload(revised), wire.EMPTY_OBJECT, label)
                effects.append(Send(One(connection_id), text))

    def _snapshot_to_all(
        self, channel: Channel, members: Iterable[ConnectionId], effects: list[Effect]
    ) -> int:
        """One snapshot per shape to many. Returns how many bytes go out, all recipients counted."""
        members = tuple(members)
        for member in members:
            effects += self._seat(member).subscribe(channel, self._revision)
        sent = 0
        for label, ids in channel.split(members):
            text = channel.snapshot(label)
            sent += channel.snapshot_bytes(label) * len(ids)
            effects.append(Send(Some(ids), text))
        return sent

    def _without_snapshot(self, channel: Channel, but: ConnectionId) -> list[ConnectionId]:
        """Members of the room that have no snapshot yet (rule 1).

        Only a channel without users has any: with users, joining gives a snapshot at once.
        """
        if channel.users:
            return []
        synced = channel.synced
        members = self._membership.members(channel.name)
        return [member for member in members if member not in synced and member != but]

    # Who has which snapshot

    def _seat(self, connection_id: ConnectionId) -> Seat:
        seat = self._seats.get(connection_id)
        if seat is None:
            seat = self._seats[connection_id] = Seat(connection_id)
        return seat

    def _open(self, channel: RoomName) -> Channel:
        found = self._channels.get(channel)
        if found is None:
            found = self._channels[channel] = Channel(channel, float(self._resync_bytes))
        return found

    def _shows_users(self, connection_id: ConnectionId, channel: RoomName) -> bool:
        """Whether a connection left the channel while users were in it: it may still show them."""
        seat = self._seats.get(connection_id)
        return seat is not None and channel in seat.left

    def _unsubscribe(self, seat: Seat, channel: Channel, effects: list[Effect]) -> None:
        if channel.name in seat.synced:
            effects += seat.unsubscribe(channel, self._revision)
        self._discard_if_unused(channel)

    def _discard_if_unused(self, channel: Channel) -> None:
        if channel.is_unused and self._channels.get(channel.name) is channel:
            del self._channels[channel.name]
            self._pending.pop(channel.name, None)


def _or(state: str | None, otherwise: str) -> str:
    return otherwise if state is None else state


def _not_tracked(action: str, channel: RoomName) -> Note:
    text = f"{action}: this connection is not tracked in '{channel}'"
    return Note("not_tracked", channel, text, once=False)
