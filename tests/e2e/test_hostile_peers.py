"""Clients that mean no good: each is bounded by a named limit, and nobody else notices.

The protocol's own violations are in `ws/test_messages.py`; here is what the whole server bounds.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from .hostile import (
    APP,
    CLOSE,
    PING,
    TEXT,
    calm,
    close_code,
    connected,
    hang_up,
    masked,
    raw,
    status_line,
    still_calm,
    text,
)
from .support import receive, receive_json, run, serving

# --- how much, how fast ---


def test_a_burst_of_the_limit_is_answered_and_one_more_is_1008(tmp_path: Path) -> None:
    """message-burst is inclusive, and the others go on."""

    async def body() -> None:
        limits = {"message_rate": 1, "message_burst": 5}
        async with serving(tmp_path, APP, **limits) as site, calm(site) as other:
            async with raw(site) as client:
                client.send(b"".join(text(str(number)) for number in range(5)))
                assert [(await client.frame())[1] for _ in range(5)] == [
                    b"0",
                    b"1",
                    b"2",
                    b"3",
                    b"4",
                ]
                client.send(text("one more"))
                assert await close_code(client) == 1008
            await site.until(lambda: "cause=rate" in site.log)
            await still_calm(other)

    run(body)


def test_a_flood_of_pings_is_a_flood(tmp_path: Path) -> None:
    """Pings count as messages do."""

    async def body() -> None:
        limits = {"message_rate": 1, "message_burst": 5}
        async with serving(tmp_path, APP, **limits) as site, calm(site), raw(site) as client:
            client.send(masked(PING, b"x") * 6)
            assert await close_code(client) == 1008

    run(body)


@pytest.mark.parametrize("size", [1000, 1001])
def test_a_message_past_the_limit_is_1009(tmp_path: Path, size: int) -> None:
    """max-message-bytes is inclusive, in one frame."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, max_message_bytes=1000) as site,
            calm(site),
            raw(site) as client,
        ):
            client.send(text("x" * size))
            if size == 1000:
                assert len((await client.frame())[1]) == 1000
            else:
                assert await close_code(client) == 1009

    run(body)


@pytest.mark.parametrize("pieces", [10, 11])
def test_fragments_count_together(tmp_path: Path, pieces: int) -> None:
    """Ten fragments of a hundred bytes are a thousand; the eleventh is too much."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, max_message_bytes=1000) as site,
            calm(site),
            raw(site) as client,
        ):
            client.send(masked(0x01, b"x" * 100))
            client.send(masked(0x00, b"x" * 100) * (pieces - 1))
            client.send(masked(0x80))
            if pieces == 10:
                assert len((await client.frame())[1]) == 1000
            else:
                assert await close_code(client) == 1009

    run(body)


def test_fragments_without_an_end_do_not_pile_up(tmp_path: Path) -> None:
    """Empty ones add nothing, however many they are; with a rate they are a flood."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, message_rate=0) as site,
            calm(site) as other,
            raw(site) as client,
        ):
            client.send(masked(0x01, b"a") + masked(0x00) * 50_000)
            await client.sent()
            await still_calm(other)
            client.send(masked(0x80, b"b"))
            assert (await client.frame())[1] == b"ab"
        limits = {"message_rate": 1, "message_burst": 5}
        async with serving(tmp_path, APP, **limits) as site, raw(site) as client:
            client.send(masked(0x01, b"a") + masked(0x00) * 6)
            assert await close_code(client) == 1008

    run(body)


def test_a_frame_that_promises_gigabytes_is_refused_by_its_header(tmp_path: Path) -> None:
    """Nothing is kept for it."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, calm(site), raw(site) as client:
            client.send(b"\x81\xff" + (1 << 40).to_bytes(8, "big") + b"mask")
            assert await close_code(client) == 1009

    run(body)


@pytest.mark.parametrize("size", [100_000, 100_001])
def test_a_compression_bomb_is_1009(tmp_path: Path, size: int) -> None:
    """The limit holds for what the message inflates to."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(b"x" * size) + deflate.flush(zlib.Z_SYNC_FLUSH)
    offer = {"Sec_WebSocket_Extensions": "permessage-deflate"}

    async def body() -> None:
        limits = {"compression": True, "max_message_bytes": 100_000}
        async with (
            serving(tmp_path, APP, **limits) as site,
            calm(site),
            raw(site, **offer) as client,
        ):
            client.send(masked(0xC1, packed[:-4]))
            if size == 100_000:
                first, payload = await client.frame()
                inflated = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
                assert (first, len(inflated)) == (0xC1, size)
            else:
                assert await close_code(client) == 1009

    run(body)


