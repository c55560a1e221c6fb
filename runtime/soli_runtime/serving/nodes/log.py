"""The log that the nodes of one app share: the names of its keys, its script, its entries."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

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


def entry_of(position: bytes, fields: Sequence[bytes]) -> tuple[int, str, int, bytes, bytes]:
    """An entry as Redis tells it: position, origin, number there, heads, payloads."""
    _, origin, _, number, _, heads, *rest = fields
    return int(position[:-2]), origin.decode(), int(number), heads, rest[1] if rest else b""
