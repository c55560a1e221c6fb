"""Where the state of rooms is kept: in this process, or elsewhere for several.

What is committed here is true; mirrors and members are told of it afterwards. Answers come at once
where the state is in this process, and are awaited elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from ..answers import Answer
from ..effects import RoomName
from .changes import Change, Diff
from .rules import StateRule
from .values import State


class Committed(NamedTuple):
    """A change was made."""

    state: State
    """What the room holds by it; its version is one more than before."""
    diff: Diff


class Conflict(NamedTuple):
    """Nothing was done: the room is not as it was seen."""

    version: int
    """What it is now."""


Outcome: TypeAlias = Committed | Conflict


class Made(NamedTuple):
    """How a room came to be at a version."""

    version: int
    diff: Diff


class Ahead(Protocol):
    """Changes of a room that are about to be committed together."""

    @property
    def state(self) -> State:
        """What the room holds if they are; its version need not be the one that it gets."""
        ...

    @property
    def settled(self) -> Awaitable[bool]:
        """Whether they were."""
        ...


class RoomStates(Protocol):
    """The states of all rooms."""

    def follow(self, rules: Sequence[StateRule]) -> None:
        """Keep what *rules* say from now on."""
        ...

    def look(self, room: RoomName) -> Answer[State]:
        """What a room holds now; an empty Hash where it holds nothing (any more).

        A version never comes again with another value.
        """
        ...

    def commit(self, room: RoomName, change: Change, expected: int | None) -> Answer[Outcome]:
        """Make a change, if the room is at the version *expected*; None: whatever it is at.

        Raises StateRefused for what cannot be; then nothing was done.
        """
        ...

    def ahead(self, room: RoomName) -> Ahead | None:
        """What events in turn did here that is not committed yet, and may still be joined."""
        ...

    def settle(self, room: RoomName) -> None:
        """Commit what is ahead: nobody joins it any more."""
        ...

    def made(self, room: RoomName, since: int | None, before: int) -> Sequence[Made]:
        """What this process knows of changes behind *since* and before *before*, oldest first.

        None: some of the last. Where everybody hears of everything: nothing.
        """
        ...

    def occupy(self, room: RoomName) -> None:
        """The room has members in this process: its state stays."""
        ...

    def vacate(self, room: RoomName) -> None:
        """It has none here any more: its state stays for the `seconds` of its rule."""
        ...

    def is_contended(self, room: RoomName) -> bool:
        """Whether another process came first there lately: to take the turn is cheaper then."""
        ...

    def take_turn(self, room: RoomName, user: object) -> Answer[None]:
        """Go before all who come new, in all processes, until `end_turn`.

        *user* asks for it, after its turn among those of this process has come.
        """
        ...

    def end_turn(self, room: RoomName, user: object) -> None:
        """Others may go on."""
        ...
