"""Who is in which room, and which room a connection joined last. Membership and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from .effects import ConnectionId, Room, RoomName


class Rooms:
    """Rooms and their members, both in the order of joining.

    A room exists as long as it has members.
    """

    __slots__ = ("_audiences", "_joined", "_members")

    def __init__(self) -> None:
        self._members: dict[RoomName, dict[ConnectionId, None]] = {}
        self._joined: dict[ConnectionId, dict[RoomName, None]] = {}
        """The rooms of a connection, most recently joined last. Absent: none."""
        self._audiences: dict[RoomName, Room] = {}
        """Snapshots of membership, made when needed, dropped when membership changes."""

    def join(self, connection_id: ConnectionId, room: RoomName) -> bool:
        """Make *room* the connection's most recent one. True if it was not a member before."""
        joined = self._joined.setdefault(connection_id, {})
        if room in joined:
            del joined[room]
            joined[room] = None
            return False
        joined[room] = None
        self._members.setdefault(room, {})[connection_id] = None
        self._audiences.pop(room, None)
        return True

    def leave(self, connection_id: ConnectionId, room: RoomName) -> bool:
        """Take the connection out of *room*. False, and nothing happens, if it is not in it."""
        joined = self._joined.get(connection_id)
        if joined is None or room not in joined:
            return False
        del joined[room]
        if not joined:
            del self._joined[connection_id]
        members = self._members[room]
        del members[connection_id]
        if not members:
            del self._members[room]
        self._audiences.pop(room, None)
        return True

    def leave_all(self, connection_id: ConnectionId) -> None:
        """Take the connection out of every room."""
        for room in self.of(connection_id):
            self.leave(connection_id, room)

    def current(self, connection_id: ConnectionId) -> RoomName | None:
        """The room that the connection joined last and has not left."""
        joined = self._joined.get(connection_id)
        return next(reversed(joined)) if joined else None

    def of(self, connection_id: ConnectionId) -> tuple[RoomName, ...]:
        """The rooms of a connection, most recently joined last."""
        return tuple(self._joined.get(connection_id, ()))

    def count_with(self, connection_id: ConnectionId, rooms: Iterable[RoomName]) -> int:
        """In how many rooms the connection would be after joining *rooms*."""
        joined = self._joined.get(connection_id, {})
        return len(joined) + len({room for room in rooms if room not in joined})

    def contains(self, room: RoomName, connection_id: ConnectionId) -> bool:
        """Whether the connection is a member of *room*."""
        return connection_id in self._members.get(room, ())

    def members(self, room: RoomName) -> tuple[ConnectionId, ...]:
        """The members of *room* in the order of joining; empty for an unknown room."""
        audience = self.audience(room)
        return audience.ids if audience is not None else ()

    def audience(self, room: RoomName) -> Room | None:
        """The members as an audience, the same object until membership changes; None if empty."""
        audience = self._audiences.get(room)
        if audience is None:
            members = self._members.get(room)
            if members is None:
                return None
            audience = self._audiences[room] = Room(room, tuple(members))
        return audience

    def __len__(self) -> int:
        """How many rooms have members."""
        return len(self._members)
