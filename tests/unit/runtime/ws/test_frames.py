"""The receiver of frames, and the frames that we send."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_runtime.ws.protocol.frames import (
    CloseCode,
    FrameParser,
    ProtocolViolation,
    binary_frame,
    close_frame,
    cut_reason,
    is_receivable_code,
    ping_frame,
    pong_frame,
    text_frame,
)
from websockets.frames import Frame, Opcode

from .doubles import MASK, Recorder, closing, masked, text

FIN_TEXT, FIN_BINARY, FIN_CONTINUATION, FIN_CLOSE, FIN_PING, FIN_PONG = (
    0x81,
    0x82,
    0x80,
    0x88,
    0x89,
    0x8A,
)


def events_of(*chunks: bytes, **options: Any) -> list[tuple[Any, ...]]:
    """Feed *chunks* and return the events, a violation as the last of them."""
    parser = Recorder(**options)
    for chunk in chunks:
        try:
            parser.feed(chunk)
        except ProtocolViolation as violation:
            parser.events.append(("violation", violation.code))
    return parser.events


@pytest.mark.parametrize("size", [0, 1, 7, 125, 126, 127, 65535, 65536, 70000])
def test_a_text_message_of_any_length_form_arrives(size: int) -> None:
    """A text message arrives whole, whatever the form of its length."""
    assert events_of(text("x" * size)) == [("text", "x" * size)]


@pytest.mark.parametrize("size", [0, 125, 126, 65536])
def test_a_binary_message_arrives_as_bytes(size: int) -> None:
    """A binary message arrives as bytes."""
    assert events_of(masked(FIN_BINARY, b"\xff" * size)) == [("binary", b"\xff" * size)]


def test_fragments_are_joined_around_a_ping() -> None:
    """A control frame between fragments is delivered at once and the message stays whole."""
    data = masked(0x01, b"one ") + masked(FIN_PING, b"p") + masked(0x00) + masked(0x80, b"two")
    assert events_of(data) == [("ping", b"p"), ("text", "one two")]


@pytest.mark.parametrize("size", [200, 70_000])
def test_a_header_may_come_in_pieces(size: int) -> None:
    """Long forms of the length are read when they are complete."""
    data = text("x" * size)
    assert events_of(*(data[at : at + 1] for at in range(20)), data[20:]) == [("text", "x" * size)]


def test_a_message_may_begin_with_an_empty_fragment() -> None:
    """An empty first fragment begins a message: a second beginning is a violation."""
    assert events_of(masked(0x01), masked(0x80, b"x")) == [("text", "x")]
    assert events_of(masked(0x01), masked(0x81, b"x")) == [("violation", 1002)]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x81\x02hi", "not masked"),
        (masked(0xC1, b"x"), "RSV1 without compression"),
        (masked(0xA1, b"x"), "RSV2"),
        (masked(0x91, b"x"), "RSV3"),
        (masked(0x83, b"x"), "reserved data opcode"),
        (masked(0x8B, b"x"), "reserved control opcode"),
        (masked(0x09, b"x"), "fragmented ping"),
        (masked(0x08, b"\x03\xe8"), "fragmented close"),
        (masked(0x89, b"x" * 126), "long ping"),
        (masked(0x80, b"x"), "continuation of nothing"),
        (masked(0x00, b"x"), "unfinished continuation of nothing"),
        (b"\x81\xfe\x00\x7d" + MASK, "125 in two bytes"),
        (b"\x81\xff" + (65535).to_bytes(8, "big") + MASK, "65535 in eight bytes"),
        (b"\x81\xff" + (1 << 63).to_bytes(8, "big") + MASK, "highest bit of a length"),
        (masked(FIN_CLOSE, b"\x03"), "close of one byte"),
    ],
)
def test_violations_of_the_protocol_are_1002(data: bytes, why: str) -> None:
    """What RFC 6455 forbids is a violation with code 1002."""
    assert events_of(data) == [("violation", 1002)], why


@pytest.mark.parametrize("start", [b"\x81\x02", b"\xc1\x80", b"\x83\x80", b"\x09\x80", b"\x89\xfe"])
def test_two_bytes_are_enough_to_see_a_violation(start: bytes) -> None:
    """A violation is raised before anything but two bytes is there, in one chunk or two."""
    assert events_of(start) == [("violation", 1002)]
    assert events_of(start[:1], start[1:]) == [("violation", 1002)]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
def test_a_close_code_that_may_not_be_sent_is_a_violation(code: int) -> None:
    """Reserved and unknown close codes are refused."""
    assert events_of(closing(code)) == [("violation", 1002)]


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1013, 1014, 3000, 4999])
def test_a_close_frame_is_delivered_with_its_reason(code: int) -> None:
    """Code and reason of a Close frame arrive."""
    assert events_of(closing(code, "bye é")) == [("close", code, "bye é")]


def test_a_close_frame_without_a_code_is_1005() -> None:
    """An empty Close frame has, in RFC 6455's words, code 1005."""
    assert events_of(masked(FIN_CLOSE)) == [("close", 1005, "")]


