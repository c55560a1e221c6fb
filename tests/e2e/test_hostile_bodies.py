"""Bodies that cost more to read than to send, and what everybody else notices of them."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from .hostile import connected, hang_up, status_line
from .support import Site, receive, run, serving

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
post("/ignored", "app#ignored")
post("/named", "app#named")
post("/whole", "app#whole")
post("/form", "app#form")

def handle(event)
  return { "send": event["message"] } if event["type"] == "message"
  {}
end

def ignored(req)
  req["path"]
end

def named(req)
  str(req["json"] == null)
end

def whole(req)
  helper(req)
end

def helper(req)
  str(len(req["all"].keys))
end

def form(req)
  str(len(req["form"].keys))
end
"""
}

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MIB = 1 << 20
MOST_SECONDS = 0.75
"""The worst of these takes 0.2; before, it took six."""


async def longest_wait(site: Site, attack: Any) -> tuple[Any, float]:
    """What *attack* gives, and how much was done while another connection waited for an echo.

    In seconds of CPU of this process: what others take from it is none of the server's doing.
    """
    async with site.connect("/ws") as client:
        task = asyncio.ensure_future(attack)
        worst, before = 0.0, time.process_time()
        while not task.done():
            await client.send("echo")
            await receive(client)
            await asyncio.sleep(0.02)  # this loop is the server's too, so it may be late
            now = time.process_time()
            worst, before = max(worst, now - before), now
        return task.result(), worst


@pytest.mark.parametrize("path", ["/ignored", "/named", "/whole"])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" + b"0," * (4 * MIB - 10) + b"x", id="broken"),
        # Dropping the 400,001 Ints that the program was given takes some 8 ms.
        pytest.param(
            b"[" + b"1234567890123456789," * 400_000 + b"0]",
            id="digits",
            marks=pytest.mark.long_callbacks,
        ),
    ],
)
def test_json_that_is_hard_to_read(path: str, body: bytes, tmp_path: Path) -> None:
    """Whether the action ignores it, reads it, or hands the request on."""

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site:
            attack = site.request("POST", path, data=BytesIO(body), headers=JSON)
            answer, worst = await longest_wait(site, attack)
            assert answer.status in (200, 500)
            assert answer.status == 200 or path != "/ignored"
            assert worst < MOST_SECONDS

    run(scenario)


@pytest.mark.parametrize(
    "body",
    [
        b"a" + b"[b]" * (2 * MIB) + b"=1",
        b"&".join([b"a" + b"[b]" * 2000 + b"=1"] * 1000),
        b"a=" + b"%e4" * (2 * MIB),
    ],
    ids=["deep", "many", "escapes"],
)
def test_forms_that_are_hard_to_read(body: bytes, tmp_path: Path) -> None:
    """Names that nest without end, values of nothing but escapes."""

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site:
            attack = site.request("POST", "/form", data=BytesIO(body), headers=FORM)
            answer, worst = await longest_wait(site, attack)
            assert answer.status in (200, 500)
            assert worst < MOST_SECONDS

    run(scenario)


def test_what_is_past_the_limit_is_not_inflated(tmp_path: Path) -> None:
    """Four megabytes that inflate to four thousand: refused at the limit, not read to their end."""
    bomb = zlib.compress(b"0" * (512 * MIB), 1)

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site:
            headers = {**JSON, "Content-Encoding": "deflate"}
            start = time.process_time()
            answer, worst = await longest_wait(
                site, site.request("POST", "/named", data=BytesIO(bomb), headers=headers)
            )
            assert answer.status == 413
            assert time.process_time() - start < 1
            assert worst < MOST_SECONDS

    run(scenario)


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack", "status", "text"),
    [
        ("gzip", gzip.compress, 200, "false"),
        ("gzip", lambda data: gzip.compress(data[:3]) + gzip.compress(data[3:]), 200, "false"),
        ("deflate", zlib.compress, 200, "false"),
        ("deflate", _raw_deflate, 200, "false"),
        ("identity", lambda data: data, 200, "false"),
        ("gzip", lambda data: data, 400, "corrupt compressed body\n"),
        ("gzip", lambda data: gzip.compress(data)[:-9], 400, None),
        ("br", lambda data: data, 415, None),
        ("gzip, gzip", lambda data: data, 415, None),
    ],
)
def test_encoded_bodies(
    encoding: str, pack: Any, status: int, text: str | None, tmp_path: Path
) -> None:
    """Those that HTTP names are inflated, in all their forms; others are refused."""

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site:
            headers = {**JSON, "Content-Encoding": encoding}
            answer = await site.request("POST", "/named", data=pack(b'{"a": 1}'), headers=headers)
            assert answer.status == status
            assert text is None or answer.text == text

    run(scenario)


@pytest.mark.parametrize(
    ("extra", "status"),
    [("", 200), ("X: " + "y" * 100_000 + "\r\n", 400), ("Content-Encoding: gzip\r\n", 415)],
)
def test_parts_of_forms(extra: str, status: int, tmp_path: Path) -> None:
    """An oversized header of a part is the client's fault; nothing is inflated inside forms."""
    body = (
        '--b\r\nContent-Disposition: form-data; name="a"\r\n' + extra + "\r\n1\r\n--b--\r\n"
    ).encode()

    async def scenario() -> None:
        async with serving(tmp_path, APP) as site:
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            answer = await site.request("POST", "/form", data=body, headers=headers)
            assert answer.status == status
            assert status != 200 or answer.text == "1"
            assert site.counts["request_failed"] == 0

    run(scenario)


@pytest.mark.parametrize(("seconds", "status"), [(0.2, b"408"), (5, b"200")])
def test_a_body_that_drips(seconds: float, status: bytes, tmp_path: Path) -> None:
    """It is waited for as long as `message-timeout` says."""

    async def scenario() -> None:
        async with serving(tmp_path, APP, message_timeout=seconds) as site:
            async with connected(site) as (reader, writer):
                writer.write(b"POST /named HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
                for byte in b"null":
                    writer.write(bytes((byte,)))
                    await asyncio.sleep(0.15)
                assert status in await status_line(reader)
                writer.write_eof()
                await hang_up(reader)
            assert site.counts["body_refused"] == (status == b"408")

    run(scenario)
