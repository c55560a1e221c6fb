"""The order in which recorded events run again, where some waited while others ran."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from ...observing.traces import Trace
from ...recordings.entries import Entry

Again = Callable[[int, Entry], Awaitable[None]]


class Order:
    """Begins events in their order; one that waited goes on when those have run that ran then."""

    def __init__(self, events: Iterable[tuple[int, Entry]], again: Again) -> None:
        self._events = list(events)
        self._again = again
        self._held: dict[int, list[asyncio.Future[None]]] = {}
        """By tick: what waits until then."""
        self._stands = asyncio.Event()
        """Set when what ran has ended or waits."""
        self._tick = 0

    async def run(self) -> None:
        """Run all of them to their ends."""
        marks = self._marks()
        tasks: list[asyncio.Task[None]] = []
        for tick, number, entry in marks:
            self._tick = max(self._tick, tick)
            self._stands.clear()
            if entry is None:
                if not self._release(tick):
                    continue
            else:
                task = asyncio.ensure_future(self._again(number, entry))
                task.add_done_callback(lambda _: self._stands.set())
                tasks.append(task)
            await self._stands.wait()
        self._tick = 2**62
        for tick in tuple(self._held):
            self._release(tick)
        await asyncio.gather(*tasks)

    def _marks(self) -> list[tuple[int, int, Entry | None]]:
        """(tick, number, the event that begins then; None: one that waited goes on)"""
        marks: list[tuple[int, int, Entry | None]] = []
        for number, entry in self._events:
            began = entry.get("began") or 0
            marks.append((began, number, entry))
            for question in entry.get("asked", ()):
                if len(question) > 3:
                    marks.append((question[3], number, None))
        return sorted(marks, key=lambda mark: (mark[0], mark[1], mark[2] is None))

    def _release(self, tick: int) -> bool:
        """Let go on what waits until *tick*; whether there was any."""
        waiting = self._held.pop(tick, ())
        for one in waiting:
            if not one.done():
                one.set_result(None)
        return bool(waiting)

    async def until(self, trace: Trace, tick: int) -> None:
        """Come back at *tick*."""
        if tick <= self._tick:
            return
        held = asyncio.get_running_loop().create_future()
        self._held.setdefault(tick, []).append(held)
        self._stands.set()
        await held
