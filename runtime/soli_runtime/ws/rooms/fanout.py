"""Delivery of one message to many connections.

A room here is a set of connections under a name, which may be any object that can be a key; what
rooms mean is decided elsewhere.

Messages published within one turn of the event loop are collected in a *log* and go out at the
end of the turn: one joined write per member, however many messages there are (design.md 4.4).

The invariant of this file: **every connection gets what was published to its rooms and what was
sent to it directly in exactly the order of the calls, and a message reaches those who were members
when it was published.** It is kept by `catch_up`: before anything that concerns one connection
alone (a direct send, joining, leaving, being left out of a message), that connection gets what the
log holds for it, and `_ahead` remembers how far it is. The rest of the room does not notice.

A write costs the kernel some microseconds per member, so a log for very many members becomes a
*batch*, of which each turn writes a slice; other connections are served in between. The invariant
holds as before: who waits for its share of the batch gets it in `catch_up`, before anything else,
and what is published meanwhile goes into the next log, written when the batch is done.
"""

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING

from ..counters import Counters
from ..protocol.deflate import MAX_WINDOW_BITS
from ..protocol.outgoing import Outgoing, outgoing
from .targets import Put, Targets

if TYPE_CHECKING:
    from ..connection import Connection

__all__ = ["Fanout", "Room"]

#: The log is flushed early when it is longer than this: larger writes gain nothing more.
MAX_BLOCK_BYTES = 64 * 1024
#: How many members are written to within one turn of the loop, if more are to be: some 20 ms.
SLICE_MEMBERS = 2000
#: What may be published while a batch is under way before the rest of it is written at once.
MAX_WAITING_BYTES = 1024 * 1024

#: A message, and its place in the log.
Entry = tuple[int, Outgoing]
_place = itemgetter(0)
_NOTHING = Outgoing("")
_NO_SHARE = (b"", 0)


class Room:
    """The connections under one name, and how to write to them."""

    __slots__ = ("_targets", "members", "name")

    def __init__(self, name: Hashable) -> None:
        self.name = name
        #: In order of joining.
        self.members: dict[Connection, None] = {}
        # What `targets()` returned last; None after a change.
        self._targets: tuple[Targets, Targets] | None = None

    def changed(self) -> None:
        """Forget the cached targets: membership, or the way to write to a member, changed."""
        self._targets = None

    def targets(self) -> tuple[Targets, Targets]:
        """Return how to write to each member: those without compression, those with it.

        Members with an unusual window count as without: theirs would not be the shared frame.

        They are snapshots: writing to them is safe whatever a write causes.
        """
        if self._targets is None:
            self._targets = _targets(self.members)
        return self._targets

    def targets_without(self, connections: "Iterable[Connection]") -> tuple[Targets, Targets]:
        """Return what `targets` does, without some members; not cached."""
        left_out = set(connections)
        members = [member for member in self.members if member not in left_out]
        return _targets(members)


def _targets(
    members: "Iterable[Connection]",
) -> tuple[Targets, Targets]:
    packed = MAX_WINDOW_BITS
    return (
        Targets([member.target for member in members if member.window_bits < packed]),
        Targets([member.target for member in members if member.window_bits == packed]),
    )


class _Log:
    """What was published to rooms, in order, and which members have got part of it already."""

    __slots__ = ("ahead", "entries")

    def __init__(self) -> None:
        #: By room; each message with its place among all of them.
        self.entries: dict[Room, list[Entry]] = {}
        #: Members that have got their share up to this place.
        self.ahead: dict[Connection, int] = {}

    def rooms_of(self, connection: "Connection") -> tuple[Room, ...]:
        """The rooms of *connection* that have messages here."""
        entries = self.entries
        return tuple([room for room in connection.rooms if room in entries])

    def messages(self, rooms: tuple[Room, ...], start: int) -> list[Outgoing]:
        """What was published to *rooms*, in order, from the place *start* on."""
        if len(rooms) == 1:
            entries = self.entries[rooms[0]]
        else:
            entries = sorted(chain.from_iterable(self.entries[room] for room in rooms), key=_place)
        return [message for place, message in entries if place >= start]


