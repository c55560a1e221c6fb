"""Jobs, schedules, outgoing HTTP, and apps inside a host's application."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from soli_runtime.serving.embed import MountedApp, mount
from soli_runtime.settings import Settings

from soli_lang.base.limits import Capabilities

from .support import receive, run, serving, write_files

JOBS = {
    "config/routes.soli": """router_websocket("/ws", "jobs#handle")
post("/do/:what", "jobs#run")
""",
    "app/jobs/tell_job.soli": """class TellJob
  static def perform(args)
    ws_broadcast(args["text"])
  end
end
class WaitJob extends Job
  static def perform(args)
    sleep(0.01)
    ws_broadcast("waited")
  end
end
class FailJob
  static def perform(args)
    [1][9]
  end
end
""",
    "app/controllers/jobs_controller.soli": """def handle(event)
  {}
end
def run(req)
  what = req["params"]["what"]
  return TellJob.perform_later({ "text": "later" }) if what == "later"
  return TellJob.perform_in(0.01, { "text": "in" }) if what == "in"
  return WaitJob.perform_later() if what == "wait"
  return FailJob.perform_later(null, { "max_retries": 0 }) if what == "fail"
  return Job.enqueue("TellJob", { "text": "by name" }) if what == "name"
  return TellJob.schedule_cron("tick", "* * * * * *", { "text": "tick" }) if what == "cron"
  return TellJob.perform_now({ "text": "now" }) if what == "now"
  if what == "cancelled"
    id = TellJob.perform_in("1 hour", { "text": "never" })
    return [Job.cancel(id), Job.cancel(id), Job.list()[0]["status"]]
  end
  Job.queues()
end
""",
}


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("later", "later"),
        ("in", "in"),
        ("wait", "waited"),
        ("name", "by name"),
        ("cron", "tick"),
        ("now", "now"),
    ],
)
def test_a_job_runs_and_can_reach_connections(tmp_path: Path, what: str, text: str) -> None:
    """Soon, later, by name, on a schedule; waiting holds up nobody."""

    async def body() -> None:
        async with serving(tmp_path, JOBS) as site, site.connect("/ws") as client:
            assert (await site.request("POST", f"/do/{what}")).status in (200, 204)
            assert await receive(client) == text

    run(body)


def test_a_failing_job_is_logged_and_counted(tmp_path: Path) -> None:
    """With its Soli backtrace."""

    async def body() -> None:
        async with serving(tmp_path, JOBS) as site:
            await site.request("POST", "/do/fail")
            await site.until(lambda: site.counts["job_failed"] == 1)
            assert "Index out of bounds: 9 (length 1)" in site.log
            assert "again=False" in site.log

    run(body)


@pytest.mark.parametrize(("what", "outcome"), [("fail", "failed"), ("later", "retried")])
def test_a_fault_of_ours_in_a_job_is_a_failed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, outcome: str
) -> None:
    """Logged, counted and retried like any other; what it was is for the log only."""

    def fail(*_: Any) -> Any:
        raise RuntimeError("a bug of ours")

    async def body() -> None:
        async with serving(tmp_path, JOBS) as site:
            monkeypatch.setattr("soli_runtime.jobs.worker.perform", fail)
            await site.request("POST", f"/do/{what}")
            await site.until(lambda: site.counts["job_failed"] == 1)
            service = site.server.service
            assert list(service.state.tally.jobs.items()) == [
                (("FailJob" if what == "fail" else "TellJob", outcome), 1)
            ]
            assert "kind=internal" in site.log
            assert "internal error: RuntimeError: a bug of ours" in site.log
            (job,) = service.program.worker.jobs.store.list()
            assert job.error == "internal error"
            assert job.status == ("failed" if what == "fail" else "queued")

    run(body)


@pytest.mark.parametrize("call", ["next_at", "take", "finish"])
def test_a_queue_that_fails_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A host's store may be a database that is away for a while."""

    async def body() -> None:
        async with serving(tmp_path, JOBS) as site, site.connect("/ws") as client:
            store = site.server.service.program.worker.jobs.store
            works = getattr(store, call)

            def fail_once(*_: Any) -> Any:
                setattr(store, call, works)
                raise RuntimeError("the database is away")

            monkeypatch.setattr("soli_runtime.jobs.worker.PAUSE_SECONDS", 0.01)
            setattr(store, call, fail_once)
            await site.request("POST", "/do/later")
            assert await receive(client) == "later"
            await site.until(lambda: site.counts["job_queue_failed"] == 1)
            await site.request("POST", "/do/in")
            assert await receive(client) == "in"

    run(body)


