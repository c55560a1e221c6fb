"""How a command ends."""

from __future__ import annotations

OK = 0
USAGE = 64
INVALID = 65
"""The program does not parse, or the app is invalid."""
UNAVAILABLE = 69
"""Something that is needed cannot be reached now: a store."""
FAILED = 70
"""The program ran and failed."""
UNFIT = 78
"""Something that was asked for cannot work: a store of a newer version, a wrong password."""


UNWRITTEN = 74
"""What there was to say could not be written: a full disk."""


INTERRUPTED = 130
"""Ctrl-C, as shells have it."""


class UsageError(Exception):
    """The command line makes no sense; the text says what was expected."""


class Exit(Exception):
    """End with `status`; whatever there was to say has been said."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status
