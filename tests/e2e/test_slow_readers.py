"""What is sent has a deadline: answers and streams that nobody reads, bodies that come slowly."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..support.live import LiveServer, serve
from .hostile import connected, hang_up, status_line
from .support import run
from .support import serving as served

APP = """get("/big", "app#big")
get("/small", "app#small")
get("/events", "app#events")
post("/body", "app#body")

def big(req)
  "x" * 5000000
end

def small(req)
  "small"
end

def events(req)
  sse(req) do |out|
    while out.emit("x" * 10000)
    end
  end
end

def body(req)
  str(req["body"].length)
end
"""
BIG = 5_000_000
TCP_CLOSE = b"\x07"
"""The state of a connection that was reset, as Linux tells it."""


def asked(server: LiveServer, path: str, window: int = 4096) -> socket.socket:
    """A connection that asked for *path*, with a small window, and reads nothing."""
    host, port = server.url.removeprefix("http://").split(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    line.connect((host, int(port)))
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    return line


def megabytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    raise AssertionError("no memory is told")


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def has_ended(line: socket.socket) -> bool:
    line.settimeout(0.01)
    try:
        while line.recv(1 << 20):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


@pytest.mark.long
@pytest.mark.timeout(120)
def test_answers_that_nobody_reads_end(tmp_path: Path) -> None:
    """Sixty of 5 MB, and an event stream: at most 200 MB, and all ended within 50 s."""
    app = tmp_path / "app.soli"
    app.write_text(APP, "utf-8")
    with serve(app, "--log-level", "warning") as server, ExitStack() as stack:
        before = descriptors(server.pid)
        lines = [stack.enter_context(asked(server, "/big")) for _ in range(60)]
        lines.append(stack.enter_context(asked(server, "/events")))
        start, most = time.monotonic(), 0
        while time.monotonic() < start + 20 and descriptors(server.pid) < before + len(lines):
            time.sleep(0.02)  # the server has not accepted them all yet
        while time.monotonic() < start + 50 and descriptors(server.pid) > before:
            most = max(most, megabytes(server.pid))
            with asked(server, "/small", 65536) as line:
                assert b"small" in line.recv(4096)  # others are answered meanwhile
            time.sleep(2)
        assert most <= 200
        assert all(map(has_ended, lines))
        assert any("slow_reader" in text for text in server.output)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window of two seconds instead of twenty."""
    monkeypatch.setattr("soli_runtime.gate.unread.WINDOW_SECONDS", 2.0)
    monkeypatch.setattr("soli_runtime.gate.unread.LOOK_SECONDS", 0.1)
    monkeypatch.setattr("soli_runtime.http.bodies.incoming.WINDOW_SECONDS", 1.0)


@pytest.mark.usefixtures("soon")
def test_who_reads_at_some_speed_gets_everything(tmp_path: Path) -> None:
    """2 MB a second here; and who reads nothing beside it is closed, counted and logged."""

    async def scenario() -> None:
        async with (
            served(tmp_path, {"app.soli": APP}) as site,
            connected(site) as (_, idle),
            connected(site) as (reader, writer),
        ):
            below = socket.fromfd(
                idle.get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_STREAM
            )
            for one in (idle, writer):
                one.transport.pause_reading()  # type: ignore[attr-defined]
                one.write(b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            got = 0
            while data := await reader.read(200_000):
                got += len(data)
                await asyncio.sleep(len(data) / 2_000_000)
            assert got > BIG
            await site.until(lambda: site.counts["slow_reader"] == 1)
            assert "slow_reader reason=answer ip=127.0.0.1" in site.log
            with below:  # nothing is left of the answer, not even with the system
                await site.until(
                    lambda: below.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == TCP_CLOSE
                )

    run(scenario)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(("rate", "status"), [(1000, b"408"), (0, b"200")])
def test_a_body_that_comes_too_slowly(rate: int, status: bytes, tmp_path: Path) -> None:
    """It is waited for while it keeps the rate."""

    async def scenario() -> None:
        async with served(tmp_path, {"app.soli": APP}, least_rate=rate) as site:
            async with connected(site) as (reader, writer):
                writer.write(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1520\r\n\r\n")
                writer.write(b"x" * 1500)
                for _ in range(10):
                    writer.write(b"xx")
                    await asyncio.sleep(0.25)
                assert status in await status_line(reader)
                writer.write_eof()
                await hang_up(reader)
            assert site.counts["slow_reader"] == (status == b"408")

    run(scenario)