def test_a_job_that_is_taken_back_is_counted(tmp_path: Path) -> None:
    """When the server stops: as cancelled."""
    app = {
        "app.soli": """class SleepJob
  static def perform(args)
    sleep(60)
  end
end
post("/sleep", "app#start")
def start
  SleepJob.perform_later()
end
"""
    }

    async def body() -> None:
        async with serving(tmp_path, app) as site:
            await site.request("POST", "/sleep")
            service = site.server.service
            await site.until(
                lambda: (
                    [job.status for job in service.program.worker.jobs.store.list()] == ["running"]
                )
            )
        assert dict(service.state.tally.jobs) == {("SleepJob", "cancelled"): 1}

    run(body)


def test_a_job_can_be_cancelled_while_it_waits_for_its_time(tmp_path: Path) -> None:
    """Once."""

    async def body() -> None:
        async with serving(tmp_path, JOBS) as site:
            answer = await site.request("POST", "/do/cancelled")
        assert answer.json == [True, False, "cancelled"]

    run(body)


async def upstream(handle: Any) -> Any:
    """A little web server to talk to; returns its runner and URL."""
    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"


CLIENT = {
    "app.soli": """router_websocket("/ws", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  { "send": HTTP.get(event["message"]) }
end
post("/call", "app#call")
def call(req)
  HTTP.request("POST", req["json"]["url"], { "X-A": "b" }, { "n": 1 })
end
"""
}


def test_a_handler_can_fetch_without_holding_up_others(tmp_path: Path) -> None:
    """The connection waits, the server does not."""

    async def body() -> None:
        release = asyncio.Event()

        async def handle(request: web.BaseRequest) -> web.Response:
            await release.wait()
            return web.Response(text="fetched")

        runner, url = await upstream(handle)
        async with (
            serving(tmp_path, CLIENT, private_network=True) as site,
            site.connect("/ws") as client,
        ):
            await client.send(url)
            await site.until(lambda: site.server.service.calls.runners.suspended == 1)
            assert (await site.get("/nothing")).status == 404
            release.set()
            assert await receive(client) == "fetched"
        await runner.cleanup()

    run(body)


def test_a_request_gives_the_whole_answer(tmp_path: Path) -> None:
    """Whatever its status; a Hash goes out as JSON."""

    async def body() -> None:
        async def handle(request: web.BaseRequest) -> web.Response:
            text = f"{request.method} {request.headers['X-A']} {await request.text()}"
            return web.Response(status=418, text=text, headers={"X-B": "c"})

        runner, url = await upstream(handle)
        async with serving(tmp_path, CLIENT, private_network=True) as site:
            answer = (await site.request("POST", "/call", json={"url": url})).json
        await runner.cleanup()
        assert (answer["status"], answer["body"]) == (418, 'POST b {"n":1}')
        assert answer["headers"]["x-b"] == "c"

    run(body)


def test_redirects_to_forbidden_schemes_are_refused(tmp_path: Path) -> None:
    """Every hop is checked."""

    async def body() -> None:
        async def handle(request: web.BaseRequest) -> web.Response:
            return web.Response(status=302, headers={"Location": "file:///etc/passwd"})

        runner, url = await upstream(handle)
        async with serving(tmp_path, CLIENT, private_network=True) as site:
            assert (await site.request("POST", "/call", json={"url": url})).status == 500
            assert "only http and https URLs are allowed" in site.log
        await runner.cleanup()

    run(body)


def test_the_inside_cannot_be_reached(tmp_path: Path) -> None:
    """Not even this server itself."""

    async def body() -> None:
        async with serving(tmp_path, CLIENT) as site:
            url = site.url + "/nothing"
            assert (await site.request("POST", "/call", json={"url": url})).status == 500
            assert "127.0.0.1 is not a public address" in site.log

    run(body)


EMBEDDED = {
    "app.soli": """router_websocket("/ws", "app#handle")
get("/hi", "app#hi")
def handle(event)
  return { "join": "r", "send": get_current_user() } if event["type"] == "connect"
  return { "send": shout(event["message"]) } if event["type"] == "message"
  {}
end
def hi
  getenv("HOME")
end
def double(n)
  n * 2
end
"""
}


async def who(request: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1}


def test_an_app_can_live_inside_a_hosts_application(tmp_path: Path) -> None:
    """Below a prefix, with host functions, and with nothing granted."""

    async def body() -> None:
        host = web.Application()
        soli: MountedApp = mount(
            host,
            write_files(tmp_path, EMBEDDED),
            prefix="/live",
            settings=Settings(),
            capabilities=Capabilities(),
            define={"shout": lambda text: text.upper()},
            authenticate=who,
        )
        runner = web.AppRunner(host)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(url + "/live/ws") as client:
                assert await client.receive_str() == '{"id":1}'
                await client.send_str("a")
                assert await client.receive_str() == "A"
                soli.realtime.broadcast_room("r", {"from": "python"})
                assert await client.receive_str() == '{"from":"python"}'
                assert await soli.call("double", 21) == 42
            async with session.get(url + "/live/hi") as response:
                assert response.status == 500
        await runner.cleanup()

    run(body)
