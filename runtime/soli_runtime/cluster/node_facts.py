"""What a node says of itself, for people: its name, and the facts that `soli cluster` shows."""

from __future__ import annotations

import json
import os
import re
import socket
import uuid
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Any

from ..core.operations.arrivals import Arrivals
from .replica import Replica

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
    """Facts of one node. What changes is looked up each time."""

    def __init__(self, arrivals: Arrivals, replica: Replica) -> None:
        self._arrivals = arrivals
        self._replica = replica

    def told(self, worker: int | None, read: int) -> str:
        """As JSON. *worker*: its number among those of a parent; *read*: the last entry applied."""
        facts: dict[str, Any] = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "worker": worker,
            "version": soli_version(),
            "connections": len(self._arrivals.seats),
            "rooms": len(self._arrivals.rooms),
            "all_rooms": self._replica.room_count,
            "read": read,
        }
        return json.dumps(facts)
