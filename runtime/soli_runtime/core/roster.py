"""The roster: who is tracked where, as which user, with what metadata.

It knows nothing of subscribers and decides nothing: whoever learns of a tracking (of this process,
or of another) writes it down here, refs and all. Two rosters that were told the same hold the same,
metas in the order of their refs. Text is encoded here and kept until it changes: once per user,
once per room and shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from . import wire
from .effects import ConnectionId, RoomName

HERE = ""
"""The node that a tracking of this process belongs to; others have names."""

MOST_TOUCHED = 256
"""Users of a room whose texts are made when somebody wants to have them; some 0.5 ms."""


class Entry(NamedTuple):
    """One tracking as it is told, within a process and between processes."""

    connection_id: ConnectionId
    key: str
    ref: str
    """Decimal, unique, growing in the order of tracking; chosen by whoever tracks."""
    body: str
    """State and metadata as JSON without the braces (`wire.meta_body`)."""
    is_changed: bool = False
    """Whether they changed since it was tracked (docs/spec §W5.12); if unknown, true is right."""
    node: str = HERE


class Meta:
    """What is held of one connection of a user."""

    __slots__ = ("body", "is_changed", "lingers", "node", "order", "ref")

    def __init__(self, entry: Entry) -> None:
        self.ref = entry.ref
        self.order = int(entry.ref)
        self.body = entry.body
        self.is_changed = entry.is_changed
        self.node = entry.node
        self.lingers = False
        """Whether its connection is gone, and only its presence stays a while."""

    @property
    def text(self) -> str:
        return wire.meta(self.ref, self.body)


class User:
    """One user of a room, with a meta per tracked connection, in the order of their refs."""

    __slots__ = ("_text", "key", "metas")

    def __init__(self, key: str) -> None:
        self.key = key
        self.metas: dict[ConnectionId, Meta] = {}
        self._text: str | None = None

    def add(self, connection_id: ConnectionId, meta: Meta) -> None:
        """Put a meta in its place; nearly always the last one."""
        last = next(reversed(self.metas.values()), None)
        self.metas[connection_id] = meta
        if last is not None and last.order > meta.order:
            in_order = sorted(self.metas.items(), key=lambda item: item[1].order)
            self.metas = dict(in_order)

    def describe(self) -> dict[str, Any]:
        """A fresh Hash of plain JSON values, as `ws_get_presence` gives it."""
        metas: list[Any] = wire.from_json(
            f"[{','.join(meta.text for meta in self.metas.values())}]"
        )
        return {"user_id": self.key, "metas": metas}

    @property
    def connection_count(self) -> int:
        """How many connections are tracked as this user; those that are gone do not count."""
        return sum(not meta.lingers for meta in self.metas.values())

    def lingering(self) -> list[ConnectionId]:
        """Connections that are gone, and whose presence stays a while."""
        return [connection_id for connection_id, meta in self.metas.items() if meta.lingers]

    def of_node(self, node: str) -> list[ConnectionId]:
        """The connections of *node* that are tracked as this user."""
        return [one for one, meta in self.metas.items() if meta.node == node]

    def linger(self, node: str) -> None:
        """Those are gone, and their presence stays a while."""
        for meta in self.metas.values():
            if meta.node == node:
                meta.lingers = True

    @property
    def is_changed(self) -> bool:
        """Whether a meta of this user changed since it was tracked."""
        return any(meta.is_changed for meta in self.metas.values())

    def touch(self) -> None:
        """Forget the encoded text, after a change of `metas`."""
        self._text = None

    @property
    def text(self) -> str:
        """`"key":{"metas":[...]}`, the user's part of a snapshot or diff."""
        if self._text is None:
            self._text = wire.user(self.key, [meta.text for meta in self.metas.values()])
        return self._text

    def text_with(self, others: Iterable[Meta]) -> str:
        """The same with metas that are gone, for a leave (docs/spec §W5.6)."""
        metas = [*others, *self.metas.values()]
        metas.sort(key=lambda meta: meta.order)
        return wire.user(self.key, [meta.text for meta in metas])


