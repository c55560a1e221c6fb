"""What a machine keeps for whoever extends it, by keys that know the type of what they lead to.

    COUNTS: MachineKey[Counter[str]] = MachineKey("counts")

    counts = machine.library.get(COUNTS)      # Counter[str] | None

The dicts behind it are plain ones: a key is an object like any other, and costs nothing more.
"""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar, overload

T = TypeVar("T")


class MachineKey(Generic[T]):
    """Leads to one T. Two keys are never the same, whatever their names."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"MachineKey({self.name!r})"


KeptDict = dict[MachineKey[Any], Any]
"""What is behind a `Kept`; for whoever writes one down."""


class Kept(Protocol):
    """What is kept under keys; a `KeptDict`, seen with the types of its keys."""

    def __getitem__(self, key: MachineKey[T], /) -> T: ...
    def __setitem__(self, key: MachineKey[T], value: T, /) -> None: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __len__(self) -> int: ...
    @overload
    def get(self, key: MachineKey[T], /) -> T | None: ...
    @overload
    def get(self, key: MachineKey[T], default: T, /) -> T: ...
    def setdefault(self, key: MachineKey[T], value: T, /) -> T: ...
