"""What goes wrong with stores: at start (`CannotOpen`) and later (`StoreError`)."""

from __future__ import annotations

from soli_lang.base.errors import SoliError

UNAVAILABLE = 69
"""Status with which `soli run` ends (sysexits.h): it cannot be reached now; later it may be."""
UNFIT = 78
"""What is configured will not work, however often one tries."""


class CannotOpen(Exception):
    """A store that cannot be used. The text says which, why and what to do."""

    def __init__(self, message: str, status: int = UNAVAILABLE) -> None:
        super().__init__(message)
        self.status = status


class StoreError(SoliError):
    """Raised in a program when its store is down, full or broken."""

    kind = "StoreError"


class StoreAway(StoreError):
    """The store does not answer now; later it may. A request that meets it is answered with 503."""
