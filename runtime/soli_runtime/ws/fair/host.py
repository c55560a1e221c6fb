"""What the scheduler is given by whoever runs it."""

from collections.abc import Callable
from typing import Protocol

from .accounts import Flow

__all__ = ["Report", "Timer"]


class Timer(Protocol):
    """What `call_later` returns."""

    def cancel(self) -> object:
        """Do not call."""


Report = Callable[[Flow, str, float], None]
"""Told who was held back, why, and for how many seconds."""
