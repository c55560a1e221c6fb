"""All members of a room come back at once, with what each missed: how long until all are right?

`python -m benchmarks.returns` serves an app, lets the members come, cuts all lines, says what they
miss, and lets them come back in the same moment: once with `resume`, once as if for the first
time. The clients run in the same machine and cost about as much as the server, so the ratio of
the two is what counts. `--broker URL` serves with a node. Every client is checked.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

APP = """
ws_keep_history("room", { "messages": 1000, "seconds": 600 })
router_websocket("/ws", "app#handle")
post("/say", "app#say")

def handle(event)
  return { "join": "room", "send": "welcome" } if event["type"] == "connect"
  {}
end

def say(request)
  ws_broadcast_room("room", request["body"])
  "said"
end
"""
FLAGS = (
    "--max-connections-per-ip=0 --connect-rate=0 --connect-rate-per-ip=0 --max-http-connections=0"
).split()
HANDSHAKES = 1000
"""Under way at once: more connections that are no WebSockets yet are turned away."""
POSITION = re.compile(rb'"event":"position","channel":"room","payload":"([^"]+)"')


class Member(asyncio.Protocol):
    """A client that reads frames and keeps what came."""

    def __init__(self, path: str, wanted: int) -> None:
        self._path = path
        self._follows = "resume" in path
        self.wanted = wanted
        self.done = asyncio.get_running_loop().create_future()
        self.opened = asyncio.get_running_loop().create_future()
        self.position = ""
        self.messages: list[bytes] = []
        self.recovered = False
        self._buffer = b""
        self._is_open = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._is_open, self._buffer = True, rest
            self.opened.set_result(None)
        self._read()

    def connection_lost(self, error: Exception | None) -> None:
        for waiting in (self.opened, self.done):
            if not waiting.done():
                waiting.set_exception(ConnectionError("the line broke"))
                waiting.exception()

    def _read(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            if len(buffer) < start + size or start > len(buffer):
                break
            payload = buffer[start : start + size]
            if buffer[at] == 0x81:
                self._take(payload)
            elif buffer[at] == 0x89 and self.transport is not None:
                self.transport.write(bytes((0x8A, 0x80 | size, 0, 0, 0, 0)) + payload)
            at = start + size
        self._buffer = buffer[at:]

    def _take(self, message: bytes) -> None:
        if message.startswith(b'{"event":"resumed"'):
            self.recovered = b'"recovered":true' in message
            return
        found = POSITION.search(message)
        if found is None:
            self.messages.append(message)
        else:
            self.position = found[1].decode()
        has_joined = self.position or not self._follows
        if has_joined and len(self.messages) >= self.wanted and not self.done.done():
            self.done.set_result(None)

    def expect(self, more: int) -> None:
        """From now on `done` means so many messages more."""
        self.wanted += more
        self.done = asyncio.get_running_loop().create_future()


class Crowd:
    """The members of one room."""

    def __init__(self, url: str, count: int) -> None:
        self.url = url
        self.count = count
        address = urlsplit(url)
        self._address = (address.hostname, address.port)

    async def come(self, path: str, wanted: int) -> list[Member]:
        """All at once; until each has *wanted* messages, or has joined if that is none."""
        loop = asyncio.get_running_loop()
        members = [Member(path, wanted) for _ in range(self.count)]
        doors = asyncio.Semaphore(HANDSHAKES)

        async def enter(member: Member) -> None:
            async with doors:
                await loop.create_connection(lambda: member, *self._address)
                await member.opened

        await asyncio.gather(*map(enter, members))
        return members

    async def say(self, *texts: str) -> None:
        for text in texts:
            await asyncio.to_thread(self._post, text.encode())

    def _post(self, body: bytes) -> None:
        with urllib.request.urlopen(f"{self.url}/say", body, timeout=60) as answer:
            assert answer.read() == b"said"


async def _all(members: list[Member]) -> None:
    await asyncio.gather(*(member.done for member in members))


async def round_of(crowd: Crowd, missed: int) -> tuple[float, float]:
    """Seconds until all are back: with what they missed, and without asking for it."""
    members = await crowd.come("/ws?resume=1", 1)
    await _all(members)
    for member in members:
        member.expect(1)
    await crowd.say("first")
    await _all(members)
    held = members[0].position
    await _leave(members)
    texts = [f"missed {number} ".ljust(100, "x") for number in range(missed)]
    await crowd.say(*texts)
    wanted = [*(text.encode() for text in texts), b"welcome", b"live"]

    began = time.perf_counter()
    path = f"/ws?resume[]={quote(f'room@{held}')}"
    members = await crowd.come(path, missed + 1)
    await _all(members)
    resumed = time.perf_counter() - began
    for member in members:
        member.expect(1)
    await crowd.say("live")
    await _all(members)
    assert all(member.recovered and member.messages == wanted for member in members)
    await _leave(members)

    began = time.perf_counter()
    members = await crowd.come("/ws", 1)
    await _all(members)
    plain = time.perf_counter() - began
    await _leave(members)
    return resumed, plain


async def _leave(members: list[Member]) -> None:
    for member in members:
        assert member.transport is not None
        member.transport.abort()
    await asyncio.sleep(1)


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=5000)
    parser.add_argument("--missed", type=int, default=20, help="messages of 100 bytes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--broker", default="memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder, "app.soli")
        app.write_text(APP)
        command = [sys.executable, "-m", "soli_runtime.cli", "run", str(app), "--port", "0"]
        command += [*FLAGS, "--broker", options.broker]
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found is not None
            crowd = Crowd(found[0], options.members)
            times = [asyncio.run(round_of(crowd, options.missed)) for _ in range(options.rounds)]
        finally:
            server.terminate()
            server.communicate()
    resumed, plain = (statistics.median(each) for each in zip(*times, strict=True))
    print(
        f"{options.members} members, {options.missed} missed messages each: all right after "
        f"{resumed:.2f} s with resume, {plain:.2f} s without asking; "
        f"{options.members * options.missed / resumed:,.0f} missed messages/s"
    )


if __name__ == "__main__":
    main()
