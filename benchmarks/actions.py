"""HTTP actions beside plain aiohttp: CPU time of the server per request, in turns on one core.

    python -m benchmarks.actions [--rounds N] [--before OTHER/.venv/bin/soli]

50 connections that are kept alive ask for the JSON of a route with one parameter. Each round, every
server has its turn; a ratio is the median of the ratios within rounds. CPU time is the kernel's own
account of the process (`schedstat`): what else the machine does hardly changes it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from .processes import OUT, CannotMeasure, free_port, running

HERE = Path(__file__).resolve().with_name("servers")
CONNECTIONS = 50
REQUESTS = 8_000
QUICK_REQUESTS = 500
GOALS = {"soli": 0.6, "soli, log and session": 0.5}
"""Of plain aiohttp's requests per second of CPU."""


@dataclass(frozen=True)
class Kind:
    """One server, and what it is asked for."""

    name: str
    command: tuple[str, ...]
    path: str
    has_session: bool = False


class _Client(asyncio.Protocol):
    """One connection, which asks again when it has its answer."""

    def __init__(self, load: Load, request: bytes) -> None:
        self._load = load
        self._request = request
        self._left = 0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        if self._load.take():
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._left:
            head, _, body = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                self._load.fail(f"an answer was {head[:200]!r}")
                return
            self._left = _length(head) - len(body)
        else:
            self._left -= len(data)
        if not self._left:
            self._load.answered()
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self._load.fail(f"a connection was lost: {error}")


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


class Load:
    """So many requests of one round."""

    def __init__(self, count: int) -> None:
        self._to_ask = self._to_come = count
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> bool:
        """Whether there is one more to ask."""
        self._to_ask -= 1
        return self._to_ask >= 0

    def answered(self) -> None:
        """One came back."""
        self._to_come -= 1
        if not self._to_come and not self.done.done():
            self.done.set_result(None)

    def fail(self, text: str) -> None:
        """What the run cannot go on with."""
        if not self.done.done():
            self.done.set_exception(CannotMeasure(text))


async def _ask(port: int, request: bytes, count: int) -> None:
    loop = asyncio.get_running_loop()
    load = Load(count)
    transports = [
        (await loop.create_connection(lambda: _Client(load, request), "127.0.0.1", port))[0]
        for _ in range(CONNECTIONS)
    ]
    try:
        await load.done
    finally:
        for transport in transports:
            transport.abort()


async def _begun_session(port: int) -> bytes:
    """The cookie of a new session."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /begin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"set-cookie:"):
            return line.partition(b":")[2].strip().partition(b";")[0]
    raise CannotMeasure("no session began")


def _request(path: str, cookie: bytes) -> bytes:
    more = b"Cookie: theme=dark; " + cookie + b"\r\n" if cookie else b""
    head = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n"
        "Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\n"
    )
    return head.encode() + more + b"\r\n"


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its threads so far."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9


def _kinds(soli: str, before: str | None) -> list[Kind]:
    app = str(HERE / "actions.soli")
    found = [
        Kind("aiohttp", (sys.executable, str(HERE / "aiohttp_json.py")), "/json/17"),
        *_of_soli("soli", soli, app),
    ]
    return found if before is None else [*found, *_of_soli("before", before, app)]


def _of_soli(name: str, program: str, app: str) -> list[Kind]:
    run = (program, "run", app)
    free = ("--max-http-connections-per-ip", "0")
    return [
        Kind(name, (*run, "--log-level", "error", *free, "--port"), "/json/17"),
        Kind(f"{name}, log and session", (*run, *free, "--port"), "/kept/17", True),
    ]


def measure(
    rounds: int, say: Callable[[str], None], *, quick: bool = False, before: str | None = None
) -> dict[str, list[float]]:
    """Microseconds of CPU per request, by server, for each round."""
    kinds = _kinds(str(Path(sys.executable).with_name("soli")), before)
    count = QUICK_REQUESTS if quick else REQUESTS
    found: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SOLI_")}
    with ExitStack() as stack:
        started = []
        for kind in kinds:
            port = free_port()
            pid = stack.enter_context(running([*kind.command, str(port)], port, environment))
            cookie = uvloop.run(_begun_session(port)) if kind.has_session else b""
            started.append((kind, port, pid, _request(kind.path, cookie)))
        for _, port, _, request in started:  # the first requests are no one's rule
            uvloop.run(_ask(port, request, count // 4))
        for number in range(rounds):
            for kind, port, pid, request in started:
                mark = cpu_seconds(pid)
                uvloop.run(_ask(port, request, count))
                found[kind.name].append((cpu_seconds(pid) - mark) / count * 1e6)
            say(f"http, round {number + 1}: {_shown(found)}")
    return found


def _shown(found: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {rows[-1]:.1f} µs" for name, rows in found.items())


def ratio(found: dict[str, list[float]], name: str) -> float:
    """Requests per second of CPU, as a share of plain aiohttp's."""
    pairs = zip(found["aiohttp"], found[name], strict=True)
    return statistics.median(plain / own for plain, own in pairs)


def table(found: dict[str, list[float]]) -> str:
    """As Markdown."""
    lines = [
        "| HTTP actions | µs of CPU per request | × plain aiohttp | aim |",
        "|---|--:|--:|--:|",
    ]
    for name, rows in found.items():
        aim = f"≥ {GOALS[name]:g}" if name in GOALS else ""
        figure = statistics.median(rows)
        lines.append(f"| {name} | {figure:.1f} | {ratio(found, name):.2f} | {aim} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.actions")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--before", help="another version's `soli`, to have its turns, too")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    found = measure(options.rounds, print, before=options.before)
    (OUT / "actions.json").write_text(json.dumps(found, indent=1), "utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
