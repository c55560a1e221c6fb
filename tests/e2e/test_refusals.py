"""Refusals that a page can hear: `?soli_refusal=1`, then 4000 and the status as a close code."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from .support import SECONDS, Site, receive_json, run, serving

APP = {
    "app.soli": """router_websocket("/ws", "app#handle", {"protocols": ["chat.v1"]})
router_websocket("/open", "app#handle")
get("/page", "app#page")
post("/count", "app#count")
seen = 0
def authenticate(request)
  why = request["query"]["why"]
  return { "id": "ada", "query": request["query"] } if why.nil?
  return halt(401, "sign in first") if why == "halt"
  return json({ "error": "banned", "code": 7 }) if why == "json"
  return json({ "code": 7 }) if why == "odd"
  return halt(403, "a\\nb\\u0000c \\u202etxt.exe") if why == "control"
  return halt(403, "\\u00e4" * 200) if why == "long"
  return halt(403, "retry-after=5 no") if why == "words"
  return later("too often") if why == "later"
  return halt(401, " ") if why == "bare"
  1 / 0
end
def json(body)
  { "status": 403, "headers": { "Content-Type": "application/json" }, "body": body.to_json }
end
def later(text)
  { "status": 429, "headers": { "Retry-After": "30" }, "body": text }
end
def handle(event)
  seen += 1
  return { "send": [event["query"], get_current_user()["query"]] } if event["type"] == "connect"
  {}
end
def page
  "a page"
end
def count
  str(seen)
end
"""
}


async def closing(site: Site, path: str, **options: Any) -> tuple[int, str]:
    """Code and reason with which the server closes a client that it let in."""
    async with site.connect(path, **options) as client:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(client.recv(), SECONDS)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def status(site: Site, path: str, **options: Any) -> int:
    """The status that any other client gets."""
    with pytest.raises(InvalidStatus) as refused:
        async with site.connect(path, **options):
            pass
    return refused.value.response.status_code


WHYS = [
    ("halt", 401, "sign in first"),
    ("json", 403, "banned"),
    ("odd", 403, '{"code":7}'),
    ("control", 403, "a b c txt.exe"),
    ("long", 403, "\u00e4" * 61),
    ("words", 403, " retry-after=5 no"),
    ("later", 429, "retry-after=30 too often"),
    ("fails", 500, "Internal Server Error"),
    ("bare", 401, "Unauthorized"),
]


@pytest.mark.parametrize(("why", "code", "reason"), WHYS)
def test_what_authenticate_says_is_heard(tmp_path: Path, why: str, code: int, reason: str) -> None:
    """One line, cut and without what nobody sees; other clients get the status of HTTP."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            heard = await closing(site, f"/ws?soli_refusal=1&why={why}")
            assert heard == (4000 + code, reason)
            assert await status(site, f"/ws?why={why}") == code
            assert await status(site, f"/ws?why={why}&soli_refusal=0") == code
            await site.until(lambda: not site.server.service.endpoint.connections)
            assert (await site.request("POST", "/count")).text == "0"

    run(body)


def test_a_client_that_is_let_in_notices_nothing(tmp_path: Path) -> None:
    """The parameter is seen by no program, however it is written."""

    async def body() -> None:
        spellings = ["soli_refusal=1", "soli%5Frefusal=1", "soli_refusal[]=1", "soli_refusal"]
        async with serving(tmp_path, APP) as site:
            for spelling in spellings:
                async with site.connect(f"/open?name=Ada&{spelling}&x=1") as client:
                    query = {"name": "Ada", "x": "1"}
                    assert await receive_json(client) == [query, query]

    run(body)


def test_limits_origins_hosts_and_paths_are_heard(tmp_path: Path) -> None:
    """Whoever refuses; each counts as a refusal for its reason, and as no connection."""

    async def body() -> None:
        limits: dict[str, Any] = {"max_connections": 1, "allowed_hosts": ("127.0.0.1",)}
        async with serving(tmp_path, APP, metrics=True, **limits) as site:
            path = "/open?soli_refusal=1"
            foreign = await closing(site, path, origin="https://evil.example")
            assert foreign[0] == 4403
            assert "evil.example" not in foreign[1]
            assert await closing(site, "/nowhere?soli_refusal=1") == (
                4404,
                "there is no WebSocket at this path",
            )
            assert (await closing(site, "/page?soli_refusal=1"))[0] == 4404
            assert await status(site, "/nowhere") == 404
            async with site.connect("/open"):
                assert await closing(site, path) == (4503, "too many connections")
                assert await status(site, "/open") == 503
            assert site.server.service.endpoint.counters.opened == 1
            page = (await site.get("/metrics")).text
            for reason, count in [("origin", 1), ("path", 2), ("max_connections", 2)]:
                assert f'soli_refused_total{{reason="{reason}"}} {count}.0' in page

    run(body)


def test_a_foreign_host_is_heard(tmp_path: Path) -> None:
    """421, as any other client gets it."""

    async def body() -> None:
        async with serving(tmp_path, APP, allowed_hosts=("chat.example",)) as site:
            assert (await closing(site, "/open?soli_refusal=1"))[0] == 4421
            assert await status(site, "/open") == 421

    run(body)


def test_who_offers_subprotocols_hears_it_too(tmp_path: Path) -> None:
    """A browser gives up a WebSocket where it offered some and none was selected."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            path = "/ws?soli_refusal=1&why=halt"
            async with site.connect(path, subprotocols=["other", "chat.v1"]) as client:
                assert client.subprotocol == "other"

    run(body)


def test_what_is_no_handshake_is_refused_as_ever(tmp_path: Path) -> None:
    """There is no WebSocket on which it could be told."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
            answer = await site.get("/open?soli_refusal=1", headers=headers)
            assert answer.status in (400, 426)

    run(body)


def test_only_so_many_are_told_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not close takes a place for a while; further ones get the status."""
    monkeypatch.setattr("soli_runtime.serving.sockets.refusals.MAX_TOLD", 1)

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            path = "/ws?soli_refusal=1&why=halt"
            host, port = site.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(_handshake(path, f"{host}:{port}"))
            assert b"101" in await reader.readline()
            service = site.server.service
            await site.until(lambda: len(service.endpoint.connections) == 1)
            assert await status(site, path) == 401
            writer.close()
            await site.until(lambda: not service.endpoint.connections)
            assert (await closing(site, path))[0] == 4401

    run(body)


def _handshake(path: str, host: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def test_whoever_watches_sees_a_refusal(tmp_path: Path) -> None:
    """Not an upgrade that was answered with 101."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            traces: list[Any] = []
            site.server.service.watch(traces.append)
            await closing(site, "/ws?soli_refusal=1&why=halt")
            refusals = [(one.status, one.text) for one in traces if one.kind == "refusal"]
            assert refusals == [(401, "sign in first")]
            assert "upgrade_refused" in site.log

    run(body)


@pytest.mark.parametrize(
    ("gate", "reason"),
    [('redirect("/login")', "Forbidden"), ('render_text("no", 200)', "no")],
)
def test_a_refusal_that_is_no_error_of_http_is_a_refusal_all_the_same(
    tmp_path: Path, gate: str, reason: str
) -> None:
    """A page would take a code below 4400 for a broken line, and come again."""
    text = f'router_websocket("/ws", "app#handle")\ndef authenticate(request)\n  {gate}\nend\n'
    files = {"app.soli": text + "def handle(event)\n  {}\nend\n"}

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert await closing(site, "/ws?soli_refusal=1") == (4403, reason)

    run(body)
