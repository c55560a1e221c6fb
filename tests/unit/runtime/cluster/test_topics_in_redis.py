"""Server-sent events and ended sessions, from node to node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from soli_runtime.http.sse import MAX_WAITING_FRAMES, Subscriber

from ....support.redis_server import RedisServer, needs_redis, redis_server
from .test_log_in_redis import RedisBench, arrive, make

pytestmark = needs_redis


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


class Place:
    """A node and its topics."""

    def __init__(self, bench: RedisBench) -> None:
        self.bench = bench
        self.topics = bench.streams

    def follow(self, topic: str) -> Subscriber:
        subscriber = Subscriber(lambda: None)
        self.topics.subscribe(topic, subscriber)
        return subscriber


@pytest.fixture
def places(server: RedisServer) -> tuple[Place, Place]:
    here, there = map(Place, make(server))
    return here, there


def settle(*places: Place) -> None:
    arrive([place.bench for place in places])


def test_an_event_reaches_all_and_counts_them(places: tuple[Place, Place]) -> None:
    """When its turn comes, here too; where nobody follows nothing is written."""
    here, there = places
    followers = [here.follow("t"), there.follow("t"), there.follow("t")]
    settle(here, there)
    assert here.topics.publish("t", "hi", "event") == 3
    assert [len(one.frames) for one in followers] == [0, 0, 0]
    settle(here, there)
    assert [list(one.frames) for one in followers] == [[b"event: event\ndata: hi\n\n"]] * 3
    assert here.topics.publish("nobody", "hi") == 0
    assert here.bench.broker.outbox.is_empty


def test_counts_follow_who_comes_and_goes(places: tuple[Place, Place]) -> None:
    """Also whole nodes, under whatever names."""
    here, there = places
    one, _ = there.follow("t"), there.follow("t")
    settle(here, there)
    assert here.topics.count("t") == 2
    there.topics.unsubscribe("t", one)
    settle(here, there)
    assert here.topics.count("t") == 1
    there.bench.begin("n3")
    settle(here, there)
    here.bench.ask("reap", "n2")
    settle(here, there)
    assert (here.topics.count("t"), there.topics.count("t")) == (1, 1)
    here.bench.ask("reap", "n3")
    settle(here)
    assert here.topics.count("t") == 0


def test_one_that_begins_later_knows_the_counts(
    places: tuple[Place, Place], server: RedisServer
) -> None:
    """From accounts."""
    here, there = places
    there.follow("t")
    settle(here, there)
    base = here.bench.keys[0].removesuffix("epoch")
    late = Place(RedisBench(here.bench.client, base, "n9", iter(range(1000, 2000))))
    settle(here, there, late)
    assert late.topics.count("t") == 1


def test_a_name_of_the_same_process_replaces_the_former(places: tuple[Place, Place]) -> None:
    """Its subscribers are not counted twice until the lease of the former ends."""
    here, there = places
    there.bench.begin("machine.7.1")
    there.follow("t")
    settle(here, there)
    there.bench.begin("machine.7.2")
    settle(here, there)
    assert here.topics.count("t") == 1


def test_a_session_ends_everywhere(places: tuple[Place, Place]) -> None:
    """Once in each."""
    here, there = places
    here.bench.broker.elsewhere.end_session("s")
    settle(here, there)
    assert here.bench.told == there.bench.told == [("end_session", "s")]


def test_a_slow_subscriber_of_another_node_is_bounded(places: tuple[Place, Place]) -> None:
    """As one of this process is."""
    here, there = places
    slow = there.follow("t")
    settle(here, there)
    for number in range(MAX_WAITING_FRAMES + 3):
        here.topics.publish("t", number)
    settle(here, there)
    assert (len(slow.frames), slow.lost) == (MAX_WAITING_FRAMES, 3)
