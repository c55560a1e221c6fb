"""What this process knows of the state of one room: the newest that it heard of.

The texts of changes say what is needed to make them again, so every process makes the same of
them. One that was written without a view and does not fit is passed over by all alike: its version
counts, and who wrote it is told.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from ...core.state.changes import Change, Diff, applied
from ...core.state.incoming import BOUNDS, Bounds
from ...core.state.port import Made
from ...core.state.rules import StateRule
from ...core.state.values import EMPTY, State, StateRefused, encoded
from .store import EMPTY as EMPTY_TEXT
from .store import News

MAX_DIFFS = 256
"""That are remembered of a room."""
BEGINNING = Diff({}, {}, 0)
"""No change: from here on a room exists, and holds nothing yet."""


def written(change: Change, rule: StateRule) -> str:
    """The text by which a change is kept."""
    return encoded([change.steps, rule.bytes, rule.keep]).decode()


@lru_cache(64)
def _rule(size: int, keep: int) -> StateRule:
    return StateRule("*", bytes=size, keep=keep)


class Head:
    """A room's newest known state, and its last changes."""

    __slots__ = ("_bounds", "diffs", "state")

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self._bounds = bounds
        self.state = EMPTY
        self.diffs: deque[Made] = deque(maxlen=MAX_DIFFS)
        """How the state came to be, without gaps up to it."""

    def take(self, news: News, known: int) -> None:
        """Learn what a store says that is newer than version *known*, which was told to it.

        Something newer may have been learned meanwhile; if not, and it says that less is there,
        then it lost the rest, or the room ended.
        """
        import orjson  # slow to import, see `soli_stdlib.json.text`

        base, text, changes = news
        is_less = self.state.version == known > news.version
        if text is not None and (base > self.state.version or is_less):
            self.become(State.of(base, orjson.loads(text)) if base else EMPTY)
        for change in changes[max(0, self.state.version - base) :]:
            self.redo(change)

    def become(self, state: State) -> None:
        """How this came to be is not known."""
        self.state = state
        self.diffs.clear()

    def begin(self, version: int) -> None:
        """The room exists from now on, and holds nothing."""
        self.become(EMPTY.at(version))
        self.diffs.append(Made(version, BEGINNING))

    def redo(self, text: str) -> StateRefused | None:
        """Make a change that is kept; why it is passed over, if it is."""
        import orjson

        steps, size, keep = orjson.loads(text)
        change = Change(tuple((kind, asked) for kind, asked in steps))
        return self.make(change, _rule(size, keep))

    def make(self, change: Change, rule: StateRule) -> StateRefused | None:
        """Make a change; why it is passed over, if it is."""
        try:
            state, diff = self.tried(change, rule)
        except StateRefused as refused:
            self.push(self.state.at(self.state.version + 1), Diff({}, {}, rule.keep))
            return refused
        self.push(state, diff)
        return None

    def tried(self, change: Change, rule: StateRule) -> tuple[State, Diff]:
        """What a change would make. Raises StateRefused."""
        return applied(self.state, change, rule, self._bounds)

    def push(self, state: State, diff: Diff) -> None:
        """*state* is the next one."""
        self.state = state
        self.diffs.append(Made(state.version, diff))

    def since(self, version: int | None, most: int) -> list[Made]:
        """How the state came to be from *version* on; None: the last *most* changes."""
        if version is None:
            return list(self.diffs)[-most:]
        return [made for made in self.diffs if made.version > version]


def is_beginning(news: News) -> bool:
    """Whether nothing came before what is behind *news*."""
    return news.state == EMPTY_TEXT and not news.changes
