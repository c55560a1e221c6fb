"""RFC 6455 frames: a receiver without I/O, and the frames that a server sends.

Rules of this file:

- Bytes go in through `FrameParser.feed`; messages come out of its `on_*` hooks, there and then.
- A violation is raised as `ProtocolViolation` as soon as the bytes that show it are there: the
  first two bytes of a frame, then its length, before a single byte of payload is kept.
- After a violation or a Close frame the parser is finished: whatever follows is dropped.
- Nothing here knows a socket, a clock or an event loop.
"""

from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable
from struct import Struct
from typing import Protocol, TypeAlias

from .hot import Hot
from .masking import unmask

__all__ = [
    "PING",
    "SHORT_STARTS",
    "TAKE_SHORT",
    "TEXT_HEADERS",
    "CloseCode",
    "FrameParser",
    "Inflater",
    "ProtocolViolation",
    "binary_frame",
    "close_frame",
    "close_payload",
    "cut_reason",
    "encode_text",
    "frame",
    "invalid_utf8",
    "is_receivable_code",
    "is_sendable_code",
    "long_text_frame",
    "ping_frame",
    "pong_frame",
    "text_frame",
]

FIN = 0x80
RSV1 = 0x40
MASKED = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING_OPCODE, PONG_OPCODE = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

#: RFC 6455 section 5.5: payload of a control frame.
MAX_CONTROL_BYTES = 125
#: What is left of a Close frame's payload for the reason.
MAX_REASON_BYTES = MAX_CONTROL_BYTES - 2
#: A short frame is complete in a header of 6 bytes (2, and 4 of mask) and its payload.
SHORT_HEADER = 6

_new_utf8_decoder = getincrementaldecoder("utf-8")


class CloseCode:
    """The close codes that we send (RFC 6455 section 7.4.1 and IANA's registry)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS = 1005
    ABNORMAL = 1006
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013


class ProtocolViolation(Exception):
    """The peer broke the protocol or a limit; the connection must be closed with *code*."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code
        self.reason = reason


class Inflater(Protocol):
    """What turns the compressed payload of a message into the plain one."""

    def __call__(self, payload: bytes | bytearray, max_bytes: int) -> bytes:
        """Return the plain payload, or raise `ProtocolViolation` (1009 past *max_bytes*)."""


def _first_byte_error(first: int, compression: bool) -> str | None:
    """Say what is wrong with the first byte of a frame (RFC 6455 section 5.2), or None."""
    opcode = first & 0x0F
    reserved = first & 0x70
    if reserved and not (compression and reserved == RSV1 and opcode in (TEXT, BINARY)):
        return "reserved bits are set"
    if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING_OPCODE, PONG_OPCODE):
        return "reserved opcode"
    if opcode >= CLOSE and not first & FIN:
        return "fragmented control frame"
    return None


# Indexed by the first byte: a look-up per frame in place of a chain of conditions.
_FIRST_BYTE = tuple(_first_byte_error(first, compression=False) for first in range(256))
_FIRST_BYTE_COMPRESSED = tuple(_first_byte_error(first, compression=True) for first in range(256))


