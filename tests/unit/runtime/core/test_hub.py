"""Connections and rooms: what actions and helper functions do to them."""

from __future__ import annotations

import pytest
from soli_runtime.core.actions import ActionError
from soli_runtime.core.effects import Enter, Exit, Members, One, Send

from soli_lang.base.errors import SoliError

from ....support.presence_clients import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.connect("a", "b", "c")
    return bench


def test_send_reaches_only_the_connection_itself(bench: Bench) -> None:
    """`send` is a reply."""
    bench.do("a", {"send": "hi"})

    assert (bench.received("a"), bench.received("b")) == (["hi"], [])


def test_broadcast_reaches_everybody_and_the_sender(bench: Bench) -> None:
    """`broadcast` includes who caused it."""
    bench.do("a", {"broadcast": "hi"})

    assert [bench.received(each) for each in "abc"] == [["hi"]] * 3


def test_a_room_broadcast_is_one_effect_for_all_members(bench: Bench) -> None:
    """However many members, the payload is handed over once."""
    for each in "abc":
        bench.do(each, {"join": "r"})

    (effect,) = bench.do("a", {"broadcast_room": "hi"})

    assert isinstance(effect, Send)
    assert isinstance(effect.recipients, Members)
    assert bench.cohorts[effect.recipients.cohort] == ["a", "b", "c"]


def test_a_room_keeps_its_recipients_while_it_has_members(bench: Bench) -> None:
    """Who comes and goes is told by one effect each; nobody else is listed."""
    bench.do("a", {"join": "r"})
    recipients = bench.hub.rooms["r"].recipients

    (entered,) = bench.do("b", {"join": "r"})
    (left,) = bench.do("a", {"leave": "r"})

    assert isinstance(entered, Enter)
    assert isinstance(left, Exit)
    assert entered.cohort is left.cohort is recipients.cohort
    assert bench.hub.rooms["r"].recipients is recipients


def test_a_room_that_was_left_by_all_is_another_one_afterwards(bench: Bench) -> None:
    """It is forgotten with its last member."""
    (entered,) = bench.do("a", {"join": "r"})
    bench.do("a", {"leave": "r"})
    (again,) = bench.do("a", {"join": "r"})

    assert isinstance(entered, Enter)
    assert isinstance(again, Enter)
    assert again.cohort is not entered.cohort


def test_join_comes_before_the_broadcast_of_the_same_return(bench: Bench) -> None:
    """One can join and greet at once."""
    bench.do("a", {"broadcast_room": "hi", "join": "r"})

    assert bench.received("a") == ["hi"]


def test_leave_comes_after_the_broadcast_of_the_same_return(bench: Bench) -> None:
    """One can say goodbye to the room one leaves, and hears it."""
    bench.do("a", {"join": "r"})
    bench.do("b", {"join": "r"})
    bench.do("a", {"leave": "r", "broadcast_room": "bye"})
    bench.do("b", {"broadcast_room": "gone"})

    assert bench.received("a") == ["bye"]
    assert bench.received("b") == ["bye", "gone"]


def test_joining_again_makes_a_room_the_most_recent_one(bench: Bench) -> None:
    """Joining twice is one membership."""
    bench.do("a", {"join": ["x", "y"]})
    bench.do("a", {"join": "x"})

    assert bench.hub.rooms_of("a")[-1] == "x"
    assert bench.hub.clients_in("x") == ["a"]


def test_leaving_the_current_room_makes_the_one_before_it_current(bench: Bench) -> None:
    """Rooms are a stack."""
    bench.do("a", {"join": ["x", "y", "z"]})
    bench.do("a", {"leave": "z"})
    assert bench.hub.rooms_of("a")[-1] == "y"

    bench.do("a", {"leave": ["x", "y"]})

    assert bench.hub.rooms_of("a") == ()


def test_leaving_a_room_that_was_not_joined_does_nothing(bench: Bench) -> None:
    """No error, no change."""
    bench.do("a", {"join": "x"})
    bench.do("a", {"leave": "y"})

    assert bench.hub.rooms_of("a") == ("x",)


def test_a_room_broadcast_without_a_room_sends_nothing_and_warns(bench: Bench) -> None:
    """The warning is one that the I/O side shows once per handler."""
    bench.do("a", {"broadcast_room": "hi"})

    assert bench.received("a") == []
    assert [(note.kind, note.once) for note in bench.notes] == [("no_room", True)]


