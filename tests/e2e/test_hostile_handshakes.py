"""Clients that mean no good before they are upgraded: silence, dripping, floods, garbage."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from .hostile import APP, TEXT, calm, close_code, connected, hang_up, raw, status_line, still_calm
from .support import run, serving


def test_a_connection_that_never_speaks_is_closed(tmp_path: Path) -> None:
    """handshake-timeout: it is gone, and logged."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, handshake_timeout=0.2) as site,
            calm(site),
            connected(site) as (reader, _writer),
        ):
            await hang_up(reader)
            assert "silent_connection reason=too_slow" in site.log
            assert site.server.web_server.silent == 0

    run(body)


def test_a_handshake_that_drips_is_closed(tmp_path: Path) -> None:
    """A byte now and then does not keep a connection alive."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, handshake_timeout=0.3) as site,
            calm(site),
            connected(site) as (reader, writer),
        ):
            writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
            gone = asyncio.ensure_future(hang_up(reader))
            while not gone.done():
                writer.write(b"X-A: b\r\n")
                await asyncio.wait([gone], timeout=0.02)
            assert site.realtime.count() == 1

    run(body)


@pytest.mark.parametrize("seconds", [0, 60])
def test_silent_connections_are_bounded(tmp_path: Path, seconds: float) -> None:
    """max-pending-connections is inclusive; past it the oldest goes. Who spoke does not count."""

    async def body() -> None:
        limits = {"max_pending_connections": 3, "handshake_timeout": seconds}
        async with AsyncExitStack() as stack:
            site = await stack.enter_async_context(serving(tmp_path, APP, **limits))
            other = await stack.enter_async_context(calm(site))
            server = site.server.web_server
            readers = []
            for count in (1, 2, 3):
                readers.append((await stack.enter_async_context(connected(site)))[0])
                await site.until(lambda count=count: server.silent == count)  # type: ignore[misc]
            assert site.counts["silent_connection"] == 0
            await stack.enter_async_context(connected(site))
            assert await hang_up(readers[0]) == b""
            assert "silent_connection reason=too_many" in site.log
            assert (site.counts["silent_connection"], server.silent) == (1, 3)
            assert not readers[1].at_eof()
            await still_calm(other)

    run(body)


def test_silent_connections_without_a_limit(tmp_path: Path) -> None:
    """Zero turns it off."""

    async def body() -> None:
        async with AsyncExitStack() as stack:
            limits = {"max_pending_connections": 0}
            site = await stack.enter_async_context(serving(tmp_path, APP, **limits))
            for _ in range(20):
                await stack.enter_async_context(connected(site))
            await site.until(lambda: site.server.web_server.silent == 20)
            assert site.counts["silent_connection"] == 0

    run(body)


def test_a_connection_that_spoke_in_time_stays(tmp_path: Path) -> None:
    """The limit is for the first request only; zero turns it off."""

    async def body(seconds: float) -> None:
        async with serving(tmp_path, APP, handshake_timeout=seconds) as site:
            async with calm(site) as client:
                loop = asyncio.get_running_loop()
                passed = loop.create_future()
                loop.call_later(3 * seconds + 0.1, passed.set_result, None)
                await passed
                await still_calm(client)
            assert "silent_connection" not in site.log

    run(lambda: body(0.1))
    run(lambda: body(0))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /ws HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 100_000,
        b"GET /" + b"a" * 100_000,
        b"GET /ws HTTP/1.1\r\nHost: x\r\n" + b"X-A: a\r\n" * 100_000,
        b"\x00" * 100_000,
        b"GET /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
        b"GET /ws HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 100_000,
    ],
    ids=["header", "target", "many headers", "zeros", "length", "chunk size", "chunk extension"],
)
def test_huge_heads_are_refused(tmp_path: Path, head: bytes) -> None:
    """Of what does not end the server keeps little: it answers 4xx, or hangs up."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, handshake_timeout=1) as site,
            calm(site),
            connected(site) as (reader, writer),
        ):
            writer.write(head)
            status = await status_line(reader)
            assert status == b"" or status.split(b" ", 2)[1].startswith((b"4", b"5"))
            assert "Traceback" not in site.log

    run(body)


@pytest.mark.parametrize(
    "target", [b"/ws/\xff\xfe", b"/ws/%ff%fe", b"/ws/%", b"/ws/%00", b"/ws?\xff=\xfe", b"/\xc3\xa4"]
)
def test_targets_that_are_no_text_are_answered(tmp_path: Path, target: bytes) -> None:
    """Invalid UTF-8 in a target opens a connection, or is refused; it breaks nothing."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, calm(site), connected(site) as (reader, writer):
            head = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            rest = b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            writer.write(head + rest + key)
            status = await asyncio.wait_for(reader.readline(), 10)
            assert status.split(b" ", 2)[1] in (b"101", b"400", b"404")
            assert "internal error" not in site.log

    run(body)


def test_headers_that_are_no_text_reach_programs_as_whole_characters(tmp_path: Path) -> None:
    """A program can do anything with them."""
    app = {
        "app.soli": """router_websocket("/ws", "app#handle")
def handle(event)
  { "send": JSON.stringify(event["headers"]["x-odd"].bytes) }
end
"""
    }

    async def body() -> None:
        async with serving(tmp_path, app) as site, connected(site) as (reader, writer):
            head = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX-Odd: \xff\xe4\r\n"
            rest = b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            writer.write(head + rest + key)
            await reader.readuntil(b"\r\n\r\n")
            first, size = await reader.readexactly(2)
            payload = await reader.readexactly(size)
            assert (first, json.loads(payload)) == (TEXT, [0xEF, 0xBF, 0xBD] * 2)

    run(body)


def test_pipelined_requests_do_not_pile_up(tmp_path: Path) -> None:
    """Who sends requests and reads no answers waits for itself only."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP) as site,
            calm(site) as other,
            connected(site) as (_reader, writer),
        ):
            writer.write(b"GET /count HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000)
            await still_calm(other)
            writer.write(b"garbage garbage\r\n\r\n")
            await still_calm(other)
            writer.transport.abort()

    run(body)


def test_garbage_behind_a_handshake_closes_that_connection(tmp_path: Path) -> None:
    """What follows the handshake in one packet is read as frames."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, calm(site), raw(site) as client:
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            assert await close_code(client) == 1002

    run(body)
