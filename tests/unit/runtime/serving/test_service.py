"""The life of a service, and who somebody is; through ASGI, without a socket."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from soli_runtime import AsgiApp, asgi

from ....support.http import app_of

ROOM = """
router_websocket("/ws/:room", "app#handle")

def authenticate(request)
  return halt(401, "who?") if request["query"]["as"] == null
  { "id": request["query"]["as"] }
end

def handle(event)
  room = event["params"]["room"]
  return { "join": room, "send": "hello " + get_current_user()["id"] } if event["type"] == "connect"
  return { "broadcast_room": event["message"] } if event["type"] == "message"
  ws_broadcast_room(room, "gone")
  {}
end
"""


class Client:
    """A WebSocket client of an ASGI application."""

    def __init__(self, app: AsgiApp, path: str) -> None:
        path, _, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"soli.test")],
            "client": ("127.0.0.1", 1),
            "scheme": "ws",
            "root_path": "",
            "extensions": {"websocket.http.response": {}},
        }
        self._to: asyncio.Queue[Any] = asyncio.Queue()
        self._from: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.ensure_future(app(scope, self._to.get, self._from.put))
        self._to.put_nowait({"type": "websocket.connect"})

    def send(self, text: str) -> None:
        self._to.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self, code: int = 1000) -> None:
        self._to.put_nowait({"type": "websocket.disconnect", "code": code})

    async def next(self) -> Any:
        async with asyncio.timeout(10):
            return await self._from.get()

    async def text(self) -> str:
        message = await self.next()
        assert message["type"] == "websocket.send", message
        return str(message["text"])


def in_a_room(folder: Path, test: Any) -> Any:
    async def whole() -> Any:
        app = asgi(app_of(folder, {"app.soli": ROOM}) / "app.soli")
        await app.mounted.start()
        try:
            return await test(app)
        finally:
            await app.mounted.stop()

    return asyncio.run(whole())


async def entered(app: AsgiApp, name: str) -> Client:
    client = Client(app, f"/ws/lobby?as={name}")
    assert (await client.next())["type"] == "websocket.accept"
    assert await client.text() == f"hello {name}"
    return client


def test_a_message_goes_to_the_room_and_its_order_stays(tmp_path: Path) -> None:
    """Also to whoever sent it."""

    async def test(app: AsgiApp) -> Any:
        ada, bob = await entered(app, "ada"), await entered(app, "bob")
        for number in range(5):
            ada.send(str(number))
        return [[await client.text() for _ in range(5)] for client in (ada, bob)]

    assert in_a_room(tmp_path, test) == [["0", "1", "2", "3", "4"]] * 2


@pytest.mark.parametrize("code", [1000, 1006])
def test_who_goes_has_a_disconnect_event(tmp_path: Path, code: int) -> None:
    """Whether they said goodbye or the line broke; then they are forgotten."""

    async def test(app: AsgiApp) -> Any:
        ada, bob = await entered(app, "ada"), await entered(app, "bob")
        bob.leave(code)
        text = await ada.text()
        await bob.task
        return text, app.realtime.count(), len(app.realtime.clients_in("lobby"))

    assert in_a_room(tmp_path, test) == ("gone", 1, 1)


def test_a_stranger_is_refused_before_the_upgrade(tmp_path: Path) -> None:
    """With the status and text of `authenticate`."""

    async def test(app: AsgiApp) -> Any:
        client = Client(app, "/ws/lobby")
        start, body = await client.next(), await client.next()
        return start["status"], body["body"]

    assert in_a_room(tmp_path, test) == (401, b"who?")


def test_stopping_closes_every_connection_with_1001(tmp_path: Path) -> None:
    """After their `disconnect` handlers."""

    async def test(app: AsgiApp) -> Any:
        ada = await entered(app, "ada")
        stopping = asyncio.ensure_future(app.mounted.stop())
        last = await ada.next()
        while last["type"] == "websocket.send":
            last = await ada.next()
        ada.leave(1001)
        await stopping
        return last["type"], last["code"]

    assert in_a_room(tmp_path, test) == ("websocket.close", 1001)


def test_outside_its_life_there_is_no_service(tmp_path: Path) -> None:
    """`realtime` says so."""
    app = asgi(app_of(tmp_path, {"app.soli": ROOM}) / "app.soli")
    with pytest.raises(RuntimeError, match="does not run"):
        app.realtime.count()
