"""Pages of other sites, and names that lead here and are not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import websockets

from .support import run, serving

APP = {
    "app.soli": """router_websocket("/ws", "x#handle")
get("/read", "x#act")
post("/act", "x#act")
post("/hook", "x#act")
post("/shared", "x#act")
post("/token", "x#token")
get("/token", "x#token")
post("/check", "x#check")
skip_csrf("/hook")
cors("/shared", { "origins": ["https://app.example"], "credentials": true })
def handle(event)
  { "send": "in" }
end
def act
  "done"
end
def token
  csrf_token()
end
def check
  csrf_valid?() ? "yes" : "no"
end
"""
}
EVIL = {"Origin": "https://evil.example", "Cookie": "session_id=x"}


async def status(site: Any, method: str, path: str, **headers: str) -> int:
    return (await site.request(method, path, headers=headers)).status  # type: ignore[no-any-return]


def test_another_site_cannot_act_for_our_users(tmp_path: Path) -> None:
    """It may still link to us, and send what bears no cookie."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            assert await status(site, "POST", "/act", **EVIL) == 403
            assert "reason=origin" in site.log
            fetched = {"Sec-Fetch-Site": "cross-site", "Cookie": "a=b"}
            assert await status(site, "POST", "/act", **fetched) == 403
            assert await status(site, "GET", "/read", **EVIL) == 200
            assert await status(site, "POST", "/act", Origin=EVIL["Origin"]) == 200
            assert await status(site, "POST", "/act", Origin=site.url, Cookie="a=b") == 200
            assert await status(site, "POST", "/act", Cookie="a=b") == 200

    run(body)


def test_an_app_can_open_paths_to_others(tmp_path: Path) -> None:
    """`skip_csrf` a path, `cors` with credentials an origin; no other one."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            assert await status(site, "POST", "/hook", **EVIL) == 200
            shared = {"Origin": "https://app.example", "Cookie": "a=b"}
            assert await status(site, "POST", "/shared", **shared) == 200
            assert await status(site, "POST", "/shared", **EVIL) == 403

    run(body)


def test_an_app_can_open_every_path(tmp_path: Path) -> None:
    """For an app that checks tokens itself."""

    async def body() -> None:
        files = {**APP, "app.soli": 'skip_csrf("/*")\n' + APP["app.soli"]}
        async with serving(tmp_path, files) as site:
            assert await status(site, "POST", "/act", **EVIL) == 200

    run(body)


def test_a_token_is_that_of_its_session(tmp_path: Path) -> None:
    """By header or by field; nobody else's will do."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            got = await site.get("/token")
            cookie = got.headers["Set-Cookie"].partition(";")[0]
            token = got.text
            again = await site.get("/token", headers={"Cookie": cookie})
            assert again.text == token
            other = (await site.get("/token")).text

            async def check(**options: Any) -> str:
                headers = {"Cookie": cookie} | options.pop("headers", {})
                answer = await site.request("POST", "/check", headers=headers, **options)
                return answer.text

            assert await check(headers={"X-CSRF-Token": token}) == "yes"
            assert await check(data={"csrf_token": token}) == "yes"
            assert await check(data={"csrf_token": other}) == "no"
            assert await check() == "no"
            assert (await site.request("POST", "/check", data={"csrf_token": token})).text == "no"

    run(body)


def test_names_that_are_not_ours_are_refused(tmp_path: Path) -> None:
    """DNS rebinding: the page of evil.example asks its own host, which leads here."""

    async def body() -> None:
        async with serving(tmp_path, APP, allowed_hosts=("127.0.0.1", "*.example.org")) as site:
            port = site.url.rpartition(":")[2]
            rebound = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
            for path in ("/read", "/nothing", "/act"):
                assert await status(site, "GET", path, **rebound) == 421
            assert await status(site, "POST", "/act", **rebound) == 421
            assert "reason=host" in site.log
            upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"} | rebound
            assert await status(site, "GET", "/ws", **upgrade) == 421
            assert site.counts["upgrade_refused"] == 1
            assert await status(site, "GET", "/read") == 200
            assert await status(site, "GET", "/read", Host="a.example.org") == 200
            assert await status(site, "GET", "/healthz", **rebound) == 200
            async with site.connect("/ws", origin=site.url):
                pass

    run(body)


def test_a_page_in_the_clear_is_not_ours_behind_tls(tmp_path: Path) -> None:
    """A trusted proxy says that the client spoke TLS."""

    async def body() -> None:
        async with serving(tmp_path, APP, trusted_proxies=("127.0.0.1",)) as site:
            headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "chat.example"}
            with pytest.raises(websockets.InvalidStatus) as caught:
                await site.connect("/ws", origin="http://chat.example", additional_headers=headers)
            assert caught.value.response.status_code == 403
            async with site.connect(
                "/ws", origin="https://chat.example", additional_headers=headers
            ):
                pass
            posted = headers | {"Cookie": "a=b"}
            assert await status(site, "POST", "/act", Origin="http://chat.example", **posted) == 403
            assert (
                await status(site, "POST", "/act", Origin="https://chat.example", **posted) == 200
            )

    run(body)
