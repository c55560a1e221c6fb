"""A fault of ours in one connection's code path, put in on purpose at every way in from the loop.

Each closes that connection with 1011; the others get all that they are to get, and what served
everybody (rooms, the wheel, timers) goes on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop
import websockets
from soli_runtime.ws.connection import Connection
from soli_runtime.ws.protocol.outgoing import Outgoing

from .hostile import connected, hang_up, still_calm
from .support import SECONDS, Site, receive, receive_json, run, serving

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  sleep(0.05) if event["message"] == "slow"
  return event["message"].to_h if event["message"].starts_with("{")
  { "send": event["message"] }
end
"""
}


@pytest.fixture(autouse=True, params=["asyncio", "uvloop"])
def _loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """What becomes of an exception that reaches the loop differs between the two."""
    if request.param == "uvloop":
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    yield
    asyncio.set_event_loop_policy(None)


def fail(*_: Any, **__: Any) -> Any:
    """Stands in for code of ours that has a bug."""
    raise RuntimeError("a bug of ours")


def failing_once(call: Callable[..., Any]) -> Callable[..., Any]:
    """*call*, but for its first time."""
    calls: list[Callable[..., Any]] = [fail]
    return lambda *arguments: (calls.pop() if calls else call)(*arguments)


@asynccontextmanager
async def two(site: Site) -> AsyncIterator[tuple[Any, Any, Connection]]:
    """The client that is to suffer, one that must not, and the server's end of the first."""
    async with site.connect("/ws") as other, site.connect("/ws") as victim:
        for client in (other, victim):
            await still_calm(client)
        yield victim, other, end_of(site, site.realtime.clients()[-1])


def end_of(site: Site, connection_id: str) -> Connection:
    connection: Connection = site.server.service.live.conversations[connection_id].connection
    return connection


async def says(client: Any, **actions: Any) -> None:
    await client.send(json.dumps(actions))


async def is_closed_with_1011(client: Any) -> None:
    async with asyncio.timeout(SECONDS):
        with suppress(websockets.ConnectionClosedError):
            async for _ in client:
                pass
    assert (client.close_code, client.close_reason) == (1011, "")


async def only_the_victim_goes(site: Site, victim: Any, other: Any) -> None:
    """1011 for one; the other answers, and nothing is left of the first."""
    await is_closed_with_1011(victim)
    await site.until(lambda: site.realtime.count() == 1)
    await still_calm(other)
    service = site.server.service
    assert service.endpoint.counters.listener_errors >= 1
    assert service.endpoint.counters.closes == {(1011, "listener_error"): 1}
    assert service.connections.admission.count == 1


# --- opening, messages, closing ---


def test_opening(tmp_path: Path) -> None:
    """`on_open`."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as other:
            await still_calm(other)
            hub = site.server.service.hub
            hub.connect = failing_once(hub.connect)
            async with site.connect("/ws") as victim:
                await only_the_victim_goes(site, victim, other)

    run(body)


@pytest.mark.parametrize("first", ["hello", "slow"])
def test_reading(tmp_path: Path, first: str) -> None:
    """The parser, on what comes in and on what was kept back while a handler waited."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, compression=True) as site,
            two(site) as (victim, other, connection),
        ):
            connection._inflate = fail
            await victim.send(first)
            await victim.send("x" * 500)
            await only_the_victim_goes(site, victim, other)

    run(body)


def test_the_short_cut_for_short_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its own code."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, two(site) as (victim, other, _):
            for _ in range(4):
                await still_calm(victim)  # the short cut is for who is known to be light
            monkeypatch.setattr("soli_runtime.ws.connection.unmask", fail)
            await victim.send("hello")
            await is_closed_with_1011(victim)
            monkeypatch.undo()
            await still_calm(other)

    run(body)


