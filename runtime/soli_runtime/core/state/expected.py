"""Rooms that somebody is about to join: what they hold is known before, and stays known."""

from __future__ import annotations

from ..effects import RoomName
from .changes import Diff, merged
from .values import EMPTY, State

MAX_EXPECTED = 1000
"""Rooms; whoever joins one of the others is told a little later."""


class Expected:
    """One of them. It hears of changes from when its state is asked for."""

    __slots__ = ("_missed", "state")

    def __init__(self) -> None:
        self.state: State | None = None
        """None: the answer has yet to come."""
        self._missed: list[tuple[int, Diff]] = []

    def know(self, state: State) -> None:
        """The answer came."""
        if self.state is None or self.state.version < state.version:
            self.state = state
            missed, self._missed = self._missed, []
            for version, diff in missed:
                self.change(version, diff)

    def change(self, version: int, diff: Diff) -> None:
        """The room was changed."""
        state = self.state
        if state is None or (version > state.version + 1 and diff.keep):
            self._missed.append((version, diff))
        elif not diff.keep and version > state.version:
            self.state = EMPTY.at(version)
        elif version == state.version + 1:
            self.state = merged(state, diff)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing that was heard of."""
        return self.state is not None and not self._missed


class Expecting(dict[RoomName, Expected]):
    """All of them."""

    def begin(self, room: RoomName) -> Expected:
        """Somebody is about to join *room*."""
        found = self.get(room)
        if found is None:
            found = self[room] = Expected()
            if len(self) > MAX_EXPECTED:
                del self[next(iter(self))]
        return found

    def take(self, room: RoomName) -> State | None:
        """What *room* holds; None: that is not known. It is expected no more."""
        found = self.pop(room, None)
        return found.state if found is not None and found.is_complete else None
