"""Python's recursion limit, which belongs to whoever owns the process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

PYTHONS_OWN = 1_000


@contextmanager
def recursion_limit(limit: int) -> Iterator[None]:
    """Another limit for the length of a block."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
