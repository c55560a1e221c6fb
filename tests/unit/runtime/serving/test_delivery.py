"""When the hub is asked what it has to tell."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvloop
from soli_runtime.core.effects import Wake
from soli_runtime.serving.sockets.delivery import Delivery


class FakeHub:
    """Has nothing to tell, and notes when it was asked."""

    due = None

    def __init__(self) -> None:
        self.seats: dict[str, Any] = {}
        self.asked: list[float] = []
        self.was_asked = asyncio.Event()

    def flush(self, now: float) -> list[Any]:
        self.asked.append(now)
        self.was_asked.set()
        return []


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_is_due_at_once_can_be_put_before_what_is_due_earlier_still(new_loop: Any) -> None:
    """uvloop's handle of a call within half a millisecond does not say when that is."""
    loop = new_loop()
    hub = FakeHub()
    delivery = Delivery(cast(Any, hub), cast(Any, SimpleNamespace()), loop, cast(Any, None))

    async def body() -> None:
        now = loop.time()
        for seconds in (0.02, 0.0003, 0.0002, 0.0001, 0.01):
            delivery.carry_out([Wake(now + seconds)])
        await hub.was_asked.wait()
        await asyncio.sleep(0.03)

    try:
        loop.run_until_complete(asyncio.wait_for(body(), 10))
    finally:
        loop.close()
    assert len(hub.asked) == 1
