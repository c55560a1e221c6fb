"""Lines of a log on their way to a stream whose reader may be slow, stopped or gone.

Nothing here blocks: who reads the log (a pipe, a terminal, a journal) must not be able to stop the
server. What the stream does not take is kept, up to a bound; past it lines are dropped and counted.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

MAX_WAITING_BYTES = 1024 * 1024
"""Of lines that wait for the stream."""

PIECE_BYTES = 4096
"""A pipe that can be written to takes this much without blocking (POSIX, PIPE_BUF)."""

RETRY_SECONDS = 0.1
END_SECONDS = 0.5
"""For what waits when the program ends."""

CallLater = Callable[[float, Callable[[], None]], object]


class LineWriter:
    """Writes to *stream*, by default to what `sys.stderr` is; never blocks or raises."""

    def __init__(self, stream: TextIO | None = None, most: int = MAX_WAITING_BYTES) -> None:
        self._stream = stream
        self._most = most
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._call_later: CallLater | None = None
        self._is_due = False
        self._has_written = False
        """In this turn of the loop: more lines of it go out together when it ends."""
        self.dropped = 0
        """Lines that nobody will read."""
        self._untold = 0

    def __call__(self, text: str) -> None:
        if self._has_written:
            self._keep(text.encode("utf-8", "backslashreplace"))
            return
        target = self._stream if self._stream is not None else sys.stderr
        try:
            descriptor = target.fileno()
            target.flush()
        except (OSError, ValueError, AttributeError):
            self._plainly(target, text)
            return
        self._keep(text.encode("utf-8", "backslashreplace"))
        self._send(descriptor, 0.0)
        if self._call_later is not None:
            self._has_written = True
            self._call_later(0, self._turn_ended)

    def _turn_ended(self) -> None:
        self._has_written = False
        if self._waiting:
            self.finish(0.0)

    def use_timer(self, call_later: CallLater | None) -> None:
        """Try again on time; without a timer the next line does that."""
        self._call_later = call_later
        self._is_due = self._has_written = False

    def finish(self, seconds: float = END_SECONDS) -> None:
        """Write what waits, as far as the stream takes it within *seconds*."""
        target = self._stream if self._stream is not None else sys.stderr
        try:
            self._send(target.fileno(), seconds)
        except (OSError, ValueError, AttributeError):
            self._forget()

    def _plainly(self, target: TextIO, text: str) -> None:
        """To what is no file of the system: it has nobody to wait for."""
        try:
            target.write(text)
            target.flush()
        except (OSError, ValueError, AttributeError):
            pass  # a closed terminal must not take the server down with it

    def _keep(self, line: bytes) -> None:
        if self._waiting_bytes + len(line) > self._most and self._waiting:
            self.dropped += 1
            self._untold += 1
            return
        if len(line) <= PIECE_BYTES:
            self._waiting.append(line)
        else:
            pieces = range(0, len(line), PIECE_BYTES)
            self._waiting.extend(line[at : at + PIECE_BYTES] for at in pieces)
        self._waiting_bytes += len(line)

    def _send(self, descriptor: int, seconds: float) -> None:
        import select  # here: most scripts log nothing

        end = time.monotonic() + seconds
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            while self._waiting or self._untold:
                if not self._waiting:
                    self._tell_dropped()
                if not poll.poll(max(0.0, 1000 * (end - time.monotonic())) if seconds else 0):
                    self._try_later()
                    return
                if not self._write_one(descriptor):
                    self._try_later()
                    return
        except (OSError, ValueError):
            self._forget()

    def _write_one(self, descriptor: int) -> bool:
        waiting = self._waiting
        piece = waiting.popleft()
        while waiting and len(piece) + len(waiting[0]) <= PIECE_BYTES:
            piece += waiting.popleft()
        waiting.appendleft(piece)
        try:
            written = os.write(descriptor, piece)
        except BlockingIOError:  # somebody made the stream so
            return False
        self._waiting_bytes -= written
        if written < len(piece):
            waiting[0] = piece[written:]
        else:
            waiting.popleft()
        return True

    def _tell_dropped(self) -> None:
        times, self._untold = self._untold, 0
        self._keep(f"{times} lines of the log were dropped: it was not read\n".encode())

    def _forget(self) -> None:
        """The stream is closed, or its disk is full: what waits is for nobody."""
        self.dropped += sum(piece.count(b"\n") for piece in self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0

    def _try_later(self) -> None:
        if self._call_later is not None and not self._is_due:
            self._is_due = True
            self._call_later(RETRY_SECONDS, self._retry)

    def _retry(self) -> None:
        self._is_due = False
        self.finish(0.0)
