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
    "facts",
    "spoken",
    "kept",
    "kept:ends",
    "kept:floors",
    "kept:bytes",
    "kept:room",
)
"""What the scripts call KEYS, in their order."""
LOG = KEYS.index("log")
ENDS = KEYS.index("kept:ends")
_START, _END = "{soli:1:", "}:broker:"


def keys_of(prefix: str) -> list[str]:
    """The keys of an app's log; one slot of a cluster."""
    return [f"{_START}{prefix}{_END}{key}" for key in KEYS]


def key_pattern(key: str) -> str:
    """Matches that key of every app."""
    return f"{_START}*{_END}{key}"


def prefix_of(name: str) -> str:
    """The app whose key has that name."""
    return name.removeprefix(_START).rpartition(_END)[0]


def script() -> str:
    """The text of the script; its first argument is the command."""
    folder = resources.files(__package__).joinpath("scripts")
    return "".join(folder.joinpath(name).read_text("utf-8") for name in ("kept.lua", "broker.lua"))


def entry_of(position: bytes, fields: Sequence[bytes]) -> tuple[int, str, int, bytes, bytes]:
    """An entry as Redis tells it: position, origin, number there, heads, payloads."""
    _, origin, _, number, _, heads, *rest = fields
    return int(position[:-2]), origin.decode(), int(number), heads, rest[1] if rest else b""
