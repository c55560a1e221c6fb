"""Events of a connection: what they hold, their order, and what happens when one waits."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
import websockets

from .support import receive, receive_json, run, serving

MIRROR = """
router_websocket("/ws/:room/*rest", "app#handle")
def handle(event)
  return { "send": event } if event["type"] == "message"
  {}
end
"""


def test_a_message_event_has_the_documented_keys(tmp_path: Path) -> None:
    """params, query and headers come from the upgrade request; the id is a random UUID."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": MIRROR}) as site:
            path = "/ws/caf%C3%A9/a/b?x=1&x=2&k[]=1&k[]=2"
            async with site.connect(path, additional_headers={"X-Thing": "yes"}) as client:
                await client.send("hi")
                event = await receive_json(client)
        assert event["type"] == "message"
        assert event["message"] == "hi"
        assert event["params"] == {"room": "café", "rest": "/a/b"}
        assert event["query"] == {"x": "2", "k": ["1", "2"]}
        assert event["headers"]["x-thing"] == "yes"
        assert UUID(event["connection_id"]).version == 4

    run(body)


JOURNAL = """
router_websocket("/ws", "app#handle")
seen = []
def handle(event)
  seen.push(event["type"])
  return { "send": seen } if event["type"] == "message"
  {}
end
get("/seen", "app#all")
def all
  seen
end
"""


def test_connect_comes_first_and_disconnect_last(tmp_path: Path) -> None:
    """Each exactly once."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": JOURNAL}) as site:
            async with site.connect("/ws") as client:
                await client.send("a")
                await receive(client)
            await site.until(lambda: site.realtime.count() == 0)
            answer = await site.get("/seen")
        assert answer.json == ["connect", "message", "disconnect"]

    run(body)


DISCONNECT = """
router_websocket("/ws", "app#handle")
last = {}
def handle(event)
  last = event if event["type"] == "disconnect"
  {}
end
get("/last", "app#get_last")
def get_last
  { "code": last["code"], "reason": last["reason"], "message": last["message"] }
end
"""


def test_a_disconnect_event_tells_the_close_code_and_reason(tmp_path: Path) -> None:
    """As the client gave them; there is no message."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": DISCONNECT}) as site:
            async with site.connect("/ws") as client:
                await client.close(4001, "bye")
            await site.until(lambda: site.realtime.count() == 0)
            answer = await site.get("/last")
        assert answer.json == {"code": 4001, "reason": "bye", "message": None}

    run(body)


def test_a_broken_line_is_a_disconnect_with_code_1006(tmp_path: Path) -> None:
    """Nobody said goodbye."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": DISCONNECT}) as site:
            client = await site.connect("/ws")
            client.transport.abort()
            await site.until(lambda: site.realtime.count() == 0)
            answer = await site.get("/last")
        assert answer.json["code"] == 1006

    run(body)


BINARY = """
router_websocket("/ws", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  return { "send": [type(event["message"]), event["binary"]] } if event["message"].len == 3
  { "send": event["message"] }
end
"""


def test_a_binary_message_is_a_bytes_value(tmp_path: Path) -> None:
    """And `binary` is true."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": BINARY}) as site, site.connect("/ws") as client:
            await client.send(b"\x00\x01\x02")
            assert await receive_json(client) == ["bytes", True]

    run(body)


