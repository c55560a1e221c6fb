"""The dashboard at `/_soli`: who sees it, what it is told, and that nothing said to it hurts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import websockets
from soli_runtime.gate.wrong_tokens import MAX_WRONG_TOKENS
from soli_runtime.observing.traces import Delivered, Trace
from soli_runtime.serving.dev.dashboard import (
    MAX_BATCH,
    MAX_EVENTS,
    MAX_FORM_BYTES,
    Dashboard,
)
from soli_runtime.serving.dev.shown_traces import (
    MAX_PARTS,
    MAX_RECIPIENTS,
    MAX_TEXT,
    MAX_TRACE,
    ShownTraces,
)
from soli_runtime.serving.dev.watchers import MAX_WATCHERS

from .support import Site, receive, receive_json, run, serving

FILES = {
    "app.soli": """ws_keep_state("den")
router_websocket("/ws", "app#handle")
get("/later", "app#later")
class TeaJob
  static def perform(args)
    args
  end
end
def handle(event)
  if event["type"] == "connect"
    return { "join": "den", "track": { "channel": "den", "user_id": "ada", "name": "Ada" } }
  end
  return {} if event["type"] == "disconnect"
  return { "send": [1][7] } if event["message"] == "boom"
  return { "room_state": { "tea": "green", "token": "s3cret" } } if event["message"] == "pour"
  { "send": event["message"] }
end
def later
  TeaJob.perform_in(3600, { "leaves": 2 })
  "queued"
end
"""
}
TOKEN = "open sesame"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@asynccontextmanager
async def shown(root: Path, **settings: Any) -> AsyncIterator[tuple[Site, Dashboard]]:
    """Serve the app with its dashboard, as `soli run` does."""
    async with serving(root, FILES, **settings) as site:
        service = site.server.service
        dashboard = Dashboard(service)
        service.state.show(dashboard)
        if service.settings.dev:
            service.watch(dashboard.told)
        task = asyncio.create_task(dashboard.run())
        try:
            yield site, dashboard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def next_of(client: Any, kind: str, wanted: Any = lambda message: True) -> Any:
    """The next message of a kind."""
    while True:
        message = await receive_json(client)
        if message["kind"] == kind and wanted(message):
            return message


def test_what_happens_is_told(tmp_path: Path) -> None:
    """Events with actions and deliveries, failures with their place, also those from before."""

    async def body() -> None:
        async with shown(tmp_path, dev=True) as (site, _), site.connect("/ws") as client:
            await receive(client)
            async with site.connect("/_soli/watch") as page:
                hello = await next_of(page, "hello")
                assert hello["routes"][0] == ["WEBSOCKET", "/ws", "app#handle"]
                before = await next_of(page, "event")
                assert (before["event"], before["path"]) == ("connect", "/ws")
                assert [one[1] for one in before["parts"] if one[0] == "action"] == [
                    "join",
                    "track",
                ]
                await client.send("hi")
                event = await next_of(page, "event")
                assert (event["message"], event["sent"]) == ("hi", 1)
                assert ["sent", 1, "hi", [event["connection"]]] in event["parts"]
                await client.send("boom")
                event = await next_of(page, "event")
                assert event["failed"] == "Index out of bounds: 7 (length 1)"
                assert "^" in event["error"]

    run(body)


def test_how_things_stand_is_told(tmp_path: Path) -> None:
    """Connections, rooms, presence, jobs, counters."""

    async def body() -> None:
        async with shown(tmp_path, dev=True) as (site, _), site.connect("/ws") as client:
            await receive(client)
            await client.send("pour")
            await site.get("/later")
            async with site.connect("/_soli/watch") as page:
                state = await next_of(page, "state", lambda state: state["counters"]["connections"])
                (connection,) = state["connections"]
                assert (connection["path"], connection["rooms"]) == ("/ws", ["den"])
                assert state["rooms"] == [["den", 1, '{"tea": "green", "token": "[redacted]"}']]
                ((channel, count, users),) = state["presence"]
                assert (channel, count, users[0][:2]) == ("den", 1, ["ada", 1])
                assert json.loads(users[0][2])["name"] == "Ada"
                assert state["jobs"][0][:3] == ["queued", "TeaJob", '{"leaves": 2}']
                assert state["counters"]["jobs"]["queued"] == 1
            assert site.realtime.count() == 1

    run(body)


def test_a_dashboard_is_no_connection_of_the_app(tmp_path: Path) -> None:
    """It is neither counted, nor an event, nor reached by a broadcast."""

    async def body() -> None:
        async with shown(tmp_path, dev=True) as (site, dashboard):
            async with site.connect("/_soli/watch") as page:
                await next_of(page, "hello")
                site.realtime.broadcast("to all")
                assert site.realtime.count() == 0
                event = await next_of(page, "event")
                assert event["event"] == "outside"
            opened = site.server.service.endpoint.counters.opened
            assert opened == 0
            await site.until(lambda: not dashboard.pages.connections)

    run(body)


def test_what_a_dashboard_is_told_is_put_to_the_account_of_who_looks(tmp_path: Path) -> None:
    """Of its address, and not to that of those who are looked at, nor to nobody's."""

    async def body() -> None:
        async with shown(tmp_path, dev=True) as (site, _), site.connect("/ws") as client:
            charged: list[tuple[str, str, float]] = []
            turns = site.server.service.state.turns
            charge = turns.charge

            def noted(address: str, name: str, seconds: float) -> None:
                charged.append((address, name, seconds))
                charge(address, name, seconds)

            with patch.object(turns, "charge", noted):
                await client.send("hi")
                await receive(client)
                assert charged == []
                async with site.connect("/_soli/watch") as page:
                    await next_of(page, "state")
                    await client.send("hi")
                    await next_of(page, "event")
            assert {one[:2] for one in charged} == {("127.0.0.1", "/_soli")}
            assert sum(seconds for _, _, seconds in charged) > 0
            flow = turns.flow("127.0.0.1", "/_soli")
            assert flow.used > 0

    run(body)


