"""A connection's life, on a transport and a clock that obey."""

import errno
from functools import partial
from typing import Any

import pytest
from soli_runtime.ws.connection import SMALL_FRAGMENT_BYTES, Connection
from soli_runtime.ws.counters import CloseCause
from soli_runtime.ws.protocol.frames import CloseCode, close_frame, pong_frame, text_frame

from .doubles import FakeListener, Stage, closing, masked, text

PING = b"\x89\x00"


def test_open_comes_first_then_pipelined_messages() -> None:
    """on_open is called before a message that came with the handshake."""
    _, _, listener = Stage().connect(received=text("early"))
    assert listener.events == [("open",), ("message", "early")]


def test_messages_are_delivered_within_data_received() -> None:
    """Text arrives as str and binary as bytes, before data_received returns."""
    connection, _, listener = Stage().connect()
    connection.data_received(text("a") + masked(0x82, b"b"))
    assert listener.messages == ["a", b"b"]


def test_what_is_sent_goes_to_the_transport_at_once() -> None:
    """send_text, send_binary and send_frame write frames in order."""
    connection, transport, _ = Stage().connect()
    connection.send_text("a")
    connection.send_binary(b"b")
    connection.send_frame(text_frame("c"))
    connection.send("d")
    assert transport.written == b"\x81\x01a\x82\x01b\x81\x01c\x81\x01d"


def test_nothing_is_sent_behind_a_close_frame() -> None:
    """Not even once a transport that was full takes data again."""
    connection, transport, _ = Stage().connect()
    transport.full, transport.high = True, 10
    connection.send_text("more than ten")
    taken = transport.written
    connection.close(1000)
    connection.send_text("late")
    transport.drain()
    connection.send_text("later")
    assert transport.written == taken + close_frame(1000)


# Closing


def test_the_peers_close_is_echoed_and_reported() -> None:
    """A valid code is echoed, the line is closed, the listener hears code and reason."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.data_received(closing(4001, "bye"))
    assert transport.written == close_frame(4001)
    assert listener.closed == [(4001, "bye")]
    stage.loop.run()
    assert transport.closing
    assert listener.closed == [(4001, "bye")]
    assert stage.endpoint.counters.closes == {(4001, CloseCause.PEER): 1}


def test_an_empty_close_is_echoed_empty() -> None:
    """A Close frame without a code is answered without one."""
    connection, transport, listener = Stage().connect()
    connection.data_received(masked(0x88))
    assert transport.written == b"\x88\x00"
    assert listener.closed == [(1005, "")]


def test_a_broken_line_is_reported_as_1006() -> None:
    """A line that breaks without a Close frame ends with 1006, once."""
    stage = Stage()
    connection, _, listener = stage.connect()
    connection.connection_lost(ConnectionResetError())
    stage.loop.run()
    assert listener.closed == [(1006, "")]
    assert not stage.endpoint.connections
    assert not connection.is_open


def test_closing_sends_a_close_frame_and_waits_for_the_peers() -> None:
    """close() sends code and reason; the peer's Close completes the handshake."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.close(4000, "enough")
    assert transport.written == close_frame(4000, "enough")
    stage.loop.run()
    assert not transport.closing
    connection.data_received(closing(4000))
    assert transport.closing
    stage.loop.run()
    assert listener.closed == [(4000, "enough")]


def test_a_listener_is_not_called_from_within_its_own_close() -> None:
    """on_closed after close() comes from the loop."""
    stage = Stage()
    connection, _, listener = stage.connect()
    connection.close()
    assert listener.closed == []
    stage.loop.run()
    assert listener.closed == [(1000, "")]


