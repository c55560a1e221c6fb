"""Logins and logouts: ids of sessions, flags of cookies, and the sockets that hang on them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import websockets

from .support import SECONDS, receive, run, serving

APP = {
    "app.soli": """router_websocket("/ws", "x#handle")
get("/start", "x#start")
post("/login/:name", "x#login")
post("/logout", "x#logout")
post("/renew", "x#renew")
post("/kick/:name", "x#kick")
get("/me", "x#me")
get("/cookie", "x#cookie")
def authenticate(request)
  return halt(401, "sign in first") if session_get("user_id").nil?
  { "id": session_get("user_id") }
end
def handle(event)
  who = get_current_user()["id"]
  return { "track": { "channel": "c", "user_id": "t-" + who } } if event["type"] == "connect"
  return { "send": session_set("user_id", "mallory") } if event["message"] == "login"
  return { "send": session_get("user_id") } if event["type"] == "message"
  {}
end
def start
  session_set("cart", 1)
  session_id()
end
def login(req)
  session_set("user_id", req["params"]["name"])
  session_id()
end
def logout
  session_destroy()
  "bye"
end
def renew
  session_regenerate()
end
def kick(req)
  ws_close_user(req["params"]["name"], "kicked", 4001)
end
def me
  session_get("user_id") ?? "nobody"
end
def cookie(req)
  set_cookie("a", "1")
  set_cookie("b", "1", { "http_only": false, "same_site": "Strict" })
  "x"
end
"""
}


def cookie_of(answer: Any) -> str:
    return str(answer.headers["Set-Cookie"].partition(";")[0])


async def login(site: Any, name: str, **headers: str) -> str:
    return cookie_of(await site.request("POST", f"/login/{name}", headers=headers))


def socket(site: Any, cookie: str) -> Any:
    return site.connect("/ws", origin=site.url, additional_headers={"Cookie": cookie})


async def closed(client: Any) -> tuple[int, str]:
    """Code and reason of a close that comes by itself."""
    async with asyncio.timeout(SECONDS):
        with suppress(websockets.ConnectionClosed):
            async for _ in client:
                pass
        await client.wait_closed()
    return client.close_code, client.close_reason


def test_an_id_that_was_known_before_a_login_is_worth_nothing(tmp_path: Path) -> None:
    """Session fixation: the attacker's own live id became the victim's."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            planted = cookie_of(await site.get("/start"))
            victims = await login(site, "ada", Cookie=planted)
            assert victims != planted
            assert (await site.get("/me", headers={"Cookie": planted})).text == "nobody"
            assert (await site.get("/me", headers={"Cookie": victims})).text == "ada"

    run(body)


@pytest.mark.parametrize("end", ["/logout", "/renew", "/login/grace"])
def test_sockets_end_with_what_they_were_let_in_for(tmp_path: Path, end: str) -> None:
    """A logout, a new id, another user; those of other sessions stay."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            ada, grace = await login(site, "ada"), await login(site, "grace")
            async with socket(site, ada) as one, socket(site, ada) as two, socket(site, grace) as x:
                await site.request("POST", end, headers={"Cookie": ada})
                assert await closed(one) == (1008, "session ended")
                assert await closed(two) == (1008, "session ended")
                await x.send("who")
                while (await receive(x)) != "grace":
                    pass
            with pytest.raises(websockets.InvalidStatus) as caught:
                await socket(site, ada)  # a replay of the old cookie
            assert caught.value.response.status_code == 401

    run(body)


def test_sockets_end_with_a_session_that_gets_too_old(tmp_path: Path) -> None:
    """Nobody has to ask for it."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            store = site.server.service.program.sessions
            ada = await login(site, "ada")
            async with socket(site, ada) as client:
                store._clock = lambda: site.server.service.loop.time() + 2 * store._idle_seconds
                site.server.service.kept.age()
                assert await closed(client) == (1008, "session ended")

    run(body)


def test_a_logout_during_the_handshake_counts(tmp_path: Path) -> None:
    """The socket was let in a moment before, and is closed as soon as it is open."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            ada = await login(site, "ada")

            async def who(request: dict[str, Any]) -> dict[str, Any]:
                if request["path"] == "/ws":
                    await site.request("POST", "/logout", headers={"Cookie": ada})
                return {"id": "ada"}

            site.server.service.use_authenticate(who)
            async with socket(site, ada) as client:
                assert await closed(client) == (1008, "session ended")

    run(body)


def test_a_websocket_cannot_begin_a_login(tmp_path: Path) -> None:
    """It could not tell the client the new id."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            ada = await login(site, "ada")
            async with socket(site, ada) as client:
                await client.send("login")
                await site.until(lambda: "only an HTTP action can tell the client" in site.log)
            assert (await site.get("/me", headers={"Cookie": ada})).text == "ada"

    run(body)


@pytest.mark.parametrize("name", ["ada", "t-ada"])
def test_all_sockets_of_a_user_can_be_closed(tmp_path: Path, name: str) -> None:
    """Whom `authenticate` or `track` named so; nobody else's."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            ada, more = await login(site, "ada"), await login(site, "ada")
            grace = await login(site, "grace")
            async with socket(site, ada) as one, socket(site, more) as two, socket(site, grace):
                await site.until(lambda: site.realtime.presence_count("c") == 2)
                await site.request("POST", f"/kick/{name}")
                assert await closed(one) == (4001, "kicked")
                assert await closed(two) == (4001, "kicked")
                await site.until(lambda: site.realtime.count() == 1)
            await site.until(lambda: site.realtime.count() == 0)
            holders = site.server.service.connections.visitors
            assert (holders._by_session, holders._by_user) == ({}, {})

    run(body)


def test_a_connection_may_get_so_old_and_no_older(tmp_path: Path) -> None:
    """With `max-connection-age`, however busy it is."""

    async def body() -> None:
        async with serving(tmp_path, APP, max_connection_age=0.3) as site:
            before = site.server.service.loop.time()
            async with socket(site, await login(site, "ada")) as client:
                await client.send("who")
                assert await closed(client) == (1001, "maximum age")
                assert site.server.service.loop.time() - before >= 0.3

    run(body)


def test_cookies_have_their_flags(tmp_path: Path) -> None:
    """Unless the program says otherwise; `Secure` where the client speaks TLS."""

    async def body() -> None:
        async with serving(tmp_path, APP, trusted_proxies=("127.0.0.1",)) as site:
            plain = (await site.get("/cookie")).headers.getall("Set-Cookie")
            assert plain == [
                "a=1; Path=/; HttpOnly; SameSite=Lax",
                "b=1; Path=/; SameSite=Strict",
            ]
            secure = await site.get("/cookie", headers={"X-Forwarded-Proto": "https"})
            assert all("; Secure" in one for one in secure.headers.getall("Set-Cookie"))

    run(body)
