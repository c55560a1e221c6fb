"""How often an address may hand in a wrong token: guesses are bounded, and bound nobody else."""

from __future__ import annotations

from collections.abc import Callable

MAX_WRONG_TOKENS = 10
"""Of one address in one minute; then it is refused for the rest of that minute."""

MAX_ADDRESSES = 1024
"""Addresses that are counted within one minute; past it the one counted first is forgotten."""


class WrongTokens:
    """Counts wrong tokens per address. *clock*: seconds, from anywhere."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minute = 0
        self._counts: dict[str, int] = {}

    def is_blocked(self, address: str) -> bool:
        """Whether *address* may not try again in this minute."""
        return self._current().get(address, 0) >= MAX_WRONG_TOKENS

    def count(self, address: str) -> None:
        """*address* handed in a wrong token."""
        counts = self._current()
        if address not in counts and len(counts) >= MAX_ADDRESSES:
            del counts[next(iter(counts))]
        counts[address] = counts.get(address, 0) + 1

    def _current(self) -> dict[str, int]:
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        return self._counts
