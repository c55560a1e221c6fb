"""The system's limit of open files: every connection is one.

Past it a connection cannot even be accepted, so nobody could tell it why. Some are kept back: for
answering those that are too many, for plain requests and for files.
"""

from __future__ import annotations

import asyncio

MIN_RESERVED = 64
"""Descriptors that WebSocket connections leave to everything else, at least; but never more than a
quarter of all."""


def raise_limit() -> None:
    """Allow as many open files as the system lets this process have."""
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ImportError, OSError, ValueError):
        pass  # what there is has to do


def descriptors_for_connections(plain: int) -> int:
    """The first descriptor that is kept back for *plain* connections and everything else.

    0 where there is no limit, or none to be known.
    """
    soft = _limit()
    return soft - min(max(plain, MIN_RESERVED), soft // 4)


def descriptors_for_some(wanted: int) -> int:
    """How many connections of a kind there may be where *wanted* (0: no limit) are allowed.

    An eighth of all: two kinds share what WebSockets leave.
    """
    soft = _limit()
    return min(wanted or soft, soft // 8) if soft else wanted


def _limit() -> int:
    try:
        import resource
    except ImportError:
        return 0
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if soft == resource.RLIM_INFINITY else soft


def descriptor_of(transport: asyncio.BaseTransport | None) -> int:
    """The descriptor of a connection; -1 without one."""
    below = None if transport is None else transport.get_extra_info("socket")
    return -1 if below is None else int(below.fileno())
