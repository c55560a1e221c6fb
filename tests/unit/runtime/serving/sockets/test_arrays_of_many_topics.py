"""One message as arrays for many topics: clients choose how many there are."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any

import pytest
from soli_runtime.core.effects import Framed, FramedBytes
from soli_runtime.serving.sockets import phoenix
from soli_runtime.serving.sockets.arrays import Arrays
from soli_runtime.serving.sockets.phoenix import array_of, arrays_of

TOPICS = 200


@pytest.mark.parametrize(
    "payload",
    [
        '{"event":"said","payload":{"text":"é"}}',
        '{"event":"said","text":"a"}',
        '["a",1]',
        "no JSON",
        '{"event":"\\ud800","payload":"\\udfff"}',
        "[" * 990 + "]" * 990,
        "[" * 100_000,
        b"bytes",
        Framed("[1]"),
        FramedBytes(b"\x02"),
    ],
)
def test_each_topic_gets_what_it_would_get_alone(payload: str | bytes) -> None:
    """Whatever the program sends."""
    array = arrays_of(payload)
    for topic in ("a", 'a"\\', "é", "x" * 300):
        assert array(topic) == array_of(payload, topic)
        assert array(topic, "1") == array_of(payload, topic, "1")


def test_an_array_has_five_parts() -> None:
    """`join_ref`, no `ref`, topic, event, payload."""
    found = array_of('{"event":"said","payload":{"n":[1]}}', "t", 7)
    assert json.loads(found) == [7, None, "t", "said", {"n": [1]}]


def test_the_message_is_read_once_for_all_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of a megabyte to a thousand topics took seconds."""
    read = []
    monkeypatch.setattr(phoenix, "_parts", lambda text: read.append(text) or ("said", {}))
    array = arrays_of('{"event":"said"}')
    assert len({array(str(number)) for number in range(TOPICS)}) == TOPICS
    assert len(read) == 1


class CountedRooms:
    """Stands in for a fan-out, and counts how often it is asked who is in a room."""

    def __init__(self) -> None:
        self.members: dict[Hashable, set[object]] = {}
        self.asked = 0

    def join(self, name: Hashable, connection: object) -> None:
        self.members.setdefault(name, set()).add(connection)

    def leave(self, name: Hashable, connection: object) -> None:
        self.members[name].discard(connection)

    def count(self, name: Hashable) -> int:
        self.asked += 1
        return len(self.members.get(name, ()))


def test_who_joins_costs_the_same_however_many_topics_there_are() -> None:
    """Past a thousand all of them were looked through for each."""
    rooms: Any = CountedRooms()
    arrays = Arrays(rooms, {}, None)  # type: ignore[arg-type]
    for number in range(3 * 1000):
        connection: Any = object()
        arrays.place(connection, f"topic {number}")
    assert rooms.asked <= 2 * 3000
    assert len(arrays._topics) == 3000


def test_topics_that_nobody_has_are_forgotten() -> None:
    """One connection takes one topic after another."""
    rooms: Any = CountedRooms()
    arrays = Arrays(rooms, {}, None)  # type: ignore[arg-type]
    connection: Any = object()
    former = None
    for number in range(5000):
        arrays.place(connection, f"topic {number}", former)
        former = f"topic {number}"
        assert len(arrays._topics) < 5
    assert former in arrays._topics