def test_without_dev_and_token_there_is_none(tmp_path: Path) -> None:
    """The paths are the app's."""

    async def body() -> None:
        async with serving(tmp_path, FILES) as site:
            for path in ("/_soli", "/_soli/dashboard.js"):
                assert (await site.get(path)).status == 404
            with pytest.raises(websockets.InvalidStatus):
                await site.connect("/_soli/watch")

    run(body)


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "127.0.0.1"}, {"Host": "app.example"}, {"Via": "1.1 proxy"}]
)
def test_with_dev_it_is_for_this_machine(tmp_path: Path, headers: dict[str, str]) -> None:
    """Whatever headers claim, and whoever's name leads here."""

    async def body() -> None:
        async with shown(tmp_path, dev=True, trusted_proxies=("127.0.0.1",)) as (site, _):
            assert (await site.get("/_soli")).status == 200
            assert (await site.get("/_soli", headers=headers)).status == 403
            upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", **headers}
            assert (await site.get("/_soli/watch", headers=upgrade)).status == 403

    run(body)


def test_other_sites_do_not_get_at_it(tmp_path: Path) -> None:
    """Nor may they put it into a frame."""

    async def body() -> None:
        # The app's own sockets may be for everybody: these pages show all its users' messages.
        async with shown(tmp_path, dev=True, allowed_origins=("*",)) as (site, _):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await site.connect("/_soli/watch", origin="https://evil.example")
            assert refused.value.response.status_code == 403
            policy = (await site.get("/_soli")).headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy

    run(body)


