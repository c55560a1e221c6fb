"""What goes at once and what waits for its turn in the log: of the broker that ships."""

from __future__ import annotations

import pytest
from soli_runtime.serving.nodes.log_broker import LogBroker

from .....support.presence_clients import Bench


class OneNode:
    """A node with `a` and `b` in the room `r`, and a log that only it writes."""

    def __init__(self) -> None:
        self.bench = Bench(LogBroker)
        broker = self.bench.hub.broker
        assert isinstance(broker, LogBroker)
        self.broker = broker
        broker.carry_out = self.bench.deliver
        broker.begin("n1")
        self._position = 0
        self.bench.connect("a", "b")
        for connection_id in "ab":
            self.bench.do(connection_id, {"join": "r"})
        self.catch_up()

    def catch_up(self) -> None:
        """Append what waits, and read it."""
        while (batch := self.broker.next_batch()) is not None:
            self._position += 1
            _, heads, _, payloads = batch.fields()
            assert isinstance(heads, str)
            assert isinstance(payloads, bytes)
            origin, number = self.broker.node, batch.number
            self.broker.arrived(self._position, origin, number, heads.encode(), payloads)

    def publish(self, text: str, by: str) -> None:
        self.bench.deliver(self.broker.publish("r", text, by))

    def send(self, to: str, text: str, by: str | None) -> None:
        self.bench.deliver(self.broker.send(to, text, by))

    def received(self, connection_id: str) -> list[object]:
        return self.bench.received(connection_id)


@pytest.fixture
def node() -> OneNode:
    return OneNode()


def test_a_message_to_one_follows_what_its_sender_said_to_the_room(node: OneNode) -> None:
    """Docs/scale-out.md: the order of what one handler does is as with one process."""
    node.publish("first", by="a")
    node.send("b", "second", by="a")
    assert node.received("b") == []
    node.catch_up()
    assert node.received("b") == ["first", "second"]


def test_a_message_to_one_follows_what_that_one_does(node: OneNode) -> None:
    """Whoever sends it: who hears its own turn first has not heard what came before."""
    node.publish("first", by="b")
    node.send("b", "second", by="a")
    assert node.received("b") == []
    node.catch_up()
    assert node.received("b") == ["first", "second"]


@pytest.mark.parametrize("by", ["a", "b", None])
def test_with_nothing_under_way_a_message_to_one_goes_at_once(node: OneNode, by: str) -> None:
    """It needs no log where both are here."""
    node.send("b", "now", by=by)
    assert node.received("b") == ["now"]


def test_others_do_not_wait(node: OneNode) -> None:
    """What `b` said is under way; `a` to itself is not behind it."""
    node.publish("first", by="b")
    node.send("a", "now", by="a")
    assert node.received("a") == ["now"]