def test_after_close_nothing_is_sent_and_no_message_is_delivered() -> None:
    """Closing ends both directions for the listener at once."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.close()
    connection.send_text("late")
    connection.close(4000)
    connection.data_received(text("late") + masked(0x89, b"p"))
    assert transport.written == close_frame(1000)
    assert listener.messages == []


def test_a_peer_that_does_not_answer_a_close_is_cut_off() -> None:
    """The close handshake has a deadline."""
    stage = Stage(close_seconds=5)
    connection, transport, listener = stage.connect()
    connection.close()
    stage.loop.sleep(4)
    assert not transport.aborted
    stage.loop.sleep(3)
    assert transport.aborted
    assert stage.endpoint.counters.closings_timed_out == 1
    assert listener.closed == [(1000, "")]


def test_a_peer_that_does_not_read_our_echo_is_cut_off() -> None:
    """The deadline also holds for a line that cannot be closed because it cannot be written."""
    stage = Stage(close_seconds=5)
    connection, transport, _ = stage.connect()
    transport.full = True
    connection.data_received(closing(1000))
    assert transport.closing
    stage.loop.sleep(7)
    assert transport.aborted
    assert not stage.endpoint.connections


def test_a_long_reason_is_cut() -> None:
    """A reason is cut to 123 bytes between characters, on the wire and for the listener."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.close(1000, "é" * 100)
    stage.loop.run()
    assert transport.written == close_frame(1000, "é" * 61)
    assert listener.closed == [(1000, "é" * 61)]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2000, 5000])
def test_a_code_that_may_not_be_sent_is_an_error_and_changes_nothing(code: int) -> None:
    """close() refuses codes that are not for the wire."""
    connection, transport, _ = Stage().connect()
    with pytest.raises(ValueError, match="cannot be sent"):
        connection.close(code)
    assert connection.is_open
    assert transport.written == b""


def test_a_violation_fails_the_connection() -> None:
    """The peer is told the code, our side of the line is shut, the listener hears of it."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.data_received(text("ok") + b"\x81\x02hi")
    assert transport.written == close_frame(1002, "frame is not masked")
    assert transport.eof_written
    assert listener.messages == ["ok"]
    assert listener.closed == [(1002, "frame is not masked")]
    assert stage.endpoint.counters.closes == {(1002, CloseCause.VIOLATION): 1}


def test_a_violation_after_our_close_shuts_the_line() -> None:
    """A peer that answers our Close with nonsense is not waited for, nor reported twice."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.close(4000)
    connection.data_received(b"\xff\xff")
    assert transport.eof_written
    stage.loop.run()
    assert listener.closed == [(4000, "")]


def test_abort_cuts_the_line() -> None:
    """abort() drops the connection without a handshake."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.abort()
    connection.send_text("late")
    stage.loop.run()
    assert transport.written == b""
    assert listener.closed == [(1006, "")]
    connection.abort()


def test_after_abort_nothing_is_delivered() -> None:
    """Messages of the same chunk, and those held back, are dropped."""
    stage = Stage()
    connection, _, listener = stage.connect()
    listener.reply = lambda connection, payload: connection.abort()
    connection.data_received(text("1") + text("2"))
    connection.data_received(text("3"))
    stage.loop.run()
    assert listener.events[1:] == [("message", "1"), ("closed", 1006, "")]


def test_a_message_limit_of_zero_is_no_limit() -> None:
    """max_message_bytes of zero turns the limit off."""
    stage = Stage(max_message_bytes=0)
    connection, _, listener = stage.connect()
    connection.data_received(text("x" * 3_000_000))
    assert len(listener.messages[0]) == 3_000_000


# Listeners that fail


@pytest.mark.parametrize("payload", [text("x"), masked(0x82, b"x")])
def test_an_exception_from_a_listener_closes_with_1011(
    payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A failing listener costs its connection, is counted, and tells the peer nothing."""
    stage = Stage()
    connection, transport, listener = stage.connect()

    def fail(*_: Any) -> None:
        raise KeyError("secret")

    listener.reply = fail
    connection.data_received(payload)
    assert transport.written == close_frame(1011)
    stage.loop.run()
    assert listener.closed == [(1011, "")]
    assert stage.endpoint.counters.listener_errors == 1


