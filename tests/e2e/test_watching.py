"""What those who run a server see of it: metrics and health."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import websockets
from aiohttp import web
from soli_runtime.loading.launch import Launch, launch
from soli_runtime.serving.embed import mount
from soli_runtime.settings import Settings

from tests.support.live import ROOT

from .support import receive, run, serving, write_files
from .watched import APP, names_of, samples, scrape, value

DEPLOYMENT = ROOT / "docs" / "deployment.md"


def test_metrics_are_not_served_unless_asked_for(tmp_path: Path) -> None:
    """The path is the app's."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            assert (await site.get("/metrics")).status == 404

    run(body)


def test_metrics_agree_with_what_a_client_did(tmp_path: Path) -> None:
    """Connections, rooms, presence, messages and bytes in both directions."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True) as site:
            async with site.connect("/ws") as client:
                await receive(client)
                before = await scrape(site)
                for text in ("echo", "echo", "all"):
                    await client.send(text)
                    await receive(client)
                found = await scrape(site)
            await site.until(lambda: site.realtime.count() == 0)
            after = await scrape(site)
        gauges = ("soli_connections", "soli_rooms", "soli_presence_users", "soli_presence_rooms")
        former = "soli_presence_channels"
        assert [value(found, name) for name in (*gauges, former)] == [1, 1, 1, 1, 1]
        assert [value(after, name) for name in (*gauges, former)] == [0, 0, 0, 0, 0]
        assert value(after, "soli_connections_opened_total") == 1

        def grown(name: str) -> float:
            return value(found, name) - value(before, name)

        assert grown("soli_messages_received_total") == 3
        assert grown("soli_messages_sent_total") == 3
        assert grown("soli_received_bytes_total") == (4 + 4 + 3) + 3 * 6
        assert grown("soli_sent_bytes_total") == (4 + 4 + 3) + 3 * 2
        assert value(after, "soli_closes_total", code="1000", cause="peer") == 1

    run(body)


def test_the_time_of_each_handler_is_a_histogram(tmp_path: Path) -> None:
    """By `controller#action`, for events of sockets as for actions."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True) as site:
            async with site.connect("/ws") as client:
                await client.send("echo")
                await receive(client)
            await site.get("/hello/x")
            await site.until(lambda: site.realtime.count() == 0)
            found = await scrape(site)
        count = "soli_handler_seconds_count"
        assert value(found, count, handler="chat#handle") == 3
        assert value(found, count, handler="chat#hello") == 1
        assert value(found, "soli_handler_seconds_bucket", handler="chat#hello", le="+Inf") == 1
        assert 0 < value(found, "soli_handler_seconds_sum", handler="chat#handle") < 10

    run(body)


def test_a_reloaded_app_is_measured_on(tmp_path: Path) -> None:
    """Its handlers go on where those of the same name were; the old ones are let go."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True) as site:
            old = site.server.service.app
            await site.get("/hello/x")
            site.server.adopt(launch(Launch(tmp_path, Settings())))
            await site.get("/hello/x")
            found = await scrape(site)
            handlers = [target.handler for _, _, target in old.table]
        assert value(found, "soli_handler_seconds_count", handler="chat#hello") == 2
        assert not any(handler.invoke.__name__ == "timed_invoke" for handler in handlers)

    run(body)


def test_nothing_is_timed_without_metrics(tmp_path: Path) -> None:
    """No wrapper around handlers, no timer, no library."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            await site.get("/hello/x")
            service = site.server.service
            assert service.state.metrics is None
            assert service.state.tally.handler_seconds == {}

    run(body)


def test_errors_are_counted_by_handler_and_kind(tmp_path: Path) -> None:
    """Errors of the program, returns that cannot be applied, limits."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True, handler_steps=10_000) as site:
            async with site.connect("/ws") as client:
                for text in ("divide", "divide", "fly", "loop", "echo"):
                    await client.send(text)
                while await receive(client) != "echo":
                    pass
            await site.get("/broken")
            found = await scrape(site)
        name = "soli_handler_errors_total"
        assert value(found, name, handler="chat#handle", kind="ZeroDivisionError") == 2
        assert value(found, name, handler="chat#handle", kind="LimitError") == 1
        assert value(found, name, handler="chat#broken", kind="NameError") == 1
        assert value(found, "soli_http_responses_total", status="500") == 1
        assert value(found, "soli_log_events_total", event="handler_error") == 3
        assert "kind=ZeroDivisionError" in site.log

    run(body)


def test_closes_by_policy_are_counted_and_logged(tmp_path: Path) -> None:
    """A client that is too fast: code, cause, and a line."""

    async def body() -> None:
        options: dict[str, Any] = {"metrics": True, "message_rate": 1, "message_burst": 2}
        async with serving(tmp_path, APP, **options) as site:
            async with site.connect("/ws") as client:
                for _ in range(5):
                    await client.send("echo")
                await client.wait_closed()
            found = await scrape(site)
        assert value(found, "soli_closes_total", code="1008", cause="rate") == 1
        assert value(found, "soli_rate_limited_total") == 1
        assert "closed_by_policy cause=rate code=1008" in site.log

    run(body)


def test_refusals_are_counted_by_reason_and_logged(tmp_path: Path) -> None:
    """Of the origin check and of the handshake itself."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True) as site:
            with pytest.raises(websockets.InvalidStatus):
                await site.connect("/ws", origin="https://evil.example")
            headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
            assert (await site.get("/ws", headers=headers)).status == 426
            found = await scrape(site)
        name = "soli_upgrades_refused_total"
        assert value(found, name, reason="origin", status="403") == 1
        assert value(found, name, reason="handshake", status="426") == 1
        assert "reason=origin" in site.log
        assert "reason=handshake" in site.log

    run(body)