@pytest.mark.parametrize("call", ["closing", "disconnect"])
def test_closing(tmp_path: Path, call: str) -> None:
    """`on_closed`: the client is gone anyway; what we keep of it has to go as well."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            service = site.server.service
            async with two(site) as (victim, other, _):
                await says(other, join="room")
                await says(victim, join="room", track={"channel": "room", "user_id": "victim"})
                while (await receive_json(victim))["event"] != "presence_state":
                    pass
                broken = service.hub if call == "closing" else service.hub.presence
                name = call if call == "closing" else "forget"
                setattr(broken, name, failing_once(getattr(broken, name)))
                await victim.close()
                await site.until(lambda: len(service.live.conversations) == 1)
                assert service.hub.clients_in("room") == [site.realtime.clients()[0]]
                assert service.connections.admission.count == 1
                assert service.state.tally.handler_errors["app#handle", "internal"] == 1
                assert service.endpoint.counters.listener_errors == 1
                await other.send("still here?")
                while await receive(other) != "still here?":
                    pass

    run(body)


# --- what others send to it ---


@pytest.mark.parametrize(
    "actions",
    [
        {"broadcast": "news"},
        {"broadcast_channel": {"channel": "room", "message": "news"}},
        {"broadcast": "news", "broadcast_channel": {"channel": "room", "message": "more"}},
    ],
    ids=["everybody", "room", "overlapping rooms"],
)
def test_a_broadcast(tmp_path: Path, actions: dict[str, Any]) -> None:
    """The fan-out's flush: a transport that raises is closed, the others have the message."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP) as site,
            site.connect("/ws") as third,
            two(site) as (victim, other, connection),
        ):
            for client in (victim, other, third):
                await says(client, join="room", send="joined")
                assert await receive(client) == "joined"
            break_once(connection)
            await says(other, **actions)
            for client in (other, third):
                got = [await receive(client) for _ in range(len(actions))]
                assert sorted(got) == sorted(["news", "more"][: len(actions)])
            await is_closed_with_1011(victim)
            await still_calm(third)

    run(body)


class BrokenOnce:
    """A transport whose next write raises, and past which nothing may be written."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.write = failing_once(transport.write)

    def get_extra_info(self, name: str) -> Any:
        return "TLS" if name == "sslcontext" else self._transport.get_extra_info(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def break_once(connection: Connection) -> None:
    """Let the next write to *connection* raise."""
    broken: Any = BrokenOnce(connection.transport)
    connection._transport = broken
    connection._put_to(broken.write)


def test_a_message_that_cannot_be_compressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who missed it is closed rather than left without; the next message reaches the rest."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, compression=True) as site,
            site.connect("/ws", compression=None) as plain,
            two(site) as (victim, other, _),
        ):
            await says(victim, join="room", send="joined")
            assert await receive(victim) == "joined"
            monkeypatch.setattr(Outgoing, "_deflate", fail)
            await says(plain, broadcast_channel={"channel": "room", "message": "news"})
            await is_closed_with_1011(victim)
            monkeypatch.undo()
            await says(plain, broadcast="more")
            assert await receive(plain) == "more"
            assert await receive(other) == "more"

    run(body)


def test_a_presence_diff(tmp_path: Path) -> None:
    """It is sent to each subscriber by itself: one that raises is skipped and closed."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP) as site,
            two(site) as (victim, other, connection),
            site.connect("/ws") as third,
        ):
            for client in (victim, other, third):
                await says(client, join="c", send="joined")
                assert await receive(client) == "joined"
            break_once(connection)
            await says(other, track={"channel": "c", "user_id": "other"})
            assert (await receive_json(third))["event"] == "presence_state"
            assert (await receive_json(other))["event"] == "presence_state"
            await is_closed_with_1011(victim)
            await still_calm(third)
            await still_calm(other)

    run(body)


def test_a_direct_message(tmp_path: Path) -> None:
    """`ws_send`: the fault is not that of the handler that sends."""
    app = {"app.soli": APP["app.soli"] + 'get("/tell/:id", "app#tell")\n' + TELL}

    async def body() -> None:
        async with serving(tmp_path, app) as site, two(site) as (victim, other, connection):
            break_once(connection)
            answer = await site.get(f"/tell/{site.realtime.clients()[-1]}")
            assert answer.text == "told"
            await only_the_victim_goes(site, victim, other)

    run(body)


TELL = """def tell(request)
  ws_send(request["params"]["id"], "hello")
  "told"
end
"""


def test_being_closed_by_another(tmp_path: Path) -> None:
    """`ws_close`: a transport that does not even take the Close frame is cut."""
    app = {"app.soli": APP["app.soli"] + 'get("/close/:id", "app#end_it")\n' + END_IT}

    async def body() -> None:
        async with serving(tmp_path, app) as site, two(site) as (victim, other, connection):
            break_once(connection)
            answer = await site.get(f"/close/{site.realtime.clients()[-1]}")
            assert answer.text == "closed"
            await site.until(lambda: site.realtime.count() == 1)
            with pytest.raises(websockets.ConnectionClosed):
                await receive(victim)
            await still_calm(other)

    run(body)


END_IT = """def end_it(request)
  ws_close(request["params"]["id"], "bye")
  "closed"
end
"""


