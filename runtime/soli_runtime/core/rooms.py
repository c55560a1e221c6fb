"""Who of this process is in which room: the members to whom messages are sent.

What is sent to a room goes to a cohort that lasts as long as the room has members; joining and
leaving say who enters and exits it. So a change of one member costs the same in any room. Which
rooms a connection joined, and in what order, its seat knows.
"""

from __future__ import annotations

from collections.abc import Callable

from .effects import Cohort, ConnectionId, Enter, Exit, Members, RoomName


class Room:
    """One room: its members in the order of joining, and the audience of what is sent to it."""

    __slots__ = ("cohort", "followers", "keeps", "members", "recipients")

    def __init__(self, name: RoomName, keeps: bool = False) -> None:
        self.cohort = Cohort(name, name)
        self.keeps = keeps
        """Whether what is said here is kept (`history`)."""
        self.followers: Followers | None = None
        """The members that are told how far they have seen it, once there is one."""
        self.recipients = Members(self.cohort)
        """To whom a message goes; the same object as long as the room has members."""
        self.members: dict[ConnectionId, None] = {}


class Followers(dict[ConnectionId, None]):
    """The members of a room that want to come back to where they were."""

    __slots__ = ("cohort", "recipients")

    def __init__(self, room: RoomName) -> None:
        self.cohort = Cohort(None, room)
        self.recipients = Members(self.cohort)

    def enter(self, connection_id: ConnectionId) -> Enter:
        """The connection is one of them from here on; it was not."""
        self[connection_id] = None
        return Enter(connection_id, self.cohort)

    def leave(self, connection_id: ConnectionId) -> list[Exit]:
        """The connection is none of them from here on."""
        if connection_id not in self:
            return []
        del self[connection_id]
        return [Exit(connection_id, self.cohort)]


def _never(room: RoomName) -> bool:
    return False


class Rooms(dict[RoomName, Room]):
    """The rooms that have members. *keeps* says of a new one whether it has a history."""

    __slots__ = ("keeps",)

    def __init__(self, keeps: Callable[[RoomName], bool] = _never) -> None:
        super().__init__()
        self.keeps = keeps

    def join(self, connection_id: ConnectionId, room: RoomName) -> Enter | None:
        """Make the connection a member. None, and nothing happens, if it was one before."""
        found = self.get(room)
        if found is None:
            found = self[room] = Room(room, self.keeps(room))
        elif connection_id in found.members:
            return None
        found.members[connection_id] = None
        return Enter(connection_id, found.cohort)

    def leave(self, connection_id: ConnectionId, room: RoomName) -> Exit | None:
        """Take the connection out of *room*. None, and nothing happens, if it is not in it."""
        found = self.get(room)
        if found is None or connection_id not in found.members:
            return None
        del found.members[connection_id]
        if not found.members:
            del self[room]
        return Exit(connection_id, found.cohort)

    def contains(self, room: RoomName, connection_id: ConnectionId) -> bool:
        """Whether the connection is a member of *room*."""
        found = self.get(room)
        return found is not None and connection_id in found.members

    def members(self, room: RoomName) -> tuple[ConnectionId, ...]:
        """The members of *room* in the order of joining; empty for an unknown room."""
        found = self.get(room)
        return () if found is None else tuple(found.members)
