"""What rooms keep in Redis: nodes that begin, or begin anew, know as much as those that stayed."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from soli_runtime.cluster.keeping import epoch_of, load
from soli_runtime.cluster.log import KEYS
from soli_runtime.core.history.rules import Rule

from ....support.redis_server import RedisServer, needs_redis, redis_server
from .test_log_in_redis import RedisBench, arrive, make

pytestmark = needs_redis
RULES = (Rule("r*", 4, 60), Rule("s", 3, 60))
ENDS, KEPT = KEYS.index("kept:ends"), KEYS.index("kept")


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


def nodes(server: RedisServer, count: int = 2, rules: Sequence[Rule] = RULES) -> list[RedisBench]:
    """Nodes of one log whose rooms keep something."""
    benches = make(server, count)
    for bench in benches:
        keep(bench, rules)
    arrive(benches)
    return benches


def keep(bench: RedisBench, rules: Sequence[Rule] = RULES) -> None:
    bench.deliver(bench.hub.follow(rules))
    recall(bench)


def recall(bench: RedisBench) -> None:
    """What a node does when it begins."""

    async def ask(*arguments: Any) -> Any:
        return bench.ask(*arguments)

    rooms = bench.client.zrange(bench.keys[ENDS], 0, -1)  # type: ignore[attr-defined]
    asyncio.run(load(bench.history, ask, rooms, bench.epoch_text, bench.read))


def late(bench: RedisBench, name: str = "late", rules: Sequence[Rule] = RULES) -> RedisBench:
    """Another node of the same log that begins now."""
    found = RedisBench(bench.client, bench.base, name, itertools.count(1000))
    keep(found, rules)
    return found


def say(bench: RedisBench, room: str, *payloads: str | bytes) -> None:
    for payload in payloads:
        bench.deliver(bench.hub.broadcast_room(room, payload))


def known(bench: RedisBench, room: str) -> list[tuple[int, str | bytes]]:
    return [(kept.place, kept.say()) for kept in bench.history.last(room, 1000)]


def test_a_late_node_knows_what_the_others_know(server: RedisServer) -> None:
    """Text, binary, what has no UTF-8 form; of several rooms, at the same places."""
    here, there = nodes(server)
    say(here, "r1", "one", b"\xff\x00 \x01", "\ud800")
    say(there, "r\u00fc", "other", "")
    say(here, "none", "not kept")
    arrive((here, there))
    new = late(here)
    for room in ("r1", "r\u00fc", "none"):
        assert known(new, room) == known(here, room) == known(there, room)
    assert len(known(new, "r1")) == 3
    assert new.history.since("r1", here.history.position_at(0)) is None, "before the log"


def test_who_comes_back_to_a_late_node_is_told_all(server: RedisServer) -> None:
    """Also with a position from before the first message of a room."""
    here, there = nodes(server)
    there.connect("x", returns={})
    there.do("x", {"join": ["r", "s"]})
    arrive((here, there))
    held = there.history.position
    say(here, "r", "1", "2")
    arrive((here, there))
    new = late(here)
    new.connect("y", returns={"r": held, "s": held})
    new.do("y", {"join": ["r", "s"]})
    arrive((here, there, new))
    got = new.received("y")
    assert [got[0]["payload"]["recovered"], *got[1:3]] == [True, 1, 2]
    assert (got[4]["payload"]["recovered"], got[4]["payload"]["missed"]) == (True, 0)


def test_what_comes_while_a_node_begins_comes_once(server: RedisServer) -> None:
    """It is in what is loaded already, and in the log that is read afterwards."""
    (here,) = nodes(server, 1)
    say(here, "r", "1")
    arrive((here,))
    new = RedisBench(here.client, here.base, "late", itertools.count(1000))
    new.deliver(new.hub.follow(RULES))
    new.connect("x")
    new.do("x", {"join": "r", "history": 4})
    say(here, "r", "2")
    here.push()
    recall(new)
    new.push()
    say(here, "r", "3")
    arrive((here, new))
    assert new.received("x") == [1, 2, 3]
    assert known(new, "r") == known(here, "r")


@pytest.mark.parametrize("seed", range(6))
def test_rings_in_redis_are_those_of_the_nodes(server: RedisServer, seed: int) -> None:
    """Random messages of random sizes to random rooms, in batches of any size."""
    chance = random.Random(seed)
    here, there = nodes(server)
    for number in range(60):
        bench = chance.choice((here, there))
        room = chance.choice(("r1", "r2", "s", "none"))
        say(bench, room, f"{number} " + "x" * chance.choice((0, 10, 300_000)))
        if chance.random() < 0.3:
            arrive((here, there))
    arrive((here, there))
    new = late(here)
    for room in ("r1", "r2", "s", "none"):
        wanted = known(here, room)
        assert known(there, room) == wanted
        # Redis counts some bytes more for each message.
        found = known(new, room)
        assert found == wanted[len(wanted) - len(found) :]
        assert len(found) >= min(len(wanted), 3)
        behind = here.history.position_at(found[0][0] - 1) if found else here.history.position
        assert (new.history.since(room, behind) is not None) == (room != "none")
        if len(wanted) > len(found) and found:
            before = here.history.position_at(wanted[0][0] - 1)
            assert new.history.since(room, before) is None


def test_all_rooms_have_one_bound(server: RedisServer) -> None:
    """Past it the room that ends first is forgotten, and no late node claims to know it."""
    (here,) = nodes(server, 1)
    here.history.max_bytes = 3 * 1500 + 4000
    start = here.history.position
    for number in range(6):
        say(here, f"r{number}", "x" * 1000)
    arrive((here,))
    new = late(here)
    rooms = [f"r{number}" for number in range(6) if known(new, f"r{number}")]
    assert rooms == ["r4", "r5"] or rooms == ["r3", "r4", "r5"]
    for number in range(6):
        told = new.history.since(f"r{number}", start)
        assert (told is not None) <= (f"r{number}" in rooms), "never known without its message"
    assert new.history.since("r9", start) is None
    total = int(here.client.hget(here.keys[KEPT], "total"))  # type: ignore[attr-defined]
    assert total <= here.history.max_bytes


def test_rooms_that_stay_are_known_whatever_was_forgotten(server: RedisServer) -> None:
    """Each has a floor of its own."""
    (here,) = nodes(server, 1)
    here.history.max_bytes = 3 * 1500 + 1000
    start = here.history.position
    say(here, "r1", "gone")
    say(here, "r2", "stays")
    arrive((here,))
    say(here, "r3", "x")
    say(here, "r4", "x")
    arrive((here,))
    new = late(here)
    assert (known(new, "r1"), new.history.since("r1", start)) == ([], None)
    assert [one.say() for one in new.history.since("r2", start) or ()] == ["stays"]


def test_a_message_larger_than_a_room_is_not_kept(server: RedisServer) -> None:
    """And its place is the floor of the room."""
    (here,) = nodes(server, 1)
    start = here.history.position
    say(here, "r", "x" * (1 << 20))
    arrive((here,))
    new = late(here)
    assert known(new, "r") == known(here, "r") == []
    assert new.history.since("r", start) is None


def test_other_rules_make_doubt(server: RedisServer) -> None:
    """A node whose program keeps less said something: late ones do not claim to know all."""
    here, less = nodes(server)
    less.deliver(less.hub.follow(RULES[:1]))
    start = here.history.position
    say(less, "s", "not kept in Redis")
    arrive((here, less))
    assert [kept.say() for kept in here.history.since("s", start) or ()] != []
    new = late(here)
    assert new.history.since("s", start) is None
    say(here, "s", "again")
    arrive((here, less, new))
    assert new.history.since("s", new.history.position) == []


def test_other_rules_make_doubt_of_what_is_kept(server: RedisServer) -> None:
    """The room has messages in Redis, and one is missing between them."""
    here, less = nodes(server)
    less.deliver(less.hub.follow(RULES[:1]))
    say(here, "s", "1")
    arrive((here, less))
    start = here.history.position
    say(less, "s", "2")
    arrive((here, less))
    say(here, "s", "3")
    arrive((here, less))
    new = late(here)
    assert [text for _, text in known(new, "s")] == ["1", "3"], "shown all the same"
    behind = new.history.position
    for number in range(3):
        assert new.history.since("s", start) is None
        assert len(new.history.since("s", behind) or ()) == number
        say(here, "s", str(number))
        arrive((here, less, new))
    assert new.history.since("s", start) is None, "what it forgets is older than what it doubts"


def test_what_is_too_old_is_not_shown_by_late_nodes(server: RedisServer) -> None:
    """Redis looks for it now and then only: it may still be there, and is gone in the end."""
    rules = (Rule("r", 1000, 60),)
    (here,) = nodes(server, 1, rules)
    start = here.history.position
    say(here, "r", "old", "older")
    arrive((here,))
    room = here.keys[KEYS.index("kept:room")] + ":r"
    for index, element in enumerate(here.client.lrange(room, 0, -1)):  # type: ignore[attr-defined]
        place, at, rest = element.split(b" ", 2)
        aged = b" ".join((place, str(int(at) - 61_000).encode(), rest))
        here.client.lset(room, index, aged)  # type: ignore[attr-defined]
    behind = here.history.position
    say(here, "r", "new")
    arrive((here,))
    new = late(here, rules=rules)
    assert [text for _, text in known(new, "r")] == ["new"]
    assert new.history.since("r", start) is None
    assert [kept.say() for kept in new.history.since("r", behind) or ()] == ["new"]

    for number in range(20):
        say(here, "r", str(number))
        arrive((here,))
    assert here.client.llen(room) == 21  # type: ignore[attr-defined]
    newest = late(here, "newest", rules)
    assert known(newest, "r") == known(here, "r")[2:]


@pytest.mark.parametrize("key", ["kept", "kept:floors", "kept:bytes", "kept:ends"])
def test_what_redis_dropped_makes_doubt(server: RedisServer, key: str) -> None:
    """Where it may drop keys to make room; nothing is claimed that is not there."""
    (here,) = nodes(server, 1)
    start = here.history.position
    say(here, "r", *"123456")
    arrive((here,))
    here.client.delete(here.keys[KEYS.index(key)])  # type: ignore[attr-defined]
    new = late(here)
    assert new.history.since("r", start) is None
    say(here, "r", "7")
    arrive((here, new))


def test_a_room_that_redis_dropped_makes_doubt(server: RedisServer) -> None:
    (here,) = nodes(server, 1)
    start = here.history.position
    say(here, "r", "1")
    arrive((here,))
    here.client.delete(here.keys[KEYS.index("kept:room")] + ":r")  # type: ignore[attr-defined]
    new = late(here)
    assert new.history.since("r", start) is None


def test_members_catch_up_behind_a_gap(server: RedisServer) -> None:
    """Who began anew tells its members what was said meanwhile, or that it does not know."""
    here, there = nodes(server)
    there.connect("x", returns={})
    there.connect("y")
    for name in "xy":
        there.do(name, {"join": ["r", "s", "r2"]})
    arrive((here, there))
    for name in "xy":
        there.received(name)
    before = there.history.position
    say(here, "r", "1", "2")
    say(here, "s", *"abcd")
    arrive((here,))
    there.begin("n3")
    recall(there)
    list(there.broker.catch_up(before))
    there.end_turn()
    got = there.received("x")
    messages = [one for one in got if not isinstance(one, dict)]
    told = [one["payload"] for one in got if isinstance(one, dict) and one["event"] == "resumed"]
    assert (messages, [one["recovered"] for one in told]) == ([1, 2], [False])
    assert there.received("y") == [1, 2]
    positions = {one["payload"] for one in got[-3:]}
    assert positions == {there.history.position}
    arrive((here, there))
    say(here, "r", "3")
    arrive((here, there))
    assert there.received("x")[0] == 3


def test_another_start_of_redis_is_another_epoch() -> None:
    assert epoch_of(b"a" * 32, b"1" * 40) != epoch_of(b"a" * 32, b"2" * 40)
