"""How many may come and how fast, on real sockets: at each limit, and one past it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from ..support.live import SOLI, answering, eventually
from .support import run, serving
from .test_admission import refused
from .ws.serving import handshake

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
def authenticate(request)
  return halt(401, "no") if request["query"]["refuse"] == "yes"
  return [1][9] if request["query"]["fail"] == "yes"
  anonymous()
end
def handle(event)
  {}
end
"""
}


def freeze(site: Any) -> None:
    """Let no time pass for the limit on new connections per second."""
    admission = site.server.service.connections.admission
    admit = admission.admit
    admission.admit = lambda ip, now, descriptor: admit(ip, 0.0, descriptor)


async def raw_request(site: Any, request: bytes) -> bytes:
    """The status line that answers *request*."""
    address = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return status


def test_max_connections_is_inclusive(tmp_path: Path) -> None:
    """Two of two get in, the third gets 503, and the log names the limit."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, max_connections=2) as site,
            site.connect("/ws"),
            site.connect("/ws"),
        ):
            assert await refused(site, "/ws") == 503
            assert "reason=max_connections " in site.log
            assert site.server.service.connections.admission.count == 2

    run(body)


def test_max_connections_per_ip_is_per_address(tmp_path: Path) -> None:
    """Who is behind a trusted proxy counts by the address that the proxy tells."""

    async def body() -> None:
        async with serving(
            tmp_path, APP, max_connections_per_ip=2, trusted_proxies=("127.0.0.1",)
        ) as site:

            def from_(ip: str) -> dict[str, Any]:
                return {"additional_headers": {"X-Forwarded-For": ip}}

            async with (
                site.connect("/ws", **from_("203.0.113.1")),
                site.connect("/ws", **from_("203.0.113.1")),
                site.connect("/ws", **from_("203.0.113.2")),
            ):
                assert await refused(site, "/ws", **from_("203.0.113.1")) == 429
                assert "reason=max_connections_per_ip " in site.log
            await site.until(lambda: site.server.service.connections.admission.count == 0)
            async with site.connect("/ws", **from_("203.0.113.1")):
                pass

    run(body)


def test_connect_rate_is_inclusive(tmp_path: Path) -> None:
    """Three in one second get in at a rate of three, open or closed again; the fourth gets 429."""

    async def body() -> None:
        async with serving(tmp_path, APP, connect_rate=3) as site:
            freeze(site)
            for _ in range(3):
                async with site.connect("/ws"):
                    pass
            assert await refused(site, "/ws") == 429
            assert "reason=connect_rate " in site.log

    run(body)


def test_connect_rate_does_not_concern_http(tmp_path: Path) -> None:
    """Only upgrades are counted."""

    async def body() -> None:
        async with serving(tmp_path, APP, connect_rate=1) as site:
            freeze(site)
            statuses = [(await site.get("/ws")).status for _ in range(3)]
            assert statuses == [426] * 3
            async with site.connect("/ws"):
                pass

    run(body)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (handshake("/ws", Sec_WebSocket_Key="short"), b"400"),
        (handshake("/ws", Sec_WebSocket_Version="8"), b"426"),
        (handshake("/ws?refuse=yes"), b"401"),
        (handshake("/ws?fail=yes"), b"500"),
        (handshake("/ws", Origin="https://evil.example"), b"403"),
        (handshake("/nowhere"), b"404"),
    ],
    ids=["bad key", "old version", "not authenticated", "authentication fails", "origin", "path"],
)
def test_a_refused_handshake_takes_no_place(
    tmp_path: Path, request_bytes: bytes, status: bytes
) -> None:
    """Whatever it is refused for, the next one gets in."""

    async def body() -> None:
        async with serving(tmp_path, APP, max_connections=1) as site:
            for _ in range(2):
                assert (await raw_request(site, request_bytes)).split()[1] == status
            assert site.server.service.connections.admission.count == 0
            async with site.connect("/ws"):
                pass

    run(body)


def test_a_line_that_breaks_after_the_handshake_gives_its_place_back(tmp_path: Path) -> None:
    """Without a Close frame."""

    async def body() -> None:
        async with serving(tmp_path, APP, max_connections=1) as site:
            for _ in range(3):
                status = await raw_request(site, handshake("/ws"))
                assert status.split()[1] == b"101"
                await site.until(lambda: site.server.service.connections.admission.count == 0)

    run(body)


@pytest.mark.skipif(os.name != "posix", reason="descriptors are POSIX's")
def test_open_files_run_out_for_connections_first(tmp_path: Path) -> None:
    """Where 100 are allowed, 25 are kept back: the rest get in, one more gets 503, HTTP works."""
    (tmp_path / "app.soli").write_text(APP["app.soli"], "utf-8")
    serve = [str(SOLI), "run", str(tmp_path), "--port", "0"]
    limited = ["sh", "-c", 'ulimit -n 100 && exec "$@"', "sh", *serve]

    with answering(limited) as server, ExitStack() as stack:
        opened: list[ClientConnection] = []

        def open_one() -> None:
            opened.append(stack.enter_context(server.connect("/ws")))

        with pytest.raises(InvalidStatus) as refusal:
            endlessly(open_one)
        assert refusal.value.response.status_code == 503
        assert 40 < len(opened) <= 75
        server.wait_for_output("reason=open_files")
        assert json.loads(server.get_text("/healthz")) == {"status": "ok"}

        opened[0].close()

        def opens() -> bool:
            with suppress(InvalidStatus):
                open_one()
                return True
            return False

        eventually(opens, "nobody gets in any more")


def endlessly(act: Callable[[], None]) -> None:
    """Until it raises."""
    while True:
        act()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://app.example", "Cookie": "a=b"}, b"101"),
        ({"Origin": "https://APP.example"}, b"101"),
        ({"Origin": "http://app.example"}, b"403"),
        ({"Origin": "https://app.example.evil.example"}, b"403"),
        ({"Origin": "https://app.example:8443"}, b"403"),
        ({"Origin": "null"}, b"403"),
        ({"Origin": ""}, b"403"),
        ({"Cookie": "a=b"}, b"403"),
        ({"Authorization": "Bearer x"}, b"403"),
        ({}, b"101"),
    ],
)
def test_allowed_origins_are_compared_whole(
    tmp_path: Path, headers: dict[str, str | None], status: bytes
) -> None:
    """Scheme, host and port; credentials need an origin whatever is allowed."""

    async def body() -> None:
        async with serving(tmp_path, APP, allowed_origins=("https://app.example",)) as site:
            assert (await raw_request(site, handshake("/ws", **headers))).split()[1] == status

    run(body)


def test_a_star_turns_the_origin_check_off(tmp_path: Path) -> None:
    """For clients that are no browsers and send credentials."""

    async def body() -> None:
        async with serving(tmp_path, APP, allowed_origins=("*",)) as site:
            for headers in ({"Origin": "https://any.example"}, {"Authorization": "Bearer x"}):
                request = handshake("/ws", **headers)
                assert (await raw_request(site, request)).split()[1] == b"101"

    run(body)
