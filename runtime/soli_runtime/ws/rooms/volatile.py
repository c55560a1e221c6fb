"""Messages that may be left out: positions of cursors, levels, anything that the next one replaces.

A recipient that keeps up gets them as any other message, in order. For one that is behind they do
not queue up: of each sender and key only the newest waits, apart from the outbox, until the line
has taken what went before. Who never sends a volatile message has nothing of this.
"""

import asyncio
import sys
from collections.abc import Hashable, Iterable
from itertools import islice
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
#: Connections that one look asks for.
LOOKED_AT = 1000
#: Messages that wait for one connection, and their bytes; past it the oldest is dropped.
MAX_SLOTS = 256
MAX_SLOT_BYTES = 256 * 1024
#: Asks Linux what of a socket's data was not sent yet (SIOCOUTQNSD).
UNSENT = 0x894B

Slot = tuple[str, str]
"""Sender and key: of those that have the same only the newest waits."""


class _Waiting:
    """What waits for one connection, and its bytes."""

    __slots__ = ("bytes", "messages")

    def __init__(self) -> None:
        self.messages: dict[Slot, Outgoing] = {}
        self.bytes = 0

    def put(self, slot: Slot, message: Outgoing) -> int:
        """Let *message* wait in the place of the last; how many were dropped."""
        messages = self.messages
        dropped = 0
        former = messages.pop(slot, None)
        if former is not None:
            self.bytes -= len(former.plain)
            dropped = 1
        messages[slot] = message
        self.bytes += len(message.plain)
        while len(messages) > 1 and (len(messages) > MAX_SLOTS or self.bytes > MAX_SLOT_BYTES):
            self.bytes -= len(messages.pop(next(iter(messages))).plain)
            dropped += 1
        return dropped


class Volatile:
    """The volatile messages of the connections of one event loop."""

    __slots__ = ("_fanout", "_loop", "_timer", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, fanout: Fanout) -> None:
        self._loop = loop
        self._fanout = fanout
        # By connection, the one that was not looked at for longest first.
        self._waiting: dict[Connection, _Waiting] = {}
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
        left_out = set(exclude)
        others = [one for one in self._fanout.members(name) if one not in left_out]
        behind = [one for one in others if not self._goes_at_once(one, message, slot)]
        left_out.update(behind)
        if len(behind) < len(others):
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
        if waiting is None:
            if not _is_behind(connection):
                return True
            waiting = self._waiting[connection] = _Waiting()
        # Who is behind stays so until the next look: to ask costs a system call.
        self._fanout.counters.volatile_dropped += waiting.put(slot, message)
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        return False

    def _look(self) -> None:
        """Send what waits to those that have caught up; forget who is gone."""
        self._timer = None
        for connection in tuple(islice(self._waiting, LOOKED_AT)):
            waiting = self._waiting.pop(connection)
            if not connection.is_open:
                self._fanout.counters.volatile_dropped += len(waiting.messages)
            elif _is_behind(connection):
                self._waiting[connection] = waiting
            else:
                self._send_all(connection, waiting.messages)
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
