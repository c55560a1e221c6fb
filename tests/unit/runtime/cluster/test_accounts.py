"""Accounts in pages: how large each is, what comes between them, and who has read all."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

import pytest
from soli_runtime.cluster import accounts
from soli_runtime.cluster.log_broker import SLICE_WORTH
from soli_runtime.cluster.operations import Account
from soli_runtime.core.operations.records import Message

from ....support.memory_log import LogBench, MemoryLog, arrive, operations_in

ROOMS = ("red", "blue")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three things on a page."""
    monkeypatch.setattr(accounts, "PAGE_ITEMS", 3)


def track(room: str, user: str) -> dict[str, object]:
    return {"join": room, "track": {"channel": room, "user_id": user, "in": room}}


def populated(log: MemoryLog, count: int) -> LogBench:
    """A node with connections `c0`, `c1`, …, all of them present in one room."""
    bench = LogBench(log, "n1", itertools.count(1))
    for number in range(count):
        bench.connect(f"c{number}")
        bench.do(f"c{number}", track("red", f"u{number}"))
    arrive([bench])
    return bench


def late(log: MemoryLog, name: str = "n9") -> LogBench:
    return LogBench(log, name, itertools.count(10_000_000))


def accounts_of(log: MemoryLog, node: str, start: int = 0) -> list[Account]:
    return [
        operation
        for _, origin, _, heads, payloads in log.entries[start:]
        if origin == node
        for operation in operations_in(heads, payloads)
        if isinstance(operation, Account)
    ]


def known(bench: LogBench) -> tuple[object, ...]:
    """What a process knows of all nodes, in no order."""
    roster = bench.hub.presence.roster
    users = {room: {user["user_id"]: user for user in roster.users(room)} for room in ROOMS}
    members = {room: sorted(bench.hub.clients_in(room)) for room in ROOMS}
    return users, members, sorted(bench.hub.clients())


def test_no_entry_has_more_than_one_page_of_a_large_account() -> None:
    """And it is applied in slices, of which a turn of the loop applies a few."""
    log = MemoryLog()
    here = populated(log, 2000)
    there, start = late(log), len(log.entries)
    worth: list[int] = []
    while any([here.push(), here.pull(), there.push()]):
        while there.read < len(log.entries):
            entry = log.entries[there.read]
            there.read += 1
            worth += there.broker.arrived(*entry)

    pages = accounts_of(log, "n1", start)
    assert len(pages) > 10
    assert [page.page for page in pages] == list(range(len(pages)))
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert max(sum(map(len, page[:5])) for page in pages) <= accounts.PAGE_ITEMS + 2
    assert max(len(heads) for _, _, _, heads, _ in log.entries[start:]) < 50_000
    assert max(worth) <= SLICE_WORTH
    assert sum(worth) >= 6000
    assert known(there) == known(here)


def test_long_texts_fill_a_page_too() -> None:
    """What is present may have much to say of itself."""
    log = MemoryLog()
    bench = LogBench(log, "n1", itertools.count(1))
    for number in range(100):
        bench.connect(f"c{number}")
        meta = {"text": "x" * 3000}
        entry = {"channel": "red", "user_id": f"u{number}", "in": "red", "meta": meta}
        bench.do(f"c{number}", {"join": "red", "track": entry})
    arrive([bench])
    there, start = late(log), len(log.entries)
    arrive([bench, there])
    pages = accounts_of(log, "n1", start)
    assert max(len(json.dumps(page)) for page in pages) < 50_000
    assert known(there) == known(bench)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(30))
def test_what_comes_between_pages_is_applied_rightly(seed: int) -> None:
    """Whatever clients do meanwhile, whoever begins: in the end all nodes know the same."""
    chance, log = random.Random(seed), MemoryLog()
    refs = itertools.count(1)
    benches = [LogBench(log, f"n{number}", refs) for number in range(2)]
    numbers = itertools.count()
    for _ in range(12):
        connect(benches, chance, numbers)
    for step in range(300):
        act(chance.choice(benches), chance)
        if chance.random() < 0.1:
            connect(benches, chance, numbers)
        if step in (100, 110, 200):
            benches.append(LogBench(log, f"n{len(benches)}", refs))
        if chance.random() < 0.02:
            bench = chance.choice(benches)
            arrive(benches)
            begin_anew(log, bench, f"{bench.broker.node}+")
        bench = chance.choice(benches)
        if chance.random() < 0.6:
            bench.push()
        for _ in range(chance.randrange(4)):
            bench.pull()
    arrive(benches)
    truth = {room: sorted(log.members.get(room, ())) for room in ROOMS}
    for bench in benches:
        assert known(bench) == known(benches[0])
        assert known(bench)[1] == truth
        living = {each.broker.node for each in benches} - {bench.broker.node}
        assert bench.broker.replica.accounts.whole >= living & set(log.numbers)


