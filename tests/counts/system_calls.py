"""System calls of a server per operation, as `strace -c` counts them from outside."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from ..support.live import LiveServer
from .counting import REQUEST, masked

OPERATIONS = 200
WARM_UP = 20
UPGRADE = (
    b"GET /ws/counted HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ECHO, ECHOED = masked("echo"), b"\x81\x04echo"
FLAGS = ("--log-level", "error", "--message-rate", "0", "--byte-rate", "0", "--ping-seconds", "0")

_TOTAL = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$", re.M)

OURS = frozenset({"read", "write", "writev", "recvfrom", "sendto", "sendmsg", "poll", "getpid"})
"""What an operation asks of the system; how often the loop wakes up is left to the system."""


def strace_works() -> bool:
    """Whether processes may be traced here."""
    program = shutil.which("strace")
    if program is None:
        return False
    tried = subprocess.run([program, "-c", "true"], capture_output=True, check=False, timeout=20)
    return tried.returncode == 0


def count(served: LiveServer, folder: Path) -> dict[str, float]:
    """System calls per operation, one after the other on one connection."""
    moods = cycle([masked(f"mood {number}") for number in range(100, 1000)])
    # Who joins or leaves is told nothing, and of presence later: the echo says that it is done.
    join_and_leave = masked("join") + masked("leave")
    ways: dict[str, tuple[bytes, Callable[[], bytes]]] = {
        "echo": (UPGRADE, lambda: ECHO),
        "publish": (UPGRADE, lambda: masked("say")),
        "join, leave and echo": (UPGRADE, lambda: join_and_leave + ECHO),
        "presence change and echo": (UPGRADE, lambda: next(moods) + ECHO),
        "HTTP action": (REQUEST, lambda: REQUEST),
    }
    return {name: _counted(served, folder / "strace.txt", *way) for name, way in ways.items()}


def _counted(served: LiveServer, report: Path, first: bytes, then: Callable[[], bytes]) -> float:
    port = urlsplit(served.url).port
    with socket.create_connection(("127.0.0.1", port or 80), 10) as line:
        _ask(line, first)
        for _ in range(WARM_UP):
            _ask(line, then())
        return _traced(served.pid, report, lambda: _ask(line, then())) / OPERATIONS


def _ask(line: socket.socket, request: bytes) -> None:
    """Send *request* and wait for its answer; for the echo, if it ends with one."""
    line.sendall(request)
    awaited = ECHOED if request.endswith(ECHO) else b""
    answer = line.recv(65536)
    while awaited not in answer:
        answer += line.recv(65536)
    assert answer


def _traced(pid: int, report: Path, ask: Callable[[], None]) -> int:
    command = ["strace", "-c", "-f", "-p", str(pid), "-o", str(report)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr is not None
        tracer.stderr.readline()  # it says that it is there
        try:
            for _ in range(OPERATIONS):
                ask()
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(20)
    found = _TOTAL.findall(report.read_text("utf-8"))
    return sum(int(calls) for calls, name in found if name in OURS)
