"""Server-sent events and logouts over several processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets

from ..support.redis_server import needs_redis
from .support import write_files
from .test_scale_out import Group, starting, until

pytest.importorskip("redis")
pytestmark = [needs_redis, pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")]

APP = {
    "app.soli": """get("/events", "app#events")
get("/say/:text", "app#say")
get("/both/:text", "app#both")
get("/count", "app#count")
get("/login", "app#login")
get("/logout", "app#logout")
router_websocket("/ws", "app#handle")
def pid
  System.run_sync(["sh", "-c", "echo $PPID"])["stdout"].to_i
end
def events(req)
  sse_subscribe(req, "news")
end
def say(req)
  { "reached": sse_broadcast("news", req["params"]["text"], "said"), "pid": pid() }
end
def both(req)
  { "reached": broadcast("news", req["params"]["text"]), "pid": pid() }
end
def count(req)
  { "count": sse_subscribers("news"), "pid": pid() }
end
def login(req)
  session_set("user_id", 7)
  { "pid": pid() }
end
def logout(req)
  session_destroy()
  { "pid": pid() }
end
def handle(event)
  return { "join": "news", "send": str(pid()) } if event["type"] == "connect"
  {}
end
"""
}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    with starting(write_files(tmp_path / "chat", APP)) as one:
        yield one


class Visitor:
    """Requests, each over a connection of its own: any worker may answer."""

    def __init__(self, stack: AsyncExitStack, group: Group) -> None:
        self._stack = stack
        self.websocket_url = group.url
        self._url = group.url.replace("ws://", "http://").removesuffix("/ws")
        self.cookies: dict[str, str] = {}

    async def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(force_close=True)
        jar = aiohttp.DummyCookieJar()
        made = aiohttp.ClientSession(connector=connector, cookie_jar=jar, cookies=None)
        return await self._stack.enter_async_context(made)

    async def get(self, path: str) -> Any:
        session = await self._session()
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies} if cookies else {}
        async with session.get(self._url + path, headers=headers) as answer:
            self.cookies |= {name: one.value for name, one in answer.cookies.items()}
            return json.loads(await answer.text())

    async def follow(self) -> list[str]:
        """Lines of a stream of events, as they come."""
        session = await self._session()
        answer = await self._stack.enter_async_context(session.get(self._url + "/events"))
        lines: list[str] = []

        async def read() -> None:
            with contextlib.suppress(aiohttp.ClientError):  # its worker was killed
                async for line in answer.content:
                    if line.strip():
                        lines.append(line.decode().strip())

        task = asyncio.create_task(read())
        self._stack.callback(task.cancel)
        return lines


async def counts(visitor: Visitor, wanted: int) -> None:
    """Until every worker counts so many subscribers."""
    agreed: set[int] = set()
    for _ in range(200):
        found = await visitor.get("/count")
        agreed = agreed | {found["pid"]} if found["count"] == wanted else set()
        if len(agreed) == 2:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"they never count {wanted}")


def test_topics_reach_the_subscribers_of_all_processes(start: Callable[..., Group]) -> None:
    """In one order, and count them; those of a worker that was killed are gone."""
    group = start("--workers", "2")

    async def work() -> None:
        async with AsyncExitStack() as stack:
            visitor = Visitor(stack, group)
            streams = [await visitor.follow() for _ in range(8)]
            await counts(visitor, 8)
            member = await stack.enter_async_context(
                websockets.connect(visitor.websocket_url, proxy=None)
            )
            await member.recv()
            publishers: set[int] = set()
            number = 0
            while number < 10 or len(publishers) < 2:  # the kernel deals: both publish in the end
                answer = await visitor.get(f"/say/{number}")
                assert answer["reached"] == 8
                publishers.add(answer["pid"])
                number += 1
            said = [line for n in range(number) for line in ("event: said", f"data: {n}")]
            await until(lambda: all(lines == said for lines in streams), "all, in one order")
            assert (await visitor.get("/both/done"))["reached"] == 8
            await until(lambda: all(lines[-1] == "data: done" for lines in streams), "broadcast")
            assert await asyncio.wait_for(member.recv(), 10) == "done"
            victim = (await visitor.get("/count"))["pid"]
            os.kill(victim, signal.SIGKILL)
            group.until(lambda: group.text.count("worker_ready") == 3, "replaced")
            before = [len(lines) for lines in streams]
            left = (await visitor.get("/say/last"))["reached"]
            assert left < 8
            await counts(visitor, left)
            reached = [
                lines for lines, length in zip(streams, before, strict=True) if len(lines) > length
            ]
            await until(lambda: [lines[-1] for lines in reached] == ["data: last"] * left, "last")
            news = await visitor.follow()
            await counts(visitor, left + 1)
            assert (await visitor.get("/say/new"))["reached"] == left + 1
            await until(lambda: news[-1:] == ["data: new"], "new")

    asyncio.run(work())


def test_logging_out_closes_the_sockets_in_all_processes(start: Callable[..., Group]) -> None:
    """Of that session, and of no other."""
    group = start("--workers", "2")

    async def work() -> None:
        async with AsyncExitStack() as stack:
            mine, others = Visitor(stack, group), Visitor(stack, group)
            await mine.get("/login")
            await others.get("/login")
            sockets, pids = await _spread(stack, mine)
            (other, *_), _ = await _spread(stack, others)
            assert len(pids) == 2
            await mine.get("/logout")
            await asyncio.wait_for(asyncio.gather(*(one.wait_closed() for one in sockets)), 10)
            assert {(one.close_code, one.close_reason) for one in sockets} == {
                (1008, "session ended")
            }
            assert other.close_code is None

    asyncio.run(work())


async def _spread(stack: AsyncExitStack, visitor: Visitor) -> tuple[list[Any], set[str]]:
    """Sockets with the visitor's session in both workers."""
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()),
        "Origin": visitor.websocket_url.replace("ws://", "http://").removesuffix("/ws"),
    }
    sockets, pids = [], set()
    for _ in range(100):
        one = await stack.enter_async_context(
            websockets.connect(visitor.websocket_url, proxy=None, additional_headers=headers)
        )
        sockets.append(one)
        pids.add(str(await one.recv()))
        if len(pids) == 2:
            break
    return sockets, pids
