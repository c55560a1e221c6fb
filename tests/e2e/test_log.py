"""What those who run a server read in its log, and what is never in it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import websockets
from soli_runtime.observing.library_logs import adopt, restore

from tests.support.live import eventually, serve

from .support import receive, run, serving, write_files
from .watched import APP, samples, value

SECRET = "hunter2"


async def odd_requests(site: Any) -> None:
    """Requests that nobody can read, with a secret in every place."""
    port = site.server.address[1]
    for raw in (
        f"GET /ws?token={SECRET}\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
        f"GET /ws HTTP/1.1\r\nHost: a\r\nCookie: a={SECRET}\x00\r\n\r\n",
        f"GET /ws?{SECRET} HTTP/9.x\r\n\r\n",
        f"POST /ws HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw.encode())
        assert b" 400 " in await reader.readline()
        writer.close()


def test_the_log_holds_no_bodies_queries_cookies_or_tokens(tmp_path: Path) -> None:
    """Whatever goes wrong with them."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True, message_rate=5) as site:
            before = adopt(site.server.service.log)
            try:
                await odd_requests(site)
            finally:
                restore(before)
            headers = {
                "Cookie": f"a={SECRET}",
                "Origin": site.url,
                "Authorization": f"Bearer {SECRET}",
            }
            async with site.connect(f"/ws?t={SECRET}", additional_headers=headers) as client:
                await client.send("divide")
                await client.send(SECRET)
                await client.send("fly")
                await client.send("echo")
                while await receive(client) != "echo":
                    pass
            await site.get(f"/broken?t={SECRET}", headers=headers)
            await site.get(f"/metrics?t={SECRET}", headers={**headers, "Host": "x"})
            with pytest.raises(websockets.InvalidStatus):
                await site.connect(f"/ws?t={SECRET}", origin="https://evil.example")
        for event in ("bad_request", "handler_error", "action_failed", "upgrade_refused"):
            assert event in site.log
        assert "origin=https://evil.example" in site.log  # an origin tells who asked, and no secret
        assert SECRET not in site.log

    run(body)


def test_a_flood_of_one_error_is_summed_up(tmp_path: Path) -> None:
    """Few lines, every one counted, and the others are served meanwhile."""

    async def body() -> None:
        options: dict[str, Any] = {"message_rate": 0, "metrics": True}
        async with serving(tmp_path, APP, **options) as site, site.connect("/ws") as client:
            for _ in range(2000):
                await client.send("divide")
            await client.send("echo")
            while await receive(client) != "echo":
                pass
            assert site.counts["handler_error"] == 2000
            await site.until(lambda: "repeated of=handler_error" in site.log)
            assert site.log.count("ERROR handler_error ") < 500

    run(body)


def test_a_served_process_writes_one_json_object_per_line(tmp_path: Path) -> None:
    """With `--log-format json`: time, level, event and fields; and its metrics tell the same."""
    flags = ("--metrics", "--log-format", "json")
    with serve(write_files(tmp_path, APP), *flags) as server:
        with server.connect("/ws") as client:
            client.recv(10)
            client.send("divide")
            client.send("echo")
            client.recv(10)
        server.wait_for_output('"handler_error"')
        eventually(
            lambda: value(samples(server.get_text("/metrics")), "soli_connections") == 0,
            "the connection is never gone",
        )
        found = samples(server.get_text("/metrics"))
        health = server.get("/healthz")
    lines = [json.loads(line) for line in server.output if not line.startswith("listening on ")]
    assert all({"time", "level", "event"} <= line.keys() for line in lines)
    error = next(line for line in lines if line["event"] == "handler_error")
    assert (error["level"], error["handler"]) == ("error", "chat#handle")
    assert error["kind"] == "ZeroDivisionError"
    assert health == {"status": "ok"}
    name = "soli_handler_errors_total"
    assert value(found, name, handler="chat#handle", kind="ZeroDivisionError") == 1
    assert value(found, "soli_closes_total", code="1000", cause="peer") == 1
