"""`soli_runtime.asgi` behind uvicorn and hypercorn, alone and mounted in FastAPI."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from soli_runtime import AsgiApp, Settings, asgi
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ..support.constants import smaller
from ..support.live import ROOT, LiveServer, answering, eventually, receive, receive_json
from ..support.ports import free_port
from .page_behind import PATIENCE, all_of_the_page_is_true
from .presence_clients import judging
from .test_presence_clients import PresenceClients

APP = Path(__file__).parent / "apps" / "asgi.soli"
SCRIPTED = APP.with_name("scripted.soli")
QUICK_START = ROOT / "tests" / "page" / "samples" / "quick_start"
SERVERS = ["uvicorn", "hypercorn"]


@contextmanager
def hosting(server: str, app: Path, *flags: str) -> Iterator[LiveServer]:
    """The host of `asgi_host.py`, for the length of a block."""
    arguments = [server, str(free_port()), str(app), *flags]
    with answering([sys.executable, "-m", "tests.e2e.asgi_host", *arguments]) as host:
        yield host


@pytest.fixture(scope="module", params=SERVERS)
def host(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    with hosting(request.param, APP) as server:
        yield server


@pytest.mark.parametrize("server", SERVERS)
def test_the_quick_start_of_the_page_echoes(server: str) -> None:
    """Verbatim."""
    with hosting(server, QUICK_START) as host, host.connect("/ws/echo") as client:
        client.send("hello")

        assert receive(client) == "echo: hello"


@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("server", SERVERS)
def test_the_samples_of_the_page_are_true(server: str) -> None:
    """All tests of the page, with its samples behind that server."""
    all_of_the_page_is_true(server)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("server", SERVERS)
def test_presence_is_right_after_every_sequence(server: str) -> None:
    """For the page's client, npm's phoenix and our own, also when they come back."""
    with (
        smaller(presence_resync_seconds=0.05),
        hosting(server, SCRIPTED, "--message-rate", "0") as host,
        judging() as judge,
    ):
        run_state_machine_as_test(
            lambda: PresenceClients(host, judge),
            settings=settings(
                max_examples=6, stateful_step_count=25, phases=[Phase.explicit, Phase.generate]
            ),
        )


def test_rooms_presence_and_helpers(host: LiveServer) -> None:
    """Two people in a room; what one says, what an HTTP action says, who is there, who left."""
    with host.connect("/ws/room/lobby?as=ada") as ada:
        assert list(receive_json(ada)["payload"]) == ["ada"]
        with host.connect("/ws/room/lobby?as=bob") as bob:
            assert list(receive_json(bob)["payload"]) == ["ada", "bob"]
            assert list(receive_json(ada)["payload"]["joins"]) == ["bob"]
            bob.send("hello")
            assert [receive(ada), receive(bob)] == ["hello", "hello"]
            assert host.get_text("/say/from%20http") == "said"
            assert [receive(ada), receive(bob)] == ["from http", "from http"]
        assert list(receive_json(ada)["payload"]["leaves"]) == ["bob"]


def test_binary_messages(host: LiveServer) -> None:
    """Bytes come back as they went."""
    with host.connect("/ws/room/bytes") as client:
        receive(client)
        client.send(b"\0\xff")

        assert client.recv(timeout=20) == b"\0\xff"


def test_subprotocols_are_chosen(host: LiveServer) -> None:
    """One that the route speaks."""
    with host.connect("/ws/room/x", subprotocols=["other", "chat.v1"]) as client:
        assert client.subprotocol == "chat.v1"


def test_a_close_by_the_app_carries_code_and_reason(host: LiveServer) -> None:
    """4001, as the handler said."""
    with host.connect("/ws/room/x") as client:
        receive(client)
        client.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            receive(client)

    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as you wish")


def test_a_message_past_the_limit_is_1009(host: LiveServer) -> None:
    """Our limit, whatever the server's is."""
    with host.connect("/ws/room/x") as client:
        receive(client)
        client.send("x" * (1024 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            receive(client)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_another_origin_is_refused_with_its_reason(host: LiveServer) -> None:
    """403, before the upgrade."""
    with pytest.raises(InvalidStatus) as refused, host.connect("/ws/room/x", origin="http://evil"):
        pass

    assert refused.value.response.status_code == 403


def test_phoenix_speaks_arrays_here_too(host: LiveServer) -> None:
    """A heartbeat, and a message to the room."""
    with host.connect("/ws/room/x/websocket?vsn=2.0.0") as client:
        client.send('[null,"1","phoenix","heartbeat",{}]')
        replies = [receive_json(client) for _ in range(2)]
        status = {"status": "ok", "response": {}}
        assert [None, "1", "phoenix", "phx_reply", status] in replies
        client.send('["1","2","room:x","say",{"text":"hi"}]')
        _, _, topic, event, payload = receive_json(client)
        assert (topic, event, payload) == ("room:x", "say", {"text": "hi"})


def test_a_page_can_hear_why_it_is_refused(host: LiveServer) -> None:
    """403, as a close code."""
    with (
        host.connect("/ws/room/x?soli_refusal=1", origin="http://evil") as client,
        pytest.raises(ConnectionClosed) as closed,
    ):
        receive(client)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    assert closed.value.rcvd.reason


def test_actions_get_what_the_client_sent(host: LiveServer) -> None:
    """Path, query, address, JSON body."""
    assert host.get("/hello/%C3%A4?x=1") == {"hello": "ä", "query": {"x": "1"}, "ip": "127.0.0.1"}
    body = json.dumps({"list": list(range(50_000))}).encode()
    request = urllib.request.Request(
        f"{host.url}/echo", body, {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.loads(answer.read()) == json.loads(body)


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/ws/room/x", 426)])
def test_what_is_not_there(host: LiveServer, path: str, status: int) -> None:
    """As behind `soli run`."""
    with pytest.raises(HTTPError) as refused:
        host.get_text(path)
    assert refused.value.code == status
    refused.value.close()


def test_files_are_served(host: LiveServer) -> None:
    """The JavaScript client is, to every app."""
    assert host.get_text("/_soli/soli.js") == (ROOT / "clients/js/soli.js").read_text("utf-8")


@pytest.mark.parametrize("server", SERVERS)
def test_a_host_that_tells_nothing_of_its_life(server: str) -> None:
    """FastAPI forwards no lifespan to what is mounted: the app starts with its first request."""
    with hosting(server, APP, "mounted") as host:
        assert host.get("/live/hello/Ada")["hello"] == "Ada"
        with host.connect("/live/ws/room/lobby?as=ada") as client:
            receive(client)
            client.send("path")
            assert receive(client) == "/ws/room/lobby"
            assert host.get("/count") == {"connections": 1}
        eventually(lambda: host.get("/count") == {"connections": 0}, "it was never forgotten")


async def _receive(*messages: dict[str, Any]) -> Any:
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return receive


@pytest.mark.parametrize("kind", ["lifespan", "gopher"])
def test_odd_hosts_are_told_so(kind: str, tmp_path: Path) -> None:
    """A start that fails is reported by the protocol; an unknown scope is named."""
    app = asgi(APP, settings=Settings(store=f"sqlite:{tmp_path}/no/such/folder/db"))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def serve() -> None:
        await app({"type": kind}, await _receive({"type": "lifespan.startup"}), send)

    if kind == "lifespan":
        asyncio.run(serve())
        assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
        assert "no/such/folder" in sent[0]["message"]
    else:
        with pytest.raises(RuntimeError, match="not 'gopher'"):
            asyncio.run(serve())


@pytest.mark.parametrize("headers", [[(b"host", b"a"), (b"Host", b"b")]])
def test_two_hosts_are_a_bad_request(headers: Any) -> None:
    """As the server itself answers (RFC 9112 3.2): whom would `allowed-hosts` have to believe?"""
    sent = asyncio.run(_answered(asgi(APP), headers, iter([{"type": "http.request"}]).__next__))
    assert sent[0]["status"] == 400


def test_a_body_of_nothing_without_an_end_is_given_up() -> None:
    """It costs neither the time of a body nor the loop, which such a host never lets go."""
    asked = itertools.count(1)

    def next_part() -> dict[str, Any]:
        assert next(asked) < 100_000
        return {"type": "http.request", "body": b"", "more_body": True}

    asyncio.run(_answered(asgi(APP), [(b"host", b"a")], next_part))


async def _answered(app: AsgiApp, headers: Any, next_part: Any) -> list[Any]:
    """What one POST is answered."""
    sent: list[Any] = []

    async def receive() -> Any:
        return next_part()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/echo", "headers": headers}
    async with asyncio.timeout(10):
        await app(scope, receive, send)
        await app.mounted.stop()
    return sent
