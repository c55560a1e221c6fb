"""Nodes in one process over a real Redis, or over wires that answer when the test says so."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from soli_runtime.cluster import traffic as module
from soli_runtime.core.effects import Effect
from soli_runtime.core.operations.arrivals import Arrivals
from soli_runtime.observing.logs import Log
from soli_runtime.settings.app_mark import AppMark

from ....support.memory_log import BrokerBench
from ....support.redis_server import RedisServer, needs_redis, redis_server

redis = pytest.importorskip("redis")

from soli_runtime.cluster.log import KEYS, LOG, keys_of  # noqa: E402
from soli_runtime.cluster.log_broker import LogBroker  # noqa: E402
from soli_runtime.cluster.node import Lane, Node  # noqa: E402
from soli_runtime.cluster.redis_protocol import Refused  # noqa: E402
from soli_runtime.cluster.traffic import Lost, Traffic  # noqa: E402

PATIENCE_SECONDS = 30


async def eventually(condition: Callable[[], object]) -> None:
    for _ in range(PATIENCE_SECONDS * 200):
        if condition():
            return
        await asyncio.sleep(0.005)
    assert condition()


# --- over wires of the test -----------------------------------------------------------------------


class FakeWire:
    """Keeps what is asked; answers when it is told to."""

    def __init__(self) -> None:
        self.failed: Callable[[Exception], object] = lambda error: None
        self.asked: list[tuple[Callable[[Any], object], tuple[Any, ...]]] = []

    def ask(self, take: Callable[[Any], object], *command: Any) -> None:
        self.asked.append((take, command))

    async def call(self, *command: Any, seconds: float) -> Any:
        return b"sha"

    def is_silent(self, seconds: float) -> bool:
        return False

    def close(self) -> None:
        self.asked.clear()

    def answer(self, answer: Any) -> None:
        """As a wire does: what the taker raises ends it."""
        take, _ = self.asked.pop(0)
        try:
            take(answer)
        except Exception as error:
            self.failed(error)

    def batches(self) -> list[tuple[int, list[str]]]:
        """The batches that have no answer: number, kinds of operations."""
        return [
            (command[-9], [head[0] for head in json.loads(command[-3])])
            for _, command in self.asked
        ]


class CarriedBench(BrokerBench):
    """A process with a fake transport, whose broker is carried by a `Traffic`."""

    traffic: Traffic | None = None
    bad: str | None = None
    """A payload that cannot be sent."""

    def queued(self) -> None:
        if self.traffic is not None:
            self.traffic.queued()

    @property
    def carry_out(self) -> Any:
        return self._deliver_good

    def _deliver_good(self, effects: list[Effect]) -> None:
        if any(getattr(effect, "payload", None) == self.bad for effect in effects if self.bad):
            raise ValueError("bad")
        self.deliver(effects)


class Bare:
    """A broker with members in a room, its traffic, and the wires that this has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wires: list[FakeWire] = []

        async def connect(url: str, seconds: float) -> FakeWire:
            self.wires.append(FakeWire())
            return self.wires[-1]

        monkeypatch.setattr(module, "connect", connect)
        self.bench = CarriedBench()
        self.broker = self.bench.broker
        self.steps: list[list[Any]] = []
        """What the member got, by turn of the loop."""

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.traffic = Traffic("redis://nowhere", ["k"] * 10, 1 << 20, loop)
        self.traffic.carry_for(self.broker)
        self.bench.traffic = self.traffic
        self.bench.connect("a")
        self.bench.do("a", {"join": "r"})
        await self.reopen()
        self.traffic.begin(b"e", 0)
        self.broker.lifecycle.begin("n1")
        self.traffic.start()
        self.writing.answer(b"OK")
        self.number = 0
        account = [["j", "a", "r", False]]
        self.arrives(("n1", 1, [["a", ["a"], [["a", "r"]], []], ["c", "a"], *account], []))
        await turns(3)
        assert self.broker.outbox.is_empty

    async def reopen(self) -> None:
        await self.traffic.open()
        self.writing, self.reading = self.wires[-2:]

    def say(self, *texts: str) -> None:
        for text in texts:
            self.bench.do("a", {"broadcast_room": text})

    def arrives(self, *entries: tuple[str, int, list[Any], list[bytes]]) -> None:
        found = []
        for origin, number, heads, payloads in entries:
            self.number += 1
            fields = ["o", origin, "n", str(number), "h", json.dumps(heads)]
            raw = [field.encode() for field in fields]
            found.append([f"{self.number}-0".encode(), [*raw, b"p", b"".join(payloads)]])
        self.reading.answer([[b"log", found]])

    def from_other(self, text: str) -> tuple[str, int, list[Any], list[bytes]]:
        return ("n2", 1, [["m", "r", len(text)]], [text.encode()])

    def own(self, number: int) -> tuple[str, int, list[Any], list[bytes]]:
        return ("n1", number, [], [])

    def got(self) -> list[Any]:
        return self.bench.received("a")


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


