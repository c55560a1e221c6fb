"""How it is with the nodes of an app, asked from outside: what `soli cluster` shows.

A question is put into the log; each node that comes to it says at once how it is. The time from the
one to the other, by Redis' clock, is how far the node is behind: sending, reading and applying.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from soli_lang.base.records import Record

from ...cluster.log import key_pattern, keys_of, prefix_of, script
from ...settings.kinds import without_password
from ...stores.errors import UNAVAILABLE, CannotOpen
from ...stores.redis.link import refusal, require_package

if TYPE_CHECKING:
    from redis.asyncio import Redis

CALL_SECONDS = 5.0
ANSWER_SECONDS = 1.0
"""For all nodes to answer; who did not is shown as it said of itself last."""
LOOK_SECONDS = 0.02
SEARCH_SECONDS = 2.0
"""For the names of other apps on the same Redis."""
SCAN_KEYS = 1000


class NodeStanding(Record, frozen=True):
    """One node. None is what it never told, or did not tell in time."""

    name: str
    host: str | None
    pid: int | None
    worker: int | None
    version: str | None
    connections: int | None
    rooms: int | None
    """With members there."""
    lag_entries: int
    lag_ms: int | None
    """None: it did not answer."""
    lease_seconds: float
    """Until it counts as dead."""


class ClusterStatus(Record, frozen=True):
    """An app and all of its nodes."""

    app: str
    broker: str
    nodes: tuple[NodeStanding, ...]
    rooms: int
    """With members, wherever those are."""
    log_bytes: int

    @property
    def connections(self) -> int:
        return sum(node.connections or 0 for node in self.nodes)

    @property
    def machines(self) -> int:
        return len({node.host for node in self.nodes if node.host is not None})


async def fetch_status(url: str, app: str, seconds: float = ANSWER_SECONDS) -> ClusterStatus:
    """How it is with *app*, the prefix of its keys. Raises CannotOpen.

    Nodes have *seconds* to answer.
    """
    require_package()
    from redis.asyncio import Redis

    shown = without_password(url)
    try:
        async with Redis.from_url(
            url, protocol=2, socket_timeout=CALL_SECONDS, socket_connect_timeout=CALL_SECONDS
        ) as client:
            return await _asked(client, shown, app, seconds)
    except CannotOpen:
        raise
    except Exception as error:
        raise refusal(shown, error) from None


async def _asked(client: Redis, shown: str, app: str, seconds: float) -> ClusterStatus:
    ask: Any = client.register_script(script())
    keys = keys_of(app)
    if not (await ask(keys, ("standing",)))[3]:
        others = await _apps(client)
        known = f"; apps there: {', '.join(others)}" if others else ""
        raise CannotOpen(f"{shown}: no process of '{app}' is registered{known}", UNAVAILABLE)
    asked_at, question = map(int, await ask(keys, ("ask",)))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        answer = await ask(keys, ("standing",))
        found = _read(shown, app, answer, asked_at, question)
        if loop.time() > deadline or all(node.lag_ms is not None for node in found.nodes):
            return found
        await asyncio.sleep(LOOK_SECONDS)


def _read(shown: str, app: str, answer: list[Any], asked_at: int, question: int) -> ClusterStatus:
    now, last, weight, nodes, reads, facts = answer
    read_of, facts_of = _pairs(reads), _pairs(facts)
    found, rooms = [], 0
    for name, lease_end in _pairs(nodes).items():
        at, told = _told(facts_of.get(name, b""))
        read = int(told.get("read", read_of.get(name, b"0")))
        rooms = max(rooms, int(told.get("all_rooms", 0)))
        found.append(
            NodeStanding(
                name=name.rpartition(".")[0],
                host=told.get("host"),
                pid=told.get("pid"),
                worker=told.get("worker"),
                version=told.get("version"),
                connections=told.get("connections"),
                rooms=told.get("rooms"),
                lag_entries=max(0, int(last) - read),
                lag_ms=at - asked_at if read >= question and at >= asked_at else None,
                lease_seconds=max(0, (int(float(lease_end)) - int(now)) / 1000),
            )
        )
    found.sort(key=lambda node: (node.name.rpartition(".")[0], node.worker or 0, node.name))
    return ClusterStatus(app, shown, tuple(found), rooms, int(weight))


def _pairs(flat: list[bytes]) -> dict[str, bytes]:
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _told(text: bytes) -> tuple[int, dict[str, Any]]:
    """When a node told its facts, in Redis' milliseconds, and what; an older one tells none."""
    at, _, told = text.partition(b" ")
    try:
        return int(at), dict(json.loads(told))
    except (TypeError, ValueError):
        return 0, {}


async def _apps(client: Redis) -> list[str]:
    """Apps that have nodes on this Redis, as far as they are found in time."""
    pattern, found = key_pattern("nodes"), set[str]()
    cursor, loop = 0, asyncio.get_running_loop()
    deadline = loop.time() + SEARCH_SECONDS
    while loop.time() < deadline:
        page: Any = await client.scan(cursor, pattern, SCAN_KEYS)
        cursor, names = page
        found.update(prefix_of(name.decode()) for name in names)
        if not cursor:
            break
    return sorted(found)
