"""What was published to rooms and is not yet written: logs, and batches that are made of them.

See `fanout`, which collects in a log and writes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING

from ..protocol.deflate import MAX_WINDOW_BITS
from ..protocol.outgoing import Outgoing

if TYPE_CHECKING:
    from ..connection import Connection
    from .fanout import Room

__all__ = ["NO_SHARE", "Batch", "Entry", "Log", "join", "size_of"]

#: A message, and its place in the log.
Entry = tuple[int, Outgoing]
#: No bytes, no messages.
NO_SHARE = (b"", 0)
_place = itemgetter(0)


class Log:
    """What was published to rooms, in order, and which members have got part of it already."""

    __slots__ = ("ahead", "entries")

    def __init__(self) -> None:
        #: By room; each message with its place among all of them.
        self.entries: dict[Room, list[Entry]] = {}
        #: Members that have got their share up to this place.
        self.ahead: dict[Connection, int] = {}

    def rooms_of(self, connection: Connection) -> tuple[Room, ...]:
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


class Batch:
    """A log to which nothing is added any more, and the members who wait for their share."""

    __slots__ = ("_blocks", "_log", "_members", "_waiting", "size")

    def __init__(self, log: Log, size: int) -> None:
        self._log = log
        #: Bytes of its messages.
        self.size = size
        self._waiting = dict.fromkeys(chain.from_iterable(room.members for room in log.entries))
        self._members = iter(tuple(self._waiting))
        # Members in the same rooms share their messages and block.
        self._blocks: dict[tuple[tuple[Room, ...], bool, int], tuple[bytes, int]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self, count: int | None) -> Iterable[Connection]:
        """The next *count* members, some of which may not wait any more; None: all."""
        return islice(self._members, count)

    def take(self, connection: Connection) -> tuple[bytes, int]:
        """The share of *connection* as one block, and how many messages it has.

        After that it waits no more. Who does not wait, or is in no room any more, has none.
        """
        if connection not in self._waiting:
            return NO_SHARE
        del self._waiting[connection]
        log = self._log
        rooms = log.rooms_of(connection)
        packed = connection.window_bits == MAX_WINDOW_BITS
        start = log.ahead.get(connection, 0)
        block = self._blocks.get((rooms, packed, start))
        if block is None:
            messages = log.messages(rooms, start)
            block = self._blocks[rooms, packed, start] = (join(messages, packed), len(messages))
        return block


def size_of(log: Log) -> int:
    """How many bytes *log* is for all members together, without compression."""
    return sum(
        len(room.members) * sum(len(message.plain) for _, message in entries)
        for room, entries in log.entries.items()
    )


def join(messages: list[Outgoing], packed: bool) -> bytes:
    """The frames of *messages* in one block; *packed*: compressed."""
    if packed:
        return b"".join([message.deflated for message in messages])
    return b"".join([message.plain for message in messages])
