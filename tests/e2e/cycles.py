"""Connections that come and go, in every way, by the thousand: what is left of them?

`python -m tests.e2e.cycles --count 100000` runs the long version that `test_leaks` is short for.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

from .support import Site, serving
from .ws.serving import handshake, masked

TEXT, CLOSE = 0x81, 0x88
AT_ONCE = 40
"""Connections that live at the same time."""

APP = {
    "app.soli": """router_websocket("/good/:room", "app#good")
router_websocket("/bad/:room", "app#bad")
router_websocket("/late/:room", "app#late")
router_websocket("/wait/:room", "app#wait")

def good(event)
  room = event["params"]["room"]
  if event["type"] == "connect"
    me = { "channel": room, "user_id": event["connection_id"] }
    return { "join": [room, "everybody"], "track": me }
  end
  return { "broadcast_room": event["message"], "send": "ok" } if event["type"] == "message"
  { "broadcast_room": "bye" }
end

def bad(event)
  throw "no " + event["type"]
end

def late(event)
  me = { "channel": "late", "user_id": 1 }
  return { "join": event["params"]["room"], "track": me } if event["type"] == "connect"
  [][event["type"]].nothing
end

def wait(event)
  sleep(60) if event["type"] == "message"
  { "join": event["params"]["room"] }
end
"""
}


class Cycles:
    """Makes connections to one server, of all kinds by turns."""

    def __init__(self, site: Site, seed: int) -> None:
        address = urlsplit(site.url)
        self._host, self._port = str(address.hostname), int(address.port or 0)
        self._random = random.Random(seed)
        self._kinds: list[Callable[[], Awaitable[None]]] = [
            self._clean,
            self._aborted,
            self._half_a_handshake,
            self._unread_handshake,
            self._failing,
            self._failing_late,
            self._waiting,
            self._half_a_message,
            self._wrong,
        ]
        self._number = 0

    async def run(self, count: int) -> None:
        """*count* connections, `AT_ONCE` at a time."""
        for start in range(0, count, AT_ONCE):
            await asyncio.gather(*(self._one() for _ in range(min(AT_ONCE, count - start))))

    async def _one(self) -> None:
        self._number += 1
        async with asyncio.timeout(20):
            # A server may cut the line at any point of some of these: that is their point.
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._kinds[self._number % len(self._kinds)]()

    def _room(self, kind: str) -> str:
        return f"/{kind}/room{self._random.randrange(10**9)}"

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)

    async def _upgraded(self, kind: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self._dial()
        writer.write(handshake(self._room(kind)))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        return reader, writer

    async def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _clean(self) -> None:
        reader, writer = await self._upgraded("good")
        writer.write(masked(TEXT, b"hello") + masked(CLOSE, b"\x03\xe8"))
        await reader.read(-1)
        await self._hang_up(writer)

    async def _aborted(self) -> None:
        _, writer = await self._upgraded("good")
        writer.write(masked(TEXT, b"hello"))
        writer.transport.abort()

    async def _half_a_handshake(self) -> None:
        _, writer = await self._dial()
        whole = handshake(self._room("good"))
        writer.write(whole[: self._random.randrange(len(whole))])
        await writer.drain()
        writer.transport.abort()

    async def _unread_handshake(self) -> None:
        _, writer = await self._dial()
        writer.write(handshake(self._room("good")))
        await writer.drain()
        writer.transport.abort()

    async def _failing(self) -> None:
        reader, writer = await self._upgraded("bad")
        writer.write(masked(TEXT, b"hello"))
        await reader.readexactly(4)
        writer.write(masked(CLOSE, b"\x03\xf3"))
        await reader.read(-1)
        await self._hang_up(writer)

    async def _failing_late(self) -> None:
        reader, writer = await self._upgraded("late")
        writer.write(masked(TEXT, b"hello") * 3 + masked(CLOSE, b"\x03\xe8"))
        await reader.read(-1)
        await self._hang_up(writer)

    async def _waiting(self) -> None:
        _, writer = await self._upgraded("wait")
        writer.write(masked(TEXT, b"hello") * 2)
        await writer.drain()
        writer.transport.abort()

    async def _half_a_message(self) -> None:
        _, writer = await self._upgraded("good")
        writer.write(masked(0x01, b"x" * 500) + masked(TEXT, b"x" * 50)[:20])
        await writer.drain()
        writer.transport.abort()

    async def _wrong(self) -> None:
        reader, writer = await self._upgraded("good")
        writer.write(b"\xff\xff\xff\xff")
        await reader.read(-1)
        await self._hang_up(writer)


def left_behind(site: Site) -> dict[str, int]:
    """What the server still holds of anybody; all zero when nobody is there."""
    service = site.server.service
    rooms, presence, fanout = service.hub.rooms, service.hub.presence, service.endpoint.fanout
    found = {
        "connections": service.hub.count(),
        "admitted": service.connections.admission.count,
        "conversations": len(service.live.conversations),
        "sockets": len(service.endpoint.connections),
        "watched": len(service.endpoint.wheel),
        "waiting handlers": service.calls.runners.suspended,
        "rooms": len(rooms),
        "fan-out rooms": len(fanout._rooms) + len(fanout.log),
        "presence": len(presence) + presence.audience.pending,
        "silent": site.server.web_server.silent,
        "HTTP connections": len(site.server.web_server.connections),
        "sessions": len(service.program.sessions._sessions),
        "seats": len(service.hub.seats),
    }
    return {name: count for name, count in found.items() if count}


def descriptors() -> int:
    """Open file descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))


def resident() -> int:
    """Bytes of memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def settled(site: Site) -> None:
    """Wait until nothing is left, or for as long as a test waits."""
    with suppress(TimeoutError):
        await site.until(lambda: not left_behind(site))


async def measured(count: int, rounds: int, root: Path) -> list[dict[str, Any]]:
    """*rounds* times *count* cycles against one server; what is there after each."""
    results = []
    async with serving(root, APP, connect_rate=0, connect_rate_per_ip=0) as site:
        cycles = Cycles(site, seed=1)
        for _ in range(rounds):
            await cycles.run(count)
            await settled(site)
            site.lines.clear()
            gc.collect()
            results.append(
                {
                    "left": left_behind(site),
                    "tasks": len(asyncio.all_tasks()),
                    "descriptors": descriptors(),
                    "resident": resident(),
                }
            )
    return results


RUNNERS: dict[str, Callable[..., Any]] = {"asyncio": asyncio.run, "uvloop": uvloop.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.cycles", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--loop", choices=RUNNERS, default="uvloop")
    chosen = parser.parse_args()
    sys.setrecursionlimit(10_000)
    each = chosen.count // chosen.rounds
    with tempfile.TemporaryDirectory() as root:
        results = RUNNERS[chosen.loop](measured(each, chosen.rounds, Path(root)))
    for number, result in enumerate(results, 1):
        megabytes = result.pop("resident") / (1 << 20)
        print(f"{number * each:>8} cycles {megabytes:8.1f} MB  {json.dumps(result)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