def test_jobs_and_waiting_handlers_are_counted(tmp_path: Path) -> None:
    """Jobs by outcome; handlers that wait, while they do."""

    async def body() -> None:
        options: dict[str, Any] = {"metrics": True, "shutdown_seconds": 0.3}
        async with (
            serving(tmp_path, APP, **options) as site,
            site.connect("/ws", close_timeout=0.1) as client,
        ):
            await site.request("POST", "/later")
            await client.send("wait")
            service = site.server.service
            await site.until(lambda: sum(service.state.tally.jobs.values()) == 2)
            await site.until(lambda: service.calls.runners.suspended == 1)
            found = await scrape(site)
        assert value(found, "soli_jobs_total", job="WorkJob", outcome="done") == 1
        assert value(found, "soli_jobs_total", job="WorkJob", outcome="failed") == 1
        assert value(found, "soli_jobs_queued") == 0
        assert value(found, "soli_handlers_suspended") == 1

    run(body)


def test_the_lag_of_the_loop_and_the_process_are_measured(tmp_path: Path) -> None:
    """By a timer, and by the library's collectors."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True) as site:
            await site.until(lambda: sum(site.server.service.state.tally.loop_lag.counts) > 0)
            found = await scrape(site)
        assert value(found, "soli_loop_lag_seconds_count") >= 1
        assert value(found, "process_resident_memory_bytes") > 0
        assert value(found, "process_open_fds") > 0
        assert value(found, "python_gc_collections_total", generation="0") >= 0

    run(body)


def test_the_table_of_metrics_is_that_of_the_page(tmp_path: Path) -> None:
    """Names in docs/deployment.md: none is missing, none is made up."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True) as site:
            names_in(await site.get("/metrics"))

    def names_in(answer: Any) -> None:
        shown = set(re.findall(r"^# TYPE (soli_\w+) ", answer.text, re.M))
        page = DEPLOYMENT.read_text("utf-8").partition("<!-- metrics of several")[0]
        written = re.findall(r"^\| `(soli_\w+)` \|", page, re.M)
        assert sorted(written) == sorted(shown)

    run(body)


def test_metrics_come_in_the_format_that_is_asked_for(tmp_path: Path) -> None:
    """OpenMetrics to those who accept it."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True) as site:
            accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
            answer = await site.get("/metrics", headers=accept)
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert "soli_closes" in names_of(answer.text)

    run(body)


def test_a_token_opens_the_metrics_and_nothing_else_does(tmp_path: Path) -> None:
    """Not even to this machine."""

    async def body() -> None:
        options: dict[str, Any] = {"metrics": True, "metrics_token": "s3cret"}
        async with serving(tmp_path, APP, **options) as site:
            refused = await site.get("/metrics")
            wrong = await site.get("/metrics", headers={"Authorization": "Bearer s3cre"})
            right = {"Authorization": "Bearer s3cret", "X-Forwarded-For": "203.0.113.7"}
            allowed = await site.get("/metrics", headers=right)
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert wrong.status == 401
        assert allowed.status == 200
        assert "metrics_refused" in site.log
        assert "s3cre" not in site.log

    run(body)


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
def test_metrics_without_a_token_are_not_for_what_a_proxy_passes_on(
    tmp_path: Path, trusted: tuple[str, ...]
) -> None:
    """Its address is loopback, but who asks is elsewhere; what the header claims is no matter."""

    async def body() -> None:
        async with serving(tmp_path, APP, metrics=True, trusted_proxies=trusted) as site:
            for headers in (
                {"X-Forwarded-For": "203.0.113.7"},
                {"X-Forwarded-For": "127.0.0.1"},
                {"Host": "chat.example"},
            ):
                assert (await site.get("/metrics", headers=headers)).status == 403

    run(body)


def test_healthz_says_that_the_server_serves(tmp_path: Path) -> None:
    """Without being asked for; to anybody."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            answer = await site.get("/healthz", headers={"X-Forwarded-For": "203.0.113.7"})
        assert (answer.status, answer.json) == (200, {"status": "ok"})
        assert answer.headers["Cache-Control"] == "no-store"

    run(body)


def test_a_route_of_the_app_wins_over_healthz(tmp_path: Path) -> None:
    """The path was the app's before."""
    files = {"app.soli": 'get("/healthz", "app#mine")\ndef mine\n  "mine"\nend\n'}

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert (await site.get("/healthz")).text == "mine"

    run(body)


def test_healthz_says_that_the_server_stops(tmp_path: Path) -> None:
    """On connections that are still there."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            await site.server.service.stop()
            answer = await site.get("/healthz")
            assert (answer.status, answer.json) == (503, {"status": "stopping"})
            assert (await site.get("/hello/x")).status == 503

    run(body)


def test_two_apps_in_one_process_do_not_mix_their_numbers(tmp_path: Path) -> None:
    """Each has its own registry, at its own prefix."""
    files = {"app.soli": 'get("/hi", "app#hi")\ndef hi\n  "hi"\nend\n'}
    settings = Settings(metrics=True)

    async def body() -> None:
        import aiohttp

        host = web.Application()
        for name in ("one", "two"):
            path = write_files(tmp_path / name, files)
            mount(host, path, prefix=f"/{name}", settings=settings)
        runner = web.AppRunner(host)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as client:

            async def text(path: str) -> str:
                async with client.get(url + path) as response:
                    assert response.status == 200
                    return await response.text()

            await text("/one/hi")
            one, two = samples(await text("/one/metrics")), samples(await text("/two/metrics"))
            assert await text("/two/healthz") == '{"status":"ok"}\n'
        await runner.cleanup()
        count = "soli_handler_seconds_count"
        assert value(one, count, handler="app#hi") == 1
        assert value(two, count, handler="app#hi") == 0

    run(body)
