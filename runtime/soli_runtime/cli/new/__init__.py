"""`soli new NAME`: an app that runs, and whose spec passes, at once."""

from __future__ import annotations

from .making import main

__all__ = ["main"]
