"""Players who take cells over real sockets, and follow the board as a client does."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import websockets

UNDER_WAY = 4
"""Cells that a player asks for at a time."""
SILENT_SECONDS = 5.0
"""Then what was asked for has failed, and is asked for again on another connection."""
AGAIN_SECONDS = 0.05
"""Before a player whose node is gone looks for another."""


class Mirror:
    """The board as one connection was told of it."""

    def __init__(self) -> None:
        self.value: dict[str, Any] | None = None
        self.faults: list[str] = []

    def hear(self, message: dict[str, Any]) -> None:
        payload = message["payload"]
        if message["event"] == "room_state":
            if self.value is not None:
                self.faults.append("a second room_state")
            self.value = payload
        elif self.value is None:
            self.faults.append("a room_diff before the room_state")
        else:
            self._merge(payload)

    def _merge(self, patch: dict[str, Any]) -> None:
        assert self.value is not None
        if patch.get("count", 1 << 30) <= self.value.get("count", 0):
            self.faults.append(f"{patch} after {self.value.get('count')}")
        cells = self.value.setdefault("cells", {})
        for cell, player in patch.get("cells", {}).items():
            if cell in cells:
                self.faults.append(f"cell {cell} went from {cells[cell]} to {player}")
            cells[cell] = player
        self.value["count"] = patch.get("count", self.value.get("count"))


class Player:
    """Wants every cell of a board."""

    def __init__(self, name: str, board: str, cells: int, chance: random.Random) -> None:
        self.name = name
        self.board = board
        self.won: list[str] = []
        """Cells that were said to be its own."""
        self.mirror = Mirror()
        self.faults: list[str] = []
        self.conflicts = 0
        self._wanted = [str(cell) for cell in range(cells)]
        chance.shuffle(self._wanted)
        self._asked: set[str] = set()
        self._socket: Any = None

    @property
    def is_done(self) -> bool:
        return not self._wanted and not self._asked

    async def play(self, somewhere: Callable[[], str]) -> None:
        """Until every cell is somebody's, and then follow the board; until cancelled."""
        while True:
            with suppress(OSError, websockets.WebSocketException, TimeoutError):
                await self._play_at(f"{somewhere()}/{self.board}")
            self._wanted += self._asked  # perhaps they were taken, and nobody said so
            self._asked.clear()
            self.faults += self.mirror.faults
            self.mirror = Mirror()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _play_at(self, url: str) -> None:
        async with websockets.connect(url, open_timeout=20, max_size=None) as socket:
            while True:
                if self.mirror.value is not None:
                    await self._ask(socket)
                async with asyncio.timeout(SILENT_SECONDS):
                    text = await socket.recv()
                self._hear(json.loads(text))

    async def _ask(self, socket: Any) -> None:
        while self._wanted and len(self._asked) < UNDER_WAY:
            cell = self._wanted.pop()
            self._asked.add(cell)
            await socket.send(json.dumps({"cell": cell, "player": self.name}))

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("event") in ("room_state", "room_diff"):
            self.mirror.hear(message)
        elif "yours" in message:
            self._asked.discard(message["yours"])
            self.won.append(message["yours"])
        elif "taken" in message:
            self._asked.discard(message["taken"])
        else:
            self.faults.append(f"was told {message}")
