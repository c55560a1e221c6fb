"""Requests that are answered as soon as they are read: as all others are, and in their order."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from soli_runtime.gate.first_request import (
    GreetedHandler,
    GreetingServer,
    PromptHandler,
    handler_for,
)

from .hostile import connected
from .support import SECONDS, run, serving

APP = {
    "app.soli": """
get("/json/:id", "app#show")
get("/failing", "app#failing")
get("/forbidden", "app#secret")
get("/status", "app#status")
get("/nothing", "app#nothing")
get("/cookie", "app#cookie")
get("/dated", "app#dated")
get("/begin", "app#begin_session")
get("/kept", "app#kept")
get("/forget", "app#forget")
get("/waits", "app#waits")
get("/large", "app#large")
get("/stream", "app#streaming")
get("/bytes", "app#binary")

def show(req) {"id": req["params"]["id"], "q": req["query"], "c": req["cookies"]} end
def failing(req) 1 / 0 end
def secret(req) forbidden("no") end
def status(req) {"status": 418, "headers": {"X-Tea": "pot", "Server": "tea"}, "body": "short"} end
def nothing(req) null end
def dated(req) {"headers": {"Date": "yesterday", "Connection": "close"}, "body": "x"} end
def binary(req) {"body_base64": "AAECAw=="} end
def large(req) "x" * 100000 end

def cookie(req)
  set_cookie("seen", "yes")
  render_text("set")
end

def begin_session(req)
  session_set("name", "ada")
  "begun"
end

def kept(req) session_get("name") end

def forget(req)
  session_destroy()
  "gone"
end

def waits(req)
  sleep(0.01)
  "waited"
end

def streaming(req)
  stream(req, "text/plain") do |out|
    out.write("one")
  end
end
"""
}

AT_ONCE = {
    "/json/7": 200,
    "/json/%C3%A9?a=1&b[]=2": 200,
    "/failing": 500,
    "/forbidden": 403,
    "/status": 418,
    "/cookie": 200,
    "/bytes": 200,
}
LATER = {
    "/nothing": 204,
    "/kept": 204,
    "/dated": 200,
    "/waits": 200,
    "/large": 200,
    "/stream": 200,
    "/no": 404,
}


def request(path: str, *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Cookie: theme=dark", *headers]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


async def answer(reader: asyncio.StreamReader) -> tuple[list[str], bytes]:
    """Head without the date, and body."""
    async with asyncio.timeout(SECONDS):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        head = [line for line in lines if not re.match("Date: .* GMT", line)]
        named = {line.split(": ")[0].lower(): line.split(": ")[1] for line in head[1:]}
        if named.get("transfer-encoding") == "chunked":
            return head, await reader.readuntil(b"0\r\n\r\n")
        return head, await reader.readexactly(int(named.get("content-length", 0)))


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each request was answered."""
    found: list[str] = []
    begin = GreetingServer.begin

    def told(server: Any, connection: Any, request: Any) -> Any:
        begun = begin(server, connection, request)
        usual = "usual" if begun is None else "later"
        found.append("at once" if isinstance(begun, bytes) else usual)
        return begun

    monkeypatch.setattr(GreetingServer, "begin", told)
    return found


@pytest.mark.parametrize(("path", "status"), [*AT_ONCE.items(), *LATER.items()])
def test_the_second_answer_is_the_first(
    tmp_path: Path, ways: list[str], path: str, status: int
) -> None:
    """The first request of a connection is answered by a task, the next ones at once if they can.

    Head, body, log and counts are the same.
    """

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site, connected(site) as (reader, writer):
            found, logged, counted = [], [], []
            for _ in range(3):
                before = sum(site.server.service.state.tally.responses.values())
                site.lines.clear()
                writer.write(request(path))
                found.append(await answer(reader))
                await asyncio.sleep(0.02)
                line = re.sub(r"^\S+|ms=\S+|kind=\S+", "", site.log, flags=re.M)
                logged.append(line)
                counted.append(sum(site.server.service.state.tally.responses.values()) - before)
            assert found[0][0][0].split()[1] == str(status)
            assert found[0] == found[1] == found[2]
            assert logged[0] == logged[1] == logged[2]
            assert counted == [1, 1, 1]
            assert ways == ["usual", *["at once" if path in AT_ONCE else "later"] * 2]

    run(scenario)


