"""Several processes, where it is easy to be wrong: who came and went unseen, who is elsewhere.

The clients and nodes are those of the checker (tests/jepsen), which does such things at random.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ..jepsen.clients import Client, Recorder
from ..jepsen.cluster import Nodes
from ..support.constants import smaller
from ..support.live import eventually, serve
from ..support.redis_server import needs_redis
from .support import write_files

pytest.importorskip("redis")
pytestmark = [needs_redis, pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")]

LEASE = 1.5


class Watched(Client):
    """A client that keeps every message of presence."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        super().__init__(name, "blue", recorder)
        self.presence: list[dict[str, Any]] = []

    def _take(self, message: dict[str, Any]) -> None:
        if str(message.get("event")).startswith("presence"):
            self.presence.append(message)
        super()._take(message)

    async def ask(self) -> dict[str, Any]:
        """What the helpers say."""
        answers: list[dict[str, Any]] = []
        await self.ask_all(answers.append)
        await until(lambda: bool(answers), "an answer")
        return answers[0]


async def until(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


async def until_counted(client: Watched, expected: dict[str, Any], seconds: float = 20) -> None:
    """Until the helpers say *expected*."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await client.ask()
        answer["users"] = [user["user_id"] for user in answer["users"]]
        if all(answer.get(key) == value for key, value in expected.items()):
            return
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.05)


Work = Callable[[Nodes, Callable[[str, str], Awaitable[Watched]]], Awaitable[None]]


def on_nodes(work: Work, *flags: str) -> None:
    """Do *work* with three nodes and a function that makes a member on one of them."""
    recorder, clients = Recorder(), []

    async def member(name: str, node: str) -> Watched:
        client = Watched(name, recorder)
        clients.append(client)
        await client.open(nodes.url(node), lambda pid: node)
        await client.join()
        await until(lambda: client.span is not None and client.span.began is not None, "joined")
        return client

    async def all_of_it() -> None:
        try:
            await nodes.start()
            await work(nodes, member)
        finally:
            for client in clients:
                await client.close(politely=False)
            text = await asyncio.to_thread(nodes.end)
        assert "Traceback" not in text

    nodes = Nodes(LEASE, flags=flags)
    asyncio.run(all_of_it())


async def track_as(client: Watched, user: str) -> None:
    """As *user*, whoever else is tracked so; seen by itself."""
    done: list[dict[str, Any]] = []
    await client._ask("track", done.append, user=user)
    await until(lambda: bool(done), "tracked")


def test_who_came_and_went_while_redis_stood_still_is_nowhere() -> None:
    """Its connection, membership and tracking were asked for, and were over before they began."""

    async def work(nodes: Nodes, member: Callable[[str, str], Awaitable[Watched]]) -> None:
        stays = await member("stays", "n0")
        nodes.signal_redis(signal.SIGSTOP)
        hasty = [Watched(f"hasty{at}", Recorder()) for at in range(3)]
        for at, client in enumerate(hasty):
            await client.open(nodes.url(f"n{at}"), lambda pid: "")
            await client.join()
            await client.track()
            await client.close(politely=at != 1)
        nodes.signal_redis(signal.SIGCONT)
        late = await member("late", "n2")
        for client in (stays, late):
            await until_counted(client, {"count": 2, "ids": 2, "users": []})
        await track_as(late, "late")
        await until(lambda: stays.users == {"late"}, "only who is there")

    on_nodes(work)


def test_who_reads_too_slowly_is_brought_up_to_date() -> None:
    """The log dropped what it had not read. It notices, and nobody is seen to leave."""

    async def work(nodes: Nodes, member: Callable[[str, str], Awaitable[Watched]]) -> None:
        says, slow = await member("says", "n0"), await member("slow", "n1")
        await track_as(slow, "slow")
        await until(lambda: says.users == {"slow"}, "tracked")
        nodes.signal("n1", signal.SIGSTOP)
        for number in range(150):
            await says._ask("tell", None, body=json.dumps({"m": ["x", number], "p": "x" * 1000}))
            if number % 10 == 9:
                await says.ask()  # so they are many entries of the log, not one large one
        await track_as(says, "says")
        nodes.signal("n1", signal.SIGCONT)
        await until(lambda: slow.users == {"slow", "says"}, "up to date", 60)
        last = await says.say("blue")
        await until(
            lambda: slow.span is not None and last in [one.message for one in slow.span.heard],
            "heard",
        )
        log = nodes.served["n1"].text
        assert "entries of the log are missing" in log
        await until_counted(slow, {"count": 2, "users": ["slow", "says"]})

    with smaller(broker_backlog_bytes=65536):
        on_nodes(work, "--node-lease-seconds", "60")


def test_who_is_elsewhere_already_does_not_flicker() -> None:
    """One user on two nodes: the old connection ends, or its node dies, and nobody sees a leave."""

    async def work(nodes: Nodes, member: Callable[[str, str], Awaitable[Watched]]) -> None:
        watches, old = await member("watches", "n0"), await member("old", "n1")
        await track_as(old, "ada")
        await until(lambda: watches.users == {"ada"}, "tracked")
        third = await member("third", "n2")
        await track_as(third, "ada")
        await old.close(politely=False)
        await until_counted(watches, {"count": 2, "users": ["ada"]})
        fourth = await member("fourth", "n0")
        await track_as(fourth, "ada")
        nodes.kill("n2")
        await until_counted(watches, {"count": 2, "users": ["ada"]})
        nodes.launch("n2")
        await nodes.served["n2"].ready()
        assert not [one for one in watches.presence if one["payload"].get("leaves")]
        await until(lambda: len(watches.page.state["ada"]["metas"]) == 1, "one device")

    on_nodes(work)


def test_no_ghost_outlives_its_lease() -> None:
    """All users of a killed node leave together, within 4/3 of the lease; late ones see none."""

    async def work(nodes: Nodes, member: Callable[[str, str], Awaitable[Watched]]) -> None:
        watches = await member("watches", "n0")
        for name in ("ada", "bob", "eve"):
            await track_as(await member(name, "n1"), name)
        await until(lambda: watches.users == {"ada", "bob", "eve"}, "tracked")
        killed = time.monotonic()
        nodes.kill("n1")
        await until(lambda: not watches.users, "taken back")
        assert time.monotonic() - killed < 4 * LEASE / 3 + 10, "a busy machine gets ten seconds"
        (leaves,) = [one for one in watches.presence if one["payload"].get("leaves")]
        assert set(leaves["payload"]["leaves"]) == {"ada", "bob", "eve"}
        nodes.launch("n1")
        await nodes.served["n1"].ready()
        late = await member("late", "n1")
        await until_counted(late, {"count": 2, "ids": 2, "users": []})
        assert late.users == set()

    on_nodes(work)


CRON = {
    "app.soli": """get("/ticks", "app#ticks")
class TickJob
  static def perform(args)
    KV.incr("ticks")
  end
end
TickJob.schedule_cron("tick", "* * * * * *")
def ticks
  { "ticks": (KV.get("ticks") ?? "0").to_i }
end
"""
}


def test_a_cron_line_runs_once_among_four_workers(tmp_path: Path) -> None:
    """Each of them declares it, every second one of them runs it."""
    with serve(write_files(tmp_path, CRON), "--workers", "4") as server:

        def ticks() -> int:
            return int(json.loads(server.get_text("/ticks"))["ticks"])

        first = eventually(ticks, "it never runs")
        begin = time.monotonic()
        last = eventually(lambda: n if (n := ticks()) >= first + 4 else None, "it ran once only")
        passed = time.monotonic() - begin

    assert last - first <= passed + 2, "more often than once a second"
