"""The one clock that every builtin reads, so that freezing time freezes all of them.

docs/spec §L15: `freeze_time` and friends hold for every clock a program can read. Builtins ask
`now(machine)`; nothing in the library calls `time.time` by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine


class Clock:
    """Unix seconds from the host's clock, or the instant at which a program froze it."""

    __slots__ = ("_ahead", "_latest", "_source", "_tell", "frozen_at")

    def __init__(self, source: Callable[[], float]) -> None:
        self._ahead = 0.0
        """Seconds by which the host's clock was put back meanwhile."""
        self._latest = 0.0
        self._source = source
        self.frozen_at: float | None = None
        """Unix seconds that `now` keeps returning; None while time runs."""
        self._tell: Callable[[], None] = _nobody

    def tell(self, changed: Callable[[], None]) -> None:
        """Have *changed* called when time is stopped, moved or let run again; nobody else is."""
        self._tell = changed

    def now(self) -> float:
        return self._source() if self.frozen_at is None else self.frozen_at

    def steady(self) -> float:
        """Like `now`, but not put back when the host's clock is: what expires does so in time.

        Time that a program froze is as it says.
        """
        if self.frozen_at is not None:
            return self.frozen_at
        read = self._source()
        if read < self._latest:
            self._ahead += self._latest - read
        self._latest = read
        return read + self._ahead

    def freeze(self, instant: float) -> None:
        """Stop time at *instant* (Unix seconds), also when it is stopped already."""
        self.frozen_at = instant
        self._tell()

    def stand_as(self, other: Clock) -> None:
        """Stand still where *other* does, or run if it runs; nobody is told."""
        self.frozen_at = other.frozen_at

    def unfreeze(self) -> None:
        if self.frozen_at is not None:
            self.frozen_at = None
            self._tell()


def _nobody() -> None:
    pass


_CLOCK: MachineKey[Clock] = MachineKey("clock")


def of(machine: Machine) -> Clock:
    """The clock of this interpreter, made when it is first asked for."""
    clock = machine.library.get(_CLOCK)
    if clock is None:
        clock = machine.library[_CLOCK] = Clock(machine.capabilities.clock or time.time)
    return clock


def now(machine: Machine) -> float:
    """Unix seconds with fraction, as programs see them."""
    clock = machine.library.get(_CLOCK) or of(machine)
    return clock._source() if clock.frozen_at is None else clock.frozen_at


def steady(machine: Machine) -> float:
    """Unix seconds that are never less than before: for what lasts a number of seconds."""
    return of(machine).steady()
