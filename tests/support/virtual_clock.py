"""Time that goes on when a test says so, for what the product gives a clock or an event loop."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator


class Seen:
    """Stands in for a future where no loop runs."""

    def __init__(self) -> None:
        self.is_done = False

    def done(self) -> bool:
        return self.is_done

    def set_result(self, result: None) -> None:
        self.is_done = True

    def __await__(self) -> Iterator[None]:
        while not self.is_done:
            yield


class Timer:
    """What `call_later` gives."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """A clock and its timers: `now` may be set, and `run_due` calls what is due then."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer:
        timer = Timer(callback)
        heapq.heappush(self._timers, (self.now + delay, next(self._numbers), timer))
        return timer

    def create_future(self) -> Seen:
        return Seen()

    def run_due(self) -> None:
        """In the order of their times, those included that are set meanwhile."""
        while self._timers and self._timers[0][0] <= self.now:
            callback = heapq.heappop(self._timers)[2].callback
            if callback is not None:
                callback()

    @property
    def pending(self) -> list[Callable[[], object]]:
        """What waits for its time, in the order of that."""
        return [timer.callback for _, _, timer in sorted(self._timers) if timer.callback]

    def fire(self) -> None:
        """Call all that waits, whatever its time."""
        callbacks = self.pending
        self._timers.clear()
        for callback in callbacks:
            callback()

    def drop(self) -> None:
        """Forget all that waits."""
        self._timers.clear()

    def advance(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now = max(self.now, self._timers[0][0])
            self.run_due()
        self.now = end