def test_an_exception_from_on_open_or_on_closed_is_contained() -> None:
    """on_open that fails closes with 1011; on_closed that fails is logged and counted."""

    class Broken(FakeListener):
        def on_open(self, connection: Connection) -> None:
            raise RuntimeError("open")

        def on_closed(self, connection: Connection, code: int, reason: str) -> None:
            raise RuntimeError("closed")

    stage = Stage()
    _, transport, _ = stage.connect(Broken(), received=text("x"))
    assert transport.written == close_frame(1011)
    stage.loop.run()
    assert stage.endpoint.counters.listener_errors == 2


def test_a_transport_that_fails_when_it_takes_data_again_is_given_up() -> None:
    """What waited is lost to the peer, so it hears 1011 instead of what comes later."""
    stage = Stage(max_outbox_bytes=1000)
    connection, transport, listener = stage.connect()
    transport.full = True
    connection.send_text("x" * 300)
    connection.send_text("lost")
    transport.writelines = broken  # type: ignore[method-assign]
    transport.drain()
    stage.loop.run()
    assert transport.written.endswith(close_frame(1011))
    assert listener.closed == [(1011, "")]


def test_a_fault_while_a_slow_consumer_is_closed_ends_in_time() -> None:
    """The transport raises instead of taking the Close frame: the deadline cuts the line."""
    stage = Stage(max_outbox_bytes=1000)
    connection, transport, listener = stage.connect()
    transport.full = True
    connection.send_text("x" * 300)
    connection.send_text("x" * 1000)
    transport.write = broken  # type: ignore[method-assign]
    stage.loop.run()
    assert stage.endpoint.counters.listener_errors == 1
    stage.loop.sleep(10)
    assert transport.aborted
    assert listener.closed == [(1013, "slow consumer")]
    assert not stage.endpoint.connections


def broken(data: Any) -> None:
    raise RuntimeError("the handle is closed")


# Holding messages back


def test_a_paused_listener_gets_messages_later_and_in_order() -> None:
    """Messages of one chunk and of later ones wait for resume_reading."""
    stage = Stage()
    connection, _, listener = stage.connect()
    listener.reply = lambda connection, payload: connection.pause_reading()
    connection.data_received(text("1") + text("2"))
    connection.data_received(text("3"))
    assert listener.messages == ["1"]
    connection.resume_reading()
    assert listener.messages == ["1"]
    stage.loop.run()
    assert listener.messages == ["1", "2"]
    connection.resume_reading()
    connection.pause_reading()
    stage.loop.run()
    assert listener.messages == ["1", "2"]
    connection.resume_reading()
    stage.loop.run()
    assert listener.messages == ["1", "2", "3"]


def test_resuming_what_is_not_paused_does_nothing() -> None:
    """resume_reading without pause_reading is harmless."""
    stage = Stage()
    connection, _, listener = stage.connect()
    connection.resume_reading()
    stage.loop.run()
    connection.data_received(text("1"))
    assert listener.messages == ["1"]


def test_a_paused_connection_stops_reading_when_enough_waits() -> None:
    """Up to max_held_bytes are buffered; one more stops the transport until all is handled."""
    stage = Stage(max_held_bytes=100)
    connection, transport, listener = stage.connect()
    connection.pause_reading()
    connection.data_received(text("x" * 94))
    assert transport.reading
    connection.data_received(b"\x81")
    assert not transport.reading
    connection.resume_reading()
    stage.loop.run()
    assert transport.reading
    assert listener.messages == ["x" * 94]


def test_messages_that_came_before_the_line_broke_are_delivered_first() -> None:
    """A paused listener still gets what was received, and only then hears of the end."""
    stage = Stage()
    connection, _, listener = stage.connect()
    connection.pause_reading()
    connection.data_received(text("1") + closing(4001, "bye"))
    connection.connection_lost(None)
    stage.loop.run()
    assert listener.closed == []
    assert not connection.is_open
    connection.resume_reading()
    stage.loop.run()
    assert listener.events[1:] == [("message", "1"), ("closed", 4001, "bye")]


