"""Redis stands still: requests that need it are answered, with 503, and others go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.stores.redis import link

from ..support.redis_server import needs_redis, redis_server
from .support import run, serving
from .test_admission import refused
from .test_redis_that_stands_still import stopped

APP = {
    "app.soli": """get("/in", "app#enter")
get("/plain", "app#plain")
router_websocket("/ws/:room", "app#handle")
def authenticate(request)
  session_get("user_id").nil? ? anonymous() : { "id": session_get("user_id") }
end
def enter
  session_set("user_id", "ada")
  "in"
end
def plain
  "here"
end
def handle(event)
  {}
end
"""
}


@needs_redis
def test_a_request_that_needs_the_store_is_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a time to try again, for actions and for upgrades; then all is right again."""
    monkeypatch.setattr(link, "CALL_SECONDS", 0.5)

    async def body(url: str) -> None:
        async with serving(tmp_path, APP, store=url) as site:
            cookie = {"Cookie": (await site.get("/in")).headers["Set-Cookie"].partition(";")[0]}
            with stopped(server):
                answer = await site.get("/in", headers=cookie)
                assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
                assert answer.text == "the store is down"
                headers = {**cookie, "Origin": site.url}
                assert await refused(site, "/ws/a", additional_headers=headers) == 503
                assert (await site.get("/plain")).text == "here"
            assert (await site.get("/in", headers=cookie)).status == 200

    with redis_server() as server:
        run(lambda: body(server.url))
