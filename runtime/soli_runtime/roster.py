"""The data of presence: channels, their users, the metas of a user.

Nothing here decides who is told what; see `presence`. Text is encoded here and kept until it
changes: once per meta, once per user, once per channel and shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import wire
from .effects import ConnectionId, RoomName, Some


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


class Cohort:
    """The subscribers of a channel that get one shape: the page's, or with `"channel"`."""

    __slots__ = ("label", "some")

    def __init__(self, label: RoomName | None, some: Some) -> None:
        self.label = label
        self.some = some


class Channel:
    """A room in which presence is, or was, tracked while somebody still holds a snapshot."""

    __slots__ = (
        "_cohorts",
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
        self._cohorts: list[Cohort] | None = None
        self._snapshots: dict[RoomName | None, str] = {}
        self._texts: dict[str, str] = {}
        """`User.text` by user id, in the order of `users`: a snapshot is one `join` of them."""

    @property
    def is_unused(self) -> bool:
        """Nobody is tracked and nobody holds a snapshot: the channel can be forgotten."""
        return not self.users and not self.synced

    def touch(self, user: User) -> None:
        """Encode anew after a change of *user*; one without metas is forgotten."""
        self._snapshots.clear()
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

    # Subscribers

    def sync(self, connection_id: ConnectionId, revision: int) -> None:
        """Note that a subscriber has the snapshot of *revision*."""
        if self.synced.pop(connection_id, None) is None:
            self._cohorts = None
        self.synced[connection_id] = revision

    def unsync(self, connection_id: ConnectionId) -> bool:
        """Forget a subscriber. False if it had no snapshot."""
        if self.synced.pop(connection_id, None) is None:
            return False
        self.labelled.discard(connection_id)
        self._cohorts = None
        return True

    def label(self, connection_id: ConnectionId, wanted: bool) -> None:
        """Give or take the extra `"channel"` in messages to a subscriber."""
        if wanted == (connection_id in self.labelled):
            return
        if wanted:
            self.labelled.add(connection_id)
        else:
            self.labelled.discard(connection_id)
        self._cohorts = None

    def cohorts(self) -> list[Cohort]:
        """All subscribers with a snapshot, by shape; the same objects until they change."""
        if self._cohorts is None:
            self._cohorts = self.split(self.synced)
        return self._cohorts

    def cohorts_without(self, connection_id: ConnectionId) -> list[Cohort]:
        """All but one."""
        if connection_id not in self.synced:
            return self.cohorts()
        return self.split([member for member in self.synced if member != connection_id])

    def split(self, members: Iterable[ConnectionId]) -> list[Cohort]:
        """*members* by the shape that they get; no empty cohort."""
        labelled = self.labelled
        if not labelled:
            ids = tuple(members)
            return [Cohort(None, Some(ids))] if ids else []
        plain: list[ConnectionId] = []
        named: list[ConnectionId] = []
        for member in members:
            (named if member in labelled else plain).append(member)
        cohorts = []
        if plain:
            cohorts.append(Cohort(None, Some(tuple(plain))))
        if named:
            cohorts.append(Cohort(self.name, Some(tuple(named))))
        return cohorts

    def oldest_snapshot(self) -> int | None:
        """The revision of the oldest snapshot that a subscriber has, None without subscribers."""
        return next(iter(self.synced.values()), None)

    def has_stale(self) -> bool:
        """Whether some subscriber's snapshot is older than the last silent change."""
        oldest = self.oldest_snapshot()
        return oldest is not None and oldest < self.silent

    def stale(self, skip: ConnectionId | None = None) -> list[ConnectionId]:
        """The subscribers whose snapshot is out of date."""
        found = []
        for member, revision in self.synced.items():
            if revision >= self.silent:
                break  # `synced` is ordered by revision
            if member != skip:
                found.append(member)
        return found

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