def test_a_broken_line_is_reported_at_once_if_nothing_waits() -> None:
    """A paused listener with no message waiting hears of the end without resuming."""
    stage = Stage()
    connection, _, listener = stage.connect()
    connection.pause_reading()
    connection.connection_lost(None)
    assert listener.closed == [(1006, "")]


def test_a_violation_among_held_bytes_is_seen_on_resuming() -> None:
    """What was held back is checked like everything else."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.pause_reading()
    connection.data_received(text("1") + b"\xff\xff")
    connection.resume_reading()
    stage.loop.run()
    assert listener.events[1:] == [("message", "1"), ("closed", 1002, "reserved bits are set")]
    assert transport.eof_written


def test_closing_a_paused_connection_finds_the_peers_close_behind_messages() -> None:
    """After close() held messages are dropped, and the handshake completes."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    connection.pause_reading()
    connection.data_received(text("1") + closing(1000))
    connection.close(4000)
    stage.loop.run()
    assert transport.closing
    assert listener.messages == []


# The outbox


def fill(connection: Connection, transport: Any, size: int = 3000) -> None:
    """Make the transport pause the connection."""
    transport.full = True
    connection.send_text("x" * size)
    assert connection.is_held


def test_what_is_sent_while_the_transport_is_full_waits_in_order() -> None:
    """Everything arrives, in order, when the peer reads on."""
    stage = Stage(max_outbox_bytes=10_000)
    connection, transport, _ = stage.connect()
    fill(connection, transport)
    connection.send_text("1")
    connection.send_text("2")
    waiting = transport.written
    assert waiting == text_frame("x" * 3000)
    transport.drain()
    connection.send_text("3")
    assert transport.written == waiting + text_frame("1") + text_frame("2") + text_frame("3")


def test_a_peer_that_does_not_read_is_not_read_from() -> None:
    """Backpressure: no further message is handled until the peer takes its answers."""
    stage = Stage(max_outbox_bytes=10_000)
    connection, transport, listener = stage.connect()
    fill(connection, transport)
    assert not transport.reading
    connection.data_received(text("1"))
    assert listener.messages == []
    transport.drain()
    stage.loop.run()
    assert transport.reading
    assert listener.messages == ["1"]


def test_an_outbox_at_its_limit_is_kept_and_past_it_the_connection_is_closed() -> None:
    """max_outbox_bytes is inclusive; past it: 1013, counted, and nothing more is queued."""
    for extra in (0, 1):
        stage = Stage(max_outbox_bytes=10_000)
        connection, transport, listener = stage.connect()
        fill(connection, transport, 3000 - 4)
        connection.send_text("y" * (7000 - 4 + extra))
        stage.loop.run()
        assert connection.is_open == (extra == 0)
        assert stage.endpoint.counters.slow_consumers == extra
        assert stage.endpoint.counters.outbox_high_water == 10_000 + extra
        assert listener.closed == [(1013, "slow consumer")] * extra
        assert connection.outbox_bytes == 10_000 - 7000 * extra + 17 * extra


def test_a_slow_consumer_is_told_why_and_then_cut_off() -> None:
    """The Close frame goes behind what the transport holds; then the deadline cuts the line."""
    stage = Stage(max_outbox_bytes=10_000)
    connection, transport, _ = stage.connect()
    fill(connection, transport)
    connection.send_text("y" * 9000)
    stage.loop.run()
    assert transport.written.endswith(close_frame(1013, "slow consumer"))
    stage.loop.sleep(7)
    assert transport.aborted


