"""`python -m benchmarks.hot_rooms --rate N`: one room that several nodes change as often as that.

Each event adds one to what it saw. Latency is from sending to the answer; runs and CPU time are of
the nodes. On a machine that is busy with other work only runs and CPU time mean something.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import websockets

from tests.jepsen.cluster import Nodes

APP = Path(__file__).with_name("programs") / "hot_rooms.soli"
CONNECTIONS = 4
"""Of each node."""


async def send(socket: Any, wait: float, seconds: float, pause: float, sent: list[float]) -> None:
    """Events at a steady pace, whatever is answered, from *wait* seconds on."""
    await asyncio.sleep(wait)
    begin = time.perf_counter()
    while (now := time.perf_counter()) - begin < seconds:
        sent.append(now)
        await socket.send("1")
        await asyncio.sleep(max(0.0, begin + len(sent) * pause - time.perf_counter()))


async def receive(socket: Any, sent: list[float], took: list[float], kinds: list[str]) -> None:
    async for text in socket:
        message = json.loads(text)
        if "at" in message or "error" in str(message.get("event")):
            took.append(time.perf_counter() - sent[len(took)])
            kinds.append("at" if "at" in message else str(message))


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def run(count: int, rate: float, seconds: float, kind: str) -> None:
    nodes = Nodes(3.0, count=count, flags=("--metrics",), app=APP)
    await nodes.start()
    try:
        sockets = [
            await websockets.connect(f"{nodes.url(name)}/{kind}", max_size=None)
            for name in nodes.names
            for _ in range(CONNECTIONS)
        ]
        sent: list[list[float]] = [[] for _ in sockets]
        took: list[list[float]] = [[] for _ in sockets]
        kinds: list[str] = []
        reads = [
            asyncio.create_task(receive(*each, kinds))
            for each in zip(sockets, sent, took, strict=True)
        ]
        pids = [nodes.served[name].process.pid for name in nodes.names]
        redis = nodes.redis.process
        assert redis is not None
        before, redis_before = sum(map(cpu, pids)), cpu(redis.pid)
        pause = len(sockets) / rate
        works = [
            send(each, index / rate, seconds, pause, sent[index])
            for index, each in enumerate(sockets)
        ]
        await asyncio.gather(*works)
        deadline = time.monotonic() + 30
        while True:
            if sum(map(len, took)) >= sum(map(len, sent)) or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        done = sorted(one for each in took for one in each)
        total = len(done)
        again = sum(map(runs_again, [nodes.url(name) for name in nodes.names]))
        print(
            f"{kind} {count} nodes {rate:.0f}/s: {total} of {sum(map(len, sent))} answered, "
            f"p50 {1000 * done[total // 2]:.1f} ms, p99 {1000 * done[total * 99 // 100]:.1f} ms, "
            f"{1 + again / total:.2f} runs, "
            f"{1e6 * (sum(map(cpu, pids)) - before) / total:.0f} us CPU of nodes, "
            f"{1e6 * (cpu(redis.pid) - redis_before) / total:.0f} us of Redis, "
            f"{sum(kind != 'at' for kind in kinds)} errors"
        )
        for task in reads:
            task.cancel()
    finally:
        nodes.end()


def runs_again(url: str) -> float:
    page = urlopen(url.replace("ws://", "http://").removesuffix("/ws") + "/metrics").read()
    found = re.findall(rb"\nsoli_room_reruns_total(?:\{[^}]*\})? (\S+)", page)
    return sum(map(float, found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--kind", choices=("view", "add"), default="view")
    given = parser.parse_args()
    asyncio.run(run(given.nodes, given.rate, given.seconds, given.kind))


if __name__ == "__main__":
    main()
