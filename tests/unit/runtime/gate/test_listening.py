"""Listening: many connections at once, the address that was bound, and the port given back."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any

import pytest
import uvloop
from soli_runtime.gate.listening import ACCEPTS_PER_TURN, Listening, listen

Run = Callable[[Coroutine[Any, Any, None]], None]

on_both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


class Accepted(asyncio.Protocol):
    """Counts itself and stays."""

    def __init__(self, made: list[asyncio.BaseTransport]) -> None:
        self._made = made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._made.append(transport)


@on_both_loops
def test_connections_that_wait_are_accepted_several_per_turn(run: Run) -> None:
    """A crowd that came during a long turn of the loop does not wait a turn for each of it."""
    crowd = 8 * ACCEPTS_PER_TURN

    async def main() -> None:
        made: list[asyncio.BaseTransport] = []
        listening = await listen(lambda: Accepted(made), "127.0.0.1", 0)
        with ExitStack() as stack:
            stack.callback(listening.close)
            stack.callback(lambda: [transport.close() for transport in made])
            for _ in range(crowd):
                client = socket.create_connection(listening.address)
                stack.callback(client.close)
            turns = 0
            while len(made) < crowd:
                await asyncio.sleep(0)
                turns += 1
                assert turns < crowd / 2, f"only {len(made)} accepted"

    run(main())


@on_both_loops
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_port_that_was_bound_is_free_again_after_close(run: Run, host: str) -> None:
    """Port 0 becomes a real one; nobody else can have it; after `close` anybody can."""

    async def main() -> None:
        def factory() -> asyncio.Protocol:
            return Accepted([])

        async def again() -> Listening:
            return await listen(factory, host, port)

        listening = await listen(factory, host, 0)
        bound, port = listening.address
        assert bound in ("127.0.0.1", "::1")
        assert port > 0
        with pytest.raises(OSError, match=r"(?i)in use"):
            await again()
        listening.close()
        await asyncio.sleep(0)
        (await again()).close()

    run(main())
