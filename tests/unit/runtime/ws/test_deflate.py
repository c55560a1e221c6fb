"""permessage-deflate."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_runtime.ws.protocol.deflate import deflate, inflate, negotiate
from soli_runtime.ws.protocol.frames import ProtocolViolation
from soli_runtime.ws.protocol.outgoing import Outgoing, outgoing
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from .doubles import Recorder, masked

BASE = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize(
    ("offer", "response", "window_bits"),
    [
        ("permessage-deflate", BASE, 15),
        ("permessage-deflate; client_max_window_bits", BASE, 15),
        ("permessage-deflate; client_max_window_bits=9", BASE, 15),
        ("permessage-deflate; server_no_context_takeover", BASE, 15),
        (
            "permessage-deflate; server_max_window_bits=10",
            BASE + "; server_max_window_bits=10",
            10,
        ),
        (
            'permessage-deflate; server_max_window_bits="9"',
            BASE + "; server_max_window_bits=9",
            9,
        ),
        ("x-webkit-deflate-frame, permessage-deflate", BASE, 15),
        ("permessage-deflate; unknown, permessage-deflate", BASE, 15),
    ],
)
def test_a_good_offer_is_accepted(offer: str, response: str, window_bits: int) -> None:
    """An offer that we can keep to is answered, and both sides forget their context."""
    agreement = negotiate(offer)
    assert agreement is not None
    assert (agreement.response, agreement.window_bits) == (response, window_bits)


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "permessage-bzip2",
        "permessage-deflate; unknown",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; client_max_window_bits=99",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; =",
        "permessage-deflate; server_max_window_bits=",
    ],
)
def test_an_offer_that_is_not_understood_is_declined(offer: str) -> None:
    """Unknown, repeated and ill-formed parameters decline the offer (RFC 7692 section 7.1)."""
    assert negotiate(offer) is None


@given(st.binary(max_size=3000), st.integers(8, 15))
def test_inflating_undoes_deflating(payload: bytes, window_bits: int) -> None:
    """What is deflated for any window inflates to what it was."""
    assert inflate(deflate(payload, window_bits), 3000) == payload


@pytest.mark.parametrize("window_bits", range(8, 16))
def test_a_client_with_a_small_window_can_read_us(window_bits: int) -> None:
    """An independent inflater with just the agreed window understands long messages."""
    payload = bytes(range(256)) * 400
    client = PerMessageDeflate(
        remote_no_context_takeover=True,
        local_no_context_takeover=True,
        remote_max_window_bits=window_bits,
        local_max_window_bits=15,
    )
    frame = Frame(Opcode.BINARY, deflate(payload, window_bits), rsv1=True)
    assert client.decode(frame).data == payload


def test_inflating_stops_at_the_limit() -> None:
    """A message of the limit inflates; one byte more is 1009; a bomb is not inflated."""
    assert inflate(deflate(b"x" * 1000), 1000) == b"x" * 1000
    for size in (1001, 50_000_000):
        with pytest.raises(ProtocolViolation) as raised:
            inflate(deflate(b"x" * size), 1000)
        assert raised.value.code == 1009


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff", b"\x07", deflate(b"x")[:-1] + b"\xff\xff\xff\xff"]
)
def test_corrupt_data_is_1007(data: bytes) -> None:
    """What zlib cannot read is data that is not consistent with its type."""
    with pytest.raises(ProtocolViolation) as raised:
        inflate(data, 1000)
    assert raised.value.code == 1007


def test_a_final_block_is_accepted() -> None:
    """A sender may end its data with a final block (RFC 7692 section 7.2.3.4)."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    data = compressor.compress(b"hello") + compressor.flush(zlib.Z_FINISH) + b"\x00"
    assert inflate(data, 100) == b"hello"


def test_data_behind_a_final_block_is_corrupt() -> None:
    """Only padding may follow a final block."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    data = compressor.compress(b"hello") + compressor.flush(zlib.Z_FINISH) + b"more"
    with pytest.raises(ProtocolViolation) as raised:
        inflate(data, 100)
    assert raised.value.code == 1007


def test_a_compressed_message_is_delivered_inflated() -> None:
    """RSV1 on the first frame of a message, in one frame or several, means compressed."""
    parser = Recorder(inflate=inflate)
    data = deflate(b"hello hello hello")
    parser.feed(masked(0xC1, data))
    parser.feed(masked(0x42, data[:3]) + masked(0x80, data[3:]))
    parser.feed(masked(0x81, b"plain"))
    assert parser.events == [
        ("text", "hello hello hello"),
        ("binary", b"hello hello hello"),
        ("text", "plain"),
    ]


@pytest.mark.parametrize("first", [0xC0, 0xC8, 0xC9, 0xA1, 0xE1])
def test_rsv1_belongs_on_the_first_data_frame_only(first: int) -> None:
    """With compression, RSV1 on a continuation or control frame is still a violation."""
    parser = Recorder(inflate=inflate)
    parser.feed(masked(0x01, b"x"))
    with pytest.raises(ProtocolViolation) as raised:
        parser.feed(masked(first, b""))
    assert raised.value.code == 1002


def test_compressed_text_is_checked_for_utf8() -> None:
    """Invalid UTF-8 is 1007, compressed or not."""
    parser = Recorder(inflate=inflate)
    with pytest.raises(ProtocolViolation) as raised:
        parser.feed(masked(0xC1, deflate(b"\xff")))
    assert raised.value.code == 1007


def test_a_message_is_compressed_once() -> None:
    """The compressed frame of an Outgoing is the same object however often it is asked for."""
    message = Outgoing("hello " * 20)
    assert message.for_window(15) is message.for_window(15)
    assert message.for_window(0) is message.plain
    assert outgoing(message) is message


@pytest.mark.parametrize("size", [0, 125, 126, 65536])
def test_the_compressed_frame_holds_the_payload(size: int) -> None:
    """The payload is found behind each form of header."""
    message = Outgoing(b"x" * size)
    frame = message.for_window(12)
    assert frame[0] == 0xC2
    header = {126: 4, 127: 10}.get(frame[1], 2)
    assert inflate(frame[header:], size) == b"x" * size
