"""The conformance suite over a real Redis: two nodes, the script that they use, no loop."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from soli_runtime.cluster.codec import VERSION
from soli_runtime.cluster.host import Bounds
from soli_runtime.cluster.keeping import append_words, epoch_of
from soli_runtime.cluster.log import KEYS, entry_of, script
from soli_runtime.core.effects import Payload
from soli_runtime.settings import SettingError, Settings

from ....support.history_conformance import HistoryConformance
from ....support.memory_log import BrokerBench
from ....support.presence_clients import Bench
from ....support.redis_server import RedisServer, needs_redis, redis_server

redis = pytest.importorskip("redis")
pytestmark = needs_redis
LEASE = 9000


class RedisBench(BrokerBench):
    """A process with a fake transport, and a log in Redis that it uses when it is told to."""

    def __init__(
        self,
        client: object,
        base: str,
        node: str,
        refs: Iterator[int],
        grace: float = 0,
        backlog: int = 1 << 26,
    ) -> None:
        bounds = Bounds(backlog, grace)
        super().__init__(refs, bounds, presence_grace_seconds=grace)
        self.client = client
        self.base = base
        self.script = client.register_script(script())  # type: ignore[attr-defined]
        self.keys = [base + key for key in KEYS]
        self.begin(node)

    def ask(self, *arguments: object) -> object:
        return self.script(self.keys, arguments)

    def begin(self, node: str) -> None:
        epoch, last, *_, run = self.ask("hello", node, LEASE, "e1", VERSION)  # type: ignore[misc]
        self.epoch, self.read = epoch, int(last)
        self.epoch_text = epoch_of(epoch, run)
        self.broker.lifecycle.begin(node)

    def push(self) -> bool:
        """Append what waits, twice: the second time as if the answer had been lost."""
        batch = self.broker.outbox.next_batch()
        if batch is None:
            return False
        arguments = ("append", self.broker.node, self.epoch, batch.number, 1 << 26)
        for _ in range(2):
            assert self.ask(*arguments, *append_words(batch, self.history)) == b"OK"
        return True

    def pull(self) -> bool:
        """Read one entry."""
        found = self.client.xread({self.keys[2]: f"{self.read}-0"}, count=1)  # type: ignore[attr-defined]
        if not found:
            return False
        entry = read(found)
        assert entry[0] == self.read + 1
        self.read = entry[0]
        for _ in self.broker.arrived(*entry):
            pass
        return True

    def beat(self, lease: int = LEASE) -> list[bytes]:
        return self.ask("beat", self.broker.node, self.epoch, lease, self.read)  # type: ignore[return-value]


def read(found: Any) -> tuple[Any, ...]:
    """The first entry of what the client found."""
    name, fields = found[0][1][0]
    return entry_of(name, [each for field in fields.items() for each in field])


def arrive(benches: Sequence[Bench]) -> None:
    """Until nothing is under way."""
    while any([bench.push() for bench in benches] + [bench.pull() for bench in benches]):  # type: ignore[attr-defined]
        pass
    assert [bench.faults for bench in benches] == [[]] * len(benches)  # type: ignore[attr-defined]


_numbers = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


def make(
    server: RedisServer, count: int = 2, grace: float = 0, backlog: int = 1 << 26
) -> list[RedisBench]:
    refs, base = itertools.count(1), f"t{next(_numbers)}:"
    client = redis.Redis.from_url(server.url, protocol=2)
    return [
        RedisBench(client, base, f"n{number + 1}", refs, grace, backlog) for number in range(count)
    ]


class TestTwoNodesOnRedis(HistoryConformance):
    """Turns come out of the stream, in both."""

    @pytest.fixture(autouse=True)
    def _server(self, server: RedisServer) -> None:
        self.server = server

    def make(self) -> Sequence[Bench]:
        return make(self.server)

    def settle(self, processes: Sequence[Bench]) -> None:
        arrive(processes)


def populated(server: RedisServer, backlog: int = 1 << 26) -> tuple[RedisBench, RedisBench]:
    here, there = make(server, backlog=backlog)
    here.connect("a")
    there.connect("c", "d")
    here.do("a", {"join": "r"})
    for connection_id in "cd":
        there.do(connection_id, {"join": "r", "track": {"channel": "r", "user_id": connection_id}})
    arrive((here, there))
    here.received("a")
    return here, there


def test_a_dead_node_leaves_in_one_diff(server: RedisServer) -> None:
    """And nothing of it stays."""
    here, _there = populated(server)
    here.ask("reap", "n2")
    arrive((here,))

    (diff,) = here.received("a")
    assert set(diff["payload"]["leaves"]) == {"c", "d"}
    assert (here.hub.clients(), here.hub.clients_in("r")) == (["a"], ["a"])
    assert here.hub.list_presence("r") == []


def test_a_node_that_is_silent_for_its_lease_is_dead(server: RedisServer) -> None:
    """Also when nobody's parent saw it die; not when all were silent."""
    here, there = populated(server)
    here.beat()
    client = here.client
    client.zadd(here.keys[5], {"n2": 1})  # type: ignore[attr-defined]
    client.set(here.keys[8], 1)  # type: ignore[attr-defined]  # nobody beat for long
    here.beat()
    arrive((here, there))
    assert here.hub.count() == 3
    client.zadd(here.keys[5], {"n2": 1})  # type: ignore[attr-defined]
    here.beat()
    arrive((here,))

    assert here.hub.count() == 1
    assert there.beat()[0] == b"LOST"


