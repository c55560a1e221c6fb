"""One script over a connection of its own, with as little as possible between it and the socket.

The state of rooms asks for it with every event; a general client would take longer than Redis does.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ...cluster.redis_protocol import Refused, Wire, Word, connect
from ..errors import StoreAway
from .link import CALL_SECONDS, RedisLink, script_of

MAX_WAITS = 16
"""Connections that wait for a key; past it nobody waits, and asks again instead."""
MARGIN_SECONDS = 2.0
"""For the answer to a wait, behind its end."""


class WiredScript:
    """`scripts/SCRIPT.lua` in the Redis of *link*."""

    def __init__(self, link: RedisLink, script: str, keys: list[str], greeting: Word) -> None:
        self._link = link
        self._keys = keys
        self._greeting = greeting
        """The verb with which each connection begins."""
        self._text = script_of(script)
        self._sha = b""
        self._wire: Wire | None = None
        self._opening: asyncio.Lock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle: list[Wire] = []
        """Connections for waiting."""
        self._waits = 0

    async def run(self, *words: Word) -> Any:
        """What the script returns, in bytes. Raises StoreError, SoliValueError."""
        try:
            wire = self._wire
            if wire is None or self._loop is not asyncio.get_running_loop():
                wire = await self._open()
            try:
                return await self._call(wire, words)
            except Refused as refused:
                if not str(refused).startswith("NOSCRIPT"):
                    raise
                self._drop(wire)
                return await self._call(await self._open(), words)
        except Refused as error:
            raise self._link.error(str(error)) from None
        except (OSError, TimeoutError) as error:
            raise self._link.away(error) from None

    async def wait(self, key: str, seconds: float) -> None:
        """Until somebody pushed to *key*, which takes it away, or it is too late."""
        if self._waits >= MAX_WAITS:
            await asyncio.sleep(min(seconds, 0.005))
            return
        self._waits += 1
        wire: Wire | None = None
        try:
            wire = self._idle.pop() if self._idle else await self._connect()
            await wire.call("BLPOP", key, f"{seconds:.3f}", seconds=seconds + MARGIN_SECONDS)
            self._idle.append(wire)
        except (OSError, TimeoutError) as error:
            if wire is not None:
                wire.close()
            raise self._link.away(error) from None
        except asyncio.CancelledError:
            if wire is not None:
                wire.close()
            raise
        finally:
            self._waits -= 1

    def detach(self) -> None:
        """Close the connections."""
        for wire in (*self._idle, *([] if self._wire is None else [self._wire])):
            wire.close()
        self._idle.clear()
        self._wire = self._opening = None

    async def _call(self, wire: Wire, words: tuple[Word, ...]) -> Any:
        command = ("EVALSHA", self._sha, len(self._keys), *self._keys, *words)
        return await wire.call(*command, seconds=CALL_SECONDS)

    async def _open(self) -> Wire:
        """The connection, of which one is made at a time."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self.detach()
            self._loop = loop
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._wire is None:
                wire = await self._connect()
                wire.failed = lambda error: self._drop(wire)
                self._sha = await wire.call("SCRIPT", "LOAD", self._text, seconds=CALL_SECONDS)
                await self._call(wire, (self._greeting,))
                self._wire = wire
            return self._wire

    def _drop(self, wire: Wire) -> None:
        wire.close()
        if self._wire is wire:
            self._wire = None

    async def _connect(self) -> Wire:
        try:
            return await connect(self._link.url, CALL_SECONDS)
        except (OSError, TimeoutError):
            raise
        except Exception as error:
            raise StoreAway(f"the store is down: {self._link.name}: {error}") from None
