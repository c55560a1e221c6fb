"""The data of presence: channels, their users, the metas of a user, and what a connection has.

Nothing here decides who is told what; see `presence`. Text is encoded here and kept until it
changes: once per meta, once per user, once per channel and shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from . import wire
from .effects import Cohort, ConnectionId, Effect, Enter, Exit, RoomName

MAX_REMEMBERED_CHANNELS = 128
"""Channels that a connection left and may come back to; past it the oldest is forgotten."""


class Meta:
    """The metadata of one tracking: one connection, one channel, one user."""

    __slots__ = ("body", "fields", "ref", "serial", "state")

    def __init__(self, ref: str, serial: int, state: str, fields: dict[str, Any]) -> None:
        self.ref = ref
        self.serial = serial
        """Grows with every tracking, so that metas can be put in the order of tracking."""
        self.state = state
        self.fields = fields
        self.body = wire.meta_body(state, fields)

    def differs(self, state: str, fields: dict[str, Any]) -> bool:
        """Whether that would be a change (rule 4).

        The order of keys is no difference; `1`, `1.0` and `true` are three different values.
        """
        if state != self.state:
            return True
        if wire.meta_body(state, fields) == self.body:
            return False
        return wire.canonical(fields) != wire.canonical(self.fields)

    def change(self, state: str, fields: dict[str, Any]) -> None:
        """Take new metadata. The ref and the place among the user's metas stay."""
        self.state = state
        self.fields = fields
        self.body = wire.meta_body(state, fields)

    @property
    def text(self) -> str:
        return wire.meta(self.ref, self.body)


class Ghost:
    """A meta that is gone, and that subscribers with an old snapshot may still show."""

    __slots__ = ("gone", "meta")

    def __init__(self, meta: Meta, gone: int) -> None:
        self.meta = meta
        self.gone = gone
        """The revision at which it went."""


class User:
    """One user of a channel, with a meta per tracked connection, in the order of tracking."""

    __slots__ = ("_text", "ghosts", "key", "metas", "revised")

    def __init__(self, key: str) -> None:
        self.key = key
        self.metas: dict[ConnectionId, Meta] = {}
        self.ghosts: list[Ghost] = []
        self.revised = 0
        """The revision at which a meta of this user last changed its content."""
        self._text: str | None = None

    def describe(self) -> dict[str, Any]:
        """A fresh Hash of plain JSON values, as `ws_get_presence` gives it."""
        metas: list[Any] = wire.from_json(
            f"[{','.join(meta.text for meta in self.metas.values())}]"
        )
        return {"user_id": self.key, "metas": metas}

    def touch(self) -> None:
        """Forget the encoded text, after a change of `metas`."""
        self._text = None

    @property
    def text(self) -> str:
        """`"key":{"metas":[...]}`, the user's part of a snapshot or diff."""
        if self._text is None:
            self._text = wire.user(self.key, [meta.text for meta in self.metas.values()])
        return self._text

    def text_with(self, ghosts: Iterable[Ghost]) -> str:
        """The same with metas that are gone, for a leave (rule 6)."""
        metas = [*(ghost.meta for ghost in ghosts), *self.metas.values()]
        metas.sort(key=lambda meta: meta.serial)
        return wire.user(self.key, [meta.text for meta in metas])


