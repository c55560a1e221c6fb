"""Who gets in: origins, authentication, limits; and what the others are told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import websockets
from soli_runtime import ANONYMOUS, Refusal

from .support import receive, receive_json, run, serving

ECHO = {
    "app.soli": """router_websocket("/ws/:room", "app#handle")
def handle(event)
  return { "send": get_current_user() } if event["type"] == "message"
  {}
end
"""
}


async def refused(site: Any, path: str = "/ws/a", **options: Any) -> int:
    """The HTTP status that refuses a connection."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await site.connect(path, **options)
    return int(caught.value.response.status_code)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Cookie": "session_id=x"}, 403),
        ({"Authorization": "Bearer x"}, 403),
    ],
)
def test_strangers_pages_are_refused(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    """A foreign origin, and credentials without any."""

    async def body() -> None:
        async with serving(tmp_path, ECHO) as site:
            assert await refused(site, additional_headers=headers) == status
            assert "reason=origin" in site.log
            assert site.counts["upgrade_refused"] == 1

    run(body)


def test_the_same_host_is_welcome(tmp_path: Path) -> None:
    """With cookies too."""

    async def body() -> None:
        async with serving(tmp_path, ECHO) as site:
            headers = {"Cookie": "a=b", "Origin": site.url}
            async with site.connect("/ws/a", additional_headers=headers) as client:
                await client.send("x")
                assert await receive(client) == "null"

    run(body)


def test_allowed_origins_are_welcome(tmp_path: Path) -> None:
    """And then only those."""

    async def body() -> None:
        async with serving(tmp_path, ECHO, allowed_origins=("https://app.example",)) as site:
            async with site.connect("/ws/a", origin="https://app.example"):
                pass
            assert await refused(site, origin="https://other.example") == 403

    run(body)


def test_an_undeclared_path_is_not_found(tmp_path: Path) -> None:
    """404 before any upgrade."""

    async def body() -> None:
        async with serving(tmp_path, ECHO) as site:
            assert await refused(site, "/nowhere") == 404

    run(body)


def test_a_plain_get_on_a_websocket_route_says_what_it_is(tmp_path: Path) -> None:
    """426 with the protocol to upgrade to."""

    async def body() -> None:
        async with serving(tmp_path, ECHO) as site:
            answer = await site.get("/ws/a")
        assert answer.status == 426
        assert answer.headers["Upgrade"] == "websocket"

    run(body)


def test_too_many_connections_are_refused(tmp_path: Path) -> None:
    """503; one that goes makes room for another."""

    async def body() -> None:
        async with serving(tmp_path, ECHO, max_connections=1) as site:
            async with site.connect("/ws/a"):
                assert await refused(site) == 503
            await site.until(lambda: site.server.service.connections.admission.count == 0)
            async with site.connect("/ws/a"):
                pass

    run(body)


def test_too_many_connections_of_one_address_are_refused(tmp_path: Path) -> None:
    """429."""

    async def body() -> None:
        async with (
            serving(tmp_path, ECHO, max_connections_per_ip=1) as site,
            site.connect("/ws/a"),
        ):
            assert await refused(site) == 429

    run(body)


AUTHENTICATED = {
    "config/routes.soli": """router_websocket("/ws/:room", "chat#handle")
get("/me", "chat#me")
def authenticate(request)
  return halt(401, "who are you?") if request["query"]["token"] == "bad"
  return halt(429, "slow down") if request["query"]["token"] == "fast"
  return forbidden("no") if request["query"]["token"] == "forbidden"
  return [1][9] if request["query"]["token"] == "crash"
  return request["query"].length if request["query"]["token"] == "number"
  return request["query"].empty? if request["query"]["token"] == "false"
  return { "id": params()["room"] } if request["query"]["token"] == "params"
  return anonymous() if request["query"]["token"] == null
  {
    "id": request["query"]["token"],
    "room": request["params"]["room"],
    "path": request["path"],
    "cookie": request["cookies"]["c"],
    "ip": request["remote_ip"],
    "agent": request["headers"]["x-agent"]
  }
end
""",
    "app/controllers/chat_controller.soli": """def handle(event)
  return { "send": get_current_user() } if event["type"] == "message"
  {}
end
def me
  get_current_user()
end
""",
}


def test_authenticate_says_who_it_is(tmp_path: Path) -> None:
    """From path, params, query, headers, cookies and address."""

    async def body() -> None:
        async with serving(tmp_path, AUTHENTICATED) as site:
            headers = {"Cookie": "c=5", "Origin": site.url, "X-Agent": "test"}
            async with site.connect("/ws/a?token=ada", additional_headers=headers) as client:
                await client.send("x")
                user = await receive_json(client)
        assert user == {
            "id": "ada",
            "room": "a",
            "path": "/ws/a",
            "cookie": "5",
            "ip": "127.0.0.1",
            "agent": "test",
        }

    run(body)


def test_authenticate_can_ask_for_parameters(tmp_path: Path) -> None:
    """Those of the route: the body is not read before the gate is passed."""

    async def body() -> None:
        async with (
            serving(tmp_path, AUTHENTICATED) as site,
            site.connect("/ws/a?token=params") as client,
        ):
            await client.send("x")
            assert await receive_json(client) == {"id": "a"}

    run(body)


def test_null_is_an_anonymous_visitor(tmp_path: Path) -> None:
    """Who gets in."""

    async def body() -> None:
        async with (
            serving(tmp_path, AUTHENTICATED) as site,
            site.connect("/ws/a") as client,
        ):
            await client.send("x")
            assert await receive(client) == "null"

    run(body)


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("bad", 401),
        ("fast", 429),
        ("forbidden", 403),
        ("crash", 500),
        ("number", 500),
        ("false", 500),
    ],
)
def test_authentication_can_refuse_the_upgrade(tmp_path: Path, token: str, status: int) -> None:
    """With an HTTP status, before the upgrade; no handler runs."""

    async def body() -> None:
        async with serving(tmp_path, AUTHENTICATED) as site:
            assert await refused(site, f"/ws/a?token={token}") == status
            assert site.realtime.count() == 0
            assert site.server.service.connections.admission.count == 0
            assert "token=" not in site.log

    run(body)


