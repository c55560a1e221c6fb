"""Closing many connections over time, so that clients do not all come back at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from math import ceil

from ...ws.connection import Connection
from ...ws.counters import CloseCause
from ...ws.endpoint import Endpoint

CLOSES_PER_SECOND = 1000
"""As a rule; more where there is not time enough for all."""
TICK_SECONDS = 0.01


def come_back_after(seconds: int) -> str:
    """The reason of a close that says when to come back; `soli.js` obeys it."""
    return f"retry-after={seconds}"


def batches(count: int, seconds: float) -> Iterator[slice]:
    """How *count* connections are closed, a batch every `TICK_SECONDS`, within *seconds*."""
    ticks = max(1.0, seconds / TICK_SECONDS)
    size = max(int(CLOSES_PER_SECOND * TICK_SECONDS), ceil(count / ticks))
    return (slice(start, start + size) for start in range(0, count, size))


async def close_idle(endpoint: Endpoint, seconds: float, code: int, reason: str) -> None:
    """Close the connections whose handler does not wait; until its turn each is served."""
    connections = tuple(endpoint.connections)
    for batch in batches(len(connections), seconds):
        if batch.start:
            await asyncio.sleep(TICK_SECONDS)
        for connection in connections[batch]:
            _close(connection, code, reason)


def _close(connection: Connection, code: int, reason: str) -> None:
    conversation = connection.session
    if conversation is not None and conversation.runner is not None:
        return  # its handler comes to its end first
    connection.pause_reading()
    try:
        connection.close(code, reason, cause=CloseCause.SHUTDOWN)
    except Exception:
        connection.failed()