def test_a_burst_that_the_transport_takes_in_time_is_no_slow_consumer() -> None:
    """The limit is judged when the loop had a turn to write."""
    stage = Stage(max_outbox_bytes=10_000)
    connection, transport, _ = stage.connect()
    fill(connection, transport)
    for _ in range(5):
        connection.send_text("y" * 9000)
    transport.drain()
    stage.loop.run()
    assert connection.is_open


def test_a_burst_past_eight_times_the_limit_is_not_waited_for() -> None:
    """Within one turn no more than eight times the limit piles up."""
    stage = Stage(max_outbox_bytes=10_000)
    connection, transport, _ = stage.connect()
    fill(connection, transport)
    for _ in range(8):
        connection.send_text("y" * 9000)
    assert connection.is_open
    connection.send_text("y" * 9000)
    assert not connection.is_open


def test_an_outbox_without_a_limit_takes_everything() -> None:
    """max_outbox_bytes of zero turns the limit off."""
    stage = Stage(max_outbox_bytes=0)
    connection, transport, _ = stage.connect()
    fill(connection, transport, 300_000)
    connection.send_text("y" * 5_000_000)
    stage.loop.run()
    assert connection.is_open


def test_the_peers_close_waits_behind_what_is_pending() -> None:
    """A Close that we owe goes out behind the messages that wait, then the line is closed."""
    stage = Stage(max_outbox_bytes=10_000)
    connection, transport, _ = stage.connect()
    fill(connection, transport)
    connection.send_text("1")
    connection.close(4000)
    stage.loop.run()
    connection.data_received(closing(4000))
    assert not transport.closing
    transport.drain()
    assert transport.written.endswith(text_frame("1") + close_frame(4000))
    assert transport.closing


# Pings


def test_a_ping_is_answered_with_its_payload() -> None:
    """Every ping is answered while the transport takes data."""
    connection, transport, _ = Stage().connect()
    connection.data_received(masked(0x89, b"1") + masked(0x89, b"2"))
    assert transport.written == pong_frame(b"1") + pong_frame(b"2")


def test_only_the_latest_ping_is_answered_when_the_transport_was_full() -> None:
    """Of pings that come while nothing can be written, one pong waits."""
    stage = Stage(max_outbox_bytes=10_000)
    connection, transport, listener = stage.connect()
    listener.reply = lambda connection, payload: fill(connection, transport)
    connection.data_received(text("x"))
    # Parsing stops while the outbox is full; a ping can be in the parser's hands all the same.
    connection.on_ping(b"1")
    connection.on_ping(b"2")
    transport.drain()
    assert transport.written.endswith(text_frame("x" * 3000) + pong_frame(b"2"))


def test_a_silent_peer_is_gone_after_two_pings() -> None:
    """Two pings without a pong end the connection with 1006."""
    stage = Stage(ping_seconds=25)
    _, transport, listener = stage.connect()
    stage.loop.sleep(60)
    assert transport.written == PING * 2
    assert listener.closed == []
    stage.loop.sleep(20)
    assert transport.aborted
    assert listener.closed == [(1006, "")]
    assert stage.endpoint.counters.closes == {(1006, CloseCause.PING_TIMEOUT): 1}
    assert stage.endpoint.counters.ping_timeouts == 1


def test_a_pong_keeps_a_connection_alive() -> None:
    """A peer that answers every other ping stays."""
    stage = Stage(ping_seconds=25)
    connection, _, listener = stage.connect()
    for _ in range(10):
        stage.loop.sleep(45)
        connection.data_received(masked(0x8A))
    assert listener.closed == []


def test_a_paused_connection_is_not_judged_by_its_pongs() -> None:
    """While the listener holds the connection back, its pongs are not seen, and not missed."""
    stage = Stage(ping_seconds=25)
    connection, _, listener = stage.connect()
    connection.pause_reading()
    stage.loop.sleep(200)
    assert listener.closed == []