def test_a_host_can_authenticate_in_python(tmp_path: Path) -> None:
    """With an async function, in place of the program's."""

    async def who(request: dict[str, Any]) -> dict[str, Any]:
        return {"id": request["query"]["name"]}

    async def body() -> None:
        async with (
            serving(tmp_path, AUTHENTICATED, authenticate=who) as site,
            site.connect("/ws/a?name=py") as client,
        ):
            await client.send("x")
            assert await receive_json(client) == {"id": "py"}

    run(body)


def test_an_app_can_define_get_current_user_itself(tmp_path: Path) -> None:
    """Then the builtin is out of the game."""

    async def body() -> None:
        files = {**AUTHENTICATED}
        files["app/helpers/users.soli"] = 'def get_current_user()\n  "mine"\nend\n'
        async with serving(tmp_path, files) as site, site.connect("/ws/a?token=ada") as client:
            await client.send("x")
            assert await receive(client) == "mine"

    run(body)


def test_forwarded_headers_count_from_trusted_proxies_only(tmp_path: Path) -> None:
    """Anybody else may not say who they are."""

    async def body(trusted: tuple[str, ...], ip: str) -> None:
        async with serving(tmp_path, AUTHENTICATED, trusted_proxies=trusted) as site:
            headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7"}
            async with site.connect("/ws/a?token=x", additional_headers=headers) as client:
                await client.send("x")
                assert (await receive_json(client))["ip"] == ip
            hints = site.log.count("--trusted-proxies 127.0.0.1")
            assert hints == (0 if trusted else 1)

    run(lambda: body(("127.0.0.0/8",), "203.0.113.7"))
    run(lambda: body((), "127.0.0.1"))


def test_an_action_can_ask_who_it_is_too(tmp_path: Path) -> None:
    """A refusal is then nobody."""

    async def body() -> None:
        async with serving(tmp_path, AUTHENTICATED) as site:
            assert (await site.get("/me?token=ada")).json["id"] == "ada"
            assert (await site.get("/me")).status == 204
            assert (await site.get("/me?token=bad")).status == 204

    run(body)