def test_frames_behind_a_close_are_ignored() -> None:
    """Whatever follows a Close frame, in the same chunk or a later one, is dropped."""
    assert events_of(closing(1000) + text("late"), b"\xff\xff") == [("close", 1000, "")]


def test_a_violation_is_raised_once() -> None:
    """A parser that failed ignores what it is fed."""
    assert events_of(b"\x81\x02", b"\x81\x02", text("x")) == [("violation", 1002)]


def test_messages_before_a_violation_in_the_same_chunk_are_delivered() -> None:
    """What was right is delivered before what was not is raised."""
    assert events_of(text("ok") + b"\x81\x02") == [("text", "ok"), ("violation", 1002)]


@pytest.mark.parametrize(
    "payload", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"caf\xc3"]
)
def test_invalid_utf8_is_1007(payload: bytes) -> None:
    """Text that is no UTF-8, also overlong, surrogate or cut, is a violation with code 1007."""
    assert events_of(masked(FIN_TEXT, payload)) == [("violation", 1007)]
    assert events_of(masked(0x01, payload) + masked(0x80))[-1] == ("violation", 1007)
    assert events_of(masked(FIN_CLOSE, b"\x03\xe8" + payload)) == [("violation", 1007)]


def test_a_character_may_be_split_between_fragments() -> None:
    """UTF-8 is checked across fragments, not within each."""
    assert events_of(masked(0x01, b"\xe2\x82"), masked(0x80, b"\xac")) == [("text", "€")]


def test_invalid_utf8_in_a_fragment_fails_before_the_last_one() -> None:
    """A message that cannot become valid is refused at the fragment that shows it."""
    assert events_of(masked(0x01, b"abc\xffdef")) == [("violation", 1007)]


def test_a_message_of_the_limit_arrives_and_one_byte_more_does_not() -> None:
    """max_message_bytes is inclusive."""
    assert events_of(text("x" * 300), max_message_bytes=300) == [("text", "x" * 300)]
    assert events_of(text("x" * 301), max_message_bytes=300) == [("violation", 1009)]


def test_a_limit_below_125_bytes_holds_too() -> None:
    """The short cut for short messages does not go round the limit."""
    assert events_of(text("x" * 10), max_message_bytes=10) == [("text", "x" * 10)]
    assert events_of(text("x" * 11), max_message_bytes=10) == [("violation", 1009)]


def test_the_limit_is_for_all_fragments_together() -> None:
    """Fragments that each keep to the limit do not exceed it together."""
    fits = events_of(masked(0x01, b"x" * 6), masked(0x80, b"x" * 4), max_message_bytes=10)
    assert fits == [("text", "x" * 10)]
    over = events_of(masked(0x01, b"x" * 6), masked(0x80, b"x" * 5), max_message_bytes=10)
    assert over == [("violation", 1009)]


def test_a_length_past_the_limit_is_refused_before_any_payload() -> None:
    """The header of a frame that is too long is enough to refuse it; nothing is buffered."""
    header = b"\x82\xff" + (1 << 40).to_bytes(8, "big")
    parser = Recorder(max_message_bytes=1000)
    with pytest.raises(ProtocolViolation) as raised:
        parser.feed(header)
    assert raised.value.code == CloseCode.TOO_BIG
    assert parser.buffered_bytes == 0


def test_a_held_parser_keeps_messages_until_it_is_released() -> None:
    """hold() stops behind the frame being delivered; release() goes on in order."""

    class Holder(Recorder):
        def on_text(self, text: str) -> None:
            super().on_text(text)
            self.hold()

    parser = Holder()
    parser.feed(text("one") + text("two"))
    parser.feed(text("three"))
    assert parser.events == [("text", "one")]
    parser.release()
    assert parser.events == [("text", "one"), ("text", "two")]
    parser.release()
    parser.release()
    assert [event[1] for event in parser.events] == ["one", "two", "three"]
    assert parser.buffered_bytes == 0


def test_a_released_parser_takes_its_short_cut_again() -> None:
    """After release() with nothing left, a short message is delivered from one chunk."""
    parser = Recorder()
    parser.hold()
    parser.release()
    parser.feed(text("x"))
    assert parser.events == [("text", "x")]