def test_a_paused_connection_is_still_written_to() -> None:
    """A line that broke is noticed only by writing, while nothing is read from it."""
    stage = Stage(ping_seconds=25)
    connection, transport, _ = stage.connect()
    connection.pause_reading()
    stage.loop.sleep(30)
    assert bytes(transport.written) == b"\x89\x00"


# The message rate


def test_a_burst_is_allowed_and_one_message_more_is_1008() -> None:
    """message_burst is inclusive; past it the connection is closed and counted."""
    stage = Stage(message_rate=10, message_burst=5)
    connection, transport, listener = stage.connect()
    connection.data_received(text("x") * 5)
    assert connection.is_open
    connection.data_received(text("x") + text("dropped"))
    assert listener.messages == ["x"] * 5
    assert transport.written == close_frame(1008, "too many messages")
    assert transport.eof_written
    stage.loop.run()
    assert listener.closed == [(1008, "too many messages")]
    assert stage.endpoint.counters.rate_limited == 1


def test_time_gives_the_burst_back_at_the_rate() -> None:
    """After half a second at 10 per second five more are allowed, and not six."""
    stage = Stage(message_rate=10, message_burst=20)
    connection, _, _ = stage.connect()
    connection.data_received(text("x") * 20)
    stage.loop.sleep(0.5)
    connection.data_received(text("x") * 5)
    assert connection.is_open
    connection.data_received(masked(0x82, b"x"))
    assert not connection.is_open


def test_a_long_silence_gives_no_more_than_a_burst() -> None:
    """Unused rate does not add up."""
    stage = Stage(message_rate=10, message_burst=5, ping_seconds=0)
    connection, _, _ = stage.connect()
    stage.loop.now += 1000
    connection.data_received(text("x") * 6)
    assert not connection.is_open


def test_pings_count_as_messages() -> None:
    """A flood of pings is a flood."""
    stage = Stage(message_rate=10, message_burst=5)
    connection, transport, _ = stage.connect()
    connection.data_received(masked(0x89, b"p") * 6)
    assert transport.written == pong_frame(b"p") * 5 + close_frame(1008, "too many messages")


def test_pongs_count_as_messages() -> None:
    """Those that nobody asked for can be a flood as well."""
    stage = Stage(message_rate=10, message_burst=5)
    connection, transport, _ = stage.connect()
    connection.data_received(masked(0x8A, b"p") * 5)
    assert transport.written == b""
    connection.data_received(masked(0x8A, b"p"))
    assert transport.written == close_frame(1008, "too many messages")


@pytest.mark.parametrize("size", [0, 1, SMALL_FRAGMENT_BYTES - 1])
def test_small_fragments_count_as_messages(size: int) -> None:
    """A message may not be cut into more small pieces than messages are allowed."""
    stage = Stage(message_rate=10, message_burst=5)
    connection, transport, _ = stage.connect()
    connection.data_received(masked(0x01) + masked(0x00, b"x" * size) * 4)
    assert connection.is_open
    connection.data_received(masked(0x00, b"x" * size) * 2)
    assert transport.written == close_frame(1008, "too many messages")


def test_larger_fragments_do_not_count() -> None:
    """A long message may come in as many of them as it needs; its size is limited already."""
    stage = Stage(message_rate=10, message_burst=5)
    connection, _, listener = stage.connect()
    connection.data_received(masked(0x01, b"x" * SMALL_FRAGMENT_BYTES))
    connection.data_received(masked(0x00, b"x" * SMALL_FRAGMENT_BYTES) * 99 + masked(0x80))
    assert listener.messages == ["x" * SMALL_FRAGMENT_BYTES * 100]


def test_a_rate_of_zero_is_no_limit() -> None:
    """message_rate of zero turns the limit off."""
    stage = Stage(message_rate=0)
    connection, _, listener = stage.connect()
    connection.data_received(text("x") * 10_000)
    assert len(listener.messages) == 10_000


