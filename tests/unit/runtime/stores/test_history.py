"""What rooms kept outlives the process, and what may be lost is never claimed."""

from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from soli_runtime.core.history.rings import History
from soli_runtime.core.history.rules import Rule
from soli_runtime.observing.logs import Log
from soli_runtime.stores.errors import StoreError
from soli_runtime.stores.history import Change, End, Forgotten, HistoryStore, Mirror, Saved

from .conftest import Made

RULES = (Rule("r*", 4, 60), Rule("s", 3, 60))
KINDS = ("memory", "sqlite", "redis")
epochs = itertools.count()


class MemoryHistory:
    """The plainest store of that kind."""

    def __init__(self) -> None:
        self.epoch = ""
        self.place = 0
        self.end: End | None = None
        self.rooms: dict[str, tuple[int, dict[int, Any]]] = {}

    async def begin(self, epoch: str) -> Saved:
        saved = Saved(
            self.place,
            self.end,
            [(room, floor, list(kept.values())) for room, (floor, kept) in self.rooms.items()],
        )
        self.epoch, self.end = epoch, None
        return saved

    async def save(self, epoch: str, place: int, changes: list[Change]) -> bool:
        if not self.epoch:
            raise Forgotten("nothing is known")
        if epoch != self.epoch:
            return False
        self.place = place
        for change in changes:
            if change.floor is None:
                self.rooms.pop(change.room, None)
                continue
            _, before = self.rooms.pop(change.room, (0, {}))
            new = {kept.place: kept for kept in change.messages}
            kept = {place: one for place, one in (before | new).items() if place > change.floor}
            self.rooms[change.room] = (change.floor, kept)
        return True

    async def finish(self, epoch: str, end: End) -> bool:
        if epoch == self.epoch:
            self.place, self.end = end.place, end
        return epoch == self.epoch


class Life:
    """A server that has a history and its mirror, on a loop that runs when it is told to."""

    all: ClassVar[list[Life]] = []

    def __init__(
        self, made: Made, store: HistoryStore, rules: tuple[Rule, ...] = RULES, **options: Any
    ) -> None:
        self.all.append(self)
        self.loop = made.loop
        self.now = 1000.0
        self.history = History(f"life{next(epochs)}", lambda: self.now, **options)
        self.history.follow(rules)
        self.lines: list[str] = []
        log = Log(self.lines.append)
        self.mirror = Mirror(self.history, store, made.loop, log)
        self.run(self.mirror.begin())

    def run(self, awaited: Any) -> Any:
        return self.loop.run_until_complete(awaited)

    def say(self, room: str, *payloads: str | bytes) -> None:
        for payload in payloads:
            self.history.place += 1
            self.history.append(room, payload)

    def save(self) -> None:
        self.run(self.mirror._save())

    def end(self) -> None:
        self.run(self.mirror.end())

    def crash(self) -> None:
        """What was not saved is lost."""
        task = self.mirror._task
        assert task is not None
        task.cancel()
        self.run(asyncio.wait((task,)))

    def said(self, room: str) -> list[str | bytes]:
        return [kept.payload for kept in self.history.last(room, 1000)]

    def since(self, room: str, position: str) -> list[str | bytes] | None:
        found = self.history.since(room, position)
        return None if found is None else [kept.payload for kept in found]


@pytest.fixture(autouse=True)
def _lives_end(made: Made) -> Iterator[None]:
    yield
    for life in Life.all:
        life.crash()
    Life.all.clear()


@pytest.fixture(params=KINDS)
def store(made: Made, request: pytest.FixtureRequest) -> HistoryStore:
    found = made.store(request.param)
    return MemoryHistory() if found is None else found.history