@pytest.mark.parametrize("dev", [False, True])
def test_a_token_opens_it_and_nothing_else(tmp_path: Path, dev: bool) -> None:
    """From anywhere; being on this machine is not enough."""

    async def body() -> None:
        async with shown(tmp_path, dev=dev, dashboard_token=TOKEN) as (site, _):
            elsewhere = {"X-Forwarded-For": "203.0.113.7", "Host": "app.example"}
            assert (await site.get("/_soli")).status == 401
            assert (await site.get("/_soli", headers={"Authorization": "Bearer no"})).status == 401
            assert (await site.get("/_soli", headers={**BEARER, **elsewhere})).status == 200
            with pytest.raises(websockets.InvalidStatus) as refused:
                await site.connect("/_soli/watch")
            assert refused.value.response.status_code == 401
            entered = await enter(site, TOKEN)
            assert entered.status == 303
            cookie = entered.headers["Set-Cookie"]
            assert TOKEN not in cookie
            assert {"HttpOnly", "SameSite=Strict", "Path=/_soli"} <= set(cookie.split("; "))
            headers = {"Cookie": cookie.partition(";")[0]}
            assert (await site.get("/_soli", headers=headers)).status == 200
            with pytest.raises(websockets.InvalidStatus):  # a cookie needs an Origin
                await site.connect("/_soli/watch", additional_headers=headers)
            origin: Any = site.url
            async with site.connect(
                "/_soli/watch", additional_headers=headers, origin=origin
            ) as page:
                assert (await next_of(page, "hello"))["redacted"] is True

    run(body)


async def enter(site: Site, token: str) -> Any:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await site.request("POST", "/_soli", data=f"token={token}".encode(), headers=headers)


def test_tokens_cannot_be_tried_out(tmp_path: Path) -> None:
    """Ten a minute; what is too long is not read."""

    async def body() -> None:
        async with shown(tmp_path, dashboard_token=TOKEN) as (site, _):
            assert (await enter(site, "x" * MAX_FORM_BYTES)).status == 413
            for _ in range(MAX_WRONG_TOKENS):
                assert (await enter(site, "wrong")).status in (401, 429)
            assert (await enter(site, "wrong")).status == 429
            assert site.log.count("dashboard_refused") >= 1

    run(body)


def test_guesses_of_one_address_lock_out_nobody_else(tmp_path: Path) -> None:
    """Bearer tokens are counted as those of the form; a form on another site counts for nobody."""

    async def body() -> None:
        settings = {"dashboard_token": TOKEN, "trusted_proxies": ("127.0.0.1",)}
        async with shown(tmp_path, **settings) as (site, _):
            guesser = {"X-Forwarded-For": "203.0.113.9"}
            for _ in range(MAX_WRONG_TOKENS):
                wrong = {**guesser, "Authorization": "Bearer guess"}
                assert (await site.get("/_soli", headers=wrong)).status == 401
            assert (await site.get("/_soli", headers={**guesser, **BEARER})).status == 401
            assert "203.0.113.9" in site.log
            headers = {"X-Forwarded-For": "203.0.113.7"}
            for _ in range(MAX_WRONG_TOKENS + 1):
                form = {**headers, "Origin": "https://evil.example"}
                answer = await site.request("POST", "/_soli", data=b"token=x", headers=form)
                assert answer.status == 403
            assert (await site.get("/_soli", headers={**headers, **BEARER})).status == 200

    run(body)


def test_with_a_token_secrets_are_redacted_and_nobody_is_watched_before(tmp_path: Path) -> None:
    """A production server pays while the page is open, and shows no passwords."""

    async def body() -> None:
        async with shown(tmp_path, dashboard_token=TOKEN) as (site, _):
            service = site.server.service
            async with site.connect("/ws") as client:
                await receive(client)
                assert service.state.observation is None
                options: Any = {"additional_headers": BEARER, "origin": site.url}
                async with site.connect("/_soli/watch", **options) as page:
                    await site.until(lambda: service.state.observation is not None)
                    await client.send('{"event": "log in", "password": "hunter2"}')
                    event = await next_of(page, "event")
                    assert "hunter2" not in json.dumps(event)
                    assert "log in" in event["message"]
                await site.until(lambda: service.state.observation is None)

    run(body)