def test_binary_can_be_refused() -> None:
    """With refuse_binary a binary message is answered with 1003."""
    stage = Stage(refuse_binary=True)
    connection, transport, listener = stage.connect()
    connection.data_received(masked(0x82, b"x"))
    assert transport.written == close_frame(CloseCode.UNSUPPORTED_DATA, "text only")
    stage.loop.run()
    assert listener.events == [("open",), ("closed", 1003, "text only")]


def test_a_violation_of_a_peer_that_is_gone_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """asyncio's transports raise when the line cannot be shut; nobody else hears of that."""
    stage = Stage()
    connection, transport, listener = stage.connect()

    def gone() -> None:
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    monkeypatch.setattr(transport, "write_eof", gone)
    connection.pause_reading()
    connection.data_received(b"\x81\x02hi")
    connection.resume_reading()
    stage.loop.run()
    assert listener.closed == [(1002, "frame is not masked")]
    assert transport.is_closing()


# --- replays ---


def test_what_is_replayed_goes_out_in_slices_and_before_what_follows() -> None:
    """In order; and what waits for its slice takes no room in the outbox."""
    stage = Stage()
    connection, transport, _ = stage.connect()
    messages = [f"{number} ".ljust(40_000, "x") for number in range(20)]
    connection.replay(messages)
    connection.send("behind")
    assert not transport.written
    stage.loop.turn()
    stage.loop.turn()
    assert 0 < len(transport.written) < 20 * 40_000
    stage.loop.run()
    expected = b"".join(text_frame(message) for message in [*messages, "behind"])
    assert transport.written == expected


def test_what_is_written_for_one_client_is_written_slice_by_slice() -> None:
    """However short it is: each costs something."""
    stage = Stage()
    connection, transport, _ = stage.connect()
    made: list[int] = []

    def message(number: int) -> str:
        made.append(number)
        return str(number)

    connection.replay([partial(message, number) for number in range(5000)])
    assert not made
    stage.loop.turn()
    stage.loop.turn()
    assert 0 < len(made) < 2000
    stage.loop.run()
    assert made == list(range(5000))
    assert transport.written == b"".join(text_frame(str(number)) for number in made)


def test_a_replay_waits_for_a_transport_that_has_enough() -> None:
    """And goes on with it; the connection is no slow consumer."""
    stage = Stage(max_outbox_bytes=100_000)
    connection, transport, _ = stage.connect()
    messages = [f"{number} ".ljust(40_000, "x") for number in range(20)]
    connection.pause_writing()
    connection.replay(messages)
    connection.send("behind")
    stage.loop.run()
    assert not transport.written
    connection.resume_writing()
    stage.loop.run()
    assert transport.written == b"".join(text_frame(one) for one in [*messages, "behind"])
    assert connection.is_open


def test_who_gets_a_replay_is_heard_again_behind_it() -> None:
    """Replays that are asked for one after another do not pile up."""
    stage = Stage()
    connection, transport, listener = stage.connect()
    listener.reply = lambda one, _: one.replay(["x" * 40_000] * 20)
    connection.data_received(text("a") + text("b"))
    assert listener.messages == ["a"]
    stage.loop.run()
    assert listener.messages == ["a", "b"]
    assert transport.written == text_frame("x" * 40_000) * 40


def test_a_close_comes_behind_a_replay() -> None:
    """What was sent before it still arrives."""
    stage = Stage()
    connection, transport, _ = stage.connect()
    connection.replay(["x" * 40_000] * 20)
    connection.close(1000, "bye")
    stage.loop.run()
    assert transport.written == text_frame("x" * 40_000) * 20 + close_frame(1000, "bye")


def test_a_replay_ends_with_its_line() -> None:
    """Nothing is kept of it."""
    stage = Stage()
    connection, transport, _ = stage.connect()
    connection.replay(["x" * 40_000] * 20)
    connection.abort()
    stage.loop.run()
    assert not transport.written
