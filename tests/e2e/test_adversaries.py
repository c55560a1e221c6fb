"""Many who mean harm at once, against an app that does what docs/security.md says."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import websockets

from .support import SECONDS, receive, run, serving

APP = {
    "app.soli": """router_websocket("/ws/:room", "x#handle")
post("/login/:name", "x#login")
post("/logout", "x#logout")
MEMBERS = { "ada": ["red"], "grace": ["red", "blue"] }

def authenticate(request)
  name = session_get("user_id")
  return halt(401, "sign in first") if name.nil?
  { "id": name }
end

# A user is let into the rooms that are theirs, whatever they ask for.
def may_enter(user, room)
  MEMBERS[user["id"]].includes?(room)
end

def handle(event)
  user = get_current_user()
  room = event["params"]["room"]
  if event["type"] == "connect"
    return { "close": { "code": 4003, "reason": "not your room" } } unless may_enter(user, room)
    return { "join": room, "send": "in" }
  end
  return {} unless event["type"] == "message"
  wanted = event["message"].to_h
  return { "send": event["message"] } if wanted["echo"]
  return { "send": "no" } unless may_enter(user, wanted["room"] ?? "")
  { "broadcast_channel": { "channel": wanted["room"], "message": user["id"] } }
end

def login(req)
  session_set("user_id", req["params"]["name"])
  "hello"
end
def logout
  session_destroy()
  "bye"
end
"""
}


async def login(site: Any, name: str) -> str:
    answer = await site.request("POST", f"/login/{name}")
    return str(answer.headers["Set-Cookie"].partition(";")[0])


def socket(site: Any, cookie: str, room: str = "red", **options: Any) -> Any:
    options.setdefault("origin", site.url)
    headers = {"Cookie": cookie} if cookie else {}
    return site.connect(f"/ws/{room}", additional_headers=headers, **options)


async def refused(opening: Any, status: int) -> None:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await opening
    assert caught.value.response.status_code == status


def test_an_app_that_authorises_keeps_strangers_out(tmp_path: Path) -> None:
    """Each join and each message is judged by who sends it, not by what it says."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            ada, grace = await login(site, "ada"), await login(site, "grace")
            async with socket(site, grace, "blue") as blue, socket(site, ada) as red:
                assert (await receive(blue), await receive(red)) == ("in", "in")
                async with socket(site, ada, "blue") as wrong:
                    await wrong.wait_closed()
                    assert wrong.close_code == 4003
                await red.send('{"room": "blue"}')
                assert await receive(red) == "no"
                await red.send('{"room": "red"}')
                assert await receive(red) == "ada"
                await blue.send('{"echo": true}')
                assert await receive(blue) == '{"echo": true}'

    run(body)


async def foreign(site: Any, cookie: str) -> None:
    await refused(socket(site, cookie, origin="https://evil.example"), 403)


async def unknown(site: Any, cookie: str) -> None:
    await refused(socket(site, ""), 401)
    await refused(socket(site, "session_id=00000000-0000-4000-8000-000000000000"), 401)


async def replayed(site: Any, cookie: str) -> None:
    mine = await login(site, "ada")
    async with socket(site, mine) as client:
        await site.request("POST", "/logout", headers={"Cookie": mine})
        await client.wait_closed()
        assert client.close_code == 1008
    await refused(socket(site, mine), 401)


async def oversized(site: Any, cookie: str) -> None:
    async with socket(site, cookie) as client:
        with suppress(websockets.ConnectionClosed):
            await client.send("x" * 20_000)
            await client.wait_closed()
        assert client.close_code == 1009


async def flooding(site: Any, cookie: str) -> None:
    async with socket(site, cookie) as client:
        with suppress(websockets.ConnectionClosed):
            for _ in range(400):
                await client.send("x")
            async for _ in client:
                pass  # what was answered; the client looks no further while that waits
        await client.wait_closed()
        assert client.close_code == 1008


async def forging(site: Any, cookie: str) -> None:
    headers = {"Cookie": cookie, "Origin": "https://evil.example"}
    assert (await site.request("POST", "/logout", headers=headers)).status == 403


async def babbling(site: Any, cookie: str) -> None:
    host, port = site.server.address
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"\x00\xff" * 100 + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert b"aiohttp" not in answer
    assert b"nosniff" in answer


ADVERSARIES = [foreign, unknown, replayed, oversized, flooding, forging, babbling]


def test_a_crowd_of_adversaries_is_refused_and_nobody_notices(tmp_path: Path) -> None:
    """Each its way, several times, while somebody echoes and gets every message back."""
    limits: dict[str, Any] = {"max_message_bytes": 10_000, "message_rate": 100}

    async def body() -> None:
        async with serving(tmp_path, APP, **limits, message_burst=200) as site:
            grace = await login(site, "grace")
            async with socket(site, grace, "blue") as innocent:
                assert await receive(innocent) == "in"
                crowd = [
                    asyncio.create_task(
                        asyncio.wait_for(attack(site, await login(site, "ada")), SECONDS)
                    )
                    for attack in ADVERSARIES * 3
                ]
                echoed = 0
                while not all(task.done() for task in crowd):
                    await innocent.send('{"echo": true}')
                    assert await receive(innocent) == '{"echo": true}'
                    echoed += 1
                    await asyncio.sleep(0.02)
                await asyncio.gather(*crowd)
                assert echoed > 0
            await site.until(lambda: site.realtime.count() == 0)

    run(body)