def test_who_was_believed_dead_comes_back_under_another_name(server: RedisServer) -> None:
    """With its connections, members and trackings; what it sent and nobody saw is dropped."""
    here, there = populated(server)
    here.ask("reap", "n2")
    arrive((here,))
    there.do("c", {"broadcast_room": "never seen"})
    assert there.broker.outbox.next_batch() is not None
    there.do("d", {"broadcast_room": "sent later"})
    there.begin("n3")
    there.read = here.read
    arrive((here, there))

    assert sorted(here.hub.clients()) == ["a", "c", "d"]
    assert sorted(user["user_id"] for user in here.hub.list_presence("r")) == ["c", "d"]
    assert "sent later" in there.received("c")
    assert "sent later" in here.received("a")
    assert there.broker.outbox.dropped == 1
    assert there.hub.seats["c"].under_way == 0
    here.ask("reap", "n3")
    arrive((here,))
    assert here.hub.count() == 1


def test_a_connection_that_ended_unseen_is_gone_everywhere(server: RedisServer) -> None:
    """Its end was in a batch that is dropped: the account says it instead."""
    here, there = populated(server)
    there.disconnect("c")
    assert there.broker.outbox.next_batch() is not None
    there.begin("n3")
    arrive((here, there))
    here.ask("reap", "n2")
    arrive((here, there))

    for bench in (here, there):
        assert bench.hub.presence_count("r") == 1
        assert bench.hub.clients_in("r") == ["a", "d"]
        assert bench.hub.count() == 2
    assert there.cohorts


def test_after_an_empty_restart_nobody_leaves(server: RedisServer) -> None:
    """Nodes register anew; what was known of them stays meanwhile, and no leave is told."""
    here, there = populated(server)
    here.client.flushall()  # type: ignore[attr-defined]
    assert here.beat()[0] == b"EPOCH"
    here.begin("n4")
    arrive((here,))
    assert here.hub.count() == 3
    there.begin("n5")
    arrive((here, there))
    here.broker.lifecycle.end_unaccounted()

    assert here.received("a") == []
    assert sorted(here.hub.clients()) == sorted(there.hub.clients()) == ["a", "c", "d"]


def test_who_never_comes_back_is_taken_back_after_a_lease(server: RedisServer) -> None:
    """Its users leave."""
    here, _there = populated(server)
    here.client.flushall()  # type: ignore[attr-defined]
    here.begin("n4")
    arrive((here,))
    here.broker.lifecycle.end_unaccounted()

    (diff,) = here.received("a")
    assert set(diff["payload"]["leaves"]) == {"c", "d"}
    assert here.hub.count() == 1


def test_one_that_begins_later_learns_of_all(server: RedisServer) -> None:
    """Connections, members and users."""
    here, there = populated(server)
    late = RedisBench(here.client, here.keys[0].removesuffix("epoch"), "n9", itertools.count(100))
    arrive((here, there, late))

    assert sorted(late.hub.clients()) == ["a", "c", "d"]
    assert sorted(late.hub.clients_in("r")) == ["a", "c", "d"]
    assert late.hub.presence_count("r") == 2
    assert late.broker.replica.accounts.whole >= {"n1", "n2"}


def test_what_all_have_read_is_dropped_and_the_rest_is_bounded(server: RedisServer) -> None:
    """By bytes: one that reads too slowly finds a gap."""
    here, there = populated(server)
    there.beat()
    here.beat()
    assert here.client.xlen(here.keys[2]) == 0  # type: ignore[attr-defined]
    for number in range(1, 11):
        arguments = ("append", "n1", here.epoch, here.broker.outbox.number + number, 3000, "", 0, 0)
        assert here.ask(*arguments, "h", "[]", "p", "x" * 1000) == b"OK"
    assert here.client.xlen(here.keys[2]) == 2  # type: ignore[attr-defined]
    found = here.client.xread({here.keys[2]: f"{here.read}-0"})  # type: ignore[attr-defined]
    assert read(found)[0] > here.read + 1


def test_what_waits_is_bounded_and_members_are_right_afterwards(server: RedisServer) -> None:
    """Messages are dropped and counted; nobody's turn stays out."""
    here, there = populated(server, backlog=10_000)
    for _ in range(20):
        here.do("a", {"broadcast_room": "x" * 1000})
    here.do("a", {"join": "s"})
    assert here.broker.outbox.must_begin_anew
    assert here.broker.outbox.waiting_bytes <= 10_000
    here.begin("n7")
    arrive((here, there))

    assert there.hub.clients_in("s") == ["a"]
    assert 0 < here.broker.outbox.dropped < 20
    assert (
        len([one for one in there.received("c") if "xxx" in str(one)])
        == 20 - here.broker.outbox.dropped
    )
    assert here.hub.seats["a"].under_way == 0


def test_payloads_are_what_they_were(server: RedisServer) -> None:
    """Binary, text that no UTF-8 has, none at all; also behind those of empty rooms."""
    here, there = make(server)
    here.connect("a")
    there.connect("c")
    arrive((here, there))
    payloads: list[Payload] = ["\ud800 ü", b"\xff\x00", "", b"", "end"]
    for payload in payloads:
        here.do("a", {"broadcast_channel": {"channel": "nobody", "message": payload}})
        here.do("a", {"broadcast": payload})
    arrive((here, there))

    assert there.received("c") == payloads
    assert here.received("a") == payloads


def test_settings_of_the_broker_at_their_limits() -> None:
    """Inclusive; one past them is refused."""
    allowed = Settings(workers=1024, node_lease_seconds=0.5)
    assert allowed.node_lease_seconds == 0.5
    for past in (
        {"workers": 1025},
        {"node_lease_seconds": 0.49},
        {"broker": "sqlite:x.db"},
    ):
        with pytest.raises(SettingError):
            Settings(**past)  # type: ignore[arg-type]