def test_broadcast_channel_needs_no_membership(bench: Bench) -> None:
    """Any room can be named."""
    bench.do("b", {"join": "r"})
    bench.do("a", {"broadcast_channel": {"channel": "r", "message": {"n": 1}}})
    bench.do("a", {"broadcast_channel": {"channel": "empty", "message": "x"}})

    assert (bench.received("a"), bench.received("b")) == ([], [{"n": 1}])


def test_close_comes_last(bench: Bench) -> None:
    """What is sent in the same return is sent before."""
    effects = bench.do("a", {"close": {"code": 4001, "reason": "no"}, "send": "x"})

    assert [type(effect).__name__ for effect in effects] == ["Send", "Close"]
    assert bench.inboxes["a"].closed == (4001, "no")


def test_an_unknown_action_is_a_note_and_the_others_are_applied(bench: Bench) -> None:
    """A misspelling costs nothing but a warning."""
    bench.do("a", {"sned": "x", "send": "y"})

    assert bench.received("a") == ["y"]
    assert bench.notes[0].text == "unknown action 'sned'; did you mean 'send'?"


def test_the_limit_of_rooms_can_be_reached() -> None:
    """`max-rooms` is inclusive, and a room joined again does not count twice."""
    bench = Bench(max_rooms=2)
    bench.connect("a")
    bench.do("a", {"join": ["x", "y", "x"]})

    assert bench.hub.rooms_of("a") == ("y", "x")


def test_one_room_too_many_applies_nothing_of_the_return() -> None:
    """The error names the setting, and nothing has changed."""
    bench = Bench(max_rooms=2)
    bench.connect("a")
    bench.do("a", {"join": "x"})

    with pytest.raises(ActionError, match=r"3 rooms, at most 2 are allowed \(max-rooms\)"):
        bench.do("a", {"join": ["y", "z"], "send": "s", "leave": "x"})

    assert bench.hub.rooms_of("a") == ("x",)
    assert bench.received("a") == []


def test_no_limit_of_rooms_when_it_is_zero() -> None:
    """0 turns the limit off."""
    bench = Bench(max_rooms=0)
    bench.connect("a")
    bench.do("a", {"join": [str(number) for number in range(500)]})

    assert len(bench.hub.rooms_of("a")) == 500


def test_metadata_is_limited_after_merging() -> None:
    """`set_presence` cannot grow metadata past the limit bit by bit."""
    bench = Bench(max_presence_bytes=60)
    bench.connect("a")
    bench.do("a", {"track": {"channel": "r", "user_id": 1, "one": "x" * 20}})
    bench.received("a")

    with pytest.raises(ActionError, match="at most 60 are allowed") as caught:
        bench.do("a", {"set_presence": {"channel": "r", "two": "x" * 20}, "send": "s"})

    assert caught.value.key == "set_presence"
    assert bench.received("a") == []
    assert "two" not in bench.hub.list_presence("r")[0]["metas"][0]


def test_metadata_of_a_track_in_the_same_return_is_what_set_presence_adds_to() -> None:
    """The check looks at what will be there, not at what is."""
    bench = Bench(max_presence_bytes=60)
    bench.connect("a")
    bench.do("a", {"track": {"channel": "r", "user_id": 1, "one": "x" * 20}})

    bench.do(
        "a",
        {
            "track": {"channel": "r", "user_id": 1},
            "set_presence": {"channel": "r", "two": "x" * 20},
        },
    )

    assert bench.hub.list_presence("r")[0]["metas"][0]["two"] == "x" * 20


def test_on_disconnect_the_handler_still_reaches_its_rooms(bench: Bench) -> None:
    """Rooms are in place while the `disconnect` handler's actions are applied."""
    bench.do("a", {"join": "r"})
    bench.do("b", {"join": "r"})
    bench.disconnect("a", {"broadcast_room": "bye"})

    assert bench.received("b") == ["bye"]


def test_on_disconnect_send_and_close_do_nothing(bench: Bench) -> None:
    """Nobody is there to read it."""
    bench.hub.closing("a")
    effects = bench.do("a", {"send": "x", "close": "y", "broadcast": "z"})

    assert [effect.payload for effect in effects if isinstance(effect, Send)] == ["z"]
    assert len(effects) == 1
    assert bench.hub.send("a", "x") == []


