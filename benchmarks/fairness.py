"""What one connection notices while another does its worst: `python -m benchmarks.fairness`.

A server with default settings, one attack at a time, and beside it one who is established and
echoes every 50 ms, and a newcomer every 250 ms who connects and says one word. For each of the two:
how often there was an answer, the median, the 99th percentile and the longest wait in milliseconds,
and how often there was none within 60 s. For the established also how much the server's thread
computed at most within one wait: on a machine that does nothing else the wait is no longer than
that. `--soli PATH` measures another version's command.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

APP = """router_websocket("/ws", "app#handle")
get("/plain", "app#plain")
post("/named", "app#named")
get("/heavy", "app#heavy")

def handle(event)
  return {} if event["type"] != "message"
  text = event["message"]
  if text.starts_with("work ")
    i = 0
    n = int(text.replace("work ", ""))
    while i < n
      i = i + 1
    end
    return {}
  end
  { "send": text }
end

def plain(req)
  "plain"
end

def named(req)
  req["json"]["user"]["name"]
end

def heavy(req)
  while true
  end
end
"""

ENDLESS = "work 999999999"
PERIOD = 0.05
"""Seconds between two echoes of the innocent."""

Address = tuple[str, int]


def frame(text: str) -> bytes:
    """A masked text frame (the mask is zero)."""
    data = text.encode()
    size = len(data)
    head = bytes((0x81, 0x80 | size)) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
    return head + bytes(4) + data


def handshake(path: str) -> bytes:
    """The request for an upgrade."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


def websocket(address: Address, path: str = "/ws") -> socket.socket:
    """A raw connection past its handshake."""
    line = socket.create_connection(address, timeout=60)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(handshake(path))
    head = b""
    while b"\r\n\r\n" not in head:
        more = line.recv(4096)
        if not more:
            raise ConnectionError(head.decode("latin-1"))
        head += more
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.decode("latin-1"))
    return line


def posted(address: Address, path: str, body: bytes, *headers: str, method: str = "POST") -> None:
    """One request; its answer is read to the end."""
    with socket.create_connection(address, timeout=60) as line, suppress(OSError):
        head = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *headers]
        if body:
            head.append(f"Content-Length: {len(body)}")
        line.sendall("\r\n".join([*head, "", ""]).encode() + body)
        while line.recv(65536):
            pass


class Attack(NamedTuple):
    """*run* is called until the time is over; it must return now and then."""

    name: str
    run: Callable[[Address], None]


def _burst(address: Address) -> None:
    """Many messages of some milliseconds in one write."""
    with websocket(address) as line, suppress(OSError):
        line.sendall(frame("work 30000") * 1900)
        line.settimeout(5)
        while line.recv(65536):
            pass


def _endless(address: Address) -> None:
    """Messages that each use up all that a call may compute."""
    with websocket(address) as line, suppress(OSError):
        line.sendall(frame(ENDLESS) * 20)
        line.settimeout(20)
        while line.recv(65536):
            pass


def _now_and_then(address: Address) -> None:
    """One such message every 0.9 s, over the same connection."""
    with websocket(address) as line, suppress(OSError):
        for _ in range(3):
            line.sendall(frame(ENDLESS))
            time.sleep(0.9)


def _many(address: Address) -> None:
    """A hundred connections that each send one message of 100 ms at the same time."""
    lines = [websocket(address) for _ in range(100)]
    for line in lines:
        line.sendall(frame("work 1000000"))
    time.sleep(5)
    for line in lines:
        line.close()


def _crowd(number: int, text: str) -> Callable[[Address], None]:
    """So many connections that send one message each at the same time, once."""

    def attack(address: Address) -> None:
        with ExitStack() as stack:
            lines = [stack.enter_context(websocket(address)) for _ in range(number)]
            for line in lines:
                line.sendall(frame(text))
            time.sleep(60)

    return attack


def _busy(number: int, text: str, light: int = 0) -> Callable[[Address], None]:
    """So many connections that send the next message when the last is answered.

    Before each come *light* ones.
    """

    def attack(address: Address) -> None:
        with ExitStack() as stack:
            lines = [stack.enter_context(websocket(address)) for _ in range(number)]
            selector = stack.enter_context(selectors.DefaultSelector())
            for line in lines:
                line.setblocking(False)
                selector.register(line, selectors.EVENT_READ)
                line.sendall(frame("light") * light + frame(text) + frame("next"))
            end = time.perf_counter() + 20
            while time.perf_counter() < end:
                for key, _ in selector.select(1):
                    if b"next" in key.fileobj.recv(4096):  # type: ignore[union-attr]
                        more = frame("light") * light + frame(text) + frame("next")
                        key.fileobj.sendall(more)  # type: ignore[union-attr]

    return attack


JSON = "Content-Type: application/json"
BROKEN = b"[" + b"0," * (4 * 1024 * 1024 - 8) + b"x"


@cache
def bomb() -> bytes:
    """Made when it is needed: that takes seconds, and tests import this module."""
    return zlib.compress(b"0" * (1 << 30), 1)