def test_what_a_dashboard_says_changes_nothing(tmp_path: Path) -> None:
    """Garbage, too much of it, an end in the middle; others go on being told."""

    async def body() -> None:
        async with shown(tmp_path, dev=True) as (site, _), site.connect("/_soli/watch") as other:
            async with site.connect("/_soli/watch") as page:
                await page.send("{")
                await page.send(b"\xff\x00")
                await page.send(json.dumps({"kind": "state"}))
                await page.send("x" * 5000)
                with pytest.raises(websockets.ConnectionClosed):
                    await next_of(page, "never")
            async with site.connect("/ws") as client:
                await client.send("x")
                await next_of(other, "event", lambda event: event.get("message") == "x")
            odd = ("/_soli/%2e%2e/app.soli", "/_soli/dashboard.css/", "/_soli/entries.py")
            for path in odd:
                assert (await site.get(path)).status == 404
            assert (await site.request("DELETE", "/_soli")).status == 405

    run(body)


def test_there_are_so_many_dashboards_and_no_more(tmp_path: Path) -> None:
    """The last is let in, the next refused."""

    async def body() -> None:
        async with shown(tmp_path, dev=True) as (site, dashboard):
            pages = [await site.connect("/_soli/watch") for _ in range(MAX_WATCHERS)]
            await site.until(lambda: len(dashboard.pages.connections) == MAX_WATCHERS)
            with pytest.raises(websockets.InvalidStatus) as refused:
                await site.connect("/_soli/watch")
            assert refused.value.response.status_code == 503
            await asyncio.gather(*(page.close() for page in pages))

    run(body)


def test_a_flood_is_bounded_in_memory_and_on_the_line(tmp_path: Path) -> None:
    """The last events are kept; of what comes too fast it is said how many are missing."""

    async def body() -> None:
        async with shown(tmp_path, dev=True) as (site, dashboard):
            for number in range(MAX_EVENTS + 50):
                dashboard.told(Trace("message", path=f"/{number}"))
            async with site.connect("/_soli/watch") as page:
                await next_of(page, "hello")
                first = await next_of(page, "event")
                assert first["path"] == "/50"
                await next_of(page, "event", lambda event: event["path"] == f"/{MAX_EVENTS + 49}")
                for _ in range(MAX_BATCH + 7):
                    dashboard.told(Trace("message", path="/flood"))
                assert (await next_of(page, "missed"))["count"] == 7

    run(body)


def test_the_longest_events_reach_a_page_that_opens(tmp_path: Path) -> None:
    """All that are kept, of the greatest size, in characters that take the most bytes."""
    sent = Delivered("\x01" * 100_000, tuple(str(number) for number in range(1000)))

    async def body() -> None:
        async with shown(tmp_path, dev=True) as (site, dashboard):
            for number in range(MAX_EVENTS):
                error = ValueError("\x01" * 100_000)
                parts: Any = [sent] * 100
                dashboard.told(Trace("message", path=f"/{number}", parts=parts, error=error))
            async with site.connect("/_soli/watch", max_size=None) as page:
                wanted = f"/{MAX_EVENTS - 1}"
                await next_of(page, "event", lambda event: event["path"] == wanted)
                await next_of(page, "state")

    run(body)


def test_an_entry_is_of_bounded_size() -> None:
    """A message of a megabyte to a thousand connections, a hundred times."""
    sent = Delivered("x" * 1_000_000, tuple(str(number) for number in range(1000)))
    trace = Trace("message", message="m" * 1_000_000, parts=[sent] * 100)
    entry = ShownTraces(lambda text: text).entry(trace)
    assert len(entry["parts"]) == MAX_PARTS
    assert entry["more"] == 100 - MAX_PARTS
    assert entry["sent"] == 100_000
    assert entry["message"].startswith("m" * MAX_TEXT + "…")
    assert entry["parts"][0][1] == 1000
    assert len(entry["parts"][0][3]) == MAX_RECIPIENTS
    assert len(json.dumps(entry)) < MAX_TRACE + MAX_PARTS * 200
