"""What one message costs in our own code: no kernel, no event loop turn, no client.

    python -m benchmarks.hot_path [--rounds N] [--profile] [--calls]

Frames are fed to connections whose transport throws away what it gets. Prints nanoseconds of CPU
time per message; steady even on a busy machine, and the figure to work on.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from soli_runtime.core.events import Events
from soli_runtime.loading.launch import Launch, launch
from soli_runtime.observing.logs import Log
from soli_runtime.routing.routes import WEBSOCKET, Match
from soli_runtime.serving.service import Service
from soli_runtime.serving.sockets.conversations import Conversation
from soli_runtime.serving.sockets.visitors import Visitor
from soli_runtime.settings import Settings
from soli_runtime.ws import channel
from soli_runtime.ws.connection import Connection
from soli_runtime.ws.endpoint import Endpoint
from soli_runtime.ws.limits import SocketLimits

APP = Path(__file__).with_name("servers") / "app.soli"
HEADERS = {
    "host": "127.0.0.1:5011",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
}
"""What the load generator sends; browsers send about twice as many."""
MASK = bytes((0x37, 0xFA, 0x21, 0x3D))
MESSAGES = 20_000
BURST = 50


class NullTransport(asyncio.Transport):
    """Takes everything, keeps nothing."""

    def write(self, data: Any) -> None:
        pass

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_reading(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


class Echo:
    """A Python handler that sends every message back."""

    def on_open(self, connection: Connection) -> None:
        pass

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        connection.send(payload)

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        pass


def masked(text: str) -> bytes:
    """A text frame as clients send it."""
    payload = text.encode()
    body = bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload))
    return bytes((0x81, 0x80 | len(payload))) + MASK + body


async def feed(connection: Connection, frame: bytes) -> float:
    """Nanoseconds of CPU time per message.

    They come in bursts that fit into one slice (`ws.channel`); a turn of the loop per burst is
    counted, since what a room gets is written in it.
    """
    receive = connection.data_received
    start = time.process_time_ns()
    for _ in range(MESSAGES // BURST):
        for _ in range(BURST):
            receive(frame)
        await asyncio.sleep(0)
        while connection.is_held:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)
    return (time.process_time_ns() - start) / MESSAGES


async def open_soli(path: str) -> Connection:
    """A connection to the benchmark app, served as `soli run` would."""
    settings = Settings(
        message_rate=10**6,
        message_burst=10**6,
        byte_rate=0,
        slow_handler_cpu_percent=0,
        handler_cpu_seconds=1.0,
    )
    launched = launch(Launch(APP, settings, environment=dict(os.environ)))
    service = Service(launched.app, settings, Log(print), launched.waiting)
    await service.start()
    match = service.app.table.match(WEBSOCKET, path)
    assert isinstance(match, Match), "the app has that route"
    events = Events("7d9f1c1e-6c0a-4b44-9d0c-0c5a2f6a8f11", match.params, {}, HEADERS)
    conversation = Conversation(service.live, match.target.handler, events, Visitor(path))
    connection = Connection(service.endpoint, conversation)
    connection.start(NullTransport())
    return connection


def open_python() -> Connection:
    """A connection to a Python handler on the socket layer alone."""
    connection = Connection(
        Endpoint(SocketLimits(message_rate=10**6, message_burst=10**6, heavy_share=0)), Echo()
    )
    connection.start(NullTransport())
    return connection


async def measure(rounds: int, profile: bool) -> dict[str, float]:
    """The least of *rounds* for each way: other processes only ever add."""
    channel.SLICE_SECONDS = 1e9  # a machine that is busy elsewhere makes nobody wait here
    frame = masked("x" * 64)
    ways = {
        "python echo": open_python(),
        "soli echo": await open_soli("/ws/echo"),
        "soli room": await open_soli("/ws/room"),
        "soli chat": await open_soli("/ws/chat/42"),
    }
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    if profile:
        import cProfile

        with cProfile.Profile() as profiler:
            await feed(ways["soli echo"], frame)
        profiler.print_stats("tottime")
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, connection in ways.items():
            taken = await feed(connection, frame)
            await asyncio.sleep(0)
            best[name] = min(taken, best.get(name, taken))
    return best


async def count_calls() -> dict[str, float]:
    """Calls of Python functions per message: a figure that no other process can change."""
    frame, found = masked("x" * 64), {}
    for path in ("/ws/echo", "/ws/room", "/ws/chat/42"):
        connection, calls = await open_soli(path), 0

        def count(code: Any, event: str, argument: Any) -> None:
            nonlocal calls
            calls += event == "call"

        await feed(connection, frame)
        sys.setprofile(count)
        await feed(connection, frame)
        sys.setprofile(None)
        found[path] = round(calls / MESSAGES, 2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--calls", action="store_true", help="count calls instead of time")
    options = parser.parse_args()
    if options.calls:
        print(json.dumps(uvloop.run(count_calls()), indent=2))
        return
    found = uvloop.run(measure(options.rounds, options.profile))
    print(json.dumps({name: round(value) for name, value in found.items()}, indent=2))


if __name__ == "__main__":
    main()