class FrameParser(Hot):
    """Reads the frames of one client.

    Subclasses override the `on_*` hooks. A hook may call `hold()`: parsing stops behind the frame
    that is being delivered, and what follows waits until `release()`. It may not call `feed()` or
    `release()`.

    *max_message_bytes* bounds a message, all fragments together, before and after inflation; it is
    inclusive. *inflate* is given if permessage-deflate was negotiated.
    """

    __slots__ = (
        "_at_start",
        "_buffered",
        "_compressed",
        "_decoder",
        "_finished",
        "_first_byte",
        "_held",
        "_inflate",
        "_max_message_bytes",
        "_message",
        "_needed",
        "_opcode",
        "_short",
    )

    def __init__(self, *, max_message_bytes: int, inflate: Inflater | None = None) -> None:
        self._max_message_bytes = max_message_bytes
        self._inflate = inflate
        self._first_byte = _FIRST_BYTE if inflate is None else _FIRST_BYTE_COMPRESSED
        # Size of the longest frame that a short cut past `feed` may take (`Connection`); and the
        # same while that is allowed: 0 unless the next byte starts a message.
        self._short = self._quick = 0
        # Whether the next byte starts a message: nothing buffered, no fragmented message under
        # way, not held, not finished.
        self._at_start = True
        # Bytes that were not parsed yet; None in place of an empty one.
        self._buffered: bytearray | None = None
        # How many bytes must be there before parsing on makes sense.
        self._needed = 2
        # The fragmented message under way: its payload so far (None: no such message), opcode,
        # whether it is compressed, and the check of its UTF-8.
        self._message: bytearray | None = None
        self._opcode = 0
        self._compressed = False
        self._decoder: IncrementalDecoder | None = None
        # Set by a Close frame or a violation, never reset.
        self._finished = False
        # Set between hold() and release().
        self._held = False

    # Hooks

    def on_text(self, text: str) -> None:
        """A text message is complete."""

    def on_binary(self, data: bytes) -> None:
        """A binary message is complete."""

    def on_fragment(self, size: int) -> None:
        """A fragment of *size* bytes came, and it is not the last of its message."""

    def on_ping(self, payload: bytes) -> None:
        """A Ping frame came."""

    def on_pong(self, payload: bytes) -> None:
        """A Pong frame came."""

    def on_close(self, code: int, reason: str) -> None:
        """A Close frame came; *code* is 1005 if it had none. The parser is finished."""

    # Feeding

    @property
    def buffered_bytes(self) -> int:
        """How many bytes wait to be parsed."""
        return 0 if self._buffered is None else len(self._buffered)

    @property
    def unfinished_bytes(self) -> int:
        """How much is kept of a message that is not complete."""
        return self.buffered_bytes + (0 if self._message is None else len(self._message))

    @property
    def finished(self) -> bool:
        """Whether the parser ignores what it is fed."""
        return self._finished

    def feed(self, data: bytes) -> None:
        """Parse *data*, calling the hooks for every frame that it completes.

        Raises ProtocolViolation, once; the parser is finished then.
        """
        if self._finished:
            return
        buffered = self._buffered
        if buffered is None:
            if self._held:
                self._buffered = bytearray(data)
            else:
                self._parse(data)
            return
        buffered += data
        # Parse only when it can lead to something: a long frame that comes in small pieces is
        # looked at twice, not once per piece.
        if not self._held and len(buffered) >= self._needed:
            self._buffered = None
            self._parse(buffered)

    def hold(self) -> None:
        """Parse no further frame until `release()`. What is fed meanwhile is buffered."""
        self._held = True
        self._at_start = False
        self._quick = 0

    def release(self) -> None:
        """Undo `hold()` and parse what was buffered meanwhile.

        Raises ProtocolViolation as `feed` does.
        """
        self._held = False
        if self._finished:
            return
        data = self._buffered
        self._buffered = None
        self._parse(b"" if data is None else data)

    def _parse(self, data: bytes | bytearray) -> None:
        position = 0
        end = len(data)
        self._needed = 2
        try:
            while end - position >= 2 and not self._held and not self._finished:
                taken = self._take_frame(data, position, end)
                if not taken:
                    break
                position += taken
        except ProtocolViolation:
            self._finish()
            raise
        if self._finished:
            self._finish()
            return
        if position < end:
            self._buffered = bytearray(data[position:]) if position else bytearray(data)
        self._at_start = not self._held and position == end and self._message is None
        self._quick = self._short if self._at_start else 0

    def _finish(self) -> None:
        self._finished = True
        self._at_start = False
        self._quick = 0
        self._buffered = None
        self._message = None
        self._decoder = None

    # One frame

    def _take_frame(self, data: bytes | bytearray, position: int, end: int) -> int:
        """Deliver the frame at *position*; return its size, or 0 if it is not complete."""
        first = data[position]
        second = data[position + 1]
        self._check_start(first, second)
        length = second & 0x7F
        header = 2
        if length > MAX_CONTROL_BYTES:
            header = 4 if length == 126 else 10
            if end - position < header:
                self._needed = header
                return 0
            length = _extended_length(data[position + 2 : position + header])
        if not first & 0x08:
            self._check_size(length)
        total = header + 4 + length
        if end - position < total:
            self._needed = total
            return 0
        start = position + header + 4
        payload = bytearray(data[start : start + length])
        unmask(bytes(data[start - 4 : start]), payload)
        if first & 0x08:
            self._take_control(first & 0x0F, payload)
        else:
            self._take_data(first, payload)
        return total

    def _check_start(self, first: int, second: int) -> None:
        """Check all that the first two bytes of a frame can tell."""
        error = self._first_byte[first]
        if error is not None:
            raise _violation(error)
        if not second & MASKED:
            # RFC 6455 section 5.1: a server must close the connection upon such a frame.
            raise _violation("frame is not masked")
        opcode = first & 0x0F
        if opcode >= CLOSE:
            if second & 0x7F > MAX_CONTROL_BYTES:
                raise _violation("control frame is too long")
        elif opcode == CONTINUATION:
            if self._message is None:
                raise _violation("continuation without a message to continue")
        elif self._message is not None:
            raise _violation("new message inside a fragmented message")

    def _check_size(self, length: int) -> None:
        size = length if self._message is None else length + len(self._message)
        if size > self._max_message_bytes:
            raise ProtocolViolation(CloseCode.TOO_BIG, "message is too big")

    def _take_data(self, first: int, payload: bytearray) -> None:
        opcode = first & 0x0F
        if opcode:
            if first & FIN:
                self._deliver(opcode, payload, compressed=bool(first & RSV1))
                return
            self._opcode = opcode
            self._compressed = bool(first & RSV1)
            self._message = bytearray()
            if opcode == TEXT and not self._compressed:
                self._decoder = _new_utf8_decoder()
        message = self._message
        assert message is not None, "_check_start lets no continuation through without a message"
        message += payload
        if self._decoder is not None:
            self._check_utf8(self._decoder, payload)
        if first & FIN:
            self._message = None
            self._decoder = None
            self._deliver(self._opcode, message, compressed=self._compressed)
        else:
            self.on_fragment(len(payload))

    @staticmethod
    def _check_utf8(decoder: IncrementalDecoder, payload: bytearray) -> None:
        # Only to fail early (RFC 6455 section 8.1 lets us wait for the end): what the decoder
        # returns is thrown away, so that many tiny fragments do not become many tiny strings.
        try:
            decoder.decode(payload)
        except UnicodeDecodeError:
            raise invalid_utf8() from None

    def _deliver(self, opcode: int, payload: bytes | bytearray, *, compressed: bool) -> None:
        if compressed:
            assert self._inflate is not None, "RSV1 is a violation unless compression was agreed"
            payload = self._inflate(payload, self._max_message_bytes)
        if opcode == BINARY:
            self.on_binary(bytes(payload))
            return
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            raise invalid_utf8() from None
        self.on_text(text)

    def _take_control(self, opcode: int, payload: bytearray) -> None:
        if opcode == PING_OPCODE:
            self.on_ping(bytes(payload))
        elif opcode == PONG_OPCODE:
            self.on_pong(bytes(payload))
        else:
            code, reason = _parse_close(payload)
            self._finished = True
            self.on_close(code, reason)