def begin_anew(log: MemoryLog, bench: LogBench, name: str) -> None:
    """As after a lease that ended, before others were told so."""
    old = bench.broker.node
    bench.begin(name)
    del log.numbers[old]


def connect(benches: list[LogBench], chance: random.Random, numbers: Iterator[int]) -> None:
    name = f"c{next(numbers)}"
    bench = chance.choice(benches)
    bench.connect(name)
    bench.do(name, track(chance.choice(ROOMS), f"u{chance.randrange(6)}"))


def act(bench: LogBench, chance: random.Random) -> None:
    """Something that a connection does."""
    if not bench.inboxes:
        return
    name, room = chance.choice(list(bench.inboxes)), chance.choice(ROOMS)
    match chance.randrange(6):
        case 0:
            bench.disconnect(name)
        case 1:
            bench.do(name, {"leave": room})
        case 2:
            bench.do(name, {"untrack": room})
        case 3:
            bench.do(name, {"set_presence": {"channel": room, "state": f"s{chance.random()}"}})
        case 4:
            bench.do(name, {"join": room})
        case _:
            bench.do(name, track(room, f"u{chance.randrange(6)}"))


@pytest.mark.usefixtures("small")
def test_who_begins_in_the_midst_of_an_account_waits_for_the_next() -> None:
    """It has not read the first pages; who began before has, and is given no second account."""
    log = MemoryLog()
    here = populated(log, 10)
    first = late(log, "n8")
    for _ in range(3):
        arrive_some(here)
    second = late(log, "n9")
    while not accounts_of(log, "n1")[-1].is_last:
        arrive_some(here)
    while second.pull():
        pass
    assert "n1" not in second.broker.replica.accounts.whole
    assert second.broker.replica.unaccounted() == []  # it lives: it is giving one
    arrive([here, first, second])
    assert "n1" in second.broker.replica.accounts.whole
    assert known(first) == known(second) == known(here)
    assert [page.page for page in accounts_of(log, "n1")].count(0) == 3  # with that of its start


def arrive_some(bench: LogBench) -> None:
    while bench.pull():
        pass
    bench.push()


@pytest.mark.usefixtures("small")
def test_a_node_that_begins_anew_tells_all_of_it_before_what_waits() -> None:
    """And others forget who is gone meanwhile: only with the last page."""
    log = MemoryLog()
    here = populated(log, 10)
    there = late(log)
    arrive([here, there])
    here.do("c1", {"broadcast_room": "waits"})
    here.disconnect("c2")
    start = len(log.entries)
    here.begin("n1+")
    arrive([here, there])

    told = [
        operation
        for _, origin, _, heads, payloads in log.entries[start:]
        if origin == "n1+"
        for operation in operations_in(heads, payloads)
    ]
    pages = [index for index, each in enumerate(told) if isinstance(each, Account)]
    assert len(pages) >= 9
    assert pages == list(range(len(pages)))
    assert [each for each in told if isinstance(each, Message)] == [Message("red", "waits")]
    log.end("n1")
    arrive([here, there])
    assert known(there) == known(here)
    assert "c2" not in there.hub.clients()
    assert "waits" in here.received("c9")


def test_an_account_tells_those_nothing_who_know_it() -> None:
    """A node that begins elsewhere makes no snapshots here."""
    log = MemoryLog()
    here = populated(log, 10)
    for number in range(10):
        here.received(f"c{number}")
    there = late(log)
    arrive([here, there])
    assert [here.received(f"c{number}") for number in range(10)] == [[]] * 10


def test_a_node_that_gives_pages_is_not_taken_for_dead() -> None:
    """Nor is a page of which the beginning is missing an account."""
    read = accounts.Accounts()
    assert read.read("n1", Account(["a"], [], [], page=1)) is None
    assert (read.begun, read.whole) == ({"n1"}, set())
    assert read.read("n1", Account(["a"], [], [], page=0, is_last=False)) is None
    read.connected("n1", "b")
    assert read.read("n1", Account(["c"], [], [], page=1)) == {"a", "b", "c"}
    assert read.whole == {"n1"}
    read.forget("n1")
    assert (read.begun, read.whole) == (set(), set())
