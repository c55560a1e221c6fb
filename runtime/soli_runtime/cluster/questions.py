"""Questions about all processes: answered by what this node knows, in program order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from soli_lang.base.errors import SoliError

from ..core.answers import Answer
from .host import Done
from .outbox import Outbox

T = TypeVar("T")


class Questions:
    """What programs wait for while operations of this node are pending."""

    def __init__(self, outbox: Outbox) -> None:
        self.is_away = False
        """Whether the log cannot be reached: questions that would have to wait for it fail."""
        self._outbox = outbox
        self._waiting: set[Done] = set()

    def answer(self, ask: Callable[[], T]) -> Answer[T]:
        """What *ask* says, once this node has seen what itself did before.

        Raises SoliError, now or when it is awaited, while the log is away.
        """
        if self._outbox.is_empty:
            return ask()
        if self.is_away:
            raise _away()
        return self._when(self._outbox.until_seen(), ask)

    async def _when(self, done: Done, ask: Callable[[], T]) -> T:
        self._waiting.add(done)
        try:
            await done
        finally:
            self._waiting.discard(done)
        if self.is_away:
            raise _away()
        return ask()

    def go_away(self) -> None:
        """The log cannot be reached: who waits for an answer is told."""
        self.is_away = True
        for done in self._waiting:
            if not done.done():
                done.set_result(None)

    def come_back(self) -> None:
        """The log can be reached again."""
        self.is_away = False


def _away() -> SoliError:
    return SoliError("the broker is down: the state of other processes is unknown")
