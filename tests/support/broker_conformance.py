"""What any broker must do. Subclass `BrokerConformance`: say how to make processes that share one.

The suite looks from outside: at what connections get, in which order, and at what questions answer.
`here` and `there` are two processes; a broker for a single one gives the same twice.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest
from soli_runtime.core.answers import Answer
from soli_runtime.core.effects import SendOptions

from .presence_clients import Bench


def answered(answer: Answer[Any]) -> Any:
    """What a question gives, awaited if it must be; nothing else is waited for."""
    if not isinstance(answer, Awaitable):
        return answer
    waiting = answer.__await__()
    try:
        while True:
            next(waiting)
    except StopIteration as done:
        return done.value


class BrokerConformance:
    """Inherit as `class TestMyBroker(BrokerConformance)`."""

    @abstractmethod
    def make(self) -> Sequence[Bench]:
        """Fresh processes that share what the broker connects, or the one that there is."""

    @abstractmethod
    def settle(self, processes: Sequence[Bench]) -> None:
        """Let everything arrive that is under way."""

    @pytest.fixture
    def processes(self) -> Sequence[Bench]:
        processes = self.make()
        processes[0].connect("a", "b")
        processes[-1].connect("c", "d")
        self.settle(processes)
        return processes

    @pytest.fixture
    def here(self, processes: Sequence[Bench]) -> Bench:
        return processes[0]

    @pytest.fixture
    def there(self, processes: Sequence[Bench]) -> Bench:
        return processes[-1]

    def received(self, processes: Sequence[Bench], connection_id: str) -> list[Any]:
        """What a connection got since the last time, wherever it is."""
        self.settle(processes)
        for bench in processes:
            if connection_id in bench.inboxes:
                return bench.received(connection_id)
        raise AssertionError(f"{connection_id} is nowhere")

    # Connections

    def test_connections_are_counted_and_listed(
        self, processes: Sequence[Bench], here: Bench
    ) -> None:
        """All of them, in every process."""
        assert sorted(answered(here.hub.clients())) == ["a", "b", "c", "d"]
        assert answered(here.hub.count()) == 4

    def test_one_that_is_gone_is_not_counted(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """Nor a member, nor present."""
        there.do("c", {"join": "r", "track": {"channel": "r", "user_id": "ada"}})
        there.disconnect("c")
        self.settle(processes)

        for bench in processes:
            assert sorted(answered(bench.hub.clients())) == ["a", "b", "d"]
            assert answered(bench.hub.clients_in("r")) == []
            assert answered(bench.hub.list_presence("r")) == []

    # Messages

    def test_a_message_reaches_the_members_of_a_room_everywhere(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """The sender too, and nobody else; text and binary as they are."""
        here.do("a", {"join": "r"})
        there.do("c", {"join": "r"})
        self.settle(processes)
        here.do("a", {"broadcast_room": "text"})
        there.do("d", {"broadcast_channel": {"channel": "r", "message": b"binary"}})

        for connection_id in "ac":
            got = self.received(processes, connection_id)
            assert sorted(got, key=str) == sorted(["text", b"binary"], key=str)
        for connection_id in "bd":
            assert self.received(processes, connection_id) == []

    def test_all_members_see_one_order(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """Whoever publishes, the publishers among them."""
        here.do("a", {"join": "r"})
        there.do("c", {"join": "r"})
        self.settle(processes)
        for number in range(5):
            here.do("a", {"broadcast_room": f"a{number}"})
            there.do("c", {"broadcast_room": f"c{number}"})

        first = self.received(processes, "a")
        assert first == self.received(processes, "c")
        assert [message for message in first if message[0] == "a"] == [f"a{n}" for n in range(5)]

    def test_a_message_to_all_reaches_everybody(
        self, processes: Sequence[Bench], here: Bench
    ) -> None:
        """Once."""
        here.do("a", {"broadcast": "x"})

        assert [self.received(processes, each) for each in "abcd"] == [["x"]] * 4

    def test_others_do_not_include_who_sends(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """Of a room and of all; where nobody sends, nobody is left out."""
        here.do("a", {"join": "r"})
        there.do("c", {"join": "r"})
        self.settle(processes)
        here.do("a", {"broadcast_room_others": "room"})
        there.do("d", {"broadcast_others": "all"})
        nobody = SendOptions(None)
        here.deliver(here.hub.broadcast_room("r", "helper", None, nobody))

        got = [sorted(self.received(processes, each)) for each in "abcd"]
        assert got == [["all", "helper"], ["all"], ["all", "helper", "room"], []]

    def test_a_volatile_message_says_whose_it_is(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """To the room, to all and to one, wherever they are; and no room keeps it."""
        sent: list[tuple[str, str]] = []
        for bench in {here, there}:
            bench.on_volatile = lambda effect: sent.append((effect.sender, effect.key))
        there.do("c", {"join": "r"})
        self.settle(processes)
        here.do("a", {"broadcast_channel": {"channel": "r", "message": "m1"}, "volatile": "k"})
        self.settle(processes)
        here.do("a", {"broadcast_others": "m2", "volatile": True})
        self.settle(processes)
        here.deliver(here.hub.send("c", "m3", "a", SendOptions(None, "z", "a")))

        assert self.received(processes, "c") == ["m1", "m2", "m3"]
        assert self.received(processes, "a") == []
        assert set(sent) == {("a", "k"), ("a", ""), ("a", "z")}

    def test_members_of_a_room_are_counted(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """In all processes; of an unknown room there are none."""
        here.do("a", {"join": "r"})
        there.do("c", {"join": "r"})
        self.settle(processes)

        assert [answered(bench.hub.count_in("r")) for bench in processes] == [2] * len(processes)
        assert answered(here.hub.count_in("unknown")) == 0

    def test_one_connection_is_sent_to_and_closed_wherever_it_is(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """Unknown ids are nothing."""
        for connection_id in ("b", "c", "nobody"):
            here.deliver(here.hub.send(connection_id, "x"))
        for connection_id in ("d", "nobody"):
            here.deliver(here.hub.close(connection_id, "no", 4001))

        assert [self.received(processes, each) for each in "abcd"] == [[], ["x"], ["x"], []]
        assert there.inboxes["d"].closed == (4001, "no")

    # Program order

    def test_replies_come_behind_what_was_published_before(
        self, processes: Sequence[Bench], here: Bench
    ) -> None:
        """In one return and from one event to the next; then nothing is under way."""
        here.do("a", {"join": "r"})
        here.do("a", {"send": "joined"})
        here.do("a", {"broadcast_room": "1"})
        here.do("a", {"send": "2"})
        here.deliver(here.hub.broadcast_room("r", "3", actor="a"))
        here.deliver(here.hub.send("a", "4", actor="a"))
        here.do("a", {"broadcast": "5"})
        here.do("a", {"send": "6", "close": {"code": 4000, "reason": "bye"}})

        expected = ["joined", *(str(number) for number in range(1, 7))]
        assert [str(each) for each in self.received(processes, "a")] == expected
        assert here.inboxes["a"].closed == (4000, "bye")
        assert here.hub.seats["a"].under_way == 0

    def test_who_leaves_still_gets_what_it_published_before(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """And nothing that came after it."""
        here.do("a", {"join": "r"})
        there.do("c", {"join": "r"})
        self.settle(processes)
        here.do("a", {"broadcast_room": "bye", "leave": "r"})
        self.settle(processes)
        there.do("c", {"broadcast_room": "later"})

        assert self.received(processes, "a") == ["bye"]
        assert self.received(processes, "c") == ["bye", "later"]

    def test_who_joins_gets_its_own_greeting(self, processes: Sequence[Bench], here: Bench) -> None:
        """A join comes before the broadcast of the same return."""
        here.do("a", {"join": "r", "broadcast_room": "hello"})

        assert self.received(processes, "a") == ["hello"]

    def test_who_comes_back_misses_what_was_said_in_between(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """Membership has its place in the order, also while it is under way."""
        there.do("c", {"join": "r"})
        self.settle(processes)
        for result in ({"join": "r"}, {"leave": "r"}, {"broadcast_room": "x"}, {"join": "r"}):
            here.do("a", result)
        here.do("b", {"broadcast_channel": {"channel": "r", "message": "between"}})
        here.do("a", {"leave": "r"})
        here.do("b", {"broadcast_channel": {"channel": "r", "message": "after"}})

        assert self.received(processes, "a") == ["between"]
        assert self.received(processes, "c") == ["between", "after"]

    # Rooms

    def test_members_of_a_room_are_listed(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """All of them; also of a room that nobody is in."""
        here.do("b", {"join": "r"})
        self.settle(processes)
        there.do("c", {"join": "r"})
        self.settle(processes)

        assert answered(here.hub.clients_in("r")) == ["b", "c"]
        assert answered(here.hub.clients_in("nowhere")) == []

    # Presence

    def test_presence_is_of_all_processes(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """Who subscribes later is told of those that were there, with the refs they have."""
        here.do("a", {"track": {"channel": "r", "user_id": "ada", "n": 1}})
        self.settle(processes)
        there.do("c", {"join": "r", "track": {"channel": "r", "user_id": "bob"}})
        self.settle(processes)
        here.do("a", {"set_presence": {"channel": "r", "state": "typing"}})

        listed = answered(there.hub.list_presence("r"))
        (own,) = [message for message in self.received(processes, "c") if "joins" in str(message)]
        ada = {"metas": [{"phx_ref": "1", "state": "typing", "n": 1}]}
        assert own["payload"] == {"joins": {"ada": ada}, "leaves": {}}
        listed = answered(there.hub.list_presence("r"))
        assert listed[0] == {"user_id": "ada", **ada}
        assert answered(here.hub.presence_count("r")) == 2
        assert answered(there.hub.get_presence("r", "bob")) == listed[1]
        assert answered(there.hub.get_presence("r", "nobody")) is None

    def test_a_user_of_two_processes_is_one(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """It leaves with its last connection."""
        here.do("b", {"join": "r"})
        here.do("a", {"track": {"channel": "r", "user_id": "ada"}})
        self.settle(processes)
        there.do("c", {"track": {"channel": "r", "user_id": "ada"}})
        self.received(processes, "b")
        here.disconnect("a")
        assert self.received(processes, "b") == []
        there.disconnect("c")

        refreshed, left = self.received(processes, "b")
        assert refreshed["event"] == "presence_state"
        metas = left["payload"]["leaves"]["ada"]["metas"]
        assert [meta["phx_ref"] for meta in metas] == ["2"], "what it is shown now"
        assert answered(here.hub.presence_count("r")) == 0

    def test_join_and_track_give_one_snapshot(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """docs/spec §W5.9, with somebody there already elsewhere."""
        there.do("c", {"track": {"channel": "r", "user_id": "ada"}})
        self.settle(processes)
        here.do("a", {"join": "r", "track": {"channel": "r", "user_id": "bob"}})

        (snapshot,) = self.received(processes, "a")
        assert set(snapshot["payload"]) == {"ada", "bob"}

    def test_nothing_is_left_behind(
        self, processes: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """When everybody is gone."""
        for bench, connection_id in ((here, "a"), (here, "b"), (there, "c"), (there, "d")):
            bench.do(
                connection_id, {"join": ["r", "s"], "track": {"channel": "t", "user_id": "ada"}}
            )
        self.settle(processes)
        for bench in processes:
            for connection_id in tuple(bench.inboxes):
                bench.disconnect(connection_id)
        self.settle(processes)

        for bench in processes:
            assert (len(bench.hub.seats), len(bench.hub.rooms), len(bench.hub.presence)) == (
                0,
                0,
                0,
            )
            assert bench.cohorts == {}
            assert bench.hub.due is None