def test_a_bytes_payload_goes_out_as_a_binary_message(tmp_path: Path) -> None:
    """What came in binary goes back so."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": BINARY}) as site, site.connect("/ws") as client:
            await client.send(b"four")
            assert await receive(client) == b"four"

    run(body)


def test_binary_messages_can_be_refused(tmp_path: Path) -> None:
    """With 1003."""

    async def body() -> None:
        async with (
            serving(tmp_path, {"app.soli": BINARY}, binary="refuse") as site,
            site.connect("/ws") as client,
        ):
            await client.send(b"x")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await receive(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1003

    run(body)


MUTATION = """
router_websocket("/ws/:room", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  queries = event["query"]["q"].join("+")
  before = [event["params"]["room"], queries, event["headers"]["x-h"], event["extra"]]
  event["params"]["room"] = "changed"
  event["query"]["q"].push("changed")
  event["headers"]["x-h"] = "changed"
  event["extra"] = 1
  { "send": before }
end
"""


def test_what_a_handler_does_to_its_event_is_not_seen_by_the_next(tmp_path: Path) -> None:
    """Not even deep inside."""

    async def body() -> None:
        async with (
            serving(tmp_path, {"app.soli": MUTATION}) as site,
            site.connect("/ws/r?q[]=1", additional_headers={"X-H": "h"}) as client,
        ):
            await client.send("1")
            await client.send("2")
            assert await receive_json(client) == ["r", "1", "h", None]
            assert await receive_json(client) == ["r", "1", "h", None]

    run(body)


WAITS = """
router_websocket("/ws", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  if event["message"].starts_with("slow")
    sleep(0.05)
  end
  { "send": event["message"] }
end
"""


def test_a_waiting_handler_holds_back_its_own_connection_only(tmp_path: Path) -> None:
    """Its further messages stay in order behind it; another connection is served meanwhile."""

    async def body() -> None:
        async with (
            serving(tmp_path, {"app.soli": WAITS}) as site,
            site.connect("/ws") as waits,
            site.connect("/ws") as other,
        ):
            await waits.send("slow")
            await waits.send("quick 1")
            await waits.send("quick 2")
            await site.until(lambda: site.server.service.calls.runners.suspended == 1)
            await other.send("mine")
            assert await receive(other) == "mine"
            assert site.server.service.calls.runners.suspended == 1
            got = [await receive(waits) for _ in range(3)]
        assert got == ["slow", "quick 1", "quick 2"]

    run(body)


CANCELLED = """
router_websocket("/ws", "app#handle")
seen = []
def handle(event)
  seen.push(event["type"])
  if event["type"] == "message"
    begin
      sleep(30)
      seen.push("slept")
    rescue e
      seen.push("rescued")
    ensure
      seen.push("ensured")
    end
  end
  {}
end
get("/seen", "app#all")
def all
  seen
end
"""


def test_a_connection_that_dies_takes_back_its_waiting_handler(tmp_path: Path) -> None:
    """Its `ensure` runs, its `rescue` does not, and then the disconnect event is handled."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": CANCELLED}) as site:
            client = await site.connect("/ws")
            await client.send("go")
            await site.until(lambda: site.server.service.calls.runners.suspended == 1)
            client.transport.abort()
            await site.until(lambda: site.realtime.count() == 0)
            answer = await site.get("/seen")
        assert answer.json == ["connect", "message", "ensured", "disconnect"]

    run(body)


DIES_IN_CONNECT = """
router_websocket("/ws", "app#handle")
seen = []
def handle(event)
  seen.push(event["type"])
  sleep(30) if event["type"] == "connect"
  {}
end
get("/seen", "app#all")
def all
  seen
end
"""


def test_a_connection_that_dies_during_connect_still_gets_its_disconnect(tmp_path: Path) -> None:
    """Exactly once, after the connect."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": DIES_IN_CONNECT}) as site:
            client = await site.connect("/ws")
            await site.until(lambda: site.server.service.calls.runners.suspended == 1)
            client.transport.abort()
            await site.until(lambda: site.realtime.count() == 0)
            answer = await site.get("/seen")
        assert answer.json == ["connect", "disconnect"]

    run(body)


def test_waiting_too_long_is_a_limit_error(tmp_path: Path) -> None:
    """`handler-suspend-seconds` bounds it; the connection lives on."""

    async def body() -> None:
        files = {"app.soli": WAITS.replace("0.05", "30")}
        async with (
            serving(tmp_path, files, handler_suspend_seconds=0.05) as site,
            site.connect("/ws") as client,
        ):
            await client.send("slow")
            await client.send("after")
            assert await receive(client) == "after"
            assert "wait limit exceeded" in site.log

    run(body)


SLOW_CONNECT = """
router_websocket("/ws", "app#handle")
ready = {}
def handle(event)
  id = event["connection_id"]
  if event["type"] == "connect"
    sleep(0.02)
    ready[id] = true
    return {}
  end
  return { "send": str(ready[id]) } if event["type"] == "message"
  {}
end
"""


def test_no_message_is_handled_before_connect_is_done(tmp_path: Path) -> None:
    """Even when connect waits and the client does not."""

    async def body() -> None:
        async with (
            serving(tmp_path, {"app.soli": SLOW_CONNECT}) as site,
            site.connect("/ws") as client,
        ):
            await client.send("early")
            assert await receive(client) == "true"

    run(body)


FAILS_TO_CONNECT = """
router_websocket("/ws", "app#handle")
seen = []
def handle(event)
  seen.push(event["type"])
  throw "no" if event["type"] == "connect"
  {}
end
get("/seen", "app#all")
def all
  seen
end
"""


def test_a_failing_connect_closes_with_1011(tmp_path: Path) -> None:
    """The client learns no reason; the disconnect event follows."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": FAILS_TO_CONNECT}) as site:
            client = await site.connect("/ws")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await receive(client)
            await site.until(lambda: site.realtime.count() == 0)
            answer = await site.get("/seen")
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1011, "")
        assert answer.json == ["connect", "disconnect"]

    run(body)
