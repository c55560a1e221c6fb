"""What stands in a mined shape for a value that is not known."""

from __future__ import annotations

from typing import Any


class Hole:
    """A value of a kind; of any kind, if that is empty."""

    __slots__ = ("kind",)

    def __init__(self, kind: str = "") -> None:
        self.kind = kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hole) and other.kind == self.kind

    def __hash__(self) -> int:
        return len(self.kind)


HOLE = Hole()
KINDS_OF: dict[str, Any] = {
    name: Hole(name) for name in ("String", "Int", "Float", "Bool", "Hash", "Array")
}
"""By the class that a declaration of a message names."""
