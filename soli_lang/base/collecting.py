"""Python's garbage collector, held back while much is built and nothing becomes garbage."""

from __future__ import annotations

import gc
from types import TracebackType


class Paused:
    """`with Paused(): …`: no collection meanwhile. It would walk the same objects over and over."""

    __slots__ = ("_was_on",)

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._was_on:
            gc.enable()