def test_who_does_not_read_is_closed_and_nobody_waits(tmp_path: Path) -> None:
    """max-outbox-bytes: 1013, counted, in the log."""

    async def body() -> None:
        limits = {"max_outbox_bytes": 100_000, "message_rate": 0}
        async with serving(tmp_path, APP, **limits) as site, calm(site) as other:
            async with raw(site, reads=1000) as client:
                client.send(text("send 16000000"))
                await site.until(lambda: "cause=slow_consumer" in site.log)
                await still_calm(other)
            assert site.server.service.endpoint.counters.slow_consumers == 1

    run(body)


# --- rooms and presence ---


async def said(client: Any, actions: dict[str, Any]) -> None:
    await client.send(json.dumps(actions))


def test_room_names_are_bounded(tmp_path: Path) -> None:
    """max-rooms per connection is inclusive; the room too many is an error in the handler."""

    async def body() -> None:
        async with serving(tmp_path, APP, max_rooms=3) as site, calm(site):
            async with site.connect("/ws/x") as client:
                await said(client, {"join": ["a", "b", "c"], "send": "three"})
                assert await receive(client) == "three"
                await said(client, {"join": "d", "send": "four"})
                await said(client, {"leave": "a", "send": "left"})
                assert await receive(client) == "left"
            assert "rooms" in site.log
            assert site.counts["action_error"] == 1

    run(body)


def test_a_million_room_names_leave_nothing_behind(tmp_path: Path) -> None:
    """Rooms live as long as somebody is in them: a hundred thousand came and went."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, message_rate=0) as site,
            calm(site),
            site.connect("/ws/x") as client,
        ):
            for start in range(0, 100_000, 100):
                names = [f"room {number}" for number in range(start, start + 100)]
                await said(client, {"join": names, "leave": names})
            await said(client, {"send": "done"})
            assert await receive(client) == "done"
            rooms = site.server.service.endpoint.fanout._rooms
            assert len(rooms) == 1

    run(body)


@pytest.mark.parametrize("size", [255, 256])
def test_long_room_names_are_refused(tmp_path: Path, size: int) -> None:
    """255 characters are a name, 256 are not."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws/x") as client:
            await said(client, {"join": "r" * size, "send": "in"})
            await said(client, {"send": "next"})
            expected = "in" if size == 255 else "next"
            assert await receive(client) == expected
            assert site.counts["action_error"] == (size == 256)

    run(body)


def test_presence_churn_is_bounded_and_leaves_nothing(tmp_path: Path) -> None:
    """Track and untrack as fast as one can: one channel, no user left, nobody else disturbed."""

    async def body() -> None:
        async with serving(tmp_path, APP, message_rate=0) as site, calm(site) as other:
            async with site.connect("/ws/x") as client:
                for number in range(2_000):
                    track = {"channel": "c", "user_id": f"user {number}"}
                    await said(client, {"track": track})
                    await said(client, {"untrack": "c"})
                await still_calm(other)
                await said(client, {"send": "done"})
                while await receive(client) != "done":
                    pass
            await site.until(lambda: site.realtime.count() == 1)
            assert site.realtime.presence_count("c") == 0

    run(body)


@pytest.mark.parametrize("excess", [0, 1])
def test_presence_metadata_is_bounded(tmp_path: Path, excess: int) -> None:
    """max-presence-bytes is inclusive."""
    bare = len(json.dumps({"state": "online", "note": ""}, separators=(",", ":")))

    async def body() -> None:
        async with (
            serving(tmp_path, APP, max_presence_bytes=500) as site,
            site.connect("/ws/x") as client,
        ):
            note = "n" * (500 - bare + excess)
            await said(client, {"track": {"channel": "c", "user_id": 1, "note": note}})
            await said(client, {"send": "next"})
            first = await receive(client)
            assert (first == "next") == (excess == 1)
            assert site.counts["action_error"] == excess

    run(body)


# --- before the upgrade ---


def test_a_connection_that_never_speaks_is_closed(tmp_path: Path) -> None:
    """handshake-seconds: it is gone, and logged."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, handshake_seconds=0.2) as site,
            calm(site),
            connected(site) as (reader, _writer),
        ):
            await hang_up(reader)
            assert "handshake_timeout reason=too_slow" in site.log
            assert site.server.web_server.silent == 0

    run(body)


def test_a_handshake_that_drips_is_closed(tmp_path: Path) -> None:
    """A byte now and then does not keep a connection alive."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, handshake_seconds=0.3) as site,
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