def test_an_orderly_end_loses_nothing(made: Made, store: HistoryStore) -> None:
    """Text, binary, what has no UTF-8 form; positions hold over several lives."""
    life = Life(made, store)
    start = life.history.position
    life.say("r1", "one", b"\xff\x00 \x01", "\ud800")
    life.save()
    held = life.history.position
    life.say("r1", "four")
    life.say("r\ud800\u00fc", "other")
    assert life.since("s", start) == []
    life.end()
    for number in range(3):
        life = Life(made, store)
        assert life.since("r1", held) == ["four"]
        assert life.since("r1", start) == ["one", b"\xff\x00 \x01", "\ud800", "four"]
        assert life.since("r\ud800\u00fc", start) == ["other"]
        life.say("s", str(number))
        assert life.since("s", held) == [str(each) for each in range(number + 1)]
        life.end()


def test_a_crash_is_never_taken_for_an_end(made: Made, store: HistoryStore) -> None:
    """What was saved is shown; no position from before holds, though nothing may be lost."""
    life = Life(made, store)
    held = life.history.position
    life.say("r", "1", "2")
    life.save()
    life.crash()
    life = Life(made, store)
    assert life.said("r") == ["1", "2"]
    assert life.since("r", held) is None
    behind = life.history.position
    life.say("r", "3")
    life.save()
    life.say("r", "lost")
    last = life.history.position
    life.crash()
    life = Life(made, store)
    assert life.said("r") == ["1", "2", "3"]
    assert [life.since("r", position) for position in (held, behind, last)] == [None] * 3
    life.say("r", "4")
    assert life.since("r", last) is None, "the same place, in another life"


def test_what_was_dropped_is_dropped(made: Made, store: HistoryStore) -> None:
    """By number, by age, and rooms that were forgotten; floors are those of before."""
    life = Life(made, store, max_bytes=4500)
    start = life.history.position
    life.say("r1", *"123456")
    life.say("r2", "x")
    life.say("r3", "x")
    life.end()
    life = Life(made, store)
    assert (life.said("r1"), life.since("r1", start)) == ([], None)
    assert (life.since("r2", start), life.since("r3", start)) == (["x"], ["x"])
    life.say("r3", *"abcde")
    life.end()
    life = Life(made, store)
    assert (life.said("r3"), life.since("r3", start)) == (["b", "c", "d", "e"], None)
    life.now += 60
    assert life.said("r3") == []


def test_a_life_that_kept_less(made: Made, store: HistoryStore) -> None:
    """What was said in it to rooms that kept nothing is not claimed afterwards."""
    life = Life(made, store)
    start = life.history.position
    life.say("s", "1")
    life.say("r", "2")
    life.end()
    life = Life(made, store, RULES[:1])
    life.say("s", "not kept")
    assert life.since("r", start) == ["2"]
    life.end()
    life = Life(made, store)
    assert (life.said("s"), life.since("s", start)) == ([], None)
    assert life.since("r", start) == ["2"]


def test_the_last_that_began_writes(made: Made, store: HistoryStore) -> None:
    """Of two that overlap; what the first says then is lost with it, and not claimed."""
    first = Life(made, store)
    held = first.history.position
    first.say("r", "1")
    first.save()
    second = Life(made, store)
    assert second.said("r") == ["1"]
    second.say("r", "second")
    second.save()
    first.say("r", "first")
    first.save()
    first.end()
    assert any("history_taken_over" in line for line in first.lines)
    second.end()
    third = Life(made, store)
    assert third.said("r") == ["1", "second"]
    assert third.since("r", held) is None


@pytest.mark.parametrize("seed", range(8))
def test_random_lives(made: Made, store: HistoryStore, seed: int) -> None:
    """Ends and crashes at any moment: whoever is told "all" gets all that was ever said."""
    chance = random.Random(seed)
    said: dict[str, list[str]] = {}
    held: list[tuple[str, str, int]] = []
    recovered = 0
    for _ in range(6):
        life = Life(made, store, chance.choice((RULES, RULES, RULES, RULES[1:])), max_bytes=8000)
        for number in range(chance.randrange(20)):
            room = chance.choice(("r1", "r2", "s"))
            text = f"{life.history.epoch} {number}" + "x" * chance.choice((0, 900))
            life.say(room, text)
            said.setdefault(room, []).append(text)
            held.append((room, life.history.position, len(said[room])))
            if chance.random() < 0.2:
                life.save()
            for room, position, seen in chance.sample(held, min(len(held), 5)):
                missed = life.since(room, position)
                if missed is not None:
                    recovered += 1
                    assert missed == said[room][seen:]
        if chance.random() < 0.6:
            life.end()
        else:
            life.crash()
    assert recovered