class _Batch:
    """A log to which nothing is added any more, and the members who wait for their share."""

    __slots__ = ("_blocks", "_log", "_members", "_waiting")

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._waiting = dict.fromkeys(chain.from_iterable(room.members for room in log.entries))
        self._members = iter(tuple(self._waiting))
        # Members in the same rooms share their messages and block.
        self._blocks: dict[tuple[tuple[Room, ...], bool, int], tuple[bytes, int]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self, count: int) -> "Iterable[Connection]":
        """The next *count* members, some of which may not wait any more."""
        return islice(self._members, count)

    def take(self, connection: "Connection") -> tuple[bytes, int]:
        """The share of *connection* as one block, and how many messages it has.

        After that it waits no more. Who does not wait, or is in no room any more, has none.
        """
        if connection not in self._waiting:
            return _NO_SHARE
        del self._waiting[connection]
        log = self._log
        rooms = log.rooms_of(connection)
        packed = connection.window_bits == MAX_WINDOW_BITS
        start = log.ahead.get(connection, 0)
        block = self._blocks.get((rooms, packed, start))
        if block is None:
            messages = log.messages(rooms, start)
            block = self._blocks[rooms, packed, start] = (_join(messages, packed), len(messages))
        return block


class Fanout:
    """The rooms of one endpoint, and what was published to them in this turn of the loop."""

    __slots__ = (
        "_batch",
        "_call_soon",
        "_current",
        "_log_bytes",
        "_rooms",
        "_slice_members",
        "counters",
        "log",
        "turn_ends",
    )

    def __init__(
        self,
        *,
        call_soon: Callable[[Callable[[], None]], object],
        counters: Counters,
        slice_members: int = SLICE_MEMBERS,
    ) -> None:
        self._call_soon = call_soon
        self.counters = counters
        self._slice_members = slice_members
        self._rooms: dict[Hashable, Room] = {}
        #: What was published and not yet written, in order. Always the same list object:
        #: connections hold a reference, to see at the price of one test that it is empty.
        self.log: list[Outgoing] = []
        self._log_bytes = 0
        # The same by room, with its place in the log.
        self._current = _Log()
        # An earlier log that is being written; while it is, `log` is not empty.
        self._batch: _Batch | None = None
        #: Called at the end of a turn that published something; what it publishes goes along.
        self.turn_ends: Callable[[], None] | None = None

    def at_turn_end(self, call: Callable[[], None] | None) -> None:
        """Have *call* made at the end of each turn that published something; None: nothing."""
        self.turn_ends = call

    # Membership

    def join(self, name: Hashable, connection: "Connection") -> None:
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

    def leave(self, name: Hashable, connection: "Connection") -> None:
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
        self._current.ahead.pop(connection, None)

    def _remove(self, room: Room, connection: "Connection") -> None:
        connection.rooms = tuple(other for other in connection.rooms if other is not room)
        del room.members[connection]
        room.changed()
        if not room.members:
            del self._rooms[room.name]

    def members(self, name: Hashable) -> "tuple[Connection, ...]":
        """The connections in a room."""
        room = self._rooms.get(name)
        return () if room is None else tuple(room.members)

    def count(self, name: Hashable) -> int:
        """How many connections are in a room."""
        room = self._rooms.get(name)
        return 0 if room is None else len(room.members)

    # Publishing

    def publish(
        self,
        name: Hashable,
        message: str | bytes | Outgoing,
        *,
        exclude: "Iterable[Connection]" = (),
    ) -> int:
        """Send a message to the members of a room, but not to those in *exclude*.

        Returns how many connections it goes to. It is written before the event loop reads from
        any socket again, or slice by slice if they are more than `SLICE_MEMBERS`.
        """
        room = self._rooms.get(name)
        if room is None:
            return 0
        message = outgoing(message)
        if not self.log:
            self._call_soon(self.end_turn)
        left_out = [connection for connection in exclude if connection in room.members]
        for connection in left_out:
            self.catch_up(connection)
        entry = (len(self.log), message)
        self.log.append(message)
        current = self._current
        entries = current.entries.get(room)
        if entries is None:
            current.entries[room] = [entry]
        else:
            entries.append(entry)
        for connection in left_out:
            current.ahead[connection] = len(self.log)
        recipients = len(room.members) - len(left_out)
        self._log_bytes += len(message.plain)
        if self._log_bytes > MAX_BLOCK_BYTES:
            self.flush()
        return recipients

    def catch_up(self, connection: "Connection") -> None:
        """Write to *connection* now what was published to its rooms and not yet written."""
        if not self.log or not connection.rooms:
            return
        if self._batch is not None:
            self._write_block(connection, *self._batch.take(connection))
        current = self._current
        rooms = current.rooms_of(connection)
        if rooms:
            start = current.ahead.get(connection, 0)
            current.ahead[connection] = len(self.log)
            self._write(connection, current.messages(rooms, start))

    def _step_aside(self, connection: "Connection") -> None:
        """Catch up, and give *connection* nothing of what is in the log so far."""
        if self.log:
            self.catch_up(connection)
            self._current.ahead[connection] = len(self.log)

    # Writing

    def end_turn(self) -> None:
        """The loop calls this at the end of a turn that published something."""
        if self.turn_ends is not None:
            self.turn_ends()
        self.flush()

    def flush(self) -> None:
        """Write the log: at the end of a turn, or when it is long."""
        if self._batch is not None:
            if self._log_bytes <= MAX_WAITING_BYTES:
                return
            self._write_slice(len(self._batch))
        log = self._current
        rooms = log.entries
        if not rooms:
            return
        if sum([len(room.members) for room in rooms]) > self._slice_members:
            self._begin_batch()
            return
        if len(rooms) == 1 or _are_disjoint(rooms):
            for room, entries in rooms.items():
                try:
                    self._write_room(room, [message for _, message in entries])
                except Exception:
                    # A message that cannot be compressed, say. Who missed it may not go on.
                    self._give_up(tuple(room.members))
        else:
            batch = _Batch(log)
            self._write_members(batch, len(batch))
        self.log.clear()
        self._log_bytes = 0
        rooms.clear()
        log.ahead.clear()

    def _begin_batch(self) -> None:
        """Write the log over several turns of the loop, beginning with this one."""
        self._batch = _Batch(self._current)
        self._current = _Log()
        self._log_bytes = 0
        # Something that belongs to no room keeps the log from being empty.
        self.log[:] = [_NOTHING]
        self._go_on(self._batch)

    def _go_on(self, batch: _Batch) -> None:
        """Write the next slice of *batch*, and what was published meanwhile after the last."""
        if self._batch is not batch:
            return  # the rest of it was written at once
        self._write_slice(self._slice_members)
        self._call_soon(self.end_turn if self._batch is None else partial(self._go_on, batch))

    def _write_slice(self, count: int) -> None:
        batch = self._batch
        assert batch is not None, "called while a batch is under way"
        self._write_members(batch, count)
        if not batch:
            self._batch = None
            if not self._current.entries:
                self._current.ahead.clear()
                self.log.clear()

    def _write_members(self, batch: _Batch, count: int) -> None:
        share = _NO_SHARE
        members: list[Connection] = []  # that stand together and have the same share
        for member in batch.next(count):
            try:
                found = batch.take(member)
            except Exception:
                self._give_up((member,))
                continue
            if found is not share:
                self._write_share(members, share)
                share, members = found, []
            members.append(member)
        self._write_share(members, share)

    def _write_share(self, members: "list[Connection]", share: tuple[bytes, int]) -> None:
        if share[1]:
            self._write_all(members, Targets([member.target for member in members]), *share)

    def _write_room(self, room: Room, messages: list[Outgoing]) -> None:
        """The usual case: the members are in none of the other rooms that were published to."""
        log = self._current
        ahead = [connection for connection in log.ahead if connection in room.members]
        for connection in ahead:
            self._write(connection, log.messages((room,), log.ahead[connection]))
        plain, deflated = room.targets_without(ahead) if ahead else room.targets()
        if plain:
            block = b"".join([message.plain for message in messages])
            self._write_all(room.members, plain, block, len(messages))
        if deflated:
            block = b"".join([message.deflated for message in messages])
            self._write_all(room.members, deflated, block, len(messages))

    def _write_all(
        self, members: "Iterable[Connection]", targets: Targets, block: bytes, messages: int
    ) -> None:
        self.counters.messages_out += messages * len(targets)
        self.counters.bytes_out += len(block) * len(targets)

        def failed(put: Put) -> None:
            self._give_up([member for member in members if member.put == put])

        targets.write(block, failed)

    def _write(self, connection: "Connection", messages: list[Outgoing]) -> None:
        packed = connection.window_bits == MAX_WINDOW_BITS
        self._write_block(connection, _join(messages, packed), len(messages))

    def _write_block(self, connection: "Connection", block: bytes, messages: int) -> None:
        if not messages:
            return
        self.counters.messages_out += messages
        self.counters.bytes_out += len(block)
        try:
            connection.put(block)
        except Exception:
            self._give_up((connection,))

    def _give_up(self, connections: "Iterable[Connection]") -> None:
        """End connections that missed a message, in the `except` of what it was missed for."""
        for connection in connections:
            self.forget(connection)  # first: to close is to catch up with the log
            connection.failed()


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
