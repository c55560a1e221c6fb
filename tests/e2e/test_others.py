"""Messages that leave out whose event they follow from, and counting a room."""

from __future__ import annotations

from pathlib import Path

from .support import receive, run, serving

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
post("/say", "app#say")
def handle(event)
  return { "join": ["old", "room"] } if event["type"] == "connect"
  return {} if event["type"] == "disconnect"
  word = event["message"]
  return { "broadcast_others": "to all", "send": "to me" } if word == "all"
  return { "broadcast_room_others": { "to": "the room" }, "send": "to me" } if word == "room"
  return { "leave": "room", "send": "left" } if word == "leave"
  if word == "helpers"
    ws_broadcast_others("h1")
    ws_broadcast_room_others("room", { "h": 2 })
    return { "send": "to me" }
  end
  return { "send": [ws_count(), ws_count("room"), ws_count("nowhere")] } if word == "count"
  {}
end
def say
  ws_broadcast_others("from outside")
  ws_broadcast_room_others("room", "to the room")
  "ok"
end
"""
}


def test_others_get_it_and_the_sender_does_not(tmp_path: Path) -> None:
    """Everybody, the current room, and the helpers of both."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP) as site,
            site.connect("/ws") as one,
            site.connect("/ws") as two,
        ):
            await two.send("count")
            assert await receive(two) == "[2,2,0]"
            for word, heard in [
                ("all", ["to all"]),
                ("room", ['{"to":"the room"}']),
                ("helpers", ["h1", '{"h":2}']),
            ]:
                await one.send(word)
                assert await receive(one) == "to me"
                assert [await receive(two) for _ in heard] == heard
            await one.send("count")
            assert await receive(one) == "[2,2,0]"

    run(body)


def test_who_left_the_room_is_not_one_of_the_others(tmp_path: Path) -> None:
    """And counts no more."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP) as site,
            site.connect("/ws") as one,
            site.connect("/ws") as two,
        ):
            await two.send("leave")
            assert await receive(two) == "left"
            await one.send("room")
            assert await receive(one) == "to me"
            await two.send("count")
            assert await receive(two) == "[2,1,0]"

    run(body)


def test_outside_a_handler_nobody_is_left_out(tmp_path: Path) -> None:
    """An action of HTTP has no connection."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP) as site,
            site.connect("/ws") as one,
        ):
            assert (await site.request("POST", "/say")).status == 200
            assert [await receive(one), await receive(one)] == ["from outside", "to the room"]

    run(body)
