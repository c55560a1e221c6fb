"""Messages of which only a part is there: how long they may take, and how much of them is kept.

A client that sends all but the last byte of a large message costs memory and nothing else.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

__all__ = ["Unfinished"]


class Sender(Protocol):
    """A connection, as this file knows it."""

    def message_refused(self, reason: str) -> None:
        """Its message takes too long, or too much memory. Never raises."""


class Unfinished:
    """The unfinished messages of one endpoint, oldest first.

    *seconds* is for one message, *most_bytes* for all of them together; 0 turns either off.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float],
        seconds: float,
        most_bytes: int,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._entries: dict[Sender, tuple[float, int]] = {}
        """When it began, and how many bytes of it there are."""
        self._timer: asyncio.TimerHandle | None = None
        self.bytes = 0
        """Of all of them."""

    def note(self, sender: Sender, size: int) -> None:
        """There are *size* bytes of a message of *sender*, and more is to come."""
        began, before = self._entries.get(sender, (self._clock(), 0))
        self._entries[sender] = began, size
        self.bytes += size - before
        while self._most_bytes and self.bytes > self._most_bytes and self._entries:
            self._refuse(next(iter(self._entries)), "too much of unfinished messages")
        self._watch()

    def done(self, sender: Sender) -> None:
        """The message is complete, or will never be."""
        found = self._entries.pop(sender, None)
        if found is not None:
            self.bytes -= found[1]

    def stop(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _refuse(self, sender: Sender, reason: str) -> None:
        self.done(sender)
        sender.message_refused(reason)

    def _watch(self) -> None:
        if self._seconds and self._timer is None and self._entries:
            began, _ = next(iter(self._entries.values()))
            left = max(0.0, began + self._seconds - self._clock())
            self._timer = self._loop.call_later(left, self._expire)

    def _expire(self) -> None:
        self._timer = None
        try:
            while self._entries:
                sender, (began, _) = next(iter(self._entries.items()))
                if began + self._seconds > self._clock():
                    break
                self._refuse(sender, "the message took too long")
        finally:
            self._watch()
