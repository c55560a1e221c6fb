"""Connections that are no WebSockets, beside those that are."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from .hostile import APP, connected, hang_up, still_calm
from .support import run, serving

GET = b"GET /count HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"


def test_requests_do_not_shut_websockets_out(tmp_path: Path) -> None:
    """However many connections one client keeps busy or idle; and each refusal is counted."""

    async def scenario() -> None:
        async with (
            serving(tmp_path, APP, max_http_connections_per_ip=5) as site,
            AsyncExitStack() as stack,
        ):
            for number in range(20):
                _, writer = await stack.enter_async_context(connected(site))
                writer.write(SLOW if number % 2 else GET)
                await asyncio.sleep(0.01)
            async with site.connect("/ws") as client:
                await still_calm(client)
            assert site.counts["http_connection_closed"] >= 15
            assert "reason=max_http_connections_per_ip" in site.log

    run(scenario)


def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    """When `keepalive-timeout` have passed since its last answer."""

    async def scenario() -> None:
        async with (
            serving(tmp_path, APP, keepalive_timeout=0.3) as site,
            connected(site) as (reader, writer),
        ):
            writer.write(GET)
            assert b"200 OK" in await reader.readline()
            await hang_up(reader)

    run(scenario)


def test_what_is_no_request_is_not_told_who_we_are(tmp_path: Path) -> None:
    """Neither Python nor aiohttp is named."""

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site:
            async with connected(site) as (reader, writer):
                writer.write(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
                answer = await hang_up(reader)
            assert answer.startswith(b"HTTP/1.1 400") or answer.startswith(b"HTTP/1.0 400")
            assert b"aiohttp" not in answer.lower()
            assert b"python" not in answer.lower()

    run(scenario)


def test_each_connection_has_a_line_when_it_opens_and_when_it_closes(tmp_path: Path) -> None:
    """With address, user, origin and code; no token, no query."""
    app = (
        APP["app.soli"]
        + """
def authenticate(request)
  { "user_id": 42, "name": "secret" }
end
"""
    )

    async def scenario() -> None:
        async with serving(tmp_path, {"app.soli": app}) as site:
            async with site.connect("/ws?token=secret", origin=site.url):
                pass
            await site.until(lambda: site.counts["disconnected"] == 1)
            (opened,) = [line for line in site.lines if " connected " in line]
            (closed,) = [line for line in site.lines if " disconnected " in line]
            assert f"path=/ws origin={site.url} ip=127.0.0.1 user=42" in opened
            assert "code=1000 cause=peer ip=127.0.0.1 user=42" in closed
            assert "secret" not in opened + closed

    run(scenario)
