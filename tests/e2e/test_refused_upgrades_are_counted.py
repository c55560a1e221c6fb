"""Lines whose upgrade does not come about: they are HTTP's, and count there."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from .hostile import APP, connected, hang_up
from .support import run, serving
from .ws.serving import handshake

SECONDS = 5
MOST = 5


def _asking(path: str, version: str = "13") -> bytes:
    return handshake(path, Sec_WebSocket_Version=version)


@pytest.mark.parametrize(
    "request_",
    [_asking("/ws", "8"), _asking("/nowhere"), _asking("/count")],
    ids=["refused", "no route", "an action"],
)
def test_a_line_ends_behind_an_upgrade_that_did_not_come_about(
    tmp_path: Path, request_: bytes
) -> None:
    """Nothing counts it any more, so it may not stay."""

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site, connected(site) as (reader, writer):
            writer.write(request_)
            assert (await hang_up(reader)).startswith(b"HTTP/1.1 ")

    run(scenario)


def test_asking_for_an_upgrade_gets_nobody_past_the_limit_of_http(tmp_path: Path) -> None:
    """An action that is asked with `Upgrade: websocket` is counted as any other while it runs."""
    app = {"app.soli": 'get("/slow", "app#slow")\ndef slow\n  sleep(3)\n  "done"\nend\n'}

    async def scenario() -> None:
        async with (
            serving(tmp_path, app, max_http_connections_per_ip=MOST) as site,
            AsyncExitStack() as stack,
        ):
            lines = [await stack.enter_async_context(connected(site)) for _ in range(MOST + 3)]
            for _, writer in lines:
                writer.write(_asking("/slow"))
            heads = [
                await asyncio.wait_for(reader.readline(), SECONDS) for reader, _ in lines[MOST:]
            ]
            assert all(b" 503 " in head for head in heads), heads

    run(scenario)