def test_after_disconnect_nothing_is_left(bench: Bench) -> None:
    """Rooms, presence and the connection are forgotten."""
    bench.do("a", {"join": ["x", "y"], "track": {"channel": "x", "user_id": 1}})
    bench.disconnect("a")

    assert len(bench.hub.rooms) == 0
    assert bench.hub.presence_count("x") == 0
    assert bench.hub.clients() == ["b", "c"]


def test_disconnecting_twice_is_harmless(bench: Bench) -> None:
    """The teardown may be reached by several ways."""
    bench.do("a", {"track": {"channel": "x", "user_id": 1}})
    bench.disconnect("a")

    assert bench.hub.disconnect("a", bench.now) == []


def test_actions_of_a_connection_that_is_gone_do_nothing(bench: Bench) -> None:
    """A handler that waited may end after its connection did."""
    bench.disconnect("a")

    assert bench.do("a", {"join": "r", "broadcast": "x"}) == []
    assert bench.hub.clients_in("r") == []


# Helper functions


def test_ws_send_to_an_unknown_connection_does_nothing(bench: Bench) -> None:
    """No error for an id that is gone."""
    assert bench.hub.send("nobody", "x") == []
    assert bench.hub.close("nobody", "x") == []


def test_ws_send_is_one_effect_for_one_connection(bench: Bench) -> None:
    """The payload goes out as it is given."""
    (effect,) = bench.hub.send("a", b"x")

    assert isinstance(effect, Send)
    assert isinstance(effect.recipients, One)
    assert (effect.recipients.connection_id, effect.payload) == ("a", b"x")


def test_ws_broadcast_room_reaches_its_members(bench: Bench) -> None:
    """And a room without members is nothing."""
    bench.deliver(bench.hub.join("a", "r", 0.0))
    bench.deliver(bench.hub.broadcast_room("r", "x"))

    assert bench.received("a") == ["x"]
    assert bench.hub.broadcast_room("none", "x") == []


def test_ws_close_cuts_the_reason(bench: Bench) -> None:
    """1000 unless another code is given."""
    bench.deliver(bench.hub.close("a", "x" * 200))
    bench.deliver(bench.hub.close("b", "no", 4002))

    assert bench.inboxes["a"].closed == (1000, "x" * 123)
    assert bench.inboxes["b"].closed == (4002, "no")


def test_ws_join_checks_the_name_of_the_room(bench: Bench) -> None:
    """The same rules as for the action."""
    with pytest.raises(SoliError, match="control characters"):
        bench.hub.join("a", "a\tb", 0.0)

    assert bench.hub.rooms_of("a") == ()


def test_ws_join_and_leave_change_membership(bench: Bench) -> None:
    """They do what the actions do."""
    bench.hub.join("a", "r", 0.0)
    assert bench.hub.clients_in("r") == ["a"]

    bench.hub.leave("a", "r", 0.0)

    assert bench.hub.clients_in("r") == []


def test_connections_are_counted_and_listed(bench: Bench) -> None:
    """Oldest first."""
    assert bench.hub.count() == 3
    assert bench.hub.clients() == ["a", "b", "c"]


def test_presence_is_listed_with_metadata_in_order_of_first_track(bench: Bench) -> None:
    """`ws_list_presence` and friends (docs/spec §W5.14)."""
    bench.do("b", {"track": {"channel": "r", "user_id": 7, "n": [1, {"x": None}]}})
    bench.do("a", {"track": {"channel": "r", "user_id": "ada"}})
    bench.do("c", {"track": {"channel": "r", "user_id": "7"}})

    assert bench.hub.list_presence("r") == [
        {
            "user_id": "7",
            "metas": [
                {"phx_ref": "1", "state": "online", "n": [1, {"x": None}]},
                {"phx_ref": "3", "state": "online"},
            ],
        },
        {"user_id": "ada", "metas": [{"phx_ref": "2", "state": "online"}]},
    ]
    assert bench.hub.presence_count("r") == 2
    assert bench.hub.get_presence("r", 7) == bench.hub.list_presence("r")[0]
    assert bench.hub.get_presence("r", "nobody") is None
    assert bench.hub.get_presence("elsewhere", 7) is None


def test_what_presence_answers_with_may_be_changed(bench: Bench) -> None:
    """A program that changes the answer does not change presence."""
    bench.do("b", {"track": {"channel": "r", "user_id": 7, "tags": ["x"]}})
    bench.hub.list_presence("r")[0]["metas"][0]["tags"].append("y")

    assert bench.hub.list_presence("r")[0]["metas"][0]["tags"] == ["x"]
