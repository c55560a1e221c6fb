"""Delivery of one message to many connections.

A room here is a set of connections under a name; what rooms mean is decided elsewhere.

Messages published within one turn of the event loop are collected in a *log* and go out at the
end of the turn: one joined write per member, however many messages there are (design.md 4.4).

The invariant of this file: **every connection gets what was published to its rooms and what was
sent to it directly in exactly the order of the calls, and a message reaches those who were members
when it was published.** It is kept by `catch_up`: before anything that concerns one connection
alone (a direct send, joining, leaving, being left out of a message), that connection gets what the
log holds for it, and `_ahead` remembers how far it is. The rest of the room does not notice.
"""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from .counters import Counters
from .deflate import MAX_WINDOW_BITS
from .outgoing import Outgoing, outgoing

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["Fanout", "Room"]

logger = logging.getLogger("soli.ws")

#: The log is flushed early when it is longer than this: larger writes gain nothing more.
MAX_BLOCK_BYTES = 64 * 1024

Write = Callable[[bytes], None]


class Room:
    """The connections under one name, and how to write to them."""

    __slots__ = ("_targets", "members", "name", "shared")

    def __init__(self, name: str) -> None:
        self.name = name
        #: In order of joining.
        self.members: dict[Connection, None] = {}
        #: How many members are in other rooms too. Two rooms have a member in common only if
        #: this is not zero for both.
        self.shared = 0
        # What `targets()` returned last; None after a change.
        self._targets: tuple[tuple[Write, ...], tuple[Write, ...]] | None = None

    def changed(self) -> None:
        """Forget the cached targets: membership, or the way to write to a member, changed."""
        self._targets = None

    def targets(self) -> tuple[tuple[Write, ...], tuple[Write, ...]]:
        """Return how to write to each member: those without compression, those with it.

        Members with an unusual window count as without: theirs would not be the shared frame.

        The tuples are snapshots: iterating over them is safe whatever a write causes.
        """
        if self._targets is None:
            members = self.members
            self._targets = (
                tuple(member.put for member in members if member.window_bits < MAX_WINDOW_BITS),
                tuple(member.put for member in members if member.window_bits == MAX_WINDOW_BITS),
            )
        return self._targets


