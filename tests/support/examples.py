"""How many examples of hypothesis a test takes: few, the same each time; many others to harden."""

from __future__ import annotations

import os

MANY = 10
"""Times as many for `make harden`, with fresh seeds."""


def examples(count: int) -> int:
    """*count* in `make test`; a multiple of it where SOLI_HYPOTHESIS asks to explore."""
    return count * MANY if os.environ.get("SOLI_HYPOTHESIS") == "explore" else count
