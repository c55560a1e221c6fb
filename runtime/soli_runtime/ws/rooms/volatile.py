"""Messages that may be left out: positions of cursors, levels, anything that the next one replaces.

A recipient that keeps up gets them as any other message, in order. For one that is behind they do
not queue up: of each sender and key only the newest waits, apart from the outbox, until the line
has taken what went before. Who never sends a volatile message has nothing of this.
"""

import asyncio
import sys
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

from ..protocol.outgoing import Outgoing, outgoing
from .fanout import Fanout

if sys.platform == "linux":
    from fcntl import ioctl

if TYPE_CHECKING:
    from ..connection import Connection

__all__ = ["Slot", "Volatile"]

#: Bytes that wait to be sent on a line from which on it is behind.
BEHIND_BYTES = 16 * 1024
#: Between two looks at those that are behind.
LOOK_SECONDS = 0.025
#: Messages that wait for one connection, and their bytes; past it the oldest is dropped.
MAX_SLOTS = 256
MAX_SLOT_BYTES = 256 * 1024
#: Asks Linux what of a socket's data was not sent yet (SIOCOUTQNSD).
UNSENT = 0x894B

Slot = tuple[str, str]
"""Sender and key: of those that have the same only the newest waits."""


class Volatile:
    """The volatile messages of the connections of one event loop."""

    __slots__ = ("_fanout", "_loop", "_timer", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, fanout: Fanout) -> None:
        self._loop = loop
        self._fanout = fanout
        # By connection, the one that waits longest first.
        self._waiting: dict[Connection, dict[Slot, Outgoing]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def publish(
        self,
        name: Hashable,
        message: str | bytes | Outgoing,
        slot: Slot,
        exclude: "Iterable[Connection]" = (),
    ) -> None:
        """Send a message to the members of a room (see `Fanout.publish`)."""
        message = outgoing(message)
        left_out = list(exclude)
        for member in self._fanout.members(name):
            if member not in left_out and not self._goes_at_once(member, message, slot):
                left_out.append(member)
        self._fanout.publish(name, message, exclude=left_out)

    def send(self, connection: "Connection", message: str | bytes | Outgoing, slot: Slot) -> None:
        """Send a message to one connection."""
        message = outgoing(message)
        if self._goes_at_once(connection, message, slot):
            connection.send(message)

    def stop(self) -> None:
        """No further timers."""
        if self._timer is not None:
            self._timer.cancel()

    def _goes_at_once(self, connection: "Connection", message: Outgoing, slot: Slot) -> bool:
        """Whether the line is free. If it is not, the message waits in the place of the last."""
        waiting = self._waiting.get(connection)
        if waiting is not None and waiting.pop(slot, None) is not None:
            self._fanout.counters.volatile_dropped += 1
        if not _is_behind(connection):
            return True
        if waiting is None:
            waiting = self._waiting[connection] = {}
        waiting[slot] = message
        self._bound(waiting)
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        return False

    def _bound(self, waiting: dict[Slot, Outgoing]) -> None:
        size = sum([len(message.plain) for message in waiting.values()])
        while len(waiting) > 1 and (len(waiting) > MAX_SLOTS or size > MAX_SLOT_BYTES):
            size -= len(waiting.pop(next(iter(waiting))).plain)
            self._fanout.counters.volatile_dropped += 1

    def _look(self) -> None:
        """Send what waits to those that have caught up; forget who is gone."""
        self._timer = None
        for connection, waiting in tuple(self._waiting.items()):
            if not connection.is_open:
                self._fanout.counters.volatile_dropped += len(waiting)
            elif _is_behind(connection):
                continue
            else:
                self._send_all(connection, waiting)
            del self._waiting[connection]
        if self._waiting:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def _send_all(self, connection: "Connection", waiting: dict[Slot, Outgoing]) -> None:
        try:
            for message in waiting.values():
                connection.send(message)
        except Exception:
            connection.failed()  # it, and not the others that wait


def _is_behind(connection: "Connection") -> bool:
    return (
        connection.outbox_bytes > BEHIND_BYTES or _unsent_bytes(connection.transport) > BEHIND_BYTES
    )


def _unsent_bytes(transport: asyncio.Transport | None) -> int:
    """What the kernel holds of a line and has not sent: it takes megabytes from us at once."""
    below = None if transport is None else transport.get_extra_info("socket")
    if below is None or sys.platform != "linux":
        return 0
    try:
        return int.from_bytes(ioctl(below.fileno(), UNSENT, bytes(4)), sys.byteorder)
    except (OSError, ValueError):
        return 0  # the line is gone, or no TCP