Use = Callable[[Bare], Awaitable[None]]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Callable[[Use], None]:
    def run(use: Use) -> None:
        async def main() -> None:
            bare = Bare(monkeypatch)
            await bare.open()
            await use(bare)
            bare.traffic.close()

        asyncio.run(main())

    return run


def test_two_batches_are_under_way_and_the_next_gathers(bare: Callable[[Use], None]) -> None:
    """What is asked for in one turn of the loop is one batch."""

    async def use(it: Bare) -> None:
        for texts in (("a", "b"), ("c",), ("d",), ("e", "f")):
            it.say(*texts)
            await turns(2)
        assert it.writing.batches() == [(2, ["m", "m"]), (3, ["m"])]
        it.writing.answer(b"OK")
        assert it.writing.batches() == [(3, ["m"]), (4, ["m", "m", "m"])]

    bare(use)


def test_what_has_no_answer_is_sent_again_in_its_order(bare: Callable[[Use], None]) -> None:
    """On new connections, under its old number; reading goes on where it was."""

    async def use(it: Bare) -> None:
        it.say("one")
        await turns(2)
        it.say("two")
        await turns(2)
        it.say("three")
        it.arrives(it.from_other("x"))
        it.writing.answer(Refused("OOM there is no room"))
        with pytest.raises(Refused, match="OOM"):
            await it.traffic.until_failed()
        it.traffic.close()
        await it.reopen()
        it.traffic.start()

        assert it.writing.batches() == [(2, ["m"]), (3, ["m"])]
        assert it.got() == []  # it was read and not applied: it is read again
        assert it.reading.asked[0][1][-1] == "1-0"
        it.number -= 1
        it.arrives(it.from_other("x"), it.own(2), it.own(3))
        await turns(3)
        assert it.got() == ["x", "one", "two"]

    bare(use)


def test_what_comes_back_together_is_applied_together(bare: Callable[[Use], None]) -> None:
    """Messages of others wait for what this node is just sending, and not for what comes later."""

    async def use(it: Bare) -> None:
        it.arrives(it.from_other("alone"))
        await turns(2)
        assert it.got() == ["alone"]

        it.arrives(it.from_other("other"))
        it.say("own")  # in the same turn
        await turns(5)
        assert it.writing.batches() == [(2, ["m"])]
        assert it.got() == []
        it.say("later")
        await turns(2)
        it.arrives(it.own(2))
        await turns(2)
        assert it.got() == ["other", "own"]

    bare(use)


def test_nobody_waits_for_what_does_not_come(bare: Callable[[Use], None]) -> None:
    """Some milliseconds, and it goes on."""

    async def use(it: Bare) -> None:
        it.arrives(it.from_other("other"))
        it.say("own")
        await eventually(lambda: it.bench.inboxes["a"].payloads)
        assert it.got() == ["other"]
        it.arrives(it.own(2))
        await turns(3)
        assert it.got() == ["own"]

    bare(use)


def test_a_gap_in_the_log_ends_it(bare: Callable[[Use], None]) -> None:
    """The node has to begin anew; nothing behind the gap is applied."""

    async def use(it: Bare) -> None:
        it.number += 1
        it.arrives(it.from_other("behind"))
        with pytest.raises(Lost, match="missing"):
            await it.traffic.until_failed()
        await turns(3)
        assert it.got() == []

    bare(use)


