"""What one connection notices while another does its worst: `python -m benchmarks.fairness`.

A server with default settings, an *innocent* that echoes every 50 ms over a connection of its own,
and one attack at a time. For each: how often the innocent had its answer, the median, the 99th
percentile and the longest wait, in milliseconds. `--soli PATH` measures another version's command.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


JSON = "Content-Type: application/json"
BROKEN = b"[" + b"0," * (4 * 1024 * 1024 - 8) + b"x"
BOMB = zlib.compress(b"0" * (1 << 30), 1)

ATTACKS = (
    Attack("nothing", lambda address: time.sleep(1)),
    Attack("1,900 messages of 3 ms in one write", _burst),
    Attack("20 messages without end in one write", _endless),
    Attack("a message without end every 0.9 s", _now_and_then),
    Attack("100 connections, 100 ms each", _many),
    Attack("8 MiB of broken JSON, read", lambda a: posted(a, "/named", BROKEN, JSON)),
    Attack(
        "8 MiB of broken JSON, not read",
        lambda a: posted(a, "/plain", BROKEN, JSON, method="GET"),
    ),
    Attack(
        "4 MiB that inflate to 1 GiB",
        lambda a: posted(a, "/named", BOMB, JSON, "Content-Encoding: deflate"),
    ),
    Attack("an action without end", lambda a: posted(a, "/heavy", b"", method="GET")),
)


@contextmanager
def serving(soli: str) -> Iterator[Address]:
    """A server of its own with default settings."""
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
            yield found[1], int(found[2])
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def waits(address: Address, attack: Attack, seconds: float) -> list[float]:
    """How long each echo of the innocent took, in seconds."""
    stop = threading.Event()

    def attacking() -> None:
        while not stop.is_set():
            with suppress(OSError):
                attack.run(address)

    found: list[float] = []
    with websocket(address) as line:
        for _ in range(5):
            _echo(line)
        attacker = threading.Thread(target=attacking, daemon=True)
        attacker.start()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            found.append(_echo(line))
            time.sleep(max(0.0, PERIOD - found[-1]))
        stop.set()
    return found


def _echo(line: socket.socket) -> float:
    start = time.perf_counter()
    line.sendall(frame("still here?"))
    while not line.recv(4096).endswith(b"still here?"):
        pass
    return time.perf_counter() - start


def row(name: str, found: list[float]) -> str:
    """One line of the table."""
    found = sorted(found)
    median, last = found[len(found) // 2], found[int(len(found) * 0.99)]
    late = sum(wait > PERIOD for wait in found)
    cells = (len(found), *(f"{1000 * wait:.1f}" for wait in (median, last, found[-1])), late)
    return f"| {name} | " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soli", default=str(Path(sys.executable).with_name("soli")))
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--only", default="", help="attacks whose name has this in it")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {options.seconds:g} s each, a new server for each")
    print("| attack | echoes | p50 | p99 | longest | over 50 ms |")
    print("|---|--:|--:|--:|--:|--:|")
    for attack in ATTACKS:
        if options.only in attack.name:
            with serving(options.soli) as address:
                found = waits(address, attack, options.seconds)
            print(row(attack.name, found), flush=True)


if __name__ == "__main__":
    main()
