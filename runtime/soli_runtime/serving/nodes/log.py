"""The log that the nodes of one app share: the names of its keys, its script, its entries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources

from ...core.effects import Payload
from .outbox import Head, payload_of

KEYS = (
    "epoch",
    "last",
    "log",
    "sizes",
    "weight",
    "nodes",
    "reads",
    "numbers",
    "beaten",
    "seats",
)
"""What `scripts/broker.lua` calls KEYS, in its order."""
LOG = KEYS.index("log")


def script() -> str:
    """The text of the script; its first argument is the command."""
    folder = resources.files(__package__).joinpath("scripts")
    return folder.joinpath("broker.lua").read_text("utf-8")


def entry_of(
    position: bytes, fields: Mapping[bytes, bytes]
) -> tuple[int, str, int, list[Head], list[Payload]]:
    """An entry as Redis tells it: position, origin, number there, heads, payloads."""
    payloads = [
        payload_of(*field) for field in fields.items() if field[0] not in (b"o", b"n", b"h")
    ]
    origin, number, heads = fields[b"o"].decode(), int(fields[b"n"]), json.loads(fields[b"h"])
    return int(position.split(b"-")[0]), origin, number, heads, payloads