class Attendance:
    """Who is tracked in one room. There is none of a room without users."""

    __slots__ = (
        "_changed",
        "_messages",
        "_sizes",
        "_texts",
        "_touched",
        "name",
        "trackers",
        "users",
    )

    def __init__(self, name: RoomName) -> None:
        self.name = name
        self.users: dict[str, User] = {}
        """By key, in the order of first track."""
        self.trackers: dict[ConnectionId, User] = {}
        """The user as which each connection is tracked."""
        self._touched: dict[str, None] = {}
        """Users whose texts are to be made anew."""
        self._texts: dict[str, str] = {}
        """`User.text` by key, in the order of `users`: a snapshot is one `join` of them."""
        self._changed: dict[str, str] = {}
        """The same of the users that changed since they were tracked (docs/spec §W5.12)."""
        self._messages: dict[RoomName | None, tuple[str, str | None]] = {}
        self._sizes: dict[RoomName | None, int] = {}

    def touch(self, user: User) -> None:
        """Encode anew after a change of *user*; one without metas is forgotten."""
        self._messages.clear()
        self._sizes.clear()
        user.touch()
        key = user.key
        if user.metas:
            self._touched[key] = None
            if len(self._touched) >= MOST_TOUCHED:
                self._encode()
            return
        del self.users[key]
        self._touched.pop(key, None)
        self._texts.pop(key, None)
        self._changed.pop(key, None)

    def _encode(self) -> None:
        for key in self._touched:
            user = self.users[key]
            self._texts[key] = user.text
            if user.is_changed:
                self._changed[key] = user.text
            else:
                self._changed.pop(key, None)
        self._touched.clear()

    def messages(self, label: RoomName | None) -> tuple[str, str | None]:
        """The snapshot, and the diff for who subscribes (§W5.12); encoded once per change."""
        found = self._messages.get(label)
        if found is None:
            self._encode()
            users = wire.payload(self._texts.values())
            changed = None
            if self._changed:
                joins = wire.payload(self._changed.values())
                changed = wire.diff(joins, wire.EMPTY_OBJECT, label)
            found = self._messages[label] = (wire.snapshot(users, label), changed)
        return found

    def snapshot_bytes(self, label: RoomName | None) -> int:
        """The length of a snapshot in UTF-8, counted once per change and shape."""
        size = self._sizes.get(label)
        if size is None:
            snapshot, _ = self.messages(label)
            size = self._sizes[label] = len(snapshot.encode("utf-8", "replace"))
        return size

    def lingering(self) -> list[Entry]:
        """The trackings of connections that are gone, in the order of tracking."""
        return [
            Entry(connection_id, user.key, meta.ref, meta.body, meta.is_changed, meta.node)
            for user in self.users.values()
            for connection_id, meta in user.metas.items()
            if meta.lingers
        ]


class Roster(dict[RoomName, Attendance]):
    """The rooms in which somebody is tracked."""

    __slots__ = ()

    # Questions

    def users(self, room: RoomName) -> list[dict[str, Any]]:
        """`ws_list_presence`: fresh Hashes of plain JSON values, in order of first track."""
        found = self.get(room)
        return [] if found is None else [user.describe() for user in found.users.values()]

    def user(self, room: RoomName, key: str) -> dict[str, Any] | None:
        """`ws_get_presence`: one element of `users`, or None."""
        found = self.get(room)
        user = found.users.get(key) if found is not None else None
        return user.describe() if user is not None else None

    def user_count(self, room: RoomName) -> int:
        """`ws_presence_count`: users, not connections."""
        found = self.get(room)
        return 0 if found is None else len(found.users)

    def total_users(self) -> int:
        """Users in all rooms; one who is in two counts twice."""
        return sum(len(attendance.users) for attendance in self.values())

    def tracked_as(self, room: RoomName, connection_id: ConnectionId) -> User | None:
        """The user as which a connection is tracked in *room*."""
        found = self.get(room)
        return None if found is None else found.trackers.get(connection_id)

    def lingers(self, room: RoomName, connection_id: ConnectionId) -> bool:
        """Whether a connection is gone whose presence stays in *room*."""
        user = self.tracked_as(room, connection_id)
        return user is not None and user.metas[connection_id].lingers

    # What is told

    def attach(self, room: RoomName, entry: Entry) -> User:
        """A connection is tracked that was not. Returns the user, who may be new."""
        attendance = self.get(room)
        if attendance is None:
            attendance = self[room] = Attendance(room)
        user = attendance.users.get(entry.key)
        if user is None:
            user = attendance.users[entry.key] = User(entry.key)
        user.add(entry.connection_id, Meta(entry))
        attendance.trackers[entry.connection_id] = user
        attendance.touch(user)
        return user

    def revise(self, room: RoomName, connection_id: ConnectionId, body: str) -> None:
        """State or metadata of a tracked connection changed. Its place and ref stay."""
        attendance = self[room]
        user = attendance.trackers[connection_id]
        meta = user.metas[connection_id]
        meta.body = body
        meta.is_changed = True
        attendance.touch(user)

    def linger(self, room: RoomName, connection_id: ConnectionId) -> None:
        """A tracked connection is gone, and its presence stays; not tracked: nothing."""
        user = self.tracked_as(room, connection_id)
        if user is not None:
            user.metas[connection_id].lingers = True

    def detach(self, room: RoomName, connection_id: ConnectionId) -> Meta:
        """A tracked connection is tracked no more. Returns what it had."""
        attendance = self[room]
        user = attendance.trackers.pop(connection_id)
        meta = user.metas.pop(connection_id)
        attendance.touch(user)
        if not attendance.users:
            del self[room]
        return meta