class Channel:
    """A room in which presence is, or was, tracked while somebody still holds a snapshot."""

    __slots__ = (
        "_named",
        "_plain",
        "_sizes",
        "_snapshots",
        "_texts",
        "balance",
        "balance_at",
        "labelled",
        "name",
        "silent",
        "synced",
        "trackers",
        "users",
    )

    def __init__(self, name: RoomName, balance: float) -> None:
        self.name = name
        self.users: dict[str, User] = {}
        """By user id, in the order of first track."""
        self.trackers: dict[ConnectionId, User] = {}
        """The user as which each tracked connection is tracked."""
        self.synced: dict[ConnectionId, int] = {}
        """Subscribers that have a snapshot: the revision of their last one, oldest first."""
        self.labelled: set[ConnectionId] = set()
        """Those of `synced` that subscribe to further channels with presence (rule 11)."""
        self.silent = 0
        """The revision of the last change that was sent to nobody (rules 3 and 5)."""
        self.balance = balance
        """Bytes of resyncs that may be sent; negative after a large one (rule 8)."""
        self.balance_at = 0.0
        self._plain = Cohort(None)
        """The subscribers that get the page's shape."""
        self._named = Cohort(name)
        """Those whose messages carry the channel's name."""
        self._snapshots: dict[RoomName | None, str] = {}
        self._sizes: dict[RoomName | None, int] = {}
        self._texts: dict[str, str] = {}
        """`User.text` by user id, in the order of `users`: a snapshot is one `join` of them."""

    @property
    def is_unused(self) -> bool:
        """Nobody is tracked and nobody holds a snapshot: the channel can be forgotten."""
        return not self.users and not self.synced

    def touch(self, user: User) -> None:
        """Encode anew after a change of *user*; one without metas is forgotten."""
        self._snapshots.clear()
        self._sizes.clear()
        user.touch()
        if user.metas:
            self._texts[user.key] = user.text
        else:
            del self._texts[user.key]
            del self.users[user.key]

    def snapshot(self, label: RoomName | None) -> str:
        """The `presence_state` message, encoded once per change and shape."""
        text = self._snapshots.get(label)
        if text is None:
            users = wire.payload(self._texts.values())
            text = self._snapshots[label] = wire.snapshot(users, label)
        return text

    def snapshot_bytes(self, label: RoomName | None) -> int:
        """The length of `snapshot` in UTF-8, counted once per change and shape."""
        size = self._sizes.get(label)
        if size is None:
            size = self._sizes[label] = len(self.snapshot(label).encode("utf-8", "replace"))
        return size

    # Subscribers

    def sync(self, connection_id: ConnectionId, revision: int) -> None:
        """Note that a subscriber has the snapshot of *revision*."""
        self.synced.pop(connection_id, None)
        self.synced[connection_id] = revision  # at the end

    def unsync(self, connection_id: ConnectionId) -> None:
        """Forget a subscriber."""
        del self.synced[connection_id]
        self.labelled.discard(connection_id)

    def label(self, connection_id: ConnectionId, wanted: bool) -> None:
        """Give or take the extra `"channel"` in messages to a subscriber."""
        if wanted:
            self.labelled.add(connection_id)
        else:
            self.labelled.discard(connection_id)

    def cohort_of(self, connection_id: ConnectionId) -> Cohort:
        """The cohort that a subscriber is in."""
        return self._named if connection_id in self.labelled else self._plain

    def cohorts(self, but: ConnectionId | None) -> list[Cohort]:
        """Those that have a subscriber other than *but*."""
        named, plain = len(self.labelled), len(self.synced) - len(self.labelled)
        if but in self.labelled:
            named -= 1
        elif but in self.synced:
            plain -= 1
        return [self._plain] * (plain > 0) + [self._named] * (named > 0)

    def split(
        self, members: Iterable[ConnectionId]
    ) -> list[tuple[RoomName | None, tuple[ConnectionId, ...]]]:
        """*members* by the label of what they get."""
        labelled = self.labelled
        if not labelled:
            ids = tuple(members)
            return [(None, ids)] if ids else []
        plain: list[ConnectionId] = []
        named: list[ConnectionId] = []
        for member in members:
            (named if member in labelled else plain).append(member)
        groups = ((None, tuple(plain)), (self.name, tuple(named)))
        return [(label, ids) for label, ids in groups if ids]

    def oldest_snapshot(self) -> int | None:
        """The revision of the oldest snapshot that a subscriber has, None without subscribers."""
        return next(iter(self.synced.values()), None)

    def has_stale(self) -> bool:
        """Whether some subscriber's snapshot is older than the last silent change."""
        oldest = self.oldest_snapshot()
        return oldest is not None and oldest < self.silent

    def stale(self, skip: ConnectionId | None = None) -> Iterator[ConnectionId]:
        """The subscribers whose snapshot is out of date, oldest first."""
        for member, revision in self.synced.items():
            if revision >= self.silent:
                break  # `synced` is ordered by revision
            if member != skip:
                yield member

    def affordable(self, members: Iterable[ConnectionId]) -> Iterator[ConnectionId]:
        """As many of *members* as may get a snapshot now; the last may put us in debt."""
        balance = self.balance
        for member in members:
            if balance <= 0:
                break
            balance -= self.snapshot_bytes(self.cohort_of(member).label)
            yield member

    def held_ghosts(self, user: User) -> list[Ghost]:
        """The metas of *user* that are gone and that some subscriber may still show."""
        if user.ghosts:
            oldest = self.oldest_snapshot()
            user.ghosts = [
                ghost for ghost in user.ghosts if oldest is not None and oldest < ghost.gone
            ]
        return user.ghosts

    # Budget of resyncs

    def refill(self, now: float, bytes_per_second: int) -> None:
        """Let time pass for the budget; one second's worth may be saved up."""
        gained = max(0.0, now - self.balance_at) * bytes_per_second
        self.balance = min(float(bytes_per_second), self.balance + gained)
        self.balance_at = now


class Seat:
    """What presence knows of one connection."""

    __slots__ = ("connection_id", "left", "synced", "tracked")

    def __init__(self, connection_id: ConnectionId) -> None:
        self.connection_id = connection_id
        self.tracked: dict[RoomName, Channel] = {}
        self.synced: dict[RoomName, Channel] = {}
        """Channels of which it has a snapshot."""
        self.left: dict[RoomName, int] = {}
        """Channels that it left with users in them, and the revision at which it left."""

    def subscribe(self, channel: Channel, revision: int) -> Iterator[Effect]:
        """Note that it has the snapshot of *revision*; the cohorts that it enters and exits."""
        channel.sync(self.connection_id, revision)
        if channel.name in self.synced:
            return
        self.left.pop(channel.name, None)
        if len(self.synced) == 1:
            yield from self._label(True)
        self.synced[channel.name] = channel
        channel.label(self.connection_id, len(self.synced) > 1)
        yield Enter(self.connection_id, channel.cohort_of(self.connection_id))

    def unsubscribe(self, channel: Channel, revision: int) -> Iterator[Effect]:
        """Note that nothing of *channel* is sent to it any more; *revision* is the last it saw."""
        yield Exit(self.connection_id, channel.cohort_of(self.connection_id))
        channel.unsync(self.connection_id)
        del self.synced[channel.name]
        if len(self.synced) == 1:
            yield from self._label(False)
        if channel.users:
            self.left[channel.name] = revision
        if len(self.left) > MAX_REMEMBERED_CHANNELS:
            del self.left[next(iter(self.left))]

    def _label(self, wanted: bool) -> Iterator[Effect]:
        """Rule 11, for the channels that it has: with a second one, all are named."""
        for channel in self.synced.values():
            yield Exit(self.connection_id, channel.cohort_of(self.connection_id))
            channel.label(self.connection_id, wanted)
            yield Enter(self.connection_id, channel.cohort_of(self.connection_id))