def test_one_operation_that_fails_does_not_take_others_with_it(
    bare: Callable[[Use], None],
) -> None:
    """Neither of this node's nor of others'; it is told."""

    async def use(it: Bare) -> None:
        it.bench.bad = "bad"
        it.say("bad", "good")
        await turns(2)
        texts = ["bad", "fine"]
        heads = [["m", "r", len(text)] for text in texts]
        heads.insert(1, ["t", "too few fields"])
        it.arrives(it.own(2), ("n2", 1, heads, [text.encode() for text in texts]))
        await turns(3)
        assert it.got() == ["good", "fine"]
        assert len(it.bench.faults) == 3
        assert "n2' writes Tracked with 1 fields, and version 3" in str(it.bench.faults[2])
        assert it.bench.hub.seats["a"].under_way == 0

    bare(use)


def test_others_have_their_turn_however_much_there_is_to_read(bare: Callable[[Use], None]) -> None:
    """And what is read meanwhile is bounded."""

    async def use(it: Bare) -> None:
        heads = [["m", "r", 1]] * 400
        it.arrives(*(("n2", n, heads, [b"x"] * 400) for n in range(module.READ_ENTRIES)))
        assert it.reading.asked == []
        seen = []
        for _ in range(10 * module.READ_ENTRIES):
            await asyncio.sleep(0)
            got = it.got()
            assert len(got) <= module.OPS_PER_TURN + 400
            seen += got
        assert len(seen) == 400 * module.READ_ENTRIES
        await turns(1)
        assert len(it.reading.asked) == 1

    bare(use)


def test_an_entry_goes_on_though_the_line_breaks(bare: Callable[[Use], None]) -> None:
    """It counts as read: what is left of it is applied all the same, and before what follows."""

    async def use(it: Bare) -> None:
        ids = [f"n2-{number}" for number in range(3000)]
        it.arrives(("n2", 1, [["a", ids, [[one, "s"] for one in ids], []], ["m", "r", 1]], [b"x"]))
        await turns(2)
        assert 0 < it.broker.replica.member_count("s") < len(ids)
        assert it.got() == []
        it.traffic.close()
        await it.reopen()
        it.traffic.start()
        it.arrives(("n2", 2, [["m", "r", 1]], [b"y"]))
        await turns(100)
        assert it.got() == ["x", "y"]
        assert it.broker.replica.member_count("s") == len(ids)

    bare(use)


def test_a_node_that_begins_anew_finishes_what_is_under_way(bare: Callable[[Use], None]) -> None:
    async def use(it: Bare) -> None:
        ids = [f"n2-{number}" for number in range(3000)]
        it.arrives(("n2", 1, [["a", ids, [[one, "s"] for one in ids], []]], []))
        await turns(2)
        it.traffic.close()
        await it.traffic.settle()
        assert it.broker.replica.member_count("s") == len(ids)

    bare(use)


# --- over a real Redis ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


_numbers = itertools.count()


class NodeBench(BrokerBench):
    """A process with a fake transport and a node."""

    def __init__(self, server: RedisServer, prefix: str, refs: Iterator[int]) -> None:
        self.lines: list[str] = []
        self.prefix = prefix
        loop = asyncio.get_running_loop()
        lane = Lane(server.url, AppMark(prefix, "", frozenset()), 9.0, 64 << 20)
        self.node = Node(lane, Log(self.lines.append, clock=lambda: 0.0), loop, self)
        super().__init__(refs)

    def _broker_of(self, arrivals: Arrivals) -> LogBroker:
        return self.node.broker_of(arrivals)


@asynccontextmanager
async def nodes(server: RedisServer) -> AsyncIterator[tuple[NodeBench, NodeBench]]:
    """Two, with a member of the room r each: a and c."""
    prefix, refs = f"t{next(_numbers)}", itertools.count(1)
    here, there = (NodeBench(server, prefix, refs) for _ in range(2))
    for bench in (here, there):
        await bench.node.start()
    try:
        for bench, connection_id in ((here, "a"), (there, "c")):
            bench.connect(connection_id)
            bench.do(connection_id, {"join": "r"})
        await eventually(lambda: all(b.node.broker.outbox.is_empty for b in (here, there)))
        yield here, there
    finally:
        for bench in (here, there):
            await bench.node.stop()


