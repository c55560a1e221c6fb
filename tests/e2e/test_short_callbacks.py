"""What is replayed, snapshotted and told is sliced: `callbacks_are_short` watches (`conftest`).

Each test makes as much of it as the limits let through, and only has to get it; that no callback
of ours takes longer than 10 ms is what the fixture asserts.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from soli_runtime.core.actions.kinds import Track
from soli_runtime.observing.traces import Delivered, Trace
from soli_runtime.ws.channel import BY_BROKER
from soli_runtime.ws.rooms import fanout

from ..support import callbacks
from .support import Site, run
from .support import serving as served

APP = r"""ws_keep_history("room:*", { "messages": 1000, "seconds": 300 })
router_websocket("/ws", "app#handle")

rooms = (0..10).map(|i| "room:" + str(i))

def handle(event)
  return {} if event["type"] != "message"
  return { "join": rooms, "history": 1000 } if event["message"] == "visit"
  return { "join": rooms.slice(0, 5), "history": 1000 } if event["message"].contains("half")
  return { "join": "lobby", "track": { "channel": "lobby", "user_id": event["message"] } }
end
"""
ROOMS, KEPT = 10, 850
HALF = ROOMS // 2 * KEPT


async def fill(site: Site) -> None:
    """As much as ten rooms keep, each message with its number."""
    for room in range(ROOMS):
        for number in range(KEPT):
            text = f"{room * KEPT + number} ".ljust(1000, "x")
            site.server.service.realtime.broadcast_room(f"room:{room}", text)
        await asyncio.sleep(0)


def test_a_visit_of_ten_megabytes_of_kept_messages(tmp_path: Path) -> None:
    """All come, in order; what is said meanwhile comes behind them, and others hardly wait."""

    async def scenario() -> None:
        async with (
            served(tmp_path, {"app.soli": APP}, room_bytes=0) as site,
            site.connect("/ws") as visitor,
        ):
            await fill(site)
            await visitor.send("visit")
            assert (await visitor.recv()).startswith("0 ")
            site.server.service.realtime.broadcast_room("room:0", "meanwhile")
            got = [int((await visitor.recv()).split()[0]) for _ in range(ROOMS * KEPT - 1)]
            assert got == list(range(1, ROOMS * KEPT))
            assert await visitor.recv() == "meanwhile"

    run(scenario)


def test_a_visit_that_is_watched(tmp_path: Path) -> None:
    """Whoever watches is told of all that the visitor gets, in order."""

    async def scenario() -> None:
        async with (
            served(tmp_path, {"app.soli": APP}, room_bytes=0) as site,
            site.connect("/ws") as visitor,
        ):
            await fill(site)
            traces: list[Trace] = []
            site.server.service.watch(traces.append)
            await visitor.send("half")
            got = [await visitor.recv() for _ in range(HALF)]
            parts = [part for trace in traces for part in trace.parts]
            told = [part for part in parts if isinstance(part, Delivered)]
            assert [part.payload for part in told] == got
            assert {len(part.recipients) for part in told} == {1}

    run(scenario)


def test_a_visit_of_phoenix_s_client(tmp_path: Path) -> None:
    """Each message is put into an array when its slice has come."""

    async def scenario() -> None:
        async with (
            served(tmp_path, {"app.soli": APP}, room_bytes=0) as site,
            site.connect("/ws/websocket?vsn=2.0.0") as visitor,
        ):
            await fill(site)
            await visitor.send('["1","1","lobby","half",{}]')
            for number in range(HALF):
                array = json.loads(await visitor.recv())
                assert array[:4] == [None, None, f"room:{number // KEPT}", "message"]
                assert array[4].startswith(f"{number} ")

    run(scenario)


def test_a_visit_of_who_does_not_read(tmp_path: Path) -> None:
    """What is replayed waits for the client, and not in the outbox; the connection stays."""

    async def scenario() -> None:
        limits = {"room_bytes": 0, "max_outbox_bytes": 1_000_000}
        async with (
            served(tmp_path, {"app.soli": APP}, **limits) as site,
            site.connect("/ws", max_queue=1) as visitor,
        ):
            await fill(site)
            await visitor.send("visit")
            await asyncio.sleep(1)
            counters = site.server.service.endpoint.counters
            assert counters.slow_consumers == 0
            got = [int((await visitor.recv()).split()[0]) for _ in range(ROOMS * KEPT)]
            assert got == list(range(ROOMS * KEPT))

    run(scenario)


def test_a_snapshot_of_five_thousand(tmp_path: Path) -> None:
    """Of presence, to one who comes."""

    async def scenario() -> None:
        async with served(tmp_path, {"app.soli": APP}, max_connections_per_user=0) as site:
            service = site.server.service
            async with site.connect("/ws") as first:
                await first.send("first")
                for number in range(5000):
                    seat = f"ghost-{number}"
                    service.hub.connect(seat)
                    track = Track("lobby", str(number), None, {"name": f"user {number}"})
                    service.hub.apply(seat, [track], service.loop.time())
                    if number % 100 == 0:
                        await asyncio.sleep(0)
                async with site.connect("/ws") as visitor:
                    await visitor.send("visitor")
                    state = json.loads(await visitor.recv())
                    assert len(state["payload"]) >= 5000

    run(scenario)


def test_a_publisher_that_is_far_ahead_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not read until what it published is written; then it goes on, and nothing is lost."""
    monkeypatch.setattr(fanout, "MAX_BATCH_BYTES", 1_000_000)
    monkeypatch.setattr(fanout, "LAST_BATCH_BYTES", 1_000_000_000)
    monkeypatch.setattr(fanout, "MAX_WAITING_BYTES", 100_000)
    times, size, members = 40, 200_000, 4
    app = f"""router_websocket("/ws", "app#handle")

def handle(event)
  return {{ "join": "lobby" }} if event["type"] == "connect"
  return {{}} if event["type"] != "message"
  text = event["message"] + " "
  while len(text) < {size}
    text = text + text
  end
  {{ "broadcast_room_others": text }}
end
"""

    async def read(client: Any) -> list[str]:
        return [(await client.recv()).split(" ", 1)[0] for _ in range(times)]

    async def scenario() -> None:
        limits = {"message_rate": 0, "max_outbox_bytes": 0}
        async with AsyncExitStack() as stack:
            site = await stack.enter_async_context(served(tmp_path, {"app.soli": app}, **limits))
            clients = [await stack.enter_async_context(site.connect("/ws")) for _ in range(members)]
            publisher = await stack.enter_async_context(site.connect("/ws"))
            endpoint = site.server.service.endpoint
            monkeypatch.setattr(endpoint.fanout, "_slice_members", 1)
            reading = asyncio.gather(*map(read, clients))
            for number in range(times):
                await publisher.send(str(number))
            most, was_held = 0, False
            while not reading.done():
                most = max(most, endpoint.fanout._waiting_bytes())
                was_held = was_held or any(one._holds & BY_BROKER for one in endpoint.connections)
                await asyncio.sleep(0.001)
            assert await reading == [[str(number) for number in range(times)]] * members
            assert was_held
            assert most < 3_000_000
            assert not endpoint.fanout.is_far_ahead

    run(scenario)


@pytest.mark.parametrize(("slower", "is_long"), [(1.0, True), (1.4, False), (100.0, True)])
def test_a_slower_core_excuses_no_more_than_half_as_much_again(
    monkeypatch: pytest.MonkeyPatch, slower: float, is_long: bool
) -> None:
    """What the watch over callbacks allows where the core is slower just then."""
    watch = callbacks.Watch()
    watch.usual = 1.0
    taken = callbacks.MOST_SECONDS * (1.2 if slower < 100 else 1.6)
    times = iter([0.0, taken])
    monkeypatch.setattr(callbacks, "slowness", lambda: slower)
    monkeypatch.setattr(callbacks, "is_ours", lambda handle: True)
    monkeypatch.setattr(callbacks, "name_of", str)
    monkeypatch.setattr(callbacks, "thread_time", lambda: next(times))
    watch.run("ours", lambda handle: None)
    assert bool(watch.long) == is_long
