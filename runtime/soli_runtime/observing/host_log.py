"""Our log through Python's `logging`, for a host that mounts an app in its own process.

The logger is called `soli`; its level, and where its lines go, are the host's to say. Where it
says nothing, Python shows warnings and errors on standard error.
"""

from __future__ import annotations

import logging
from typing import Any

from .logs import LEVELS, Log, text_of

LOGGER = "soli"


class HostLog(Log):
    """A log whose lines are records of the logger `soli`."""

    def __init__(self) -> None:
        super().__init__(lambda text: None, level="debug")
        self._logger = logging.getLogger(LOGGER)
        self._short_requests = False  # a record is no line of ours

    def wants(self, level: str) -> bool:
        return self._logger.isEnabledFor(LEVELS[level])

    def _record(self, level: str, event: str, fields: dict[str, Any]) -> None:
        if self.wants(level):
            super()._record(level, event, fields)
        else:
            self.counts[event] += 1

    def _put(self, now: float, level: str, event: str, fields: dict[str, Any]) -> None:
        self._logger.log(LEVELS[level], "%s", text_of(event, fields))
