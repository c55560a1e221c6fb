"""A handler that waits sets only itself aside: order holds, and nobody waits with it."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from .hostile import raw, still_calm, text
from .support import receive, run, serving
from .ws.serving import Raw

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
get("/seen", "app#all")
seen = []

def note(what)
  seen.push(what)
end

def all
  seen
end

def waits(message)
  begin
    sleep(30)
    note("slept")
  rescue e
    note("rescued")
  ensure
    note("ensured " + message)
  end
end

def stubborn
  while true
    begin
      sleep(30)
    rescue e
      note("rescued")
    end
  end
end

def returns
  begin
    sleep(30)
  ensure
    return { "broadcast": "too late" }
  end
end

def handle(event)
  note(event["type"]) if event["type"] != "message"
  message = event["message"]
  return {} if message == null
  sleep(float(message.replace("sleep ", ""))) if message.starts_with("sleep ")
  waits(message) if message.starts_with("wait")
  stubborn() if message == "stubborn"
  return returns() if message == "return"
  System.run_sync(["sleep", "0.3"]) if message == "process"
  password_hash("secret") if message == "password"
  note("quick") if message == "quick"
  { "send": message }
end
"""
}

MANY = 2_000
MOST_TIMES_ONE = 30
"""How many times as long as one the many may take; one after the other they would take 2,000."""


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Room for both ends of all connections in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def opened(site: Any, stack: AsyncExitStack) -> Raw:
    """One more connection, closed with the *stack*."""
    return await stack.enter_async_context(raw(site, reads=1 << 16))


async def seconds_until_answered(clients: list[Raw], message: str) -> float:
    begin = time.perf_counter()
    for client in clients:
        client.send(text(message))
    for client in clients:
        assert await client.frame() == (0x81, message.encode())
    return time.perf_counter() - begin


@pytest.mark.usefixtures("many_descriptors")
def test_two_thousand_sleeping_at_once_take_about_as_long_as_one(tmp_path: Path) -> None:
    """Not two thousand times as long."""

    async def body() -> None:
        async with (
            serving(
                tmp_path, APP, max_connections_per_ip=0, connect_rate_per_ip=0, ping_seconds=300
            ) as site,
            AsyncExitStack() as stack,
        ):
            clients = [await opened(site, stack) for _ in range(MANY)]
            one = await seconds_until_answered(clients[:1], "sleep 0.2")
            all_of_them = await seconds_until_answered(clients, "sleep 0.2")
            for client in clients:
                client.abort()
            await site.until(lambda: site.realtime.count() == 0)
            assert all_of_them < MOST_TIMES_ONE * one

    run(body, 100)


@pytest.mark.parametrize("what", ["process", "password", "sleep 0.2"])
def test_others_are_served_meanwhile(tmp_path: Path, what: str) -> None:
    """While a process runs, a password is hashed, a handler sleeps."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP) as site,
            site.connect("/ws") as waits,
            site.connect("/ws") as other,
        ):
            await waits.send(what)
            await site.until(lambda: site.server.service.calls.runners.suspended == 1)
            await still_calm(other)
            assert await receive(waits) == what

    run(body)


def test_messages_of_a_connection_stay_in_order(tmp_path: Path) -> None:
    """However long each of them takes, on twenty connections at once."""
    messages = [f"sleep 0.0{number % 4}{number}" for number in range(10)]

    async def one(site: Any) -> list[str]:
        async with site.connect("/ws") as client:
            for message in messages:
                await client.send(message)
            return [await receive(client) for _ in messages]

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            found = await asyncio.gather(*(one(site) for _ in range(20)))
        assert found == [messages] * 20

    run(body)


async def cut_while_waiting(site: Any, *messages: str) -> list[str]:
    """Send *messages*, break the line while the first waits, and see what the program noted."""
    async with raw(site) as client:
        client.send(b"".join(text(message) for message in messages))
        await site.until(lambda: site.server.service.calls.runners.suspended == 1)
        client.abort()
        await site.until(lambda: site.realtime.count() == 0)
    return list((await site.get("/seen")).json)


def test_messages_behind_a_wait_that_was_cut_are_still_handled(tmp_path: Path) -> None:
    """What came before the line broke is handled; nothing of it waits any more."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site:
            seen = await cut_while_waiting(site, "wait 1", "quick", "wait 2")
        assert seen == ["connect", "ensured wait 1", "quick", "ensured wait 2", "disconnect"]

    run(body)


@pytest.mark.parametrize("message", ["stubborn", "return"])
def test_being_taken_back_cannot_be_swallowed(tmp_path: Path, message: str) -> None:
    """Neither by `rescue` in a loop nor by `return` in `ensure`."""

    async def body() -> None:
        async with serving(tmp_path, APP) as site, site.connect("/ws") as other:
            async with raw(site) as client:
                client.send(text(message))
                await site.until(lambda: site.server.service.calls.runners.suspended == 1)
                client.abort()
                await site.until(lambda: site.realtime.count() == 1)
            await other.send("mine")
            assert await receive(other) == "mine"
            assert "rescued" not in (await site.get("/seen")).json
            assert site.counts["handler_error"] == 0

    run(body)


def test_the_wait_limit_cannot_be_swallowed(tmp_path: Path) -> None:
    """A `return` in `ensure` does not make a result of it."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, handler_suspend_seconds=0.05) as site,
            site.connect("/ws") as client,
        ):
            await client.send("return")
            await still_calm(client)
            assert "wait limit exceeded (0.05 s)" in site.log

    run(body)


@pytest.mark.parametrize(("seconds", "is_answered"), [("0.05", True), ("0.9", False)])
def test_the_wait_limit_counts_all_waits_of_a_call(
    tmp_path: Path, seconds: str, is_answered: bool
) -> None:
    """handler-suspend-seconds: within it there is an answer, past it a LimitError."""

    async def body() -> None:
        async with (
            serving(tmp_path, APP, handler_suspend_seconds=0.5) as site,
            site.connect("/ws") as client,
        ):
            await client.send(f"sleep {seconds}")
            await client.send("next")
            expected = f"sleep {seconds}" if is_answered else "next"
            assert await receive(client) == expected

    run(body)