class Fanout:
    """The rooms of one endpoint, and what was published to them in this turn of the loop."""

    __slots__ = ("_ahead", "_call_soon", "_counters", "_dirty", "_log_bytes", "_rooms", "log")

    def __init__(
        self, *, call_soon: Callable[[Callable[[], None]], object], counters: Counters
    ) -> None:
        self._call_soon = call_soon
        self._counters = counters
        self._rooms: dict[str, Room] = {}
        #: What was published and not yet written, in order. Always the same list object:
        #: connections hold a reference, to see at the price of one test that it is empty.
        self.log: list[tuple[Room, Outgoing]] = []
        self._log_bytes = 0
        # The rooms that the log is about.
        self._dirty: dict[Room, None] = {}
        # Connections that have got their share of the log already, up to this index.
        self._ahead: dict[Connection, int] = {}

    # Membership

    def join(self, name: str, connection: "Connection") -> None:
        """Add *connection* to a room. Joining twice, or joining when closed, does nothing."""
        if not connection.is_open:
            return
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name)
        elif connection in room.members:
            return
        self._step_aside(connection)
        rooms = connection.rooms
        if rooms:
            room.shared += 1
            if len(rooms) == 1:
                rooms[0].shared += 1
        connection.rooms = (*rooms, room)
        room.members[connection] = None
        room.changed()

    def leave(self, name: str, connection: "Connection") -> None:
        """Take *connection* out of a room. What was published to it before still arrives."""
        room = self._rooms.get(name)
        if room is None or connection not in room.members:
            return
        self.catch_up(connection)
        self._remove(room, connection)

    def forget(self, connection: "Connection") -> None:
        """Take *connection* out of every room."""
        for room in connection.rooms:
            self._remove(room, connection)
        self._ahead.pop(connection, None)

    def _remove(self, room: Room, connection: "Connection") -> None:
        rooms = tuple(other for other in connection.rooms if other is not room)
        connection.rooms = rooms
        if rooms:
            room.shared -= 1
            if len(rooms) == 1:
                rooms[0].shared -= 1
        del room.members[connection]
        room.changed()
        if not room.members:
            del self._rooms[room.name]

    def count(self, name: str) -> int:
        """How many connections are in a room."""
        room = self._rooms.get(name)
        return 0 if room is None else len(room.members)

    # Publishing

    def publish(
        self,
        name: str,
        message: str | bytes | Outgoing,
        *,
        exclude: "Iterable[Connection]" = (),
    ) -> int:
        """Send a message to the members of a room, but not to those in *exclude*.

        Returns how many connections it goes to. It is written before the event loop reads from
        any socket again.
        """
        room = self._rooms.get(name)
        if room is None:
            return 0
        message = outgoing(message)
        if not self.log:
            self._call_soon(self.flush)
        left_out = [connection for connection in exclude if connection in room.members]
        for connection in left_out:
            self.catch_up(connection)
        self.log.append((room, message))
        self._dirty[room] = None
        for connection in left_out:
            self._ahead[connection] = len(self.log)
        recipients = len(room.members) - len(left_out)
        self._log_bytes += len(message.plain)
        if self._log_bytes > MAX_BLOCK_BYTES:
            self.flush()
        return recipients

    def send_each(
        self, connections: "Iterable[Connection]", message: str | bytes | Outgoing
    ) -> None:
        """Send a message to some connections: encoded once, in order with everything else."""
        message = outgoing(message)
        for connection in connections:
            connection.send(message)

    def catch_up(self, connection: "Connection") -> None:
        """Write to *connection* now what was published to its rooms in this turn."""
        if not self.log or not connection.rooms:
            return
        start = self._ahead.get(connection, 0)
        block = self._block_for(connection.rooms, connection.window_bits, start)
        self._ahead[connection] = len(self.log)
        if block.frames:
            self._write(connection, block)

    def _step_aside(self, connection: "Connection") -> None:
        """Catch up, and give *connection* nothing of what is in the log so far."""
        if self.log:
            self.catch_up(connection)
            self._ahead[connection] = len(self.log)

    # Writing

    def flush(self) -> None:
        """Write the log. Called at the end of a turn that published something."""
        log = self.log
        if not log:
            return
        if len(self._dirty) == 1 and not self._ahead:
            self._write_room(log[0][0], [message for _, message in log])
        elif not self._ahead and self._dirty_rooms_are_disjoint():
            for room in self._dirty:
                self._write_room(room, [message for other, message in log if other is room])
        else:
            self._write_members()
        log.clear()
        self._log_bytes = 0
        self._dirty.clear()
        self._ahead.clear()

    def _dirty_rooms_are_disjoint(self) -> bool:
        return sum(1 for room in self._dirty if room.shared) < 2

    def _write_room(self, room: Room, messages: list[Outgoing]) -> None:
        plain, deflated = room.targets()
        if plain:
            block = b"".join([message.plain for message in messages])
            self._write_all(plain, block, len(messages))
        if deflated:
            block = b"".join([message.deflated for message in messages])
            self._write_all(deflated, block, len(messages))

    def _write_all(self, writes: tuple[Write, ...], block: bytes, frames: int) -> None:
        self._counters.messages_out += frames * len(writes)
        self._counters.bytes_out += len(block) * len(writes)
        remaining = iter(writes)
        while True:
            try:
                for write in remaining:
                    write(block)
                return
            except Exception:
                # One transport in trouble must not cost the others their message.
                logger.exception("a transport refused a write")

    def _write_members(self) -> None:
        """The general case: a member may be in several of the rooms, or ahead."""
        dirty = self._dirty
        members = dict.fromkeys(member for room in dirty for member in room.members)
        # Members in the same rooms share their block.
        blocks: dict[tuple[tuple[Room, ...], bool, int], _Block] = {}
        for member in members:
            rooms = tuple(room for room in member.rooms if room in dirty)
            key = (rooms, member.window_bits == MAX_WINDOW_BITS, self._ahead.get(member, 0))
            block = blocks.get(key)
            if block is None:
                block = blocks[key] = self._block_for(rooms, member.window_bits, key[2])
            if block.frames:
                self._write(member, block)

    def _block_for(self, rooms: tuple[Room, ...], window_bits: int, start: int) -> "_Block":
        messages = [message for room, message in self.log[start:] if room in rooms]
        if window_bits == MAX_WINDOW_BITS:
            return _Block(b"".join([message.deflated for message in messages]), len(messages))
        return _Block(b"".join([message.plain for message in messages]), len(messages))

    def _write(self, connection: "Connection", block: "_Block") -> None:
        self._counters.messages_out += block.frames
        self._counters.bytes_out += len(block.data)
        try:
            connection.put(block.data)
        except Exception:
            logger.exception("a transport refused a write")


class _Block:
    """Frames for one connection, joined."""

    __slots__ = ("data", "frames")

    def __init__(self, data: bytes, frames: int) -> None:
        self.data = data
        self.frames = frames
