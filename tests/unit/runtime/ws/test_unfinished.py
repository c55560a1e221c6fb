"""Messages that began and do not end, and bytes that come too fast."""

from __future__ import annotations

from soli_runtime.ws.protocol.frames import CloseCode
from soli_runtime.ws.unfinished import Unfinished

from .doubles import FakeLoop, Stage, masked


class Sender:
    def __init__(self) -> None:
        self.refused = ""

    def message_refused(self, reason: str) -> None:
        self.refused = reason


def test_a_message_that_takes_too_long_is_refused() -> None:
    """Counted from its beginning, whatever came of it meanwhile."""
    loop, slow, quick = FakeLoop(), Sender(), Sender()
    unfinished = Unfinished(loop, loop.time, 30, 0)  # type: ignore[arg-type]
    unfinished.note(slow, 10)
    loop.sleep(20)
    unfinished.note(slow, 20)
    unfinished.note(quick, 1)
    loop.sleep(9)
    assert not slow.refused
    loop.sleep(2)
    assert slow.refused == "the message took too long"
    unfinished.done(quick)
    loop.sleep(60)
    assert not quick.refused
    assert unfinished.bytes == 0


def test_past_the_bound_the_oldest_goes() -> None:
    """Inclusive, and only as many as it takes."""
    loop = FakeLoop()
    unfinished = Unfinished(loop, loop.time, 0, 100)  # type: ignore[arg-type]
    senders = [Sender() for _ in range(3)]
    unfinished.note(senders[0], 60)
    unfinished.note(senders[1], 40)
    assert not senders[0].refused
    unfinished.note(senders[2], 1)
    assert [sender.refused != "" for sender in senders] == [True, False, False]
    assert unfinished.bytes == 41


def test_a_message_without_an_end_is_1008() -> None:
    """A frame that stops short, and fragments that do not go on; nothing of them is kept."""
    for half in (masked(0x81, b"x" * 1000)[:-1], masked(0x01, b"x" * 1000)):
        stage = Stage(message_seconds=30, ping_seconds=0)
        connection, _, listener = stage.connect()
        connection.data_received(half)
        stage.loop.sleep(29)
        assert connection.is_open
        stage.loop.sleep(2)
        assert listener.closed == [(CloseCode.POLICY_VIOLATION, "the message took too long")]
        assert connection.unfinished_bytes == 0
        assert stage.endpoint.unfinished.bytes == 0


def test_a_message_that_ends_in_time_is_delivered() -> None:
    """And nothing is watched any more."""
    stage = Stage(message_seconds=30, ping_seconds=0)
    connection, _, listener = stage.connect()
    whole = masked(0x81, b"x" * 1000)
    connection.data_received(whole[:500])
    stage.loop.sleep(29)
    connection.data_received(whole[500:])
    stage.loop.sleep(60)
    assert listener.messages == ["x" * 1000]
    assert connection.is_open


def test_bytes_beyond_the_rate_are_read_later() -> None:
    """Four seconds' worth at once; the rest is not lost."""
    stage = Stage(byte_rate=1000)
    connection, transport, listener = stage.connect()
    big = masked(0x82, b"x" * 986)  # 994 bytes
    for _ in range(4):
        connection.data_received(big)
    assert transport.is_reading()
    connection.data_received(big)
    assert not transport.is_reading()
    connection.data_received(big)
    assert len(listener.messages) == 5
    stage.loop.sleep(5)
    assert transport.is_reading()
    assert len(listener.messages) == 6
