"""What a worker process is told by its parent, and how it tells that it is ready."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress

from soli_lang.base.records import Record

VARIABLE = "SOLI_SEAT"
"""`NUMBER:PARENT:READY:SOCKET,SOCKET…:FOLDER`: of the worker, a process, descriptors."""
PR_SET_PDEATHSIG = 1
BEAT_SECONDS = 1.0
"""Between two bytes by which a worker tells its parent that its event loop turns."""


class Berth(Record, frozen=True):
    """One place among the workers of a machine."""

    number: int
    parent: int
    """The parent's process id."""
    ready: int
    """Descriptor of a pipe: a byte when the worker accepts, and one every `BEAT_SECONDS`."""
    sockets: tuple[int, ...]
    """Descriptors of the listening sockets. None: it is a console, and serves nobody."""
    folder: str
    """Where the workers have sockets for each other."""

    @property
    def is_console(self) -> bool:
        """Whether this process is the prompt beside the workers."""
        return not self.sockets

    def environment(self) -> dict[str, str]:
        """What the parent adds to the environment of the worker."""
        listening = ",".join(map(str, self.sockets))
        return {VARIABLE: f"{self.number}:{self.parent}:{self.ready}:{listening}:{self.folder}"}

    def listeners(self) -> list[socket.socket]:
        """The listening sockets. Once only: they own the descriptors."""
        return [socket.socket(fileno=descriptor) for descriptor in self.sockets]

    def tell_ready(self) -> None:
        """Tell the parent that connections are accepted. A console accepts none."""
        if self.is_console:
            return
        os.set_blocking(self.ready, False)
        self.beat()

    def beat(self) -> None:
        """Tell the parent that the event loop turns."""
        with suppress(OSError):  # a parent that reads nothing any more
            os.write(self.ready, b"!")


def berth_of(environment: Mapping[str, str]) -> Berth | None:
    """The berth that the parent gave to this process; None: it has none."""
    text = environment.get(VARIABLE)
    if text is None:
        return None
    number, parent, ready, sockets, folder = text.split(":", 4)
    descriptors = tuple(int(one) for one in sockets.split(",") if one)
    return Berth(int(number), int(parent), int(ready), descriptors, folder)


def take(berth: Berth) -> bool:
    """Tie this process to its parent: it stops when that dies. False: it is dead already."""
    os.environ.pop(VARIABLE, None)  # not for what the program starts
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    return os.getppid() == berth.parent
