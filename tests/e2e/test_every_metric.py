"""Every metric of ours moves when what it counts happens."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from .hostile import PONG, connected, masked, raw, text
from .support import Site, receive, run, serving
from .ws.serving import handshake

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
post("/jobs", "app#enqueue")
ws_message("vote", { "choice": String })
ws_keep_state("room", { "tell": false })
class SleepJob
  static def perform(args)
    sleep(60)
  end
end
def handle(event)
  if event["type"] == "connect"
    return { "join": "room", "track": { "channel": "room", "user_id": event["connection_id"] } }
  end
  return {} if event["type"] == "disconnect"
  message = event["message"]
  return { "send": message } if message == "echo"
  return { "send": "x" * 16000000 } if message == "much"
  return { "reply": "to nobody", "send": "echo" } if message == "reply"
  return { "broadcast_others": "x" * 100000, "volatile": true } if message == "volatile"
  return { "close": "enough" } if message == "close"
  return { "send": 1 / 0 } if message == "divide"
  sleep(60) if message == "wait"
  if message == "contend"
    seen = event["room_state"]
    sleep(0.01)
    return { "room_state": { "mine": seen } }
  end
  while message == "endless"
  end
  {}
end
def enqueue
  6.times |_| SleepJob.perform_later() end
  "ok"
end
"""
}
LIMITS: dict[str, Any] = {
    "metrics": True,
    "ping_seconds": 0.1,
    "max_outbox_bytes": 200_000,
    "message_rate": 50,
    "message_burst": 50,
    "shutdown_seconds": 0.3,
    "handler_steps": 600_000,
    "message_timeout": 0.2,
}


class Watch:
    """Which families of the page had a sample that was not zero, whenever it was looked at."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.moved: dict[str, bool] = {}

    async def look(self) -> None:
        page = (await self.site.get("/metrics")).text
        for family in text_string_to_metric_families(page):
            if family.name.startswith("soli_"):
                moved = any(sample.value > 0 for sample in family.samples)
                self.moved[family.name] = self.moved.get(family.name, False) or moved


async def be_used(site: Site, client: Any) -> None:
    """Messages, an error, a handler that waits, jobs at work and jobs to come."""
    service = site.server.service
    await client.send("echo")
    while await receive(client) != "echo":
        pass
    await client.send('{"event": "vote"}')
    assert "is required" in await receive(client)
    await client.send("reply")
    await client.send("divide")
    await client.send("contend")
    while not service.state.tally.room_runs["conflict"]:
        await site.realtime.add_room_state("room", {"others": 1})
        await asyncio.sleep(0.002)
    await client.send("wait")
    await site.request("POST", "/jobs")
    await site.until(lambda: service.calls.runners.suspended == 1)
    await site.until(lambda: service.program.worker.jobs.store.next_at() is not None)
    await site.until(lambda: sum(service.state.tally.loop_lag.counts) > 0)


async def be_held_up(site: Site, stack: AsyncExitStack, watch: Watch) -> None:
    """Who runs into a limit and waits for its turn, and who sends its body too slowly."""
    service = site.server.service
    client = await stack.enter_async_context(raw(site, reads=1000))
    client.send(text("endless") * 2)
    await site.until(lambda: service.endpoint.scheduler.waiting > 0)
    await watch.look()
    await site.until(lambda: service.state.tally.held_back.total() > 0)
    async with connected(site) as (reader, writer):
        writer.write(b"POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        assert b"408" in await reader.readline()


async def be_attacked(site: Site, stack: AsyncExitStack) -> None:
    """Who does not read, answer, wait or may not connect; and a fault of ours."""
    service = site.server.service
    service.endpoint.wheel._close_seconds = 0.1

    async def until_counted(name: str, data: bytes) -> None:
        """Send *data*, then neither read nor answer."""
        client = await stack.enter_async_context(raw(site, reads=1000))
        client.send(data)
        await site.until(lambda: getattr(service.endpoint.counters, name) > 0)

    await stack.enter_async_context(raw(site, reads=1000))
    await until_counted("volatile_dropped", text("volatile") * 45)
    await until_counted("slow_consumers", text("much"))
    await until_counted("ping_timeouts", b"")
    await until_counted("closings_timed_out", text("close"))
    await until_counted("rate_limited", masked(PONG) * 600)
    service.hub.connect = fail
    await until_counted("listener_errors", b"")
    del service.hub.connect
    async with connected(site) as (reader, writer):
        writer.write(handshake("/ws", Origin="https://evil.example"))
        assert b"403" in await reader.readline()


def fail(*_: Any) -> Any:
    raise RuntimeError("a bug of ours")


def test_every_metric_moves(tmp_path: Path) -> None:
    """A server to which everything happens that is counted."""

    async def body() -> None:
        async with AsyncExitStack() as stack:
            site = await stack.enter_async_context(serving(tmp_path, APP, **LIMITS))
            client = await stack.enter_async_context(site.connect("/ws", close_timeout=0.1))
            watch = Watch(site)
            await be_used(site, client)
            await watch.look()
            await be_held_up(site, stack, watch)
            await be_attacked(site, stack)
            service = site.server.service
            service.program.worker.stop()
            await site.until(lambda: service.state.tally.jobs.total() > 0)
            await watch.look()
            assert [name for name, moved in watch.moved.items() if not moved] == []
            assert len(watch.moved) > 20

    run(body)
