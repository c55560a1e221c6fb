"""What a handler returns, on the wire; and what becomes of returns that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import websockets

from .support import receive, receive_json, run, serving


def app(body: str) -> dict[str, str]:
    """A program whose handler evaluates *body* for a message."""
    return {
        "app.soli": f"""router_websocket("/ws", "app#handle")
def handle(event)
  return {{}} if event["type"] != "message"
  {body}
end
"""
    }


def test_a_value_that_is_no_string_is_sent_as_json(tmp_path: Path) -> None:
    """Hashes, arrays, numbers."""

    async def body() -> None:
        files = app('{ "send": { "a": [1, 2.5, null, true] } }')
        async with serving(tmp_path, files) as site, site.connect("/ws") as client:
            await client.send("x")
            assert await receive(client) == '{"a":[1,2.5,null,true]}'

    run(body)


def test_broadcast_reaches_every_connection(tmp_path: Path) -> None:
    """The sender included."""

    async def body() -> None:
        files = app('{ "broadcast": event["message"] }')
        async with (
            serving(tmp_path, files) as site,
            site.connect("/ws") as one,
            site.connect("/ws") as two,
        ):
            await one.send("x")
            assert [await receive(one), await receive(two)] == ["x", "x"]

    run(body)


ROOMS = app("""word = event["message"].split(" ")
  return { "join": word[1] } if word[0] == "join"
  return { "leave": word[1], "broadcast_room": "bye" } if word[0] == "leave"
  { "broadcast_room": event["message"] }""")


def test_broadcast_room_goes_to_the_room_joined_last(tmp_path: Path) -> None:
    """And to nobody outside it."""

    async def body() -> None:
        async with (
            serving(tmp_path, ROOMS) as site,
            site.connect("/ws") as one,
            site.connect("/ws") as two,
        ):
            for client, room in ((one, "a"), (two, "a"), (one, "b")):
                await client.send(f"join {room}")
            await site.until(lambda: len(site.realtime.clients_in("b")) == 1)
            await site.until(lambda: len(site.realtime.clients_in("a")) == 2)
            await one.send("to b")
            await two.send("to a")
            assert [await receive(one), await receive(one)] in (["to b", "to a"], ["to a", "to b"])
            assert await receive(two) == "to a"

    run(body)


def test_one_can_say_goodbye_to_the_room_one_leaves(tmp_path: Path) -> None:
    """The room broadcast of the same return comes before the leave."""

    async def body() -> None:
        async with (
            serving(tmp_path, ROOMS) as site,
            site.connect("/ws") as one,
            site.connect("/ws") as two,
        ):
            await one.send("join a")
            await two.send("join a")
            await site.until(lambda: len(site.realtime.clients_in("a")) == 2)
            await one.send("leave a")
            assert [await receive(one), await receive(two)] == ["bye", "bye"]
            await two.send("after")
            assert await receive(two) == "after"
            assert site.realtime.clients_in("a") != []
            await one.send("join b")
            await one.send("own room")
            assert await receive(one) == "own room"

    run(body)


def test_a_return_that_is_no_hash_is_logged_with_handler_and_place(tmp_path: Path) -> None:
    """And the connection lives on."""

    async def body() -> None:
        files = app('return 42 if event["message"] == "bad"\n  { "send": "fine" }')
        async with serving(tmp_path, files) as site, site.connect("/ws") as client:
            await client.send("bad")
            await client.send("good")
            assert await receive(client) == "fine"
            assert "a handler returns a Hash, got Int" in site.log
            assert "handler=app#handle" in site.log
            assert "app.soli:4" in site.log
            assert site.counts["action_error"] == 1

    run(body)


def test_nothing_of_a_wrong_return_is_applied(tmp_path: Path) -> None:
    """Not even what comes before the wrong key."""

    async def body() -> None:
        files = app(
            'return { "send": "part", "join": 5 } if event["message"] == "bad"\n'
            '  { "send": "fine" }'
        )
        async with serving(tmp_path, files) as site, site.connect("/ws") as client:
            await client.send("bad")
            await client.send("good")
            assert await receive(client) == "fine"

    run(body)


def test_an_unknown_key_is_warned_about_once(tmp_path: Path) -> None:
    """With what was probably meant; the other actions are applied."""

    async def body() -> None:
        files = app('{ "brodcast": "x", "send": "y" }')
        async with serving(tmp_path, files) as site, site.connect("/ws") as client:
            for _ in range(2):
                await client.send("x")
                assert await receive(client) == "y"
            assert site.log.count("did you mean 'broadcast'?") == 1

    run(body)


def test_an_exception_is_logged_with_a_soli_backtrace(tmp_path: Path) -> None:
    """The client sees nothing of it."""

    async def body() -> None:
        files = {
            "app.soli": """router_websocket("/ws", "app#handle")
def helper(list)
  list[7]
end
def handle(event)
  return {} if event["type"] != "message"
  return { "send": helper([1]) } if event["message"] == "bad"
  { "send": "fine" }
end
"""
        }
        async with serving(tmp_path, files) as site, site.connect("/ws") as client:
            await client.send("bad")
            await client.send("good")
            assert await receive(client) == "fine"
            assert "Index out of bounds: 7 (length 1)" in site.log
            assert "in helper at" in site.log
            assert "Traceback" not in site.log
            assert site.counts["handler_error"] == 1

    run(body)


def test_with_dev_the_client_is_told_the_error(tmp_path: Path) -> None:
    """And only then."""

    async def body() -> None:
        files = app("[1][7]")
        async with serving(tmp_path, files, dev=True) as site, site.connect("/ws") as client:
            await client.send("bad")
            told = await receive_json(client)
        assert told["event"] == "error"
        assert "Index out of bounds" in told["payload"]["message"]

    run(body)


def test_a_program_that_never_ends_is_stopped(tmp_path: Path) -> None:
    """By its budget; others are served afterwards."""

    async def body() -> None:
        files = app('while event["message"] == "bad"\n  end\n  { "send": "fine" }')
        async with (
            serving(tmp_path, files, handler_steps=10_000) as site,
            site.connect("/ws") as client,
        ):
            await client.send("bad")
            await client.send("good")
            assert await receive(client) == "fine"
            assert "step limit exceeded" in site.log

    run(body)


@pytest.mark.parametrize(
    ("value", "code", "reason"),
    [('"gone"', 1000, "gone"), ('{ "code": 4001, "reason": "again" }', 4001, "again")],
)
def test_close_says_code_and_reason(tmp_path: Path, value: str, code: int, reason: str) -> None:
    """After what was sent before it."""

    async def body() -> None:
        files = app(f'{{ "close": {value}, "send": "last" }}')
        async with serving(tmp_path, files) as site, site.connect("/ws") as client:
            await client.send("x")
            assert await receive(client) == "last"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await receive(client)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)

    run(body)


def test_a_leaving_connection_can_still_reach_its_room(tmp_path: Path) -> None:
    """The disconnect handler runs while rooms are in place; `send` does nothing then."""

    async def body() -> None:
        files = {
            "app.soli": """router_websocket("/ws", "app#handle")
def handle(event)
  return { "join": "r" } if event["type"] == "connect"
  return { "broadcast_room": "left", "send": "nothing" } if event["type"] == "disconnect"
  {}
end
"""
        }
        async with serving(tmp_path, files) as site, site.connect("/ws") as stays:
            async with site.connect("/ws"):
                await site.until(lambda: len(site.realtime.clients_in("r")) == 2)
            assert await receive(stays) == "left"
            assert site.counts["handler_error"] == 0

    run(body)