async def both_get(here: NodeBench, there: NodeBench, count: int) -> list[Any]:
    """What both have got when they have *count* messages; they got the same."""
    inboxes = here.inboxes["a"].payloads, there.inboxes["c"].payloads
    await eventually(lambda: all(len(inbox) >= count for inbox in inboxes))
    got = here.received("a")
    assert got == there.received("c")
    return got


@needs_redis
def test_cut_connections_lose_nothing_and_double_nothing(server: RedisServer) -> None:
    """Wherever the cut is: both see all, once, in one order."""

    async def main() -> None:
        client = redis.asyncio.Redis.from_url(server.url)
        async with nodes(server) as (here, there):
            for number in range(400):
                for bench, connection_id in ((here, "a"), (there, "c")):
                    for part in range(number % 4):
                        bench.do(connection_id, {"broadcast_room": [connection_id, number, part]})
                if number % 20 == 7:
                    await client.execute_command(
                        "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"
                    )
                await asyncio.sleep(0.001 * (number % 3))
            got = await both_get(here, there, 1200)
            for connection_id in "ac":
                own = [one[1:] for one in got if one[0] == connection_id]
                assert own == [
                    [number, part] for number in range(400) for part in range(number % 4)
                ]
            assert here.node.broker.outbox.dropped == there.node.broker.outbox.dropped == 0
            assert any("broker_lost" in line for line in here.lines)
        await client.aclose()

    asyncio.run(main())


@needs_redis
def test_a_redis_without_room_loses_nothing(server: RedisServer) -> None:
    """What waits goes out when there is room again."""

    async def main() -> None:
        client = redis.asyncio.Redis.from_url(server.url)
        async with nodes(server) as (here, there):
            await client.config_set("maxmemory", 1)
            here.do("a", {"broadcast_room": 1})
            await eventually(lambda: any("OOM" in line for line in here.lines))
            here.do("a", {"broadcast_room": 2})
            there.do("c", {"broadcast_room": 3})
            await client.config_set("maxmemory", 0)
            got = await both_get(here, there, 3)
            assert sorted(got) == [1, 2, 3]
            assert got.index(1) < got.index(2)
            assert here.node.broker.outbox.dropped == 0
        await client.aclose()

    asyncio.run(main())


@needs_redis
def test_a_redis_that_forgot_the_script(server: RedisServer) -> None:
    """It is told again."""

    async def main() -> None:
        client = redis.asyncio.Redis.from_url(server.url)
        async with nodes(server) as (here, there):
            await client.script_flush()
            here.do("a", {"broadcast_room": 1})
            assert await both_get(here, there, 1) == [1]
        await client.aclose()

    asyncio.run(main())


@needs_redis
@pytest.mark.parametrize(
    "fields",
    [
        {"q": "x"},
        {"node": "n9", "number": "many", "heads": "[]"},
        {"node": "n9", "number": "1", "heads": "{"},
        {"node": "n9", "number": "1", "heads": "[1, 2]"},
        {"node": b"\xff", "number": "1", "heads": "[]"},
    ],
)
def test_an_entry_of_somebody_else_is_left_behind(
    server: RedisServer, fields: dict[str, Any]
) -> None:
    """Another user of that Redis wrote it: it is said, and messages go on."""

    async def main() -> None:
        client = redis.asyncio.Redis.from_url(server.url)
        async with nodes(server) as (here, there):
            keys = keys_of(here.prefix)
            last = await client.incr(keys[KEYS.index("last")])
            await client.xadd(keys[LOG], fields, id=f"{last}-0")
            await eventually(lambda: all(_says_unreadable(bench) for bench in (here, there)))
            await eventually(lambda: not (here.node.is_away or there.node.is_away))
            here.do("a", {"broadcast_room": 1})
            assert (await both_get(here, there, 1))[-1] == 1
            assert sum("broker_resync" in line for line in here.lines) == 1
        await client.aclose()

    asyncio.run(main())


def _says_unreadable(bench: NodeBench) -> bool:
    return any("none that Soli writes" in line for line in bench.lines)
