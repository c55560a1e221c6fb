"""One run of a handler that may have to run again: what it saw, and what waits for its commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from soli_lang.machine.keys import Kept, MachineKey

from ..effects import RoomName

if TYPE_CHECKING:
    from .changes import Step
    from .port import Ahead
    from .values import State

Write: TypeAlias = Callable[[], object]

ATTEMPT: MachineKey[Attempt | None] = MachineKey("attempt")
"""In `Machine.local` while an event is handled in a program that keeps the state of rooms."""


class Running(Protocol):
    """A machine that runs a call."""

    @property
    def local(self) -> Kept: ...


class Attempt:
    """What a run saw of rooms, asks for in them, and wrote meanwhile."""

    __slots__ = ("ahead", "changes", "is_stale", "messages", "reads", "sets", "stored", "wrote")

    def __init__(self) -> None:
        self.reads: dict[RoomName, int] = {}
        """The version at which it first saw each room."""
        self.ahead: Ahead | None = None
        """What it saw that is not committed yet."""
        self.is_stale = False
        """Whether it saw a room at two versions."""
        self.changes: dict[RoomName, list[Step]] = {}
        """What helpers ask for, by room."""
        self.sets: RoomName | None = None
        """The room of which a helper sets the state."""
        self.wrote = ""
        """The first helper that wrote before the first look."""
        self.messages: list[Write] = []
        """What helpers send, in order."""
        self.stored: list[Write] = []
        """What others write, in order."""

    def saw(self, room: RoomName, state: State) -> None:
        """The handler may know what *room* holds."""
        if self.reads.setdefault(room, state.version) != state.version:
            self.is_stale = True

    def looks_ahead(self, ahead: Ahead) -> None:
        """It sees what is not committed yet."""
        self.ahead = ahead

    def leave_ahead(self) -> Ahead | None:
        """What it saw that was not committed; from now on that is taken care of."""
        ahead, self.ahead = self.ahead, None
        return ahead

    def holds(self, name: str, write: Write, *, is_message: bool) -> bool:
        """Whether *write*, which *name* asks for, waits for the commit; else it is to be done."""
        if not self.reads:
            self.wrote = self.wrote or name
            return False
        (self.messages if is_message else self.stored).append(write)
        return True

    def change(self, room: RoomName, step: Step) -> None:
        """A helper asks for *step*."""
        self.changes.setdefault(room, []).append(step)

    def set(self, room: RoomName) -> str | None:
        """A helper sets the state of *room*; the name of another one that has it set already."""
        if self.sets is None or self.sets == room:
            self.sets = room
            return None
        return self.sets


def holds(machine: Running, name: str, write: Write, *, is_message: bool = False) -> bool:
    """Whether *write* waits for the commit of the event that is handled."""
    attempt = machine.local.get(ATTEMPT)
    return attempt is not None and attempt.holds(name, write, is_message=is_message)
