"""Connections whose frames an ASGI server reads and writes: what waits for it, and how."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType
from soli_runtime.ws import channel
from soli_runtime.ws.endpoint import Endpoint
from soli_runtime.ws.limits import SocketLimits
from soli_runtime.ws.messages import MessageConnection

from .doubles import FakeListener

Use = Callable[[MessageConnection, "Peer"], Awaitable[None]]


class Peer:
    """What the server is: it takes messages while it may."""

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.may_take = asyncio.Event()
        self.may_take.set()
        self._gone = asyncio.Event()

    async def say(self, opcode: int, payload: bytes) -> None:
        await self.may_take.wait()
        self.said.append(payload)

    async def hear(self) -> tuple[WSMsgType, object, object]:
        await self._gone.wait()
        return WSMsgType.CLOSED, None, None

    def leave(self) -> None:
        self._gone.set()


def connected(use: Use, **limits: Any) -> FakeListener:
    listener = FakeListener()

    async def scenario() -> None:
        endpoint = Endpoint(SocketLimits(**limits))
        connection, peer = MessageConnection(endpoint, listener), Peer()
        serving = asyncio.ensure_future(connection.converse(peer.hear, peer.say))
        await asyncio.sleep(0)
        await use(connection, peer)
        peer.leave()
        await serving

    asyncio.run(scenario())
    return listener


async def all_said(peer: Peer, count: int) -> None:
    async with asyncio.timeout(20):
        while len(peer.said) < count:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)


def test_what_is_replayed_goes_out_in_slices_and_before_what_follows() -> None:
    made: list[int] = []

    async def use(connection: MessageConnection, peer: Peer) -> None:
        def say(number: int) -> Callable[[], str]:
            return lambda: made.append(number) or f"{number} ".ljust(1000, "x")

        connection.replay([say(number) for number in range(2000)])
        connection.send("behind")
        most = 0
        while len(made) < 2000:
            before = len(made)
            await asyncio.sleep(0)
            most = max(most, len(made) - before)
        assert most <= channel.REPLAY_BLOCKS * channel.REPLAY_BYTES // 1000
        await all_said(peer, 2001)
        assert [int(said.split()[0]) for said in peer.said[:-1]] == list(range(2000))
        assert peer.said[-1] == b"behind"

    connected(use)


def test_a_replay_waits_for_a_server_that_has_enough() -> None:
    """And takes no room in the outbox, so the connection stays."""

    async def use(connection: MessageConnection, peer: Peer) -> None:
        peer.may_take.clear()
        connection.replay(["x" * 1000] * 2000)
        await asyncio.sleep(0.05)
        assert connection.outbox_bytes < 500_000
        assert connection.is_open
        peer.may_take.set()
        await all_said(peer, 2000)

    assert connected(use, max_outbox_bytes=1_000_000).closed == [(1006, "")]


def test_more_than_the_outbox_holds_closes_who_does_not_take_it() -> None:
    async def use(connection: MessageConnection, peer: Peer) -> None:
        peer.may_take.clear()
        for _ in range(200):
            connection.send("x" * 1000)
        await asyncio.sleep(0.05)
        assert not connection.is_open

    assert connected(use, max_outbox_bytes=100_000, close_seconds=0.1).closed[0][0] == 1013
