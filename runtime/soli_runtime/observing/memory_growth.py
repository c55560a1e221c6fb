"""Looks for cycles when the process has grown, whatever the number of objects.

Python looks for cycles after so many new containers (`server.GC_THRESHOLDS`). A few of them can
hold megabytes: a program that makes cycles of long texts would be given gigabytes before the
count is full.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from soli_lang.machine.memory import resident_bytes

LOOK_SECONDS = 0.25
"""Between two looks at the size."""

YOUNG_BYTES = 64 * 1024 * 1024
"""Growth after which the young generations are collected: some milliseconds."""

ALL_SHARE = 0.5
"""Growth, as a share of what was there after the last full collection, after which all are. With
100,000 connections that takes a quarter of a second, so it has to be worth it."""

CallLater = Callable[[float, Callable[[], None]], object]


class GrowthWatch:
    """Collects cycles by growth from `start` on, until `stop`."""

    def __init__(
        self,
        call_later: CallLater,
        size: Callable[[], int] = resident_bytes,
        collect: Callable[[int], object] = gc.collect,
    ) -> None:
        self._call_later = call_later
        self._size = size
        self._collect = collect
        self._young = self._all = 0
        """Size after the last collection of each kind."""
        self._runs = False

    def start(self) -> None:
        """Begin to look; does nothing where the size is not known."""
        self._young = self._all = self._size()
        self._runs = self._young > 0
        self._look_later()

    def stop(self) -> None:
        """Look no more."""
        self._runs = False

    def _look_later(self) -> None:
        if self._runs:
            self._call_later(LOOK_SECONDS, self._come)

    def _come(self) -> None:
        try:
            self.look()
        finally:
            self._look_later()

    def look(self) -> None:
        """Collect if the process has grown by enough."""
        size = self._size()
        if size - self._young < YOUNG_BYTES:
            self._young = min(self._young, size)
            return
        if size - self._all > max(4 * YOUNG_BYTES, ALL_SHARE * self._all):
            self._collect(2)
            self._all = self._young = self._size()
            return
        self._collect(1)
        self._young = self._size()
