"""`soli run --record FILE` and `soli replay FILE [PATH]`: a session, run again."""

from __future__ import annotations

from .command import main

__all__ = ["main"]
