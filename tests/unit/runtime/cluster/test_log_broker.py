"""The order of what one handler does, over nodes, where it is decided: in the broker that ships."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from ....support.memory_log import LogBench, MemoryLog, arrive

Do = Callable[[LogBench], object]


@pytest.fixture
def node() -> LogBench:
    """`a` and `b` are in the room r, and nothing is pending."""
    node = LogBench(MemoryLog(), "n1", itertools.count(1))
    node.connect("a", "b")
    for connection_id in "ab":
        node.do(connection_id, {"join": "r"})
    arrive([node])
    return node


def send(to: str, text: str, actor: str | None) -> Do:
    return lambda node: node.deliver(node.hub.send(to, text, actor))


def close(one: str, actor: str | None) -> Do:
    return lambda node: node.deliver(node.hub.close(one, "bye", 4000, actor))


def test_what_is_sent_to_one_does_not_overtake_what_its_sender_published(node: LogBench) -> None:
    """Though nothing of the recipient is pending."""
    node.do("a", {"broadcast_room": "first"})
    send("b", "second", "a")(node)
    assert node.received("b") == []
    arrive([node])
    assert node.received("b") == ["first", "second"]


def test_nor_what_the_recipient_published(node: LogBench) -> None:
    """Whoever sends."""
    node.do("b", {"broadcast_room": "first"})
    send("b", "second", "a")(node)
    send("b", "third", None)(node)
    assert node.received("b") == []
    arrive([node])
    assert node.received("b") == ["first", "second", "third"]


def test_a_connection_is_not_closed_before_it_gets_what_was_published_before(
    node: LogBench,
) -> None:
    """By another connection, as by itself."""
    for actor in "ab":
        node.do(actor, {"broadcast_room": "first"})
        close("b", actor)(node)
        assert node.inboxes["b"].closed is None
        arrive([node])
        assert node.received("b") == ["first"]
        assert node.inboxes["b"].closed == (4000, "bye")
        node.inboxes["b"].closed = None


@pytest.mark.parametrize("actor", ["a", "b", None])
def test_with_nothing_pending_it_comes_at_once(node: LogBench, actor: str | None) -> None:
    """Without a turn in the log."""
    send("b", "now", actor)(node)
    assert node.received("b") == ["now"]
    close("b", actor)(node)
    assert node.inboxes["b"].closed == (4000, "bye")
    assert node.broker.outbox.is_empty


def test_what_others_have_pending_holds_nobody_up(node: LogBench) -> None:
    """Neither of a third connection, nor of a job."""
    node.connect("c")
    node.do("c", {"join": "r"})
    arrive([node])
    node.do("c", {"broadcast_room": "later"})
    node.deliver(node.hub.broadcast_room("r", "of a job"))
    send("b", "now", "a")(node)
    assert node.received("b") == ["now"]
    arrive([node])
    assert node.received("b") == ["later", "of a job"]


def test_for_somebody_elsewhere_it_goes_through_the_log(node: LogBench) -> None:
    """Or from somebody who is gone."""
    there = LogBench(node.log, "n2", itertools.count(100))
    there.connect("x")
    arrive([node, there])
    send("x", "hi", "a")(node)
    assert there.received("x") == []
    send("b", "of one that is gone", "nobody")(node)
    assert node.received("b") == []
    arrive([node, there])
    assert (there.received("x"), node.received("b")) == (["hi"], ["of one that is gone"])
