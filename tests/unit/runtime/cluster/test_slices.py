"""What concerns many connections is applied in slices; counted in calls, not in time."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from soli_runtime.cluster.host import Bounds
from soli_runtime.cluster.keeping import load
from soli_runtime.core.effects import SLICE
from soli_runtime.core.history.rings import History
from soli_runtime.core.history.rules import Rule
from soli_runtime.core.roster import MOST_TOUCHED, User

from ....support.memory_log import LogBench, MemoryLog

MANY = 2000
MOST_CALLS = 60 * SLICE
"""Of Python functions in one slice."""


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def node(log: MemoryLog, name: str = "n9", **bounds: Any) -> LogBench:
    return LogBench(log, name, itertools.count(10**9), Bounds(**bounds))


def tell(log: MemoryLog, name: str, page: int, numbers: range, *, is_last: bool) -> None:
    """A page of a node: each of its connections is in one room, and present there."""
    ids = [f"{name}-{number}" for number in numbers]
    body = '"state":"online"'
    trackings = [
        ["red", one, f"u{number}", str(number + 1), body, False]
        for one, number in zip(ids, numbers, strict=True)
    ]
    members = [[one, "red"] for one in ids]
    head = ["a", ids, members, trackings, [], [], page, is_last]
    log._write(name, page + 1, [head], b"")


def populate(log: MemoryLog, name: str = "n1", count: int = MANY) -> None:
    log.hello(name)
    for page, start in enumerate(range(0, count, SLICE)):
        numbers = range(start, min(count, start + SLICE))
        tell(log, name, page, numbers, is_last=start + SLICE >= count)


def slices(bench: LogBench) -> Iterator[int]:
    """Read on; the calls of Python functions in each slice."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    while bench.read < len(bench.log.entries):
        entry = bench.log.entries[bench.read]
        bench.read += 1
        work = bench.broker.arrived(*entry)
        worth: int | None = 0
        while worth is not None:
            calls = 0
            sys.setprofile(count)
            try:
                worth = next(work, None)
            finally:
                sys.setprofile(None)
            yield calls
    assert bench.faults == []


def test_pages_of_an_account_are_applied_in_slices(log: MemoryLog) -> None:
    bench = node(log)
    populate(log)
    assert max(slices(bench)) < MOST_CALLS
    assert bench.hub.presence.roster.user_count("red") == MANY


@pytest.mark.parametrize("grace", [0.0, 10.0])
def test_the_end_of_a_node_is_applied_in_slices(log: MemoryLog, grace: float) -> None:
    """At once, or its presence stays for a time and then ends, in slices too."""
    bench = node(log, grace_seconds=grace)
    populate(log)
    list(slices(bench))
    log.end("n1")
    found = list(slices(bench))
    roster = bench.hub.presence.roster
    assert roster.user_count("red") == (MANY if grace else 0)
    assert len(bench.broker.replica.homes) == 0
    log._write("n8", 1, [["v", "n1"]], b"")
    found += slices(bench)
    assert len(found) > MANY / SLICE
    assert max(found) < MOST_CALLS
    assert roster.user_count("red") == 0


def test_who_is_there_hears_of_the_end_of_a_node_in_several_diffs(log: MemoryLog) -> None:
    bench = node(log)
    populate(log, count=MANY)
    list(slices(bench))
    bench.connect("x")
    bench.do("x", {"join": "red"})
    while bench.push() or bench.pull():
        pass
    bench.received("x")
    log.end("n1")
    assert max(slices(bench)) < MOST_CALLS
    diffs = bench.received("x")
    assert [len(diff["payload"]["leaves"]) for diff in diffs] == [SLICE] * (MANY // SLICE)


def test_texts_of_presence_are_made_in_time(
    log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes first to a room of many does not have those of all made."""
    bench = node(log)
    populate(log)
    list(slices(bench))
    made = 0
    text = User.text

    def counted(user: User) -> str:
        nonlocal made
        made += 1
        return text.__get__(user)

    monkeypatch.setattr(User, "text", property(counted))
    bench.connect("x")
    bench.do("x", {"join": "red"})
    while bench.push() or bench.pull():
        pass
    assert made < MOST_TOUCHED


def test_what_rooms_keep_is_loaded_in_slices_beside_what_is_known() -> None:
    """Whoever asks meanwhile gets all of before; in the end, all that was loaded."""
    history = History("old", lambda: 1000.0)
    history.follow([Rule("*", 1000, 60)])
    history.place = 5
    history.append("r0", "before")
    rooms = [f"r{number}".encode() for number in range(40)]
    messages = [f"{place} 999000 ttext".encode() for place in range(1, 301)]
    said: list[int] = []

    async def ask(command: str, *arguments: Any) -> Any:
        return [0, 0] if command == "known" else [[0, *messages]] * len(arguments)

    async def loading() -> None:
        task = asyncio.ensure_future(load(history, ask, rooms, "new", 1))
        while not task.done():
            said.append(len(history.last("r0", 1000)))
            await asyncio.sleep(0)
        await task

    asyncio.run(loading())
    assert said[:20] == [1] * 20
    assert len(history.last("r39", 1000)) == 300
    assert history.position.startswith("new.")
    assert history.since("r0", "new.0") is not None