class Failing(MemoryHistory):
    """A store that is away."""

    is_away = False

    async def save(self, epoch: str, place: int, changes: list[Change]) -> bool:
        if self.is_away:
            raise StoreError("the store is down")
        return await super().save(epoch, place, changes)


def test_a_store_that_is_away_gets_it_later(made: Made) -> None:
    """It is said once; nothing is lost."""
    store = Failing()
    life = Life(made, store)
    held = life.history.position
    store.is_away = True
    life.say("r", "1")
    life.save()
    life.say("r", "2")
    life.save()
    assert "".join(life.lines).count("history_not_saved") == 1
    store.is_away = False
    life.end()
    assert Life(made, store).since("r", held) == ["1", "2"]


def test_a_store_that_is_away_at_the_end(made: Made) -> None:
    """Then it was no orderly end."""
    store = Failing()
    life = Life(made, store)
    held = life.history.position
    life.say("r", "1")
    life.save()
    life.say("r", "2")
    store.is_away = True
    life.end()
    after = Life(made, store)
    assert (after.said("r"), after.since("r", held)) == (["1"], None)


def test_a_store_that_was_emptied_gets_all_again(made: Made) -> None:
    """Redis without persistence that was started again, say."""
    found = made.store("redis", prefix="emptied")
    assert found is not None
    life = Life(made, found.history)
    held = life.history.position
    life.say("r", "1", "2")
    life.save()
    life.run(found._link.call("FLUSHALL"))  # type: ignore[attr-defined]
    life.say("r", "3")
    life.save()
    life.save()
    life.end()
    assert Life(made, found.history).since("r", held) == ["1", "2", "3"]


@pytest.mark.parametrize("key", ["life", "floors", 'room:"r"'])
def test_what_redis_dropped_is_not_claimed(made: Made, key: str) -> None:
    """Where it may drop keys to make room."""
    found = made.store("redis")
    assert found is not None
    link = found._link  # type: ignore[attr-defined]
    life = Life(made, found.history)
    held = life.history.position
    life.say("r", "1", "2")
    life.end()
    assert life.run(link.call("DEL", link.key("history", key))) == 1
    assert Life(made, found.history).since("r", held) is None


def test_another_start_of_redis_is_in_doubt(made: Made) -> None:
    """It may have lost the end."""
    found = made.store("redis")
    assert found is not None
    link = found._link  # type: ignore[attr-defined]
    life = Life(made, found.history)
    held = life.history.position
    life.say("r", "1")
    life.end()
    life.run(link.call("HSET", link.key("history", "life"), "run", "another"))
    after = Life(made, found.history)
    assert (after.said("r"), after.since("r", held)) == (["1"], None)


def test_the_loop_does_not_wait_for_the_disk(made: Made, tmp_path: Any) -> None:
    """While another process holds the file nobody notices; it is written afterwards."""
    found = made.store("sqlite", prefix="held")
    assert found is not None
    life = Life(made, found.history)
    held = life.history.position
    other = sqlite3.connect(tmp_path / "held", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    life.say("r", "1")
    saving = life.loop.create_task(life.mirror._save())
    turns = 0

    async def turn() -> int:
        nonlocal turns
        while turns < 1000:
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert life.run(turn()) == 1000
    assert not saving.done()
    other.execute("ROLLBACK")
    other.close()
    life.run(saving)
    life.end()
    assert Life(made, found.history).since("r", held) == ["1"]
