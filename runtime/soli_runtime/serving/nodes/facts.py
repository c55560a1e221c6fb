"""What a node says of itself, for people: its name, and the facts that `soli cluster` shows."""

from __future__ import annotations

import json
import os
import re
import socket
import uuid
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Any

MAX_HOST_CHARACTERS = 24


def machine_name() -> str:
    """The first part of the names of all nodes of a machine, or of one parent: never given twice.

    The host's name, so that people recognise it, and a random part.
    """
    host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname().split(".")[0])
    return f"{host[:MAX_HOST_CHARACTERS]}-{uuid.uuid4().hex[:8]}"


@cache
def soli_version() -> str:
    """The version of this package."""
    try:
        return installed("soli-lang")
    except PackageNotFoundError:
        return "unknown"


class Facts:
    """Facts of one node. What changes is asked for each time."""

    def __init__(self) -> None:
        self.worker: int | None = None
        """Its number among those of a parent."""
        self.connections: Callable[[], int] = lambda: 0
        self.rooms: Callable[[], int] = lambda: 0
        """With members here."""
        self.all_rooms: Callable[[], int] = lambda: 0
        """With members anywhere."""

    def told(self, read: int) -> str:
        """As JSON. *read*: the last entry of the log that was applied."""
        facts: dict[str, Any] = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "worker": self.worker,
            "version": soli_version(),
            "connections": self.connections(),
            "rooms": self.rooms(),
            "all_rooms": self.all_rooms(),
            "read": read,
        }
        return json.dumps(facts)