ATTACKS = (
    Attack("nothing", lambda address: time.sleep(1)),
    Attack("1,900 messages of 3 ms in one write", _burst),
    Attack("20 messages without end in one write", _endless),
    Attack("a message without end every 0.9 s", _now_and_then),
    Attack("100 connections, 100 ms each", _many),
    Attack("15 endless loops, once", _crowd(15, ENDLESS)),
    Attack("40 heavy calls, once", _crowd(40, "work 800000")),
    Attack("40 with heavy calls, again and again", _busy(40, "work 800000")),
    Attack("40 with calls of 10 ms, again and again", _busy(40, "work 130000")),
    Attack("40 that alternate: nine light, one heavy", _busy(40, "work 800000", light=9)),
    Attack("8 MiB of broken JSON, read", lambda a: posted(a, "/named", BROKEN, JSON)),
    Attack(
        "8 MiB of broken JSON, not read",
        lambda a: posted(a, "/plain", BROKEN, JSON, method="GET"),
    ),
    Attack(
        "4 MiB that inflate to 1 GiB",
        lambda a: posted(a, "/named", bomb(), JSON, "Content-Encoding: deflate"),
    ),
    Attack("an action without end", lambda a: posted(a, "/heavy", b"", method="GET")),
)


@contextmanager
def serving(soli: str) -> Iterator[Address]:
    """A server of its own with default settings."""
    with started(soli) as (address, _):
        yield address


@contextmanager
def started(soli: str) -> Iterator[tuple[Address, int]]:
    """A server of its own with default settings: where it listens, and its process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.soli")
        path.write_text(APP, "utf-8")
        process = subprocess.Popen(
            [soli, "run", str(path), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        try:
            found = re.search(r"http://([\d.]+):(\d+)", process.stdout.readline())
            assert found is not None, "the server did not start"
            yield (found[1], int(found[2])), process.pid
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


class Seen(NamedTuple):
    """How long each waited, in seconds, and how many waited in vain."""

    established: list[float]
    newcomers: list[float]
    errors: list[str]
    computed: list[float]
    """By the server's thread within each wait of the established."""


def waits(address: Address, attack: Attack, seconds: float) -> list[float]:
    """How long each echo of the innocent took, in seconds."""
    return seen(address, attack, seconds).established


def seen(
    address: Address, attack: Attack, seconds: float, *, newcomers: bool = False, pid: int = 0
) -> Seen:
    """What the two see while an attack goes on. *pid*: that of the server, if it can be asked."""
    stop = threading.Event()
    found = Seen([], [], [], [])

    def attacking() -> None:
        while True:
            with suppress(OSError):
                attack.run(address)

    # In a process of its own: what it computes shall not hold up who measures.
    attacker = multiprocessing.get_context("fork").Process(target=attacking, daemon=True)

    def coming() -> None:
        while not stop.is_set():
            start = time.perf_counter()
            try:
                with websocket(address) as line:
                    _echo(line)
                found.newcomers.append(time.perf_counter() - start)
            except OSError as error:
                found.errors.append(str(error))
            time.sleep(max(0.0, 0.25 - (time.perf_counter() - start)))

    with websocket(address) as line:
        for _ in range(5):
            _echo(line)
        attacker.start()
        newcomer = threading.Thread(target=coming, daemon=True)
        if newcomers:
            newcomer.start()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            before = computed_by(pid)
            found.established.append(_echo(line))
            found.computed.append(computed_by(pid) - before)
            time.sleep(max(0.0, PERIOD - found.established[-1]))
        stop.set()
        if newcomers:
            newcomer.join(60)
    attacker.kill()
    attacker.join()
    return found


def computed_by(pid: int) -> float:
    """Seconds that the main thread of a process computed, by the scheduler's account; else 0."""
    try:
        return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
    except OSError:
        return 0.0


def _echo(line: socket.socket) -> float:
    start = time.perf_counter()
    line.sendall(frame("still here?"))
    while not line.recv(4096).endswith(b"still here?"):
        pass
    return time.perf_counter() - start


def row(name: str, found: Seen) -> str:
    """One line of the table."""
    computed = f"{1000 * max(found.computed, default=0.0):.1f}"
    newcomers, errors = _times(found.newcomers), str(len(found.errors))
    cells = [name, *_times(found.established), computed, *newcomers, errors]
    return "| " + " | ".join(cells) + " |"


def _times(found: list[float]) -> list[str]:
    """How many, median, 99th percentile and longest."""
    if not found:
        return ["0", "", "", ""]
    found = sorted(found)
    places = (found[len(found) // 2], found[int(len(found) * 0.99)], found[-1])
    return [str(len(found)), *(f"{1000 * wait:.1f}" for wait in places)]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soli", default=str(Path(sys.executable).with_name("soli")))
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--only", default="", help="attacks whose name has this in it")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {options.seconds:g} s each, a new server for each")
    print(
        "| attack | established | p50 | p99 | most | computed "
        "| newcomers | p50 | p99 | most | errors |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for attack in ATTACKS:
        if options.only in attack.name:
            with started(options.soli) as (address, pid):
                found = seen(address, attack, options.seconds, newcomers=True, pid=pid)
            print(row(attack.name, found), flush=True)


if __name__ == "__main__":
    main()
