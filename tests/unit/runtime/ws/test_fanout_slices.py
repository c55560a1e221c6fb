"""Rooms that are written in slices: of so many members, and of so many bytes."""

from __future__ import annotations

import pytest
from soli_runtime.ws.protocol.frames import text_frame
from soli_runtime.ws.rooms import fanout as fanout_module
from soli_runtime.ws.rooms.fanout import MAX_WAITING_BYTES, Fanout

from .doubles import FakeTransport, Stage, messages, sliced


def test_a_room_at_the_size_of_a_slice_is_written_at_once() -> None:
    """And one member more makes it two turns, the first joined first."""
    for members, expected in ((3, [3]), (4, [3, 4]), (7, [3, 6, 7])):
        stage = Stage()
        fanout = sliced(stage, 3)
        transports = []
        for _ in range(members):
            connection, transport, _ = stage.connect()
            fanout.join("room", connection)
            transports.append(transport)
        fanout.publish("room", "x")
        written = []
        for _ in expected:
            stage.loop.turn()
            written.append(sum(transport.writes for transport in transports))
        assert written == expected
        assert [messages(transport) for transport in transports] == [["x"]] * members


def test_what_is_published_between_slices_is_written_together_afterwards() -> None:
    """Members that were reached already do not get it earlier than the others."""
    stage = Stage()
    fanout = sliced(stage, 1)
    transports = []
    for _ in range(3):
        connection, transport, _ = stage.connect()
        fanout.join("room", connection)
        transports.append(transport)
    fanout.publish("room", "first")
    stage.loop.turn()
    fanout.publish("room", "second")
    fanout.publish("room", "third")
    stage.loop.run()
    assert [messages(transport) for transport in transports] == [["first", "second", "third"]] * 3
    assert [transport.writes for transport in transports] == [2, 2, 2]
    assert fanout.log == []


def test_who_joins_between_slices_gets_only_what_comes_after() -> None:
    """Also when nothing more is published before the last slice is written."""
    stage = Stage()
    fanout = sliced(stage, 1)
    for _ in range(3):
        fanout.join("room", stage.connect()[0])
    fanout.publish("room", "before")
    stage.loop.turn()
    late, transport, _ = stage.connect()
    fanout.join("room", late)
    stage.loop.run()
    fanout.publish("room", "after")
    stage.loop.run()
    assert messages(transport) == ["after"]


def test_who_goes_between_slices_is_not_written_to() -> None:
    """A line that broke costs the others nothing."""
    stage = Stage()
    fanout = sliced(stage, 1)
    people = [stage.connect() for _ in range(3)]
    for connection, _, _ in people:
        fanout.join("room", connection)
    fanout.publish("room", "x")
    stage.loop.turn()
    people[1][0].connection_lost(None)
    stage.loop.run()
    assert [transport.writes for _, transport, _ in people] == [1, 0, 1]


# By bytes


def full(fanout: Fanout, stage: Stage, members: int, room: str = "room") -> list[FakeTransport]:
    """Let that many join; their transports."""
    transports = []
    for _ in range(members):
        connection, transport, _ = stage.connect()
        fanout.join(room, connection)
        transports.append(transport)
    return transports


def test_a_long_message_is_written_in_slices_of_bytes() -> None:
    """Up to the size of a slice at once; past it, each turn writes to as many as go past it."""
    frame = text_frame("x" * 200)
    for members, expected in ((3, [3]), (4, [4]), (5, [4, 5]), (9, [4, 8, 9])):
        stage = Stage()
        fanout = sliced(stage, slice_bytes=4 * len(frame) - 1 if members > 4 else 4 * len(frame))
        transports = full(fanout, stage, members)
        fanout.publish("room", "x" * 200)
        written = []
        for _ in expected:
            stage.loop.turn()
            written.append(sum(transport.writes for transport in transports))
        assert written == expected
        assert all(transport.written == frame for transport in transports)


def test_many_small_rooms_are_no_long_message() -> None:
    """What counts is what is written, and not members of one room times bytes of another."""
    stage = Stage()
    fanout = sliced(stage, slice_bytes=2000)
    transports = [full(fanout, stage, 1, f"room {number}")[0] for number in range(10)]
    for number in range(10):
        fanout.publish(f"room {number}", "x" * 100)
    stage.loop.turn()
    assert [transport.writes for transport in transports] == [1] * 10


def test_no_turn_writes_much_more_than_a_slice_however_much_is_published() -> None:
    """Three messages of 900 KB to a room within a turn, and one between slices."""
    stage = Stage(max_outbox_bytes=0)
    most = 4_000_000
    fanout = sliced(stage, slice_bytes=most)
    transports = full(fanout, stage, 20)
    sent = [f"{number}".ljust(900_000, "x") for number in range(4)]
    before = 0
    written = []
    for turn in range(40):
        if turn == 0:
            for message in sent[:3]:
                fanout.publish("room", message)
        if turn == 3:
            fanout.publish("room", sent[3])
        stage.loop.turn()
        now = sum(len(transport.written) for transport in transports)
        written.append(now - before)
        before = now
    # A slice goes past its size by one share, which is a batch of two messages at most; one slice
    # is written when the first message is published, and another at the end of that turn.
    assert max(written) <= 2 * (most + 2 * 900_010)
    whole = b"".join(map(text_frame, sent))
    assert all(transport.written == whole for transport in transports)
    assert fanout.log == []


def test_what_waits_becomes_batches_that_fit_an_outbox() -> None:
    """A member gets in one piece what `MAX_WAITING_BYTES` allow, and the message past it."""
    stage = Stage(max_outbox_bytes=0)
    fanout = sliced(stage, slice_members=1)
    transports = full(fanout, stage, 2)
    fanout.publish("room", "first")
    stage.loop.turn()
    message = "x" * (MAX_WAITING_BYTES // 2)
    for _ in range(6):
        fanout.publish("room", message)
    stage.loop.run()
    expected = b"".join(map(text_frame, ("first", *[message] * 6)))
    assert [transport.written for transport in transports] == [expected] * 2
    assert [transport.writes for transport in transports] == [4, 4]


def test_more_than_batches_may_hold_is_not_kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past `LAST_BATCH_BYTES` the oldest batch is written at once."""
    monkeypatch.setattr(fanout_module, "LAST_BATCH_BYTES", 2 * MAX_WAITING_BYTES + 20)
    stage = Stage(max_outbox_bytes=0)
    fanout = sliced(stage, slice_members=1)
    transports = full(fanout, stage, 4)
    fanout.publish("room", "first")
    stage.loop.turn()
    message = "x" * MAX_WAITING_BYTES
    fanout.publish("room", message)
    assert transports[3].writes == 0
    fanout.publish("room", message)
    assert transports[3].writes == 1
    stage.loop.run()
    expected = b"".join(map(text_frame, ("first", message, message)))
    assert [transport.written for transport in transports] == [expected] * 4


def test_who_is_told_that_the_fanout_is_far_ahead_hears_when_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fanout_module, "MAX_BATCH_BYTES", 3 * MAX_WAITING_BYTES)
    stage = Stage(max_outbox_bytes=0)
    fanout = sliced(stage, slice_members=1)
    full(fanout, stage, 4)
    told: list[bool] = []
    fanout.when_far_ahead(told.append)
    fanout.publish("room", "first")
    stage.loop.turn()
    for _ in range(2):
        fanout.publish("room", "x" * MAX_WAITING_BYTES)
    assert told == []
    fanout.publish("room", "x" * MAX_WAITING_BYTES)
    assert told == [True]
    assert fanout.is_far_ahead
    stage.loop.run()
    assert told == [True, False]
