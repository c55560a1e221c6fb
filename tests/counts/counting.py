"""Counts what one operation of each kind costs, in this process, without sockets.

    python -m tests.counts.counting

Clocks stand still but for a step per question, so that nothing which another process does changes
a count. With steps of 1 µs the loop is idle. While it is *saturated*, a step is so long that every
turn lasts for more than the scheduler allows: messages of ten connections, and requests of fifty,
go through its queues.

- calls: of Python functions (`sys.setprofile`), those of libraries included
- bytecodes: instructions of Python (`f_trace_opcodes`)
- blocks: memory blocks that an operation leaves behind (`sys.getallocatedblocks`)
- peak: bytes that it takes meanwhile (`tracemalloc`)
- clocks: questions for the time or for CPU time; the latter are system calls
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

IDLE_STEP, SATURATED_STEP = 1e-6, 4.5e-4
OPERATIONS, CROWDS = 100, 12
REPEATS = 3
WARM_UP = 150
CONNECTIONS = 10
BURST = 5

APP = Path(__file__).with_name("counted.soli")
MASK = bytes((0x37, 0xFA, 0x21, 0x3D))
HANDSHAKE = (
    b"GET /ws/counted HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nOrigin: http://127.0.0.1:3000\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
CLOSE = bytes((0x88, 0x82)) + MASK + bytes((0x03 ^ MASK[0], 0xE8 ^ MASK[1]))
REQUEST = b"GET /json/17 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n"

Operation = Callable[[], Awaitable[Any]]


class Clock:
    """A clock that goes on by a step whenever somebody asks."""

    def __init__(self) -> None:
        self.step = IDLE_STEP
        self.now = 1000.0
        self.asked = 0

    def __call__(self) -> float:
        self.asked += 1
        self.now += self.step
        return self.now


CLOCK = Clock()


class NullTransport(asyncio.Transport):
    """Takes everything and counts it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, data: Any) -> None:
        self.writes += 1

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 4000) if name == "peername" else default

    def is_reading(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


class Line(NullTransport):
    """One that has a protocol, and ends."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self._is_closed = False

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    def is_closing(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)


def masked(text: str) -> bytes:
    """A text frame as clients send it."""
    payload = text.encode()
    body = bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload))
    return bytes((0x81, 0x80 | len(payload))) + MASK + body


class Served:
    """The app, served as `soli run` would, and ten connections of it."""

    def __init__(self, service: Any, settings: Any) -> None:
        self.service = service
        self._settings = settings
        self.connections = [self._open(number) for number in range(CONNECTIONS)]
        self._staying = set(self.connections)
        self._server = self._make_server()
        self._browsers = [self._browser() for _ in range(CONNECTIONS * BURST)]

    def _open(self, number: int) -> Any:
        from soli_runtime.core.events import Events
        from soli_runtime.routing.routes import WEBSOCKET, Match
        from soli_runtime.serving.sockets.conversations import Conversation
        from soli_runtime.serving.sockets.visitors import Visitor
        from soli_runtime.ws.connection import Connection

        match = self.service.app.table.match(WEBSOCKET, "/ws/counted")
        assert isinstance(match, Match)
        events = Events(f"7d9f1c1e-6c0a-4b44-9d0c-{number:012d}", {}, {}, {"host": "h"})
        visitor = Visitor("/ws/counted", f"10.0.0.{number}")
        handler = match.target.handler
        connection = Connection(
            self.service.endpoint, Conversation(self.service.live, handler, events, visitor)
        )
        connection.start(NullTransport())
        return connection

    def _browser(self) -> tuple[Any, NullTransport]:
        """A connection that sends requests."""
        handler, transport = self._server(), NullTransport()
        handler.connection_made(transport)
        return handler, transport

    def _make_server(self) -> Any:
        from soli_runtime.gate.first_request import Answers, GreetingServer
        from soli_runtime.gate.plain import PlainConnections
        from soli_runtime.gate.unread import Unread

        loop = asyncio.get_running_loop()
        return GreetingServer(
            Answers(self.service.handle, self.service.entrance.begin),
            seconds=0,
            most=0,
            plain=PlainConnections(0, 0),
            unread=Unread(loop, 0, 0, lambda address: None),
            may_upgrade=self.service.entrance.may_upgrade,
            log=self.service.log,
            access_log=None,
            auto_decompress=False,
        )

    async def message(self, frame: bytes) -> None:
        """One message while nobody else is there."""
        connection = self.connections[0]
        connection.data_received(frame)
        await asyncio.sleep(0)
        while connection.is_held:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)

    async def crowd(self, burst: Callable[[], bytes]) -> int:
        """A burst on every connection in one turn; how many of them were held back."""
        for connection in self.connections:
            connection.data_received(burst())
        held = sum(connection.is_held for connection in self.connections)
        while any(connection.is_held for connection in self.connections):  # noqa: ASYNC110
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return held

    async def connect(self) -> None:
        """A connection that comes, is upgraded, says goodbye and is gone."""
        handler = self._server()
        line = Line(handler)
        handler.connection_made(line)
        await asyncio.sleep(0)
        handler.data_received(HANDSHAKE)
        while line.protocol is handler:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)
        line.protocol.data_received(CLOSE)
        while self.service.endpoint.connections != self._staying:  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def request(self, count: int = 1) -> int:
        """HTTP requests in one turn, each on its own line; how many of them waited."""
        asked = self._browsers[:count]
        wanted = [transport.writes + 1 for _, transport in asked]
        for handler, _ in asked:
            handler.data_received(REQUEST)
        scheduler = self.service.endpoint.scheduler
        held: int = scheduler.waiting
        while [transport.writes for _, transport in asked] != wanted:
            await asyncio.sleep(0)
            held = max(held, scheduler.waiting)
        await asyncio.sleep(0)
        return held


async def _served() -> Served:
    from soli_runtime.loading.launch import Launch, launch
    from soli_runtime.observing.logs import Log
    from soli_runtime.serving.service import Service
    from soli_runtime.settings import Settings

    settings = Settings(
        message_rate=10**6,
        message_burst=10**6,
        byte_rate=0,
        ping_seconds=0,
        connect_rate=0,
        connect_rate_per_ip=0,
    )
    launched = launch(Launch(APP, settings, environment=dict(os.environ)))
    log = Log(lambda line: None, clock=lambda: 1e9)
    service = Service(launched.app, settings, log, launched.waiting)
    await service.start()
    served = Served(service, settings)
    for _ in range(5):
        await asyncio.sleep(0)
    return served


async def _times(operation: Operation, times: int) -> None:
    for _ in range(times):
        await operation()


async def _calls(operation: Operation, times: int) -> float:
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        await _times(operation, times)
    finally:
        sys.setprofile(None)
    return calls / times


async def _bytecodes(operation: Operation, times: int) -> float:
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        if event == "opcode":
            count += 1
        elif event == "call":
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return trace

    sys.settrace(trace)
    try:
        await _times(operation, times)
    finally:
        sys.settrace(None)
    return count / times


async def _blocks(operation: Operation, times: int) -> float:
    gc.collect()
    before = sys.getallocatedblocks()
    await _times(operation, times)
    gc.collect()
    return max(0.0, round((sys.getallocatedblocks() - before) / times, 1))


async def _peak(operation: Operation, times: int) -> float:
    tracemalloc.start()
    peaks = []
    try:
        for _ in range(times // 4):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            await operation()
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return median(peaks)


async def _clocks(operation: Operation, times: int) -> float:
    before = CLOCK.asked
    await _times(operation, times)
    return (CLOCK.asked - before) / times


COUNTERS = {
    "calls": _calls,
    "bytecodes": _bytecodes,
    "blocks": _blocks,
    "peak": _peak,
    "clocks": _clocks,
}


async def _counted(
    operation: Operation, times: int = OPERATIONS, share: int = 1
) -> dict[str, float]:
    """Every count per operation, of which *operation* is *share*: the median of a few repeats."""
    for _ in range(WARM_UP // share or 2):
        await operation()
    gc.disable()
    found = {}
    for name, counter in COUNTERS.items():
        repeats = [await counter(operation, times) for _ in range(REPEATS)]
        found[name] = round(median(repeats) / (1 if name == "peak" else share), 2)
    gc.enable()
    return found


async def count() -> dict[str, Any]:
    """All counts, by operation."""
    served = await _served()
    echo, say, join, leave = map(masked, ("echo", "say", "join", "leave"))
    moods = cycle([masked(f"mood {number}") for number in range(100, 1000)])

    async def join_and_leave() -> None:
        await served.message(join)
        await served.message(leave)

    ways: dict[str, Operation] = {
        "echo": lambda: served.message(echo),
        "publish": lambda: served.message(say),
        "join and leave": join_and_leave,
        "presence change": lambda: served.message(next(moods)),
        "HTTP action": served.request,
        "connect and close": served.connect,
    }
    found: dict[str, Any] = {name: await _counted(way) for name, way in ways.items()}
    CLOCK.step = SATURATED_STEP
    crowds: dict[str, Callable[[], Awaitable[int]]] = {
        "echo": partial(served.crowd, lambda: echo * BURST),
        "publish": partial(served.crowd, lambda: say * BURST),
        "join and leave": partial(served.crowd, lambda: (join + leave) * BURST),
        "presence change": partial(served.crowd, lambda: b"".join(islice(moods, BURST))),
        "HTTP action": partial(served.request, CONNECTIONS * BURST),
    }
    for name, crowd in crowds.items():
        held = [await crowd() for _ in range(10)]
        counts = await _counted(crowd, CROWDS, CONNECTIONS * BURST)
        found[f"{name}, saturated"] = {**counts, "held": sum(held) / len(held)}
    return found


def main() -> None:
    time.perf_counter = time.thread_time = CLOCK  # before anything of ours takes them
    import uvloop

    print(json.dumps(uvloop.run(count()), indent=1))


if __name__ == "__main__":
    main()