def test_authentication_beside_a_handler_is_for_its_routes(tmp_path: Path) -> None:
    """Each controller may have its own."""
    files = {
        "config/routes.soli": """router_websocket("/a", "one#handle")
router_websocket("/b", "two#handle")
""",
        "app/controllers/one_controller.soli": """def handle(event)
  {}
end
def authenticate(request)
  halt(401, "no")
end
""",
        "app/controllers/two_controller.soli": """def handle(event)
  {}
end
def authenticate(request)
  halt(403, "not for you")
end
""",
    }

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert await refused(site, "/a") == 401
            assert await refused(site, "/b") == 403

    run(body)


def _raises(request: dict[str, Any]) -> Any:
    raise RuntimeError("no database")


HOST_ANSWERS: dict[str, tuple[Any, int | None]] = {
    "an identity": (lambda request: {"id": "ada", "status": 401}, None),
    "a mapping": (lambda request: MappingProxyType({"user_id": 7}), None),
    "a stranger": (lambda request: ANONYMOUS, None),
    "a refusal": (lambda request: Refusal(403, "not you", retry_after=60), 403),
    "a response": (lambda request: {"status": 402, "body": "pay"}, 402),
    "None": (lambda request: None, 500),
    "an identity without id": (lambda request: {"name": "ada"}, 500),
    "nearly a response": (lambda request: {"status": 401, "error": "no"}, 500),
    "an empty id": (lambda request: {"id": ""}, 500),
    "an id that is a bool": (lambda request: {"id": True}, 500),
    "a bool": (lambda request: True, 500),
    "a refusal that would let in": (lambda request: Refusal(101, "come in"), 500),
    "an exception": (_raises, 500),
}


@pytest.mark.parametrize("name", HOST_ANSWERS)
def test_a_host_lets_in_an_identity_or_says_that_a_stranger_may(tmp_path: Path, name: str) -> None:
    """All else refuses, and a failure is told in the log; a coroutine function does the same."""
    answer, status = HOST_ANSWERS[name]

    async def waiting(request: dict[str, Any]) -> Any:
        await asyncio.sleep(0)
        return answer(request)

    async def body(authenticate: Any) -> None:
        async with serving(tmp_path, AUTHENTICATED, authenticate=authenticate) as site:
            if status is None:
                async with site.connect("/ws/a"):
                    pass
            else:
                with pytest.raises(websockets.InvalidStatus) as caught:
                    await site.connect("/ws/a")
                response = caught.value.response
                assert response.status_code == status
                assert response.headers.get("Retry-After") == ("60" if status == 403 else None)
            assert site.counts["authenticate_error"] == (1 if status == 500 else 0)

    run(lambda: body(answer))
    run(lambda: body(waiting))


def test_a_written_return_null_lets_in_for_one_version_more(tmp_path: Path) -> None:
    """With a warning when it is loaded; a null that falls out of a look-up does not."""
    files = {
        "app.soli": 'router_websocket("/ws/:room", "app#handle")\n'
        "def authenticate(request)\n"
        '  return null if request["query"]["how"] == "written"\n'
        '  return (1 == 1 ? null : halt(401)) if request["query"]["how"] == "chosen"\n'
        '  session_get("user")\nend\n'
        'def handle(event)\n  { "send": get_current_user() }\nend\n'
    }

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert site.log.count("'return null' lets a stranger in, and will refuse") == 2
            for how in ("written", "chosen"):
                async with site.connect(f"/ws/a?how={how}") as client:
                    assert await receive(client) == "null"
            assert await refused(site) == 500
            assert "null says neither who it is nor that strangers may come in" in site.log
            assert "app.soli:2:1" in site.log

    run(body)


def test_an_action_that_asks_a_gate_that_fails_fails(tmp_path: Path) -> None:
    """It is told nobody's name, and nobody is taken for a stranger."""

    async def body() -> None:
        async with serving(tmp_path, AUTHENTICATED) as site:
            assert (await site.get("/me?token=number")).status == 500
            assert (await site.get("/me?token=crash")).status == 500
            assert (await site.get("/me?token=forbidden")).status == 204

    run(body)
