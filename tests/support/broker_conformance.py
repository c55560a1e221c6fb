"""What any broker must do. Subclass `BrokerConformance` and say how to make one.

The suite looks at a broker from one process. A broker over a network passes it too, with a
transport that delivers at once.
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Callable

import pytest
from soli_runtime.core.broker import Broker
from soli_runtime.core.effects import Close, Everyone, Members, One, Send
from soli_runtime.core.rooms import Rooms


class BrokerConformance:
    """Inherit as `class TestMyBroker(BrokerConformance)`."""

    @abstractmethod
    def make(self, rooms: Rooms, next_ref: Callable[[], str]) -> Broker:
        """A fresh broker for a process with these rooms."""

    @pytest.fixture
    def rooms(self) -> Rooms:
        return Rooms()

    @pytest.fixture
    def broker(self, rooms: Rooms) -> Broker:
        refs = itertools.count(1)
        broker = self.make(rooms, lambda: str(next(refs)))
        for connection_id in ("a", "b", "c"):
            broker.connected(connection_id)
        return broker

    def test_connections_are_counted_and_listed(self, broker: Broker) -> None:
        """Everywhere, so here too."""
        assert sorted(broker.connections()) == ["a", "b", "c"]
        assert broker.connection_count() == 3

    def test_one_that_is_gone_is_not_counted(self, broker: Broker) -> None:
        """Saying so twice is harmless."""
        broker.disconnected("b")
        broker.disconnected("b")

        assert sorted(broker.connections()) == ["a", "c"]

    def test_publishing_reaches_the_members_of_a_room(self, broker: Broker, rooms: Rooms) -> None:
        """One effect for all of them; the payload is passed on as it is."""
        entered = [rooms.join("a", "r"), rooms.join("b", "r")]

        effect = broker.publish("r", b"x")

        assert isinstance(effect, Send)
        assert isinstance(effect.audience, Members)
        assert (effect.audience.but, effect.payload) == (None, b"x")
        assert [each and each.cohort for each in entered] == [effect.audience.cohort] * 2

    def test_publishing_to_a_room_without_local_members_does_nothing_here(
        self, broker: Broker
    ) -> None:
        """No effect, no error."""
        assert broker.publish("nowhere", "x") is None

    def test_publishing_to_all_is_for_everyone(self, broker: Broker) -> None:
        """One effect."""
        effect = broker.publish_all("x")

        assert isinstance(effect, Send)
        assert isinstance(effect.audience, Everyone)

    def test_one_connection_can_be_sent_to_and_closed(self, broker: Broker) -> None:
        """If it is here."""
        sent, closed = broker.send("a", "x"), broker.close("a", 4001, "no")

        assert isinstance(sent, Send)
        assert isinstance(sent.audience, One)
        assert isinstance(closed, Close)
        assert (closed.connection_id, closed.code, closed.reason) == ("a", 4001, "no")

    def test_an_unknown_connection_is_nothing(self, broker: Broker) -> None:
        """No error."""
        assert broker.send("nobody", "x") is None
        assert broker.close("nobody", 1000, "") is None

    def test_members_of_a_room_are_listed(self, broker: Broker, rooms: Rooms) -> None:
        """Also of one that nobody is in."""
        rooms.join("b", "r")

        assert broker.members("r") == ["b"]
        assert broker.members("nowhere") == []

    def test_presence_answers_with_what_was_tracked(self, broker: Broker) -> None:
        """Operations and questions agree."""
        broker.presence.track("a", "r", "ada", None, {"n": 1}, 0.0)
        broker.presence.update("a", "r", "typing", {}, 0.0)

        assert broker.presence.users("r") == [
            {"user_id": "ada", "metas": [{"phx_ref": "1", "state": "typing", "n": 1}]}
        ]
        assert broker.presence.fields_of("a", "r") == ("typing", {"n": 1})
        assert broker.presence.user("r", "ada") is not None
        assert broker.presence.user_count("r") == 1

    def test_presence_of_a_connection_that_is_gone_is_gone(self, broker: Broker) -> None:
        """All of it."""
        broker.presence.track("a", "r", "ada", None, {}, 0.0)
        broker.presence.track("a", "s", "ada", None, {}, 0.0)
        broker.presence.forget("a", 0.0)

        assert (broker.presence.user_count("r"), broker.presence.user_count("s")) == (0, 0)
        assert broker.presence.due is None
