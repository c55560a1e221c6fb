"""How a command ends."""

from __future__ import annotations

OK = 0
USAGE = 64
INVALID = 65
"""The program does not parse, or the app is invalid."""
FAILED = 70
"""The program ran and failed."""


class UsageError(Exception):
    """The command line makes no sense; the text says what was expected."""


class Exit(Exception):
    """End with `status`; whatever there was to say has been said."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status
