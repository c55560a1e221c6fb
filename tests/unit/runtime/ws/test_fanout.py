"""Rooms: order, membership, joined writes."""

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soli_runtime.ws.connection import Connection
from soli_runtime.ws.protocol.deflate import Agreement
from soli_runtime.ws.protocol.frames import text_frame
from soli_runtime.ws.protocol.outgoing import Outgoing
from soli_runtime.ws.rooms import fanout as fanout_module
from soli_runtime.ws.rooms.fanout import MAX_BLOCK_BYTES, SLICE_BYTES, SLICE_MEMBERS

from ....support.examples import examples
from .doubles import FakeTransport, Stage, messages, sliced


def test_messages_of_one_turn_are_one_write_per_member() -> None:
    """Several messages to a room within a turn go out as one joined write at its end."""
    stage = Stage()
    connection, transport, _ = stage.connect()
    stage.endpoint.fanout.join("room", connection)
    for message in ("a", "b", "c"):
        assert stage.endpoint.fanout.publish("room", message) == 1
    assert transport.writes == 0
    stage.loop.run()
    assert (transport.writes, messages(transport)) == (1, ["a", "b", "c"])


def test_a_long_block_does_not_wait_for_the_end_of_the_turn() -> None:
    """More than 64 KiB go out at once."""
    stage = Stage()
    connection, transport, _ = stage.connect()
    stage.endpoint.fanout.join("room", connection)
    for _ in range(MAX_BLOCK_BYTES // 1000):
        stage.endpoint.fanout.publish("room", "x" * 996)
    assert transport.writes == 0
    stage.endpoint.fanout.publish("room", "x" * 996)
    assert transport.writes == 1
    stage.loop.run()
    assert transport.writes == 1


def test_publishing_to_a_room_without_members_reaches_nobody() -> None:
    """A room exists while it has members."""
    stage = Stage()
    connection, _, _ = stage.connect()
    fanout = stage.endpoint.fanout
    assert fanout.publish("room", "x") == 0
    fanout.join("room", connection)
    fanout.leave("room", connection)
    assert fanout.publish("room", "x") == 0
    assert fanout.count("room") == 0
    stage.loop.run()


def test_a_direct_send_keeps_its_place_among_room_messages() -> None:
    """A message sent to a member directly arrives after what was published before it."""
    stage = Stage()
    ada, ada_line, _ = stage.connect()
    bob, bob_line, _ = stage.connect()
    fanout = stage.endpoint.fanout
    fanout.join("room", ada)
    fanout.join("room", bob)
    fanout.publish("room", "1")
    ada.send_text("2")
    fanout.publish("room", "3")
    ada.send_text("4")
    stage.loop.run()
    assert messages(ada_line) == ["1", "2", "3", "4"]
    assert messages(bob_line) == ["1", "3"]
    assert bob_line.writes == 1


def test_messages_to_different_rooms_keep_their_order_at_a_common_member() -> None:
    """Who is in two rooms gets the messages of both in the order of publishing."""
    stage = Stage()
    both, both_line, _ = stage.connect()
    other, other_line, _ = stage.connect()
    fanout = stage.endpoint.fanout
    fanout.join("a", both)
    fanout.join("b", both)
    fanout.join("b", other)
    fanout.publish("a", "1")
    fanout.publish("b", "2")
    fanout.publish("a", "3")
    stage.loop.run()
    assert messages(both_line) == ["1", "2", "3"]
    assert messages(other_line) == ["2"]
    assert both_line.writes == 1


def test_who_joins_gets_nothing_that_was_published_before() -> None:
    """Membership at the time of publishing counts, also within one turn."""
    stage = Stage()
    early, early_line, _ = stage.connect()
    late, late_line, _ = stage.connect()
    fanout = stage.endpoint.fanout
    fanout.join("room", early)
    fanout.publish("room", "1")
    fanout.join("room", late)
    fanout.publish("room", "2")
    stage.loop.run()
    assert messages(early_line) == ["1", "2"]
    assert messages(late_line) == ["2"]


def test_who_leaves_still_gets_what_was_published_before() -> None:
    """One can say goodbye to the room that one leaves."""
    stage = Stage()
    goer, goer_line, _ = stage.connect()
    fanout = stage.endpoint.fanout
    fanout.join("room", goer)
    fanout.publish("room", "1")
    fanout.leave("room", goer)
    fanout.publish("room", "2")
    stage.loop.run()
    assert messages(goer_line) == ["1"]


def test_who_closes_still_gets_what_was_published_before() -> None:
    """A Close frame comes behind the room's messages of the same turn."""
    stage = Stage()
    connection, line, _ = stage.connect()
    stage.endpoint.fanout.join("room", connection)
    stage.endpoint.fanout.publish("room", "1")
    connection.close(1000)
    stage.loop.run()
    assert line.written == text_frame("1") + b"\x88\x02\x03\xe8"


def test_the_excluded_get_everything_but_that_message() -> None:
    """A message may leave members out without disturbing their order."""
    stage = Stage()
    ada, ada_line, _ = stage.connect()
    bob, bob_line, _ = stage.connect()
    stranger, _, _ = stage.connect()
    fanout = stage.endpoint.fanout
    fanout.join("room", ada)
    fanout.join("room", bob)
    fanout.publish("room", "1")
    assert fanout.publish("room", "2", exclude=[ada, stranger]) == 1
    fanout.publish("room", "3")
    stage.loop.run()
    assert messages(ada_line) == ["1", "3"]
    assert messages(bob_line) == ["1", "2", "3"]


def test_joining_twice_and_leaving_twice_change_nothing() -> None:
    """Membership is a set."""
    stage = Stage()
    connection, _, _ = stage.connect()
    fanout = stage.endpoint.fanout
    fanout.join("room", connection)
    fanout.join("room", connection)
    assert len(connection.rooms) == 1
    fanout.leave("room", connection)
    fanout.leave("room", connection)
    assert connection.rooms == ()


def test_a_closed_connection_is_in_no_room_and_joins_none() -> None:
    """Closing takes a connection out of all rooms, and joining afterwards does nothing."""
    stage = Stage()
    connection, _, _ = stage.connect()
    fanout = stage.endpoint.fanout
    fanout.join("a", connection)
    fanout.join("b", connection)
    connection.close()
    fanout.join("c", connection)
    assert [fanout.count(name) for name in "abc"] == [0, 0, 0]


def test_a_stalled_member_gets_what_it_missed_when_it_reads_on() -> None:
    """A member that does not read waits alone; then it gets everything in order."""
    stage = Stage(max_outbox_bytes=1000)
    slow, slow_line, _ = stage.connect()
    quick, quick_line, _ = stage.connect()
    fanout = stage.endpoint.fanout
    fanout.join("room", slow)
    fanout.join("room", quick)
    slow_line.full = True
    sent = [f"{number:0100}" for number in range(8)]
    for message in sent:
        fanout.publish("room", message)
        stage.loop.run()
    assert messages(quick_line) == sent
    assert len(messages(slow_line)) == 3
    slow_line.drain()
    stage.loop.run()
    assert messages(slow_line) == sent


def test_compression_is_for_those_who_agreed_to_it() -> None:
    """A message is compressed once, for the members with compression; the others get it plain."""
    stage = Stage()
    plain, plain_line, _ = stage.connect()
    small, small_line, _ = stage.connect(agreement=Agreement("", 10))
    packed, packed_line, _ = stage.connect(agreement=Agreement("", 15))
    fanout = stage.endpoint.fanout
    for connection in (plain, small, packed):
        fanout.join("room", connection)
    message = Outgoing("hello " * 20)
    fanout.publish("room", message)
    fanout.publish("room", "x" * 100)
    stage.loop.run()
    assert packed_line.written.startswith(message.deflated)
    assert plain_line.written.startswith(message.plain)
    for line in (plain_line, small_line, packed_line):
        assert messages(line) == ["hello " * 20, "x" * 100]


def test_a_message_is_compressed_while_its_publisher_computes() -> None:
    """So that it counts as theirs; and only where somebody gets it compressed."""
    stage = Stage()
    fanout = stage.endpoint.fanout
    packed, _, _ = stage.connect(agreement=Agreement("", 15))
    small, _, _ = stage.connect(agreement=Agreement("", 10))
    for connection in (packed, small):
        fanout.join("room", connection)
    with patch("soli_runtime.ws.protocol.outgoing.deflate", return_value=b"") as deflate:
        fanout.publish("room", "x" * 100)
        assert deflate.call_count == 1
        fanout.leave("room", packed)
        fanout.publish("room", "x" * 100)
        assert deflate.call_count == 1


def test_a_transport_that_fails_does_not_cost_the_others_their_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An exception from one member's transport is logged and ends it; the loop goes on."""
    stage = Stage()
    fanout = stage.endpoint.fanout
    lines = []
    listeners = []
    for number in range(3):
        connection, line, listener = stage.connect()
        fanout.join("room", connection)
        lines.append(line)
        listeners.append(listener)
        if number == 1:
            connection.put = broken
            connection.rooms[0].changed()
    fanout.publish("room", "x")
    stage.loop.run()
    assert [messages(line) for line in lines] == [["x"], [], ["x"]]
    assert [listener.closed for listener in listeners] == [[], [(1011, "")], []]
    assert lines[1].aborted, "not even a Close frame could be written"
    assert "the handle is closed" in caplog.text


def broken(data: bytes) -> None:
    raise RuntimeError("the handle is closed")


def test_a_transport_that_fails_alone_is_contained_too(caplog: pytest.LogCaptureFixture) -> None:
    """The same where members are written to one by one."""
    stage = Stage()
    fanout = stage.endpoint.fanout
    both, _, listener = stage.connect()
    other, other_line, _ = stage.connect()
    for connection in (both, other):
        fanout.join("a", connection)
        fanout.join("b", connection)
    both.put = broken
    fanout.publish("a", "1")
    fanout.publish("b", "2")
    stage.loop.run()
    assert messages(other_line) == ["1", "2"]
    assert listener.closed == [(1011, "")]
    assert "the handle is closed" in caplog.text


def test_a_room_in_which_everybody_compresses_is_not_encoded_plain_for_nobody() -> None:
    """Without plain members no plain block is written."""
    stage = Stage()
    packed, packed_line, _ = stage.connect(agreement=Agreement("", 15))
    stage.endpoint.fanout.join("room", packed)
    stage.endpoint.fanout.publish("room", "x" * 200)
    stage.loop.run()
    assert packed_line.writes == 1
    assert messages(packed_line) == ["x" * 200]


def test_many_rooms_in_one_turn_are_written_once_each() -> None:
    """Rooms without a common member keep their joined writes when several are published to."""
    stage = Stage()
    fanout = stage.endpoint.fanout
    lines = []
    for number in range(10):
        connection, line, _ = stage.connect()
        fanout.join(f"room {number % 5}", connection)
        lines.append(line)
    for turn in ("a", "b"):
        for number in range(5):
            fanout.publish(f"room {number}", f"{turn}{number}")
    stage.loop.run()
    assert [line.writes for line in lines] == [1] * 10
    assert messages(lines[7]) == ["a2", "b2"]


def test_counters_count_every_delivery() -> None:
    """messages_out and bytes_out count one per recipient."""
    stage = Stage()
    fanout = stage.endpoint.fanout
    for _ in range(3):
        fanout.join("room", stage.connect()[0])
    fanout.publish("room", "hello")
    fanout.publish("room", "hello")
    stage.loop.run()
    counters = stage.endpoint.counters
    assert (counters.messages_out, counters.bytes_out) == (6, 42)


# The invariant, against the simplest possible model

ROOMS = ["a", "b", "c"]
PEOPLE = range(4)
people = st.sampled_from(PEOPLE)
rooms = st.sampled_from(ROOMS)
steps = st.one_of(
    st.tuples(st.just("publish"), rooms, st.sets(people, max_size=2)),
    st.tuples(st.just("publish"), st.just(ROOMS[0]), st.just(frozenset())),
    st.tuples(st.just("send"), people),
    st.tuples(st.just("join"), rooms, people),
    st.tuples(st.just("leave"), rooms, people),
    st.tuples(st.just("stall"), people),
    st.tuples(st.just("drain"), people),
    st.tuples(st.just("turn")),
    st.tuples(st.just("settle")),
)


class Model:
    """Connections beside lists of what they should get if every call wrote at once."""

    def __init__(self, compression: bool, slices: tuple[int, int]) -> None:
        self.stage = Stage(max_outbox_bytes=0)
        self.fanout = sliced(self.stage, *slices)
        self.connections: list[Connection] = []
        self.transports: list[FakeTransport] = []
        for person in PEOPLE:
            agreement = Agreement("", 15) if compression and person % 2 else None
            connection, transport, _ = self.stage.connect(agreement=agreement)
            transport.high = 10
            self.connections.append(connection)
            self.transports.append(transport)
        self.expected: list[list[str]] = [[] for _ in PEOPLE]
        self.members: dict[str, set[int]] = {room: set() for room in ROOMS}
        for person in PEOPLE:
            self.join("", ROOMS[0], person)

    def publish(self, message: str, room: str, excluded: set[int]) -> None:
        exclude = [self.connections[person] for person in excluded]
        self.fanout.publish(room, message, exclude=exclude)
        for person in self.members[room] - excluded:
            self.expected[person].append(message)

    def send(self, message: str, person: int) -> None:
        self.connections[person].send_text(message)
        self.expected[person].append(message)

    def join(self, message: str, room: str, person: int) -> None:
        self.fanout.join(room, self.connections[person])
        self.members[room].add(person)

    def leave(self, message: str, room: str, person: int) -> None:
        self.fanout.leave(room, self.connections[person])
        self.members[room].discard(person)

    def stall(self, message: str, person: int) -> None:
        self.transports[person].full = True

    def drain(self, message: str, person: int) -> None:
        self.transports[person].drain()

    def turn(self, message: str) -> None:
        self.stage.loop.turn()

    def settle(self, message: str) -> None:
        self.stage.loop.run()


@settings(max_examples=examples(150))
@given(
    st.lists(steps, max_size=40),
    st.booleans(),
    st.sampled_from([(1, SLICE_BYTES), (2, SLICE_BYTES), (SLICE_MEMBERS, 12)]),
    st.sampled_from([(1 << 20, 1 << 24), (1, 1 << 24), (1, 12)]),
)
def test_every_connection_gets_what_concerns_it_in_the_order_of_the_calls(
    script: list[tuple[Any, ...]],
    compression: bool,
    slices: tuple[int, int],
    waiting: tuple[int, int],
) -> None:
    """Whatever happens within turns and between slices, it is as if every call wrote at once."""
    model = Model(compression, slices)
    with (
        patch.object(fanout_module, "MAX_BLOCK_BYTES", min(waiting[0], MAX_BLOCK_BYTES)),
        patch.object(fanout_module, "MAX_WAITING_BYTES", waiting[0]),
        patch.object(fanout_module, "LAST_BATCH_BYTES", waiting[1]),
    ):
        for number, (kind, *rest) in enumerate(script):
            getattr(model, kind)(str(number), *rest)
        model.settle("")
    for transport in model.transports:
        transport.drain()
    assert [messages(transport) for transport in model.transports] == model.expected
