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

A write costs the kernel some microseconds per member, and as much again per 16 KiB, so a log for
very many members, or a long one for many, becomes a *batch*, of which each turn writes a slice;
other connections are served in between. The invariant holds as before: who waits for its share of
batches gets it in `catch_up`, before anything else, and what is published meanwhile goes into the
next log, written when the batch is done. When that is long, it is a batch too, behind the first.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from math import inf
from typing import TYPE_CHECKING

from ..counters import Counters
from ..protocol.deflate import MAX_WINDOW_BITS
from ..protocol.outgoing import Outgoing, outgoing
from .batches import NO_SHARE, Batch, Log, join, size_of
from .targets import Put, Targets

if TYPE_CHECKING:
    from ..connection import Connection

__all__ = ["Fanout", "Room"]

#: The log is flushed early when it is longer than this: larger writes gain nothing more.
MAX_BLOCK_BYTES = 64 * 1024
#: How many members are written to within one turn of the loop, if more are to be: some 7 ms.
SLICE_MEMBERS = 1000
#: How many bytes are written to all of them within one turn of the loop: some 5 ms.
SLICE_BYTES = 16 * 1024 * 1024
#: What is published while a batch is under way becomes a batch of its own when it is longer than
#: this: what a member gets in one piece should fit into its outbox.
MAX_WAITING_BYTES = 1024 * 1024
#: Messages of all batches together. Past it whoever publishes has to wait; past the second, which
#: only those reach that cannot wait, the oldest batch is written at once.
MAX_BATCH_BYTES, LAST_BATCH_BYTES = 16 * 1024 * 1024, 64 * 1024 * 1024

_NOTHING = Outgoing("")


class Room:
    """The connections under one name, and how to write to them."""

    __slots__ = ("_targets", "members", "name", "packed")

    def __init__(self, name: Hashable) -> None:
        self.name = name
        #: How many members get what is compressed for all of them.
        self.packed = 0
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


class Fanout:
    """The rooms of one endpoint, and what was published to them in this turn of the loop."""

    __slots__ = (
        "_batches",
        "_call_soon",
        "_current",
        "_log_bytes",
        "_rooms",
        "_slice_bytes",
        "_slice_members",
        "_tell_far_ahead",
        "counters",
        "is_far_ahead",
        "log",
        "turn_ends",
    )

    def __init__(
        self,
        *,
        call_soon: Callable[[Callable[[], None]], object],
        counters: Counters,
        slice_members: int = SLICE_MEMBERS,
        slice_bytes: int = SLICE_BYTES,
    ) -> None:
        self._call_soon = call_soon
        self.counters = counters
        self._slice_members = slice_members
        self._slice_bytes = slice_bytes
        self._rooms: dict[Hashable, Room] = {}
        #: What was published and not yet written, in order. Always the same list object:
        #: connections hold a reference, to see at the price of one test that it is empty.
        self.log: list[Outgoing] = []
        self._log_bytes = 0
        # The same by room, with its place in the log.
        self._current = Log()
        # Earlier logs, of which the first is being written; while any is, `log` is not empty and
        # `_go_on` is due.
        self._batches: deque[Batch] = deque()
        #: Whether more was published than may wait to be written, and who is told of that.
        self.is_far_ahead = False
        self._tell_far_ahead: Callable[[bool], None] | None = None
        #: Called at the end of a turn that published something; what it publishes goes along.
        self.turn_ends: Callable[[], None] | None = None

    def at_turn_end(self, call: Callable[[], None] | None) -> None:
        """Have *call* made at the end of each turn that published something; None: nothing."""
        self.turn_ends = call

    def when_far_ahead(self, call: Callable[[bool], None]) -> None:
        """Have *call* made when too much waits to be written, and when that is over."""
        self._tell_far_ahead = call

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
        room.packed += connection.window_bits == MAX_WINDOW_BITS
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
        room.packed -= connection.window_bits == MAX_WINDOW_BITS
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
        any socket again, or slice by slice if it is too much for one turn of the loop.
        """
        room = self._rooms.get(name)
        if room is None:
            return 0
        message = outgoing(message)
        if room.packed:
            message.compress()  # now, while its publisher computes: it counts as theirs
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
        if self._batches:
            for batch in tuple(self._batches):
                self._write_block(connection, *batch.take(connection))
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
        if self._batches:
            if self._log_bytes > MAX_WAITING_BYTES:
                self._add_batch()
            return
        log = self._current
        rooms = log.entries
        if not rooms:
            return
        members = sum([len(room.members) for room in rooms])
        if members > self._slice_members or (
            members * self._log_bytes > self._slice_bytes and size_of(log) > self._slice_bytes
        ):
            self._add_batch()
            self._go_on()
            return
        if len(rooms) == 1 or _are_disjoint(rooms):
            for room, entries in rooms.items():
                try:
                    self._write_room(room, [message for _, message in entries])
                except Exception:
                    # A message that cannot be compressed, say. Who missed it may not go on.
                    self._give_up(tuple(room.members))
        else:
            self._write_members(Batch(log, self._log_bytes))
        self.log.clear()
        self._log_bytes = 0
        rooms.clear()
        log.ahead.clear()

    def _add_batch(self) -> None:
        """Write the log over several turns of the loop, after the batches there are."""
        batches = self._batches
        batches.append(Batch(self._current, self._log_bytes))
        self._current = Log()
        self._log_bytes = 0
        # Something that belongs to no room keeps the log from being empty.
        self.log[:] = [_NOTHING]
        while len(batches) > 1 and self._waiting_bytes() > LAST_BATCH_BYTES:
            self._write_members(oldest := batches[0])
            if batches[0] is oldest:
                batches.popleft()
        if self._waiting_bytes() > MAX_BATCH_BYTES:
            self._be_far_ahead(True)

    def _waiting_bytes(self) -> int:
        """Of messages that are not written to all yet, beside those of the present turn."""
        return sum([batch.size for batch in self._batches])

    def _be_far_ahead(self, is_far_ahead: bool) -> None:
        if is_far_ahead != self.is_far_ahead:
            self.is_far_ahead = is_far_ahead
            if self._tell_far_ahead is not None:
                self._tell_far_ahead(is_far_ahead)

    def _go_on(self) -> None:
        """Write the next slice, and what was published meanwhile after the last."""
        batch = self._batches[0]
        self._write_members(batch, self._slice_members, self._slice_bytes)
        if not batch and self._batches[0] is batch:
            self._batches.popleft()
            if self.is_far_ahead and self._waiting_bytes() <= MAX_BATCH_BYTES // 2:
                self._be_far_ahead(False)
        if self._batches:
            self._call_soon(self._go_on)
            return
        if not self._current.entries:
            self._current.ahead.clear()
            self.log.clear()
        self._call_soon(self.end_turn)

    def _write_members(
        self, batch: Batch, most_members: int | None = None, most_bytes: float = inf
    ) -> None:
        """Write their shares to the next members of *batch*, or to all that are left.

        Whose share goes past *most_bytes* is the last.
        """
        share = NO_SHARE
        members: list[Connection] = []  # that stand together and have the same share
        written = 0
        for member in batch.next(most_members):
            try:
                found = batch.take(member)
            except Exception:
                self._give_up((member,))
                continue
            if found is not share:
                self._write_share(members, share)
                share, members = found, []
            members.append(member)
            written += len(share[0])
            if written > most_bytes:
                break
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
        self._write_block(connection, join(messages, packed), len(messages))

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