def test_stopping(tmp_path: Path) -> None:
    """One that cannot be told keeps nobody else from hearing 1001, nor the server from ending."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, shutdown_seconds=2) as site,
            two(site) as (_, other, connection),
            site.connect("/ws") as third,
        ):
            await still_calm(third)
            break_once(connection)
            await site.server.service.stop()
            for client in (other, third):
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await receive(client)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1001
            assert site.server.service.live.conversations == {}

    run(body)


# --- HTTP beside it ---


def test_a_request(tmp_path: Path) -> None:
    """Before any handler is found: 500, a line, a count; sockets live on."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, two(site) as (_, other, _end):
            http = site.server.service.program.http
            http._begin = failing_once(http._begin)
            answer = await site.get("/nothing")
            assert (answer.status, answer.text) == (500, "Internal Server Error")
            assert "request_failed kind=internal" in site.log
            assert site.server.service.state.tally.responses[500] == 1
            await still_calm(other)

    run(body)


# --- timers ---


def recorded_pings(
    monkeypatch: pytest.MonkeyPatch, broken: Connection | None = None
) -> list[Connection]:
    """Whose pings are sent from now on; those of *broken* raise."""
    pinged: list[Connection] = []
    ping_due = Connection.ping_due

    def ping(self: Connection) -> None:
        if self is broken:
            fail()
        ping_due(self)
        pinged.append(self)

    monkeypatch.setattr(Connection, "ping_due", ping)
    return pinged


def test_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ping that raises stops no other's: the silent are still found."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, ping_seconds=0.2) as site,
            two(site) as (victim, other, connection),
        ):
            pinged = recorded_pings(monkeypatch, connection)
            await only_the_victim_goes(site, victim, other)
            remaining = end_of(site, site.realtime.clients()[0])
            pinged.clear()
            await site.until(lambda: remaining in pinged)
            await site.until(lambda: remaining._unanswered == 0)

    run(body)


def test_a_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same at the end of a close handshake."""
    seen: list[Connection] = []

    def deadline(self: Connection) -> None:
        seen.append(self)
        fail()

    async def body() -> None:
        async with serving(tmp_path, APP, ping_seconds=0.2) as site:
            wheel = site.server.service.endpoint.wheel
            wheel._close_seconds = 0.1
            monkeypatch.setattr(Connection, "deadline_passed", deadline)
            pinged = recorded_pings(monkeypatch)
            async with two(site) as (_, other, connection):
                wheel.expect_close(connection)
                await site.until(lambda: connection in seen)
                await still_calm(other)
                remaining = end_of(site, site.realtime.clients()[0])
                pinged.clear()
                await site.until(lambda: remaining in pinged)

    run(body)


async def refreshed(client: Any, channel: str) -> bool:
    """Wait for a snapshot with two devices."""
    while True:
        message = await receive_json(client)
        if message["event"] == "presence_state" and message.get("channel", channel) == channel:
            metas = message["payload"].get("u", {"metas": []})["metas"]
            if len(metas) == 2:
                return True


def test_a_refresh_of_device_counts(tmp_path: Path) -> None:
    """A channel whose refresh fails costs no other channel its own, now or later."""

    async def body() -> None:
        limits = {"presence_resync_seconds": 0.05}
        async with serving(tmp_path, APP, **limits) as site, two(site) as (one, other, _):
            audience = site.server.service.hub.presence.audience
            resync = audience._resync

            def broken(room: str, *arguments: Any, **options: Any) -> None:
                if room == "bad":
                    fail()
                resync(room, *arguments, **options)

            audience._resync = broken
            for channel in ("bad", "good"):
                await says(other, track={"channel": channel, "user_id": "u"})
                assert (await receive_json(other))["event"] == "presence_state"
            for channel in ("bad", "good"):
                await says(one, track={"channel": channel, "user_id": "u"})
            assert await refreshed(other, "good")
            audience._resync = resync
            await says(one, untrack="bad")
            await says(one, track={"channel": "bad", "user_id": "u"})
            assert await refreshed(other, "bad")

    run(body)


def test_the_timer_of_refreshes(tmp_path: Path) -> None:
    """A fault while they are sent does not stop those to come."""

    async def body() -> None:
        limits = {"presence_resync_seconds": 0.05}
        async with serving(tmp_path, APP, **limits) as site, two(site) as (one, other, _):
            delivery = site.server.service.connections.delivery
            await says(other, track={"channel": "c", "user_id": "u"})
            assert (await receive_json(other))["event"] == "presence_state"
            presence = site.server.service.hub.presence
            flushed = presence.flush
            presence.flush = failing_once(flushed)
            await says(one, track={"channel": "c", "user_id": "u"})
            assert await refreshed(other, "c")
            assert delivery._waking is None

    run(body)


def test_the_first_requests_of_connections(tmp_path: Path) -> None:
    """A silent connection that cannot be closed keeps no other one open."""

    async def body() -> None:
        async with serving(tmp_path, APP, handshake_timeout=0.1) as site:
            server = site.server.web_server
            server._drop = failing_once(server._drop)
            async with connected(site), connected(site) as (reader, _):
                await hang_up(reader)

    run(body)
