"""Clients that mean no good: each is bounded by a named limit, and nobody else notices.

The protocol's own violations are in `ws/test_messages.py`; here is what the whole server bounds.
"""

from __future__ import annotations

import gc
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from .hostile import APP, CLOSE, PING, PONG, TEXT, calm, close_code, masked, raw, still_calm, text
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


@pytest.mark.parametrize("first", [PING, PONG], ids=["pings", "pongs"])
def test_a_flood_of_control_frames_is_a_flood(tmp_path: Path, first: int) -> None:
    """They count as messages do: five and a message are six, one more is too much."""

    async def body() -> None:
        limits = {"message_rate": 1, "message_burst": 6}
        async with (
            serving(tmp_path, APP, **limits) as site,
            calm(site) as other,
            raw(site) as client,
        ):
            client.send(masked(first, b"x") * 5 + text("the sixth"))
            answers = [b"x"] * 5 if first == PING else []
            for answer in [*answers, b"the sixth"]:
                assert (await client.frame())[1] == answer
            client.send(masked(first, b"x"))
            assert await close_code(client) == 1008
            await still_calm(other)

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


NAMES = 50_000
NAMES_AT_ONCE = 100
"""Below the 128 rooms in which a connection may be."""
MOST_BLOCKS = 500
"""Python's own count: one block kept for each name would be eighty times as many."""

CHURN = {
    "app.soli": f"""router_websocket("/churn", "app#churn")
router_websocket("/ws", "app#echo")
def churn(event)
  return {{}} if event["type"] != "message"
  first = int(event["message"])
  names = (first..(first + {NAMES_AT_ONCE - 1})).map(|i| "room #{{i}}")
  {{ "join": names, "broadcast_room": "here", "leave": names }}
end
def echo(event)
  return {{ "send": event["message"] }} if event["type"] == "message"
  {{}}
end
"""
}


def settled_blocks() -> int:
    """Blocks of memory that are in use once garbage is gone."""
    gc.collect()
    return sys.getallocatedblocks()


def test_room_names_without_number_leave_nothing_behind(tmp_path: Path) -> None:
    """Rooms live as long as somebody is in them: 50,000 came and went, each with a message."""

    async def body() -> None:
        async with (
            serving(tmp_path, CHURN, message_rate=0, max_outbox_bytes=0) as site,
            calm(site) as other,
            site.connect("/churn") as client,
        ):
            hub, fanout = site.server.service.hub, site.server.service.endpoint.fanout
            blocks_before = 0
            for first in range(0, NAMES, NAMES_AT_ONCE):
                await client.send(str(first))
                assert await receive(client) == "here"
                if first == NAMES // 5:
                    blocks_before = settled_blocks()
            await still_calm(other)
            assert settled_blocks() - blocks_before < MOST_BLOCKS
            assert len(hub.rooms) == 0
            assert len(fanout._rooms) == 1, "that of all connections"

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
    """Track and untrack as fast as one can: users of one channel, then channels; nobody is left."""

    async def body() -> None:
        async with serving(tmp_path, APP, message_rate=0) as site, calm(site) as other:
            presence = site.server.service.hub.presence
            async with site.connect("/ws/x") as client:
                for number in range(10_000):
                    channel = "c" if number % 2 else f"channel {number}"
                    track = {"channel": channel, "user_id": f"user {number}"}
                    await said(client, {"track": track})
                    await said(client, {"untrack": channel})
                await still_calm(other)
                await said(client, {"send": "done"})
                while await receive(client) != "done":
                    pass
                assert (len(presence), presence.roster.total_users()) == (0, 0)
            await site.until(lambda: site.realtime.count() == 1)
            assert site.counts["action_error"] == 0

    run(body)


@pytest.mark.parametrize("excess", [0, 1])
def test_presence_metadata_is_bounded(tmp_path: Path, excess: int) -> None:
    """The bound of metadata is inclusive."""
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


# --- handlers that go astray ---


def test_a_handler_that_loops_hurts_only_itself(tmp_path: Path) -> None:
    """For its budget, and no longer: then both connections go on."""

    async def body() -> None:
        limits = {"handler_cpu_seconds": 0.1, "handler_steps": 0}
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
        (
            {"handler_alloc_bytes": 1 << 20},
            "build 900",
            "build 1100",
            "memory limit exceeded (1048576",
        ),
    ],
    ids=["handler-steps", "max-value-bytes", "handler-alloc-bytes"],
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
        async with serving(tmp_path, APP, handler_alloc_bytes=1 << 20) as site, calm(site):
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