def test_sessions_begin_and_end(tmp_path: Path, ways: list[str]) -> None:
    async def scenario() -> None:
        async with serving(tmp_path, APP) as site, connected(site) as (reader, writer):
            writer.write(request("/json/1"))
            await answer(reader)
            writer.write(request("/begin"))
            head, _ = await answer(reader)
            cookie = next(line for line in head if line.startswith("Set-Cookie")).split(": ")[1]
            cookie = "Cookie: " + cookie.split(";")[0]
            for path, expected in (("/kept", b"ada"), ("/forget", b"gone"), ("/kept", b"")):
                writer.write(request(path, cookie))
                assert (await answer(reader))[1] == expected
            assert set(ways[1:]) == {"at once", "later"}  # the last has no content

    run(scenario)


def test_answers_keep_the_order_of_requests(tmp_path: Path) -> None:
    """Though one waits and the next does not; and a request may come in pieces."""

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site, connected(site) as (reader, writer):
            writer.write(request("/json/0"))
            await answer(reader)
            writer.write(request("/waits") + request("/json/1") + request("/large"))
            writer.write(request("/waits"))
            await asyncio.sleep(0.001)
            writer.write(request("/json/2") + request("/json/3")[:20])
            bodies = [(await answer(reader))[1] for _ in range(5)]
            writer.write(request("/json/3")[20:])
            bodies.append((await answer(reader))[1])
            begins = [body[:9] for body in bodies]
            expected = [
                b"waited",
                b'{"id":"1"',
                b"xxxxxxxxx",
                b"waited",
                b'{"id":"2"',
                b'{"id":"3"',
            ]
            assert begins == expected

    run(scenario)


@pytest.mark.parametrize(
    "special",
    [
        request("/json/1", "Connection: close"),
        request("/json/1").replace(b"HTTP/1.1", b"HTTP/1.0"),
        request("/json/1", method="HEAD"),
        request("/json/1", "Content-Length: 2") + b"ab",
    ],
)
def test_what_is_special_goes_the_usual_way(
    tmp_path: Path, ways: list[str], special: bytes
) -> None:
    """Another version, a body, a line that ends: they are not even tried."""

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site, connected(site) as (reader, writer):
            writer.write(request("/json/1"))
            await answer(reader)
            before = list(ways)
            writer.write(special)
            assert (await asyncio.wait_for(reader.readline(), SECONDS)).split()[1] == b"200"
            assert ways == before

    run(scenario)


def test_a_client_that_leaves_meanwhile_disturbs_nobody(tmp_path: Path) -> None:
    """Its action comes to its end, and the next client is served."""

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site:
            for _ in range(20):
                async with connected(site) as (reader, writer):
                    writer.write(request("/json/1"))
                    await answer(reader)
                    writer.write(request("/waits"))
                    writer.transport.abort()
            async with connected(site) as (reader, writer):
                writer.write(request("/waits"))
                assert (await answer(reader))[1] == b"waited"
            assert site.counts["request_failed"] == 0

    run(scenario)


def test_an_idle_connection_that_was_answered_at_once_is_closed(tmp_path: Path) -> None:
    """When `keepalive-timeout` have passed since its last answer, not earlier."""

    async def scenario() -> None:
        async with (
            serving(tmp_path, APP, keepalive_timeout=1.0) as site,
            connected(site) as (reader, writer),
        ):
            for _ in range(4):
                writer.write(request("/json/1"))
                await answer(reader)
                await asyncio.sleep(0.3)
            assert await asyncio.wait_for(reader.read(), SECONDS) == b""

    run(scenario)


@pytest.mark.parametrize("lacking", PromptHandler.USED)
def test_an_aiohttp_without_what_is_used_answers_by_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: list[str], lacking: str
) -> None:
    """Nothing promises that the next version still has it."""
    theirs = type("Theirs", (), dict.fromkeys(set(PromptHandler.USED) - {lacking}))
    chosen = handler_for(theirs)
    assert chosen is GreetedHandler
    assert handler_for(type("Theirs", (), dict.fromkeys(PromptHandler.USED))) is PromptHandler
    monkeypatch.setattr("soli_runtime.gate.first_request.HANDLER", chosen)

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site, connected(site) as (reader, writer):
            for number in range(3):
                writer.write(request(f"/json/{number}"))
                assert (await answer(reader))[1].startswith(b'{"id":"%d"' % number)
            assert ways == []

    run(scenario)
