"""Where the state of rooms is kept: the port of stores, and its limits.

A store knows nothing of what a state means. It has, of each room, a text that was the whole state
once (the *base*) and the changes since, in their order; who reads applies them. So no store merges
JSON, and a change of a large state writes no more than the change.

Versions count the changes of a room. 0: there is nothing. A room begins at its store's time in
microseconds, so one that ended and begins again never has a version for the second time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import NamedTuple, Protocol

from ...core.state.values import StateRefused

EMPTY = "{}"
KEPT_BYTES = 16_384
"""Changes that stay behind a base, for those that have not read them."""
ROOM_BYTES = 200
"""What a room takes beside its texts, roughly."""
CHANGE_BYTES = 60
"""What a change takes beside its text."""


class News(NamedTuple):
    """What is newer than a version that somebody knows."""

    base: int
    """The version that the changes follow."""
    state: str | None
    """The whole state at the base; None: it is the version that is known."""
    changes: Sequence[str]

    @property
    def version(self) -> int:
        """The version that it leads to."""
        return self.base + len(self.changes)


NOTHING = News(0, EMPTY, ())
"""Of a room without state."""


class Outcome(NamedTuple):
    """What became of a commit."""

    is_done: bool
    news: News
    """What came before, and was not known."""
    is_taken: bool = False
    """Not done because somebody else has the turn."""
    weight: int = 0
    """Bytes of the changes since the base: a new one is due when they are many."""


class StateLimits(NamedTuple):
    """Of all rooms together; 0: none."""

    rooms: int = 0
    bytes: int = 0


NO_LIMITS = StateLimits()


class Writer(NamedTuple):
    """On whose behalf something is committed."""

    name: str = ""
    """Of a process; by it the process has a turn."""
    keeps_turn: bool = False
    """Whether it goes on; else its turn ends with the commit."""


NOBODY = Writer()


class StateFull(StateRefused):
    """A limit of all rooms together is reached."""


class StateStore(Protocol):
    """What all stores do for the state of rooms. Everything raises
    StoreError."""

    def bound(self, limits: StateLimits) -> None:
        """Hold no more than *limits* say."""
        ...

    def load(self, room: str, known: int = 0) -> Awaitable[News]:
        """What is newer than version *known*."""
        ...

    def commit(
        self,
        room: str,
        known: int,
        changes: Sequence[str],
        seconds: float,
        *,
        is_checked: bool,
        writer: Writer = NOBODY,
    ) -> Awaitable[Outcome]:
        """Append *changes*, in one step; the room stays for *seconds* at least.

        With *is_checked* only if *known* is the newest version. Never while another writer has
        the turn. Raises StateFull.
        """
        ...

    def compact(self, room: str, version: int, state: str) -> Awaitable[None]:
        """*state* is that at *version*: it is the base from now on, unless a later one is."""
        ...

    def touch(self, rooms: Sequence[tuple[str, float]]) -> Awaitable[None]:
        """These rooms end after so many seconds, if they have state."""
        ...

    def versions(self, rooms: Sequence[str]) -> Awaitable[list[int]]:
        """The newest versions."""
        ...

    def turn(self, room: str, name: str, seconds: float, patience: float = 0.0) -> Awaitable[bool]:
        """Whether *name* has the turn in *room*, for *seconds* from now; else it is in the queue.

        The answer comes when it has, and after *patience* seconds at the latest. Turns come in
        the order in which they were asked for. One that ends by itself is followed by the next,
        as soon as anybody asks again.
        """
        ...

    def give_back(self, room: str, name: str) -> Awaitable[None]:
        """*name* neither has nor waits for the turn in *room* any more."""
        ...


def full(limits: StateLimits, is_of_rooms: bool) -> StateFull:
    """The error for a limit that would be passed."""
    if is_of_rooms:
        return StateFull(f"{limits.rooms} rooms hold state, and no more may")
    return StateFull(
        f"the state of all rooms has as many bytes as it may: {limits.bytes} (room-bytes)"
    )
