"""Python's limit of recursion, which Soli's calls need more of than hosts usually do."""

from __future__ import annotations

import sys

RECURSION_LIMIT = 10_000
"""Python frames: 1,000 Soli calls need several each. Only a process's owner may set it."""


def raise_recursion_limit() -> None:
    """Let this process nest as deep as `Limits.max_depth` allows by default."""
    sys.setrecursionlimit(max(RECURSION_LIMIT, sys.getrecursionlimit()))
