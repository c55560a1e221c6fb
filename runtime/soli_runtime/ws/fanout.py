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
from itertools import chain
from operator import itemgetter
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
#: A message, and its place in the log.
Entry = tuple[int, Outgoing]
_place = itemgetter(0)


class Room:
    """The connections under one name, and how to write to them."""

    __slots__ = ("_targets", "members", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        #: In order of joining.
        self.members: dict[Connection, None] = {}
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
            self._targets = _targets(self.members)
        return self._targets

    def targets_without(
        self, connections: "Iterable[Connection]"
    ) -> tuple[tuple[Write, ...], tuple[Write, ...]]:
        """Return what `targets` does, without some members; not cached."""
        left_out = set(connections)
        members = [member for member in self.members if member not in left_out]
        return _targets(members)


def _targets(
    members: "Iterable[Connection]",
) -> tuple[tuple[Write, ...], tuple[Write, ...]]:
    packed = MAX_WINDOW_BITS
    return (
        tuple([member.put for member in members if member.window_bits < packed]),
        tuple([member.put for member in members if member.window_bits == packed]),
    )


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
        self.log: list[Outgoing] = []
        self._log_bytes = 0
        # The same by room, with its place in the log.
        self._dirty: dict[Room, list[Entry]] = {}
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
        connection.rooms = (*connection.rooms, room)
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
        connection.rooms = tuple(other for other in connection.rooms if other is not room)
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
        entry = (len(self.log), message)
        self.log.append(message)
        entries = self._dirty.get(room)
        if entries is None:
            self._dirty[room] = [entry]
        else:
            entries.append(entry)
        for connection in left_out:
            self._ahead[connection] = len(self.log)
        recipients = len(room.members) - len(left_out)
        self._log_bytes += len(message.plain)
        if self._log_bytes > MAX_BLOCK_BYTES:
            self.flush()
        return recipients

    def catch_up(self, connection: "Connection") -> None:
        """Write to *connection* now what was published to its rooms in this turn."""
        if not self.log or not connection.rooms:
            return
        rooms = self._dirty_among(connection.rooms)
        if rooms:
            start = self._ahead.get(connection, 0)
            self._ahead[connection] = len(self.log)
            self._write(connection, self._messages(rooms, start))

    def _step_aside(self, connection: "Connection") -> None:
        """Catch up, and give *connection* nothing of what is in the log so far."""
        if self.log:
            self.catch_up(connection)
            self._ahead[connection] = len(self.log)

    def _dirty_among(self, rooms: tuple[Room, ...]) -> tuple[Room, ...]:
        dirty = self._dirty
        return tuple([room for room in rooms if room in dirty])

    def _messages(self, rooms: tuple[Room, ...], start: int) -> list[Outgoing]:
        """What was published to *rooms*, in order, from the place *start* in the log on."""
        if len(rooms) == 1:
            entries = self._dirty[rooms[0]]
        else:
            entries = sorted(chain.from_iterable(self._dirty[room] for room in rooms), key=_place)
        return [message for place, message in entries if place >= start]

    # Writing

    def flush(self) -> None:
        """Write the log. Called at the end of a turn that published something."""
        dirty = self._dirty
        if not dirty:
            return
        if len(dirty) == 1 or _are_disjoint(dirty):
            for room, entries in dirty.items():
                self._write_room(room, [message for _, message in entries])
        else:
            self._write_members()
        self.log.clear()
        self._log_bytes = 0
        dirty.clear()
        self._ahead.clear()

    def _write_room(self, room: Room, messages: list[Outgoing]) -> None:
        """The usual case: the members are in none of the other rooms that were published to."""
        plain, deflated = room.targets()
        ahead = [connection for connection in self._ahead if connection in room.members]
        if ahead:
            plain, deflated = room.targets_without(ahead)
            for connection in ahead:
                self._write(connection, self._messages((room,), self._ahead[connection]))
        if plain:
            block = b"".join([message.plain for message in messages])
            self._write_all(plain, block, len(messages))
        if deflated:
            block = b"".join([message.deflated for message in messages])
            self._write_all(deflated, block, len(messages))

    def _write_all(self, writes: tuple[Write, ...], block: bytes, messages: int) -> None:
        self._counters.messages_out += messages * len(writes)
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
        """The general case: some members are in several of the rooms."""
        members = dict.fromkeys(chain.from_iterable(room.members for room in self._dirty))
        # Members in the same rooms share their messages and block.
        blocks: dict[tuple[tuple[Room, ...], bool, int], tuple[bytes, int]] = {}
        for member in members:
            rooms = self._dirty_among(member.rooms)
            packed = member.window_bits == MAX_WINDOW_BITS
            start = self._ahead.get(member, 0)
            block = blocks.get((rooms, packed, start))
            if block is None:
                messages = self._messages(rooms, start)
                block = (_join(messages, packed), len(messages))
                blocks[rooms, packed, start] = block
            self._write_block(member, *block)

    def _write(self, connection: "Connection", messages: list[Outgoing]) -> None:
        packed = connection.window_bits == MAX_WINDOW_BITS
        self._write_block(connection, _join(messages, packed), len(messages))

    def _write_block(self, connection: "Connection", block: bytes, messages: int) -> None:
        if not messages:
            return
        self._counters.messages_out += messages
        self._counters.bytes_out += len(block)
        try:
            connection.put(block)
        except Exception:
            logger.exception("a transport refused a write")


def _are_disjoint(rooms: Iterable[Room]) -> bool:
    """Whether no connection is in two of *rooms*."""
    seen: set[Connection] = set()
    count = 0
    for room in rooms:
        seen.update(room.members)
        count += len(room.members)
        if len(seen) < count:
            return False
    return True


def _join(messages: list[Outgoing], packed: bool) -> bytes:
    if packed:
        return b"".join([message.deflated for message in messages])
    return b"".join([message.plain for message in messages])