def test_a_connection_that_spoke_in_time_stays(tmp_path: Path) -> None:
    """The limit is for the first request only; zero turns it off."""

    async def body(seconds: float) -> None:
        async with serving(tmp_path, APP, handshake_seconds=seconds) as site:
            async with calm(site) as client:
                loop = asyncio.get_running_loop()
                passed = loop.create_future()
                loop.call_later(3 * seconds + 0.1, passed.set_result, None)
                await passed
                await still_calm(client)
            assert "handshake_timeout" not in site.log

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
            serving(tmp_path, APP, handshake_seconds=1) as site,
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


# --- handlers that go astray ---


def test_a_handler_that_loops_hurts_only_itself(tmp_path: Path) -> None:
    """For its budget, and no longer: then both connections go on."""

    async def body() -> None:
        limits = {"handler_seconds": 0.1, "handler_steps": 0}
        async with serving(tmp_path, APP, **limits) as site, calm(site) as other:
            async with site.connect("/ws") as client:
                await client.send("loop")
                await still_calm(other)
                await still_calm(client)
            assert "time limit exceeded (0.1 s of computing)" in site.log
            assert site.counts["handler_error"] == 1

    run(body)


@pytest.mark.parametrize(
    ("limits", "within", "past", "message"),
    [
        ({"handler_steps": 1000}, "turns 900", "turns 1000", "step limit exceeded (1000 steps)"),
        ({"max_value_bytes": 5000}, "send 5000", "send 5001", "value too large: 5001 bytes"),
        ({"handler_bytes": 1 << 20}, "build 900", "build 1100", "memory limit exceeded (1048576"),
    ],
    ids=["handler-steps", "max-value-bytes", "handler-bytes"],
)
def test_each_limit_of_a_handler_holds(
    tmp_path: Path, limits: dict[str, int], within: str, past: str, message: str
) -> None:
    """Within it there is an answer; past it a LimitError in the log; the connection lives on."""

    async def body() -> None:
        async with serving(tmp_path, APP, **limits) as site, site.connect("/ws") as client:
            await client.send(within)
            assert await receive(client)
            assert site.counts["handler_error"] == 0
            await client.send(past)
            await still_calm(client)
            assert message in site.log
            assert site.counts["handler_error"] == 1

    run(body)


def test_closing_while_a_message_is_half_sent_is_clean(tmp_path: Path) -> None:
    """The rest never comes; the connection is forgotten."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, calm(site):
            async with raw(site) as client:
                client.send(masked(TEXT, b"x" * 100)[:50])
                await client.sent()
                client.abort()
            await site.until(lambda: site.realtime.count() == 1)

    run(body)


def test_a_close_in_the_middle_of_a_message_is_answered(tmp_path: Path) -> None:
    """Control frames may stand between fragments."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, calm(site), raw(site) as client:
            client.send(masked(0x01, b"begun") + masked(CLOSE, b"\x03\xe8"))
            assert await close_code(client) == 1000

    run(body)


def test_json_bombs_in_messages_are_bounded(tmp_path: Path) -> None:
    """Deep or wide JSON costs the connection nothing but an error at most."""

    async def body() -> None:
        async with serving(tmp_path, APP, handler_bytes=1 << 20) as site, calm(site):
            async with site.connect("/ws/x") as client:
                await client.send("[" * 200_000)
                await client.send('{"a":' * 100_000)
                await client.send('{"a": [' + "[]," * 100_000 + "[]]}")
                await said(client, {"send": {"still": "here"}})
                assert await receive_json(client) == {"still": "here"}
            assert "memory limit exceeded" in site.log

    run(body)


def test_a_template_inside_itself_is_an_error_of_that_request(tmp_path: Path) -> None:
    """500 for who asked; the others go on."""
    app = {
        "config/routes.soli": """get("/page", "pages#show")
router_websocket("/ws", "pages#handle")
""",
        "app/controllers/pages_controller.soli": """def show(request)
  render("page", {})
end
def handle(event)
  return { "send": event["message"] } if event["type"] == "message"
  {}
end
""",
        "app/views/page.slv": '<%= partial("page") %>',
    }

    async def body() -> None:
        async with serving(tmp_path, app) as site, calm(site):
            assert (await site.get("/page")).status == 500
            assert "call stack too deep" in site.log

    run(body)
