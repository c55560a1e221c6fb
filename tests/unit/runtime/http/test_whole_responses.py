"""Answers in one piece: the client gets what aiohttp itself would send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web
from soli_runtime.http.whole_responses import WholeResponse

REQUESTS = {
    "get": b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "head": b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
    "post": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi",
    "last": b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "old": b"GET / HTTP/1.0\r\nHost: h\r\n\r\n",
    "old, kept": b"GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
}
ANSWERS = {
    "json": (200, [("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "2")], b"[1]"),
    "bytes": (200, [], b"\x00\x01"),
    "empty": (200, [("Content-Type", "text/plain")], None),
    "no content": (204, [], None),
    "not modified": (304, [("ETag", '"e"')], None),
    "error": (503, [("Retry-After", "5"), ("Date", "Thu, 01 Jan 1970 00:00:00 GMT")], b"away\n"),
    "upgrade": (426, [("Upgrade", "websocket"), ("Connection", "Upgrade")], b"no\n"),
}


def _exchange(answer: Callable[[], web.Response], requests: bytes) -> bytes:
    """All that comes on one connection for *requests*."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return answer()

    async def exchanged() -> bytes:
        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
            writer.write(requests)
            came = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return came
        finally:
            await runner.cleanup()

    return asyncio.run(exchanged())


def _parts(came: bytes) -> list[bytes]:
    """The lines, but for what differs from second to second."""
    lines = came.split(b"\r\n")
    now = [line for line in lines if line.startswith(b"Date: ") and b"1970" not in line]
    return sorted(b"Date: now" if line in now else line for line in lines)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("asked", REQUESTS)
def test_it_is_what_aiohttp_sends(asked: str, answer: str) -> None:
    status, headers, body = ANSWERS[answer]
    requests = REQUESTS[asked]
    if asked not in ("last", "old"):
        requests += REQUESTS["last"]
    came = [
        _exchange(
            lambda kind=kind: kind(  # type: ignore[misc]
                status=status, headers=[("Server", "soli"), *headers], body=body
            ),
            requests,
        )
        for kind in (WholeResponse, web.Response)
    ]
    assert _parts(came[0]) == _parts(came[1])
    assert b"Date: " in came[0]


def test_a_connection_that_is_to_end_ends() -> None:
    def answer() -> web.Response:
        made = WholeResponse(body=b"bye")
        made.force_close()
        return made

    came = _exchange(answer, REQUESTS["get"] * 2)
    assert came.count(b"bye") == 1
    assert b"Connection: close" in came


def test_headers_cannot_smuggle_in_others() -> None:
    """The last of several walls: whoever makes answers checks their headers."""
    came = _exchange(
        lambda: WholeResponse(headers=[("X-A", "1\r\nX-B: 2")], body=b"x"), REQUESTS["get"]
    )
    assert b"X-B" not in came
