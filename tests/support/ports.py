"""Ports of loopback, for what must be told one."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

_LOWEST, _COUNT = 10_000, 22_000
"""Below those that systems deal to whoever connects, or listens without asking for one: what is
free stays so until it is used, though other tests run beside this one."""


def free_port() -> int:
    """A port on which nobody listens."""
    while True:
        port = _LOWEST + secrets.randbelow(_COUNT)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
