"""What any broker must do about the past of rooms. Inherit it in place of `BrokerConformance`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from soli_runtime.core.history.rules import Rule

from .broker_conformance import BrokerConformance, answered
from .presence_clients import Bench

RULES = (Rule("r*", 4, 60),)


def position(message: Any) -> str:
    """Of a `position` message."""
    assert message["event"] == "position", message
    return str(message["payload"])


class HistoryConformance(BrokerConformance):
    """All that a broker must do, with the past of rooms."""

    @pytest.fixture
    def keeping(self, processes: Sequence[Bench]) -> Sequence[Bench]:
        """The same processes; rooms whose names begin with an r keep four messages."""
        for bench in processes:
            bench.deliver(bench.hub.follow(RULES))
        return processes

    def turn(self, processes: Sequence[Bench]) -> None:
        """All that is under way arrives, and the loop's turn ends."""
        self.settle(processes)
        for bench in processes:
            bench.end_turn()

    def said(self, processes: Sequence[Bench], *texts: str, room: str = "r") -> None:
        """Said by nobody in particular, from both processes in turn."""
        for number, text in enumerate(texts):
            bench = processes[number % len(processes)]
            bench.deliver(bench.hub.broadcast_room(room, text))
            self.turn(processes)

    def test_the_last_messages_come_first_and_live_ones_behind(
        self, keeping: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """No gap and none twice, also when the same return broadcasts; binary stays binary."""
        self.said(keeping, "1", "2")
        here.deliver(here.hub.broadcast_room("r", b"3"))
        self.settle(keeping)
        there.do("c", {"join": "r", "history": 2, "broadcast_room": "4"})
        self.settle(keeping)
        self.said(keeping, "5")
        assert self.received(keeping, "c") == [2, b"3", 4, 5]

    def test_no_more_comes_than_is_kept(self, keeping: Sequence[Bench], there: Bench) -> None:
        """Of rooms that keep something, of which nothing is too old, and not more than asked."""
        self.said(keeping, *"123456")
        self.said(keeping, "other", room="other")
        there.do("c", {"join": ["r", "other"], "history": 1000})
        assert self.received(keeping, "c") == [3, 4, 5, 6]
        assert [note.kind for note in there.notes] == ["no_history"]
        for bench in keeping:
            bench.now += 60
        there.do("d", {"join": "r", "history": 4})
        assert self.received(keeping, "d") == []

    def test_who_did_not_ask_is_told_nothing(self, keeping: Sequence[Bench], here: Bench) -> None:
        """Neither the past nor positions."""
        self.said(keeping, "1")
        here.do("a", {"join": "r"})
        self.said(keeping, "2")
        assert self.received(keeping, "a") == [2]

    def test_joining_again_gives_nothing_again(self, keeping: Sequence[Bench], here: Bench) -> None:
        """Who left and joins again gets it again."""
        self.said(keeping, "1")
        for _ in range(2):
            here.do("a", {"join": "r", "history": 4})
        assert self.received(keeping, "a") == [1]
        here.do("a", {"leave": "r"})
        here.do("a", {"join": "r", "history": 4})
        assert self.received(keeping, "a") == [1]

    def test_programs_can_look(self, keeping: Sequence[Bench], here: Bench) -> None:
        """Everywhere the same, oldest first; of a room that keeps nothing there is nothing."""
        self.said(keeping, *"12345")
        for bench in keeping:
            past = answered(bench.hub.past("r", 3))
            assert [one.payload for one in past] == ["3", "4", "5"]
            assert {one.at for one in past} == {bench.now}
        here.connect("x", returns={"r": past[1].position})
        here.do("x", {"join": "r"})
        resumed, *missed, _ = self.received(keeping, "x")
        assert (resumed["payload"]["recovered"], missed) == (True, [5])
        assert answered(here.hub.past("other", 3)) == []

    def test_who_comes_back_gets_what_it_missed(
        self, keeping: Sequence[Bench], here: Bench, there: Bench
    ) -> None:
        """In the other process too; first a word, then what was missed, then where it is."""
        here.connect("x", returns={})
        here.do("x", {"join": "r"})
        self.said(keeping, "1")
        first, message, held = self.received(keeping, "x")
        assert (position(first) != position(held), message) == (True, 1)
        here.disconnect("x")
        self.said(keeping, "2", "3")

        there.connect("y", returns={"r": position(held)})
        there.do("y", {"join": "r", "history": 1})
        resumed, *missed, now = self.received(keeping, "y")
        payload = {"recovered": True, "missed": 2, "position": position(held)}
        assert resumed == {"event": "resumed", "channel": "r", "payload": payload}
        assert (missed, now["channel"]) == ([2, 3], "r")
        self.said(keeping, "4")
        live, _ = self.received(keeping, "y")
        assert live == 4

        there.connect("z", returns={"r": position(now)})
        there.do("z", {"join": "r"})
        assert [m if isinstance(m, int) else m["event"] for m in self.received(keeping, "z")] == [
            "resumed",
            4,
            "position",
        ]

    def test_the_turn_of_the_loop_tells_one_position(
        self, keeping: Sequence[Bench], here: Bench
    ) -> None:
        """Behind all of its messages, for each room."""
        here.connect("x", returns={})
        here.do("x", {"join": ["r1", "r2"]})
        self.received(keeping, "x")
        for text in "12":
            for room in ("r1", "r2"):
                here.deliver(here.hub.broadcast_room(room, text))
        self.turn(keeping)
        got = self.received(keeping, "x")
        assert got[:4] == [1, 1, 2, 2]
        assert [message["channel"] for message in got[4:]] == ["r1", "r2"]
        self.turn(keeping)
        assert self.received(keeping, "x") == []

    @pytest.mark.parametrize("held", ["", "e.", "e.99", "f.1", "e.1.1", "e.-1"])
    def test_in_doubt_not_all_is_there(
        self, keeping: Sequence[Bench], here: Bench, held: str
    ) -> None:
        """Then `history` says what comes, and it is told where it is."""
        self.said(keeping, "1", "2")
        here.connect("x", returns={"r": held})
        here.do("x", {"join": "r", "history": 1})
        resumed, message, now = self.received(keeping, "x")
        assert (resumed["payload"]["recovered"], resumed["payload"]["missed"]) == (False, 1)
        assert message == 2
        here.connect("y", returns={"r": resumed["payload"]["position"]})
        here.do("y", {"join": "r"})
        again = self.received(keeping, "y")
        assert (again[0]["payload"]["recovered"], again[1]) == (True, 2)
        here.connect("z", returns={"r": position(now)})
        here.do("z", {"join": "r"})
        assert self.received(keeping, "z")[0]["payload"]["missed"] == 0

    def test_too_much_was_missed(self, keeping: Sequence[Bench], here: Bench) -> None:
        """Four are kept: one more and it is not all."""
        here.connect("x", returns={})
        here.do("x", {"join": "r"})
        (held,) = map(position, self.received(keeping, "x"))
        self.said(keeping, *"1234")
        for name, recovered in (("y", True), ("z", False)):
            here.connect(name, returns={"r": held})
            here.do(name, {"join": "r"})
            resumed = self.received(keeping, name)[0]["payload"]
            assert (resumed["recovered"], resumed["missed"]) == (recovered, 4 * recovered)
            self.said(keeping, "5")

    def test_only_rooms_that_are_joined_are_resumed(
        self, keeping: Sequence[Bench], here: Bench
    ) -> None:
        """Once: who leaves and joins again is told where it is. Rooms without history: nothing."""
        self.said(keeping, "1", "2")
        held = answered(here.hub.past("r", 2))[0].position
        here.connect("x", returns=dict.fromkeys(("r", "r2", "other"), held))
        here.do("x", {"join": ["r", "other"]})
        assert len(self.received(keeping, "x")) == 3
        here.do("x", {"leave": "r"})
        here.do("x", {"join": "r"})
        (only,) = self.received(keeping, "x")
        assert only["event"] == "position"

    def test_who_left_is_told_no_more(self, keeping: Sequence[Bench], here: Bench) -> None:
        """Neither messages nor positions; nor who is gone."""
        here.connect("x", "y", returns={})
        for name in "xy":
            here.do(name, {"join": "r"})
        here.do("x", {"leave": "r"})
        self.received(keeping, "x")
        self.said(keeping, "1")
        assert self.received(keeping, "x") == []
        here.disconnect("y")
        self.said(keeping, "2")
        assert not here.rooms_with_members

    def test_a_join_under_way_ends_with_its_connection(
        self, keeping: Sequence[Bench], here: Bench
    ) -> None:
        """One that is gone before its turn came is no member and no follower of anything."""
        self.said(keeping, "1")
        here.connect("x", returns={"r": "e.0"})
        here.do("x", {"join": "r", "history": 4})
        here.disconnect("x")
        self.said(keeping, "2")
        assert answered(here.hub.clients_in("r")) == []
        assert not here.rooms_with_members

    def test_joins_of_one_room_that_overtake_each_other(
        self, keeping: Sequence[Bench], here: Bench
    ) -> None:
        """Join, leave and join with all three under way: each join has its own past."""
        self.said(keeping, "1", "2")
        here.do("a", {"join": "r", "history": 1})
        here.do("a", {"leave": "r"})
        here.do("a", {"join": "r", "history": 2})
        assert self.received(keeping, "a") == [2, 1, 2]

    def test_other_rules_come_with_a_new_program(
        self, keeping: Sequence[Bench], here: Bench
    ) -> None:
        """Members follow a room from when it keeps something, and no longer."""
        here.connect("x", returns={})
        here.do("x", {"join": ["r", "other"]})
        self.received(keeping, "x")
        for bench in keeping:
            bench.deliver(bench.hub.follow([Rule("other", 4, 60)]))
        (start,) = self.received(keeping, "x")
        assert start["channel"] == "other"
        self.said(keeping, "1")
        self.said(keeping, "2", room="other")
        got = self.received(keeping, "x")
        assert (got[:2], got[2]["channel"], len(got)) == ([1, 2], "other", 3)
        here.disconnect("x")
        here.connect("y", returns={"other": position(start), "r": position(start)})
        here.do("y", {"join": ["r", "other"]})
        resumed, message, _ = self.received(keeping, "y")
        assert (resumed["payload"]["recovered"], message) == (True, 2)
