"""Requests over a socket: a message with a `ref`, and the reply that bears it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .support import Site, receive, receive_json, run, serving

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
def handle(event)
  return { "reply": "hello" } if event["type"] == "connect"
  return { "reply": "bye" } if event["type"] == "disconnect"
  data = event["message"].to_h
  word = data["event"]
  return { "reply": data["payload"]["a"] + data["payload"]["b"] } if word == "add"
  return { "reply_error": { "reason": "full" } } if word == "refuse"
  return { "reply": 1, "send": "first", "broadcast": "last" } if word == "all"
  return { "reply": 1, "reply_error": 2 } if word == "both"
  return { "reply": 1, "join": 2 } if word == "wrong"
  if word == "wait"
    sleep(0.05)
    return { "reply": "waited" }
  end
  if word == "late"
    sleep(60)
    return { "reply": "nobody is there" }
  end
  { "reply": event["message"] }
end
"""
}


def message(event: str, payload: Any = None, ref: Any = 1, **more: Any) -> str:
    return json.dumps({"event": event, "payload": payload, "ref": ref, **more})


def reply(ref: Any, response: Any, status: str = "ok", **more: Any) -> dict[str, Any]:
    payload = {"status": status, "response": response}
    return {"event": "phx_reply", "ref": ref, "payload": payload, **more}


@pytest.mark.parametrize("ref", [1, -5, 10**63, "a", "\u00e4\u20ac" * 32, "x" * 64])
def test_a_request_is_answered_with_its_ref(tmp_path: Path, ref: Any) -> None:
    """Strings and Ints, up to 64 characters."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as client:
            await client.send(message("add", {"a": 1, "b": 2}, ref))
            assert await receive_json(client) == reply(ref, 3)
            await client.send(message("refuse", ref=ref))
            assert await receive_json(client) == reply(ref, {"reason": "full"}, "error")
            assert asks(site) == {"nobody": 1, "ok": 1, "error": 1}

    run(body)


def test_a_reply_comes_behind_what_the_same_return_sends(tmp_path: Path) -> None:
    """And before what it broadcasts."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as client:
            await client.send(message("all"))
            assert await receive(client) == "first"
            assert await receive_json(client) == reply(1, 1)
            assert await receive(client) == "last"

    run(body)


FAILING = [message("add"), message("wrong")]


@pytest.mark.parametrize("text", FAILING)
def test_whose_handler_fails_is_told_so_and_nothing_else(tmp_path: Path, text: str) -> None:
    """An exception, and a return that cannot be applied: no word of what went wrong."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as client:
            await client.send(text)
            assert await receive_json(client) == reply(1, {"reason": "internal"}, "error")
            assert asks(site)["internal"] == 1
            await client.send(message("add", {"a": 1, "b": 1}))
            assert await receive_json(client) == reply(1, 2)

    run(body)


def test_a_handler_that_waits_replies_to_the_message_that_it_began_with(tmp_path: Path) -> None:
    """Further messages wait behind it."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as client:
            await client.send(message("wait", ref=1))
            await client.send(message("add", {"a": 1, "b": 1}, ref=2))
            assert await receive_json(client) == reply(1, "waited")
            assert await receive_json(client) == reply(2, 2)

    run(body)


SHAPES = [
    (
        {"topic": "room:1", "event": "x", "payload": {}, "ref": "7", "join_ref": "3"},
        {"topic": "room:1", "event": "phx_reply", "ref": "7", "join_ref": "3"},
    ),
    ({"ref": 5}, {"event": "phx_reply", "ref": 5}),
    ({"ref": 5, "topic": 7, "join_ref": {}}, {"event": "phx_reply", "ref": 5}),
]


@pytest.mark.parametrize(("asked", "told"), SHAPES)
def test_a_reply_has_the_shape_of_its_request(tmp_path: Path, asked: Any, told: Any) -> None:
    """Topic and `join_ref` come back where they were given."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as client:
            text = json.dumps(asked)
            await client.send(text)
            expected = {**told, "payload": {"status": "ok", "response": text}}
            assert await receive_json(client) == expected

    run(body)


def test_an_array_is_answered_with_an_array(tmp_path: Path) -> None:
    """Phoenix's five, on a connection that did not say that it speaks them."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as client:
            text = json.dumps(["1", "2", "room:a", "x", {}])
            await client.send(text)
            status = {"status": "ok", "response": text}
            assert await receive_json(client) == ["1", "2", "room:a", "phx_reply", status]

    run(body)


NO_REQUESTS = [
    "plain text",
    '{"event": "x"}',
    '{"ref": null}',
    '{"ref": true}',
    '{"ref": 1.5}',
    '{"ref": ""}',
    '{"ref": [1]}',
    json.dumps({"ref": "x" * 65}),
    json.dumps({"ref": 10**64}),
    '{"ref": ' + "9" * 5000 + "}",
    '{"ref": 1',
    '{"ref": "\\ud800"}',
    '{"ref": "\\udc00x"}',
    "[" * 100_000,
    '["1", "2", "room:a", "x"]',
    '["1", null, "room:a", "x", {}]',
]


@pytest.mark.parametrize("text", NO_REQUESTS, ids=range(len(NO_REQUESTS)))
def test_a_reply_to_nobody_is_counted_and_dropped(tmp_path: Path, text: str) -> None:
    """Whatever came has no ref; the connection lives on."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as client:
            await client.send(text)
            await client.send(message("add", {"a": 1, "b": 2}))
            assert await receive_json(client) == reply(1, 3)
            assert asks(site) == {"nobody": 2, "ok": 1}

    run(body)


def test_one_request_gets_one_reply(tmp_path: Path) -> None:
    """Of two in one return the first is sent, and the author is told once."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as client:
            for ref in (1, 2):
                await client.send(message("both", ref=ref))
                assert await receive_json(client) == reply(ref, 1)
            assert asks(site) == {"nobody": 1, "ok": 2, "twice": 2}
            assert site.log.count("it has one already") == 1

    run(body)


def test_who_is_gone_gets_no_reply(tmp_path: Path) -> None:
    """A handler that waits is taken back; the reply of the disconnect event is to nobody."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            async with site.connect("/ws") as client:
                await client.send(message("late"))
                await site.until(lambda: site.server.service.calls.runners.suspended == 1)
            await site.until(lambda: not site.server.service.hub.seats)
            assert asks(site) == {"nobody": 2}

    run(body)


def asks(site: Site) -> dict[str, int]:
    return dict(site.server.service.state.tally.asks)