def longest_short(max_message_bytes: int) -> int:
    """Size of the longest frame with a header of two bytes and a mask."""
    return SHORT_HEADER + min(MAX_CONTROL_BYTES, max_message_bytes)


TakeApart: TypeAlias = Callable[[bytes], tuple[int, bytes, bytes]]


def _too_short(data: bytes) -> tuple[int, bytes, bytes]:
    return 0, b"", b""


def _take_short(size: int) -> TakeApart:
    """How to take a short frame of *size* bytes apart: first two bytes, mask, masked payload."""
    if size <= SHORT_HEADER:
        return _too_short
    unpack: TakeApart = Struct(f"<H4s{size - SHORT_HEADER}s").unpack
    return unpack


# By the size of a frame, for the short cut: one call in place of two look-ups and two slices.
TAKE_SHORT = tuple(map(_take_short, range(SHORT_HEADER + MAX_CONTROL_BYTES + 1)))
#: Its first two bytes, as one number, if it is one whole text message that is not empty.
SHORT_STARTS = tuple(
    (MASKED | max(0, size - SHORT_HEADER)) << 8 | FIN | TEXT for size in range(len(TAKE_SHORT))
)


def _violation(reason: str) -> ProtocolViolation:
    return ProtocolViolation(CloseCode.PROTOCOL_ERROR, reason)


