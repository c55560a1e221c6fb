"""What joining and leaving a room costs, by how many are in it already.

    python -m benchmarks.membership [--rounds N] [--members 10,1000,100000]

A visitor joins, publishes a message and leaves, through hub, delivery and fan-out; members have no
sockets, and what is published is not written: that is the room's cost, not the visitor's. Prints
nanoseconds of CPU time per visit and each as a ratio to the smallest room. A ratio near 1 is the
aim: membership is told, never listed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import time

from soli_runtime.loading.launch import Launch, launch
from soli_runtime.observing.logs import Log
from soli_runtime.serving.service import Service
from soli_runtime.settings import Settings

from .hot_path import APP

ROOM = "bench"
VISITS = 500


class Member:
    """A connection that takes whatever is sent to it."""

    def __init__(self) -> None:
        self.is_open = True
        self.rooms: tuple[object, ...] = ()
        self.window_bits = 0
        self.target = (lambda: 0, len, self.put)

    def put(self, block: bytes) -> None:
        pass


async def serve() -> Service:
    """An app at work, with nobody there."""
    settings = Settings()
    launched = launch(Launch(APP, settings, environment=dict(os.environ)))
    service = Service(launched.app, settings, Log(print), launched.waiting)
    await service.start()
    return service


def arrive(service: Service, connection_id: str) -> None:
    """A connection that is in no room yet."""
    seat = service.hub.connect(connection_id)
    service.connections.delivery.add(seat, Member())  # type: ignore[arg-type]


def visit(service: Service) -> float:
    """Nanoseconds of CPU time per visit."""
    realtime = service.realtime
    start = time.process_time_ns()
    for _ in range(VISITS):
        realtime.join("visitor", ROOM)
        realtime.broadcast_room(ROOM, "hello")
        realtime.leave("visitor", ROOM)
    taken = time.process_time_ns() - start
    service.endpoint.fanout.flush()
    return taken / VISITS


async def measure(sizes: list[int], rounds: int) -> dict[str, dict[str, float]]:
    """The least of *rounds* for each size: other processes only ever add."""
    services: dict[int, Service] = {}
    for size in sizes:
        service = services[size] = await serve()
        arrive(service, "visitor")
        for number in range(size):
            arrive(service, str(number))
            service.realtime.join(str(number), ROOM)
    gc.collect()
    gc.freeze()
    best: dict[int, float] = {}
    for _ in range(rounds):
        for size, service in services.items():
            taken = visit(service)
            await asyncio.sleep(0)
            best[size] = min(taken, best.get(size, taken))
    smallest = best[min(sizes)]
    return {
        str(size): {"ns per visit": round(taken), "ratio": round(taken / smallest, 2)}
        for size, taken in best.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--members", default="10,1000,100000")
    options = parser.parse_args()
    sizes = [int(size) for size in options.members.split(",")]
    print(json.dumps(asyncio.run(measure(sizes, options.rounds)), indent=2))


if __name__ == "__main__":
    main()
