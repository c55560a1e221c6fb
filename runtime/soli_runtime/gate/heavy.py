"""Requests that compute for long wait for each other, and for what else is heavy (`ws.turns`).

A request has no connection that could be known by what it did before, so its address and its
handler stand for it. Where the two were not heavy of late nothing is waited for.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from ..ws.turns import Turns

MAX_KEYS = 10_000
"""Heavy pairs of address and handler that are remembered; the oldest is forgotten."""

REMEMBERED_SECONDS = 60.0

MAX_WAITING = 16
"""Requests of one pair that wait; further ones are refused."""

MAX_STRIKES = 3
"""Calls ended by a limit, within `REMEMBERED_SECONDS`, after which a pair is refused at once."""

Key = tuple[str, str]
"""Address and handler."""


class _Record:
    __slots__ = ("at", "strikes")

    def __init__(self, at: float) -> None:
        self.at = at
        self.strikes = 0


class HeavyRequests:
    """Who was heavy of late. *clock* is that of *turns*."""

    def __init__(self, turns: Turns, clock: Callable[[], float]) -> None:
        self._turns = turns
        self._clock = clock
        self._records: dict[Key, _Record] = {}
        self._waiting: Counter[Key] = Counter()

    async def turn(self, key: Key) -> bool:
        """Wait until *key* may compute; False when it has to be refused (429)."""
        record = self._record(key)
        if record is None:
            return True
        if record.strikes >= MAX_STRIKES or self._waiting[key] >= MAX_WAITING:
            return False
        self._waiting[key] += 1
        try:
            # Whoever goes on first computes before the others look, and they wait anew.
            while (left := self._turns.heavy_until - self._clock()) > 0:  # noqa: ASYNC110 - a time
                await asyncio.sleep(left)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
        return True

    def took(self, key: Key, started: float, now: float) -> None:
        """A call of *key* computed from *started* until *now*."""
        if self._turns.took(started, now):
            self._remember(key, now)

    def ended_by_limit(self, key: Key, started: float) -> None:
        """A limit ended a call of *key* that began at *started*."""
        now = self._clock()
        self._turns.ended_by_limit(now - started)
        self._remember(key, now).strikes += 1

    def _record(self, key: Key) -> _Record | None:
        record = self._records.get(key)
        if record is not None and self._clock() - record.at > REMEMBERED_SECONDS:
            del self._records[key]
            return None
        return record

    def _remember(self, key: Key, now: float) -> _Record:
        record = self._record(key)
        if record is None:
            while len(self._records) >= MAX_KEYS:
                del self._records[next(iter(self._records))]
            record = self._records[key] = _Record(now)
        record.at = now
        return record
