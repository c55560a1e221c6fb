"""`soli dap`: the Debug Adapter Protocol over standard input and output, for editors."""

from __future__ import annotations

from .command import main

__all__ = ["main"]
