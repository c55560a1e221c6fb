"""State of rooms that workers share, and that outlives the process where there is a store."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import websockets

from ..jepsen.cluster import Served
from ..race.run import APP
from ..support.redis_server import needs_redis, redis_server

pytestmark = [
    needs_redis,
    pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT"),
]
PLAYERS = 8


def served(folder: Path, *flags: str) -> Served:
    command = [sys.executable, "-m", "soli_runtime.cli", "run", str(APP), "--port", "0", *flags]
    return Served(folder, "run", command)


async def connected(url: str) -> tuple[Any, dict[str, Any]]:
    """A connection that has joined the board, and what that holds."""
    socket = await websockets.connect(f"{url}/b", open_timeout=20)
    told = json.loads(await socket.recv())
    assert told["event"] == "room_state"
    return socket, told["payload"]


async def take(socket: Any, cell: int, player: int) -> None:
    await socket.send(json.dumps({"cell": str(cell), "player": str(player)}))


async def until(socket: Any, count: int) -> dict[str, str]:
    """All cells of the diffs that come until *count* are taken."""
    cells: dict[str, str] = {}
    async with asyncio.timeout(30):
        while True:
            message = json.loads(await socket.recv())
            if message.get("event") == "room_diff":
                cells.update(message["payload"]["cells"])
                if message["payload"]["count"] == count:
                    return cells


async def play(url: str) -> dict[str, str]:
    """Everybody wants two cells that all others want; who got them, as each was told."""
    players = [(await connected(url))[0] for _ in range(PLAYERS)]
    for number, socket in enumerate(players):
        await take(socket, 1, number)
        await take(socket, 2, number)
    told = [await until(socket, 2) for socket in players]
    assert all(one == told[0] for one in told), told
    for socket in players:
        await socket.close()
    return told[0]


async def everybody_has(url: str, cells: dict[str, str]) -> None:
    """Whichever worker it is."""
    for _ in range(4):
        socket, held = await connected(url)
        assert held == {"cells": cells, "count": 2}
        await socket.close()


@pytest.mark.parametrize("store", [False, True])
def test_workers_share_the_state_of_rooms(tmp_path: Path, store: bool) -> None:
    """With a store or without, everybody has the same, and each cell goes to one player.

    New workers have it as well.
    """
    flags = ["--workers", "2", *(["--store", f"sqlite:{tmp_path / 'db'}"] if store else [])]
    server = served(tmp_path, *flags)

    async def run() -> None:
        url = await server.ready()
        cells = await play(url)
        assert set(cells) == {"1", "2"}
        await everybody_has(url, cells)
        server.signal(signal.SIGHUP)
        async with asyncio.timeout(60):
            while " renewed workers=2" not in server.text:  # noqa: ASYNC110 -- it is a file
                await asyncio.sleep(0.05)
        await everybody_has(url, cells)

    asyncio.run(run())
    assert server.end() == 0


def test_state_outlives_a_process_that_was_killed(tmp_path: Path) -> None:
    """What was acknowledged is there, for who comes next."""
    flags = ("--store", f"sqlite:{tmp_path / 'db'}")
    server = served(tmp_path, *flags)

    async def first() -> dict[str, str]:
        return await play(await server.ready())

    async def second() -> dict[str, Any]:
        socket, held = await connected(await server.ready())
        await socket.close()
        return held

    cells = asyncio.run(first())
    server.signal(signal.SIGKILL)
    server.process.wait(10)
    server = served(tmp_path, *flags)
    assert asyncio.run(second()) == {"cells": cells, "count": 2}
    assert server.end() == 0


def test_a_broker_with_data_of_a_newer_soli_is_left_alone(tmp_path: Path) -> None:
    """Also where nothing else is kept there."""
    from redis import Redis

    with redis_server() as redis:
        with Redis.from_url(redis.url) as client:
            client.set("{soli:1:shop}:stores", "2")
        server = served(tmp_path, "--broker", redis.url, "--store", "memory", "--app-name", "shop")
        assert server.process.wait(60) == 78
        text = server.text
    assert "of a newer Soli (version 2; this one knows up to 1); nothing was changed" in text