def test_hooks_do_nothing_unless_overridden() -> None:
    """The parser on its own accepts every kind of frame."""
    parser = FrameParser(max_message_bytes=10)
    parser.feed(text("x") + masked(FIN_BINARY, b"x") + masked(FIN_PING) + masked(FIN_PONG))
    parser.feed(closing(1000))
    assert parser.finished


# What we send

PAYLOAD_SIZES = [0, 1, 125, 126, 65535, 65536]


@pytest.mark.parametrize("size", PAYLOAD_SIZES)
def test_our_frames_are_those_of_websockets(size: int) -> None:
    """Each kind of frame is byte for byte what the websockets package makes of it."""
    payload = b"x" * size
    assert text_frame("x" * size) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert binary_frame(payload) == Frame(Opcode.BINARY, payload).serialize(mask=False)
    short = payload[:125]
    assert ping_frame(short) == Frame(Opcode.PING, short).serialize(mask=False)
    assert pong_frame(short) == Frame(Opcode.PONG, short).serialize(mask=False)


def test_a_close_frame_has_code_and_reason() -> None:
    """A Close frame is what the websockets package makes of it."""
    expected = Frame(Opcode.CLOSE, b"\x0f\xa1bye").serialize(mask=False)
    assert close_frame(4001, "bye") == expected


def test_a_close_frame_without_a_code_is_empty() -> None:
    """1005 is never on the wire: it stands for an empty Close frame."""
    assert close_frame(1005, "ignored") == b"\x88\x00"


def test_a_reason_is_cut_between_characters() -> None:
    """A reason is cut to 123 bytes, and never within a character."""
    assert cut_reason("a" * 123) == "a" * 123
    assert cut_reason("a" * 124) == "a" * 123
    assert cut_reason("é" * 62) == "é" * 61
    assert len(close_frame(1000, "€" * 50)) == 2 + 2 + 41 * 3


def test_a_lone_surrogate_is_sent_as_a_question_mark() -> None:
    """A string that is no Unicode text still goes out as valid UTF-8."""
    assert text_frame("a\ud800b") == b"\x81\x03a?b"


# Properties

operations = st.one_of(
    st.tuples(st.just("text"), st.text(max_size=200)),
    st.tuples(st.just("binary"), st.binary(max_size=200)),
    st.tuples(st.just("ping"), st.binary(max_size=125)),
    st.tuples(st.just("pong"), st.binary(max_size=125)),
)


def serialize(kind: str, payload: str | bytes) -> bytes:
    data = payload.encode() if isinstance(payload, str) else payload
    opcode = Opcode[kind.upper()]
    return Frame(opcode, data).serialize(mask=True)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    points = sorted({0, len(data), *(point % (len(data) + 1) for point in cuts)})
    return [data[a:b] for a, b in pairwise(points)]


@given(st.lists(operations, max_size=8), st.lists(st.integers(0, 5000), max_size=8))
def test_what_websockets_serializes_arrives_however_it_is_cut(
    sent: list[tuple[str, str | bytes]], cuts: list[int]
) -> None:
    """Messages of an independent implementation arrive whole and in order, in any chunks."""
    data = b"".join(serialize(*operation) for operation in sent)
    assert events_of(*cut(data, cuts)) == sent


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_end_in_events_or_one_violation(data: bytes, cuts: list[int]) -> None:
    """Any bytes give events and at most one violation, the same in any chunks."""
    whole = events_of(data, max_message_bytes=200)
    violations = [event for event in whole if event[0] == "violation"]
    assert len(violations) <= 1
    assert all(is_receivable_code(code) for _, code in violations)
    pieces = cut(data, cuts)
    assert events_of(*pieces, max_message_bytes=200) == whole


frame_like = st.builds(
    lambda first, payload, mask, keep: masked(first, payload, mask)[:keep],
    st.sampled_from([0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A, 0xC1, 0x83]),
    st.binary(max_size=140),
    st.binary(min_size=4, max_size=4),
    st.integers(0, 150) | st.just(1000),
)


@given(st.lists(frame_like, max_size=6), st.lists(st.integers(0, 900), max_size=6))
def test_almost_right_frames_give_the_same_in_any_chunks(
    frames: list[bytes], cuts: list[int]
) -> None:
    """Sequences of right, wrong and cut frames are understood the same way in any chunks."""
    data = b"".join(frames)
    assert events_of(*cut(data, cuts), max_message_bytes=200) == events_of(
        data, max_message_bytes=200
    )
