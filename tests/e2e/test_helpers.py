"""`ws_*` and their kin, from handlers, from HTTP actions and from Python."""

from __future__ import annotations

from pathlib import Path

import pytest
import websockets

from .support import receive, receive_json, run, serving

APP = {
    "app.soli": """router_websocket("/ws/:name", "app#handle")
post("/do", "app#run")
names = {}
def handle(event)
  name = event["params"]["name"]
  names[name] = event["connection_id"] if event["type"] == "connect"
  return {} if event["type"] != "message"
  reply(event["message"])
end
def reply(text)
  if text == "join"
    ws_join("lobby")
    return { "send": ws_clients_in("lobby") }
  end
  if text == "leave"
    ws_leave("lobby")
    return { "send": ws_clients_in("lobby") }
  end
  return { "send": current_connection() } if text == "current"
  if text == "order"
    id = current_connection()["connection_id"]
    ws_send(id, "1")
    ws_broadcast("2")
    ws_send(id, { "n": 3 })
    return { "send": "4" }
  end
  {}
end
def run(req)
  what = req["json"]["do"]
  id = names[req["json"]["to"]]
  return ws_send(id, { "from": "http" }) if what == "send"
  return ws_broadcast("all") if what == "broadcast"
  return ws_broadcast_room("lobby", [1]) if what == "room"
  return ws_close(id, "bye") if what == "close"
  return ws_close(id, "again", 4002) if what == "close with a code"
  return ws_send("gone", "x") if what == "unknown"
  return ws_join("lobby") if what == "join"
  return ws_send(5, "x") if what == "wrong type"
  return { "count": ws_count(), "clients": ws_clients(), "current": current_connection() }
end
"""
}


async def do(site, what: str, to: str = "ada"):
    return await site.request("POST", "/do", json={"do": what, "to": to})


def test_effects_of_helpers_happen_in_program_order(tmp_path: Path) -> None:
    """And the return's actions after them."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws/ada") as client:
            await client.send("order")
            got = [await receive(client) for _ in range(4)]
        assert got == ["1", "2", '{"n":3}', "4"]

    run(body)


def test_a_handler_can_join_and_leave_by_call(tmp_path: Path) -> None:
    """At once: the next call sees it."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws/ada") as client:
            await client.send("join")
            assert len(await receive_json(client)) == 1
            await client.send("leave")
            assert await receive_json(client) == []

    run(body)


def test_current_connection_describes_it_wherever_called(tmp_path: Path) -> None:
    """In any function that the handler calls."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws/ada?x=1") as client:
            await client.send("join")
            await receive(client)
            await client.send("current")
            current = await receive_json(client)
        assert current["path"] == "/ws/ada"
        assert current["params"] == {"name": "ada"}
        assert current["query"] == {"x": "1"}
        assert current["rooms"] == ["lobby"]
        assert current["user"] is None
        assert set(current) == {
            "connection_id",
            "path",
            "params",
            "query",
            "headers",
            "rooms",
            "user",
        }

    run(body)


def test_an_http_action_can_reach_connections(tmp_path: Path) -> None:
    """One, all, and those of a room."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP) as site,
            site.connect("/ws/ada") as ada,
            site.connect("/ws/bob") as bob,
        ):
            await bob.send("join")
            await receive(bob)
            assert (await do(site, "send")).status == 204
            await do(site, "room")
            await do(site, "broadcast")
            assert [await receive(ada), await receive(ada)] == ['{"from":"http"}', "all"]
            assert [await receive(bob), await receive(bob)] == ["[1]", "all"]

    run(body)


def test_an_http_action_has_no_current_connection(tmp_path: Path) -> None:
    """But sees how many there are."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws/ada"):
            seen = (await do(site, "look")).json
        assert seen["count"] == 1
        assert len(seen["clients"]) == 1
        assert seen["current"] is None

    run(body)


@pytest.mark.parametrize(
    ("what", "code", "reason"), [("close", 1000, "bye"), ("close with a code", 4002, "again")]
)
def test_ws_close_closes(tmp_path: Path, what: str, code: int, reason: str) -> None:
    """With code 1000 unless another is given."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws/ada") as client:
            await do(site, what)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await receive(client)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)

    run(body)


def test_an_unknown_connection_is_no_error(tmp_path: Path) -> None:
    """It may have gone a moment ago."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            assert (await do(site, "unknown")).status == 204

    run(body)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("join", "ws_join() works only while a WebSocket event is handled"),
        ("wrong type", "ws_send() expects string connection_id, got int"),
    ],
)
def test_misuse_is_an_error_that_says_so(tmp_path: Path, what: str, message: str) -> None:
    """Naming the function, the argument, what was expected and found."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            assert (await do(site, what)).status == 500
            assert message in site.log

    run(body)


def test_host_code_uses_the_same_functions(tmp_path: Path) -> None:
    """On the event loop's thread."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws/ada") as client:
            (connection_id,) = site.realtime.clients()
            site.realtime.send(connection_id, {"from": "python"})
            assert await receive(client) == '{"from":"python"}'

    run(body)