def invalid_utf8() -> ProtocolViolation:
    """The violation of a text that is not UTF-8 (RFC 6455 section 8.1)."""
    return ProtocolViolation(CloseCode.INVALID_DATA, "invalid UTF-8")


def _extended_length(field: bytes | bytearray) -> int:
    """Read a length of 2 or 8 bytes (RFC 6455 section 5.2: minimal, highest bit clear)."""
    length = int.from_bytes(field, "big")
    if length <= MAX_CONTROL_BYTES or (len(field) == 8 and length < 0x10000):
        raise _violation("length is not in its shortest form")
    if length >> 63:
        raise _violation("length has its highest bit set")
    return length


def _parse_close(payload: bytearray) -> tuple[int, str]:
    if not payload:
        return CloseCode.NO_STATUS, ""
    if len(payload) == 1:
        raise _violation("close frame of one byte")
    code = payload[0] << 8 | payload[1]
    if not is_receivable_code(code):
        raise _violation("invalid close code")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError:
        raise invalid_utf8() from None


def is_receivable_code(code: int) -> bool:
    """Whether a peer may send *code*: registered for the wire, or left to applications."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def is_sendable_code(code: int) -> bool:
    """Whether we may send *code* ourselves: as `is_receivable_code`."""
    return is_receivable_code(code)


# Frames that a server sends: not masked, never fragmented.

TEXT_HEADERS = tuple(bytes((FIN | TEXT, size)) for size in range(126))
_BINARY_HEADERS = tuple(bytes((FIN | BINARY, size)) for size in range(126))


def frame(first: int, payload: bytes) -> bytes:
    """Return a whole frame whose first byte (FIN, RSV1, opcode) is *first*."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 0x10000:
        return bytes((first, 126, size >> 8, size & 0xFF)) + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def encode_text(text: str) -> bytes:
    """Return *text* in UTF-8. A lone surrogate, which UTF-8 cannot say, becomes `?`."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def text_frame(text: str) -> bytes:
    """Return a text message as one frame."""
    try:
        payload = text.encode()
    except UnicodeEncodeError:
        payload = encode_text(text)
    size = len(payload)
    if size < 126:
        return TEXT_HEADERS[size] + payload
    return long_text_frame(payload)


def long_text_frame(payload: bytes) -> bytes:
    """Return a text message of any size, which is UTF-8 already, as one frame."""
    return frame(FIN | TEXT, payload)


def binary_frame(data: bytes) -> bytes:
    """Return a binary message as one frame."""
    size = len(data)
    if size < 126:
        return _BINARY_HEADERS[size] + data
    return frame(FIN | BINARY, data)


def ping_frame(payload: bytes = b"") -> bytes:
    """Return a Ping frame; *payload* is at most 125 bytes."""
    return frame(FIN | PING_OPCODE, payload)


def pong_frame(payload: bytes = b"") -> bytes:
    """Return a Pong frame; *payload* is that of the Ping, at most 125 bytes."""
    return frame(FIN | PONG_OPCODE, payload)


def cut_reason(reason: str) -> str:
    """Return as much of *reason* as fits into a Close frame, cut between characters."""
    encoded = encode_text(reason)[:MAX_REASON_BYTES]
    return encoded.decode("utf-8", "ignore")


def close_payload(code: int, reason: str) -> bytes:
    """Return the payload of a Close frame; empty for 1005, "no code"."""
    if code == CloseCode.NO_STATUS:
        return b""
    return code.to_bytes(2, "big") + encode_text(cut_reason(reason))


def close_frame(code: int, reason: str = "") -> bytes:
    """Return a Close frame. *reason* is cut to 123 bytes between characters."""
    return frame(FIN | CLOSE, close_payload(code, reason))


PING = ping_frame()
