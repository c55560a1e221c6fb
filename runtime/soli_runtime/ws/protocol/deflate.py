"""permessage-deflate (RFC 7692) in the form in which a message is compressed once for everybody.

Both directions forget their context between messages. So a compressed message is valid for every
client that negotiated the extension, and no connection holds a zlib window.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .frames import CloseCode, ProtocolViolation

__all__ = ["MAX_WINDOW_BITS", "Agreement", "deflate", "inflate", "negotiate"]

NAME = "permessage-deflate"
#: RFC 7692 section 7.2.1: what a sender cuts off and a receiver puts back.
TAIL = b"\x00\x00\xff\xff"
MAX_WINDOW_BITS = 15
#: zlib's quickest: four times as fast as its default, for a tenth more bytes.
LEVEL = zlib.Z_BEST_SPEED
#: zlib cannot make a raw stream with a smaller window.
MIN_ZLIB_WINDOW_BITS = 9

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_WINDOW_BITS = re.compile(r"(?:[89]|1[0-5])\Z")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with one client."""

    #: Value of the response's Sec-WebSocket-Extensions.
    response: str
    #: The client's window for what we send.
    window_bits: int


def negotiate(offers: str) -> Agreement | None:
    """Answer a Sec-WebSocket-Extensions header; None if no offer in it suits.

    Offers are tried in the client's order. One with an unknown, repeated or ill-formed parameter
    is declined, as RFC 7692 section 7.1 asks.
    """
    for name, parameters in _parse_offers(offers):
        if name == NAME and parameters is not None:
            agreement = _accept(parameters)
            if agreement is not None:
                return agreement
    return None


def _accept(parameters: dict[str, str | None]) -> Agreement | None:
    window_bits = MAX_WINDOW_BITS
    # Section 7.1.1: a server may add both of these to its answer to any offer.
    response = f"{NAME}; server_no_context_takeover; client_no_context_takeover"
    for key, value in parameters.items():
        if key in ("server_no_context_takeover", "client_no_context_takeover"):
            if value is not None:
                return None
        elif key == "server_max_window_bits":
            if value is None or not _WINDOW_BITS.match(value):
                return None
            window_bits = int(value)
            response += f"; server_max_window_bits={value}"
        elif key == "client_max_window_bits":
            if value is not None and not _WINDOW_BITS.match(value):
                return None
        else:
            return None
    return Agreement(response, window_bits)


def _parse_offers(header: str) -> Iterator[tuple[str, dict[str, str | None] | None]]:
    """Yield (name, parameters) for each offer; parameters are None if they are ill-formed."""
    for offer in header.split(","):
        name, *rest = (part.strip() for part in offer.split(";"))
        yield name, _parse_parameters(rest)


def _parse_parameters(parts: list[str]) -> dict[str, str | None] | None:
    parameters: dict[str, str | None] = {}
    for part in parts:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if key in parameters or not _TOKEN.match(key):
            return None
        if equals and not _TOKEN.match(value):
            return None
        parameters[key] = value if equals else None
    return parameters


def deflate(payload: bytes, window_bits: int = MAX_WINDOW_BITS) -> bytes:
    """Compress one message on its own, for a window of 2**window_bits bytes (8-15)."""
    # A window of the message's own size finds the same matches as the largest one, and zlib
    # clears 2**(bits+2) bytes before each message. A window of 9 bits does for 8 too: zlib looks
    # back 262 bytes less than the window has.
    bits = max(MIN_ZLIB_WINDOW_BITS, min(window_bits, len(payload).bit_length()))
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -bits, min(8, max(1, bits - 6)))
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data[: -len(TAIL)]


def inflate(payload: bytes | bytearray, max_bytes: int) -> bytes:
    """Decompress one message, never producing more than *max_bytes* + 1 bytes.

    Raises ProtocolViolation: 1009 past *max_bytes*, 1007 if the data is corrupt.
    """
    inflater = zlib.decompressobj(-MAX_WINDOW_BITS)
    try:
        data = inflater.decompress(bytes(payload) + TAIL, max_bytes + 1)
    except zlib.error:
        raise ProtocolViolation(CloseCode.INVALID_DATA, "corrupt compressed data") from None
    if len(data) > max_bytes:
        raise ProtocolViolation(CloseCode.TOO_BIG, "message is too big")
    # Section 7.2.3.4: a final block may end the data; then only padding follows it.
    if inflater.eof and inflater.unused_data.strip(b"\x00\xff"):
        raise ProtocolViolation(CloseCode.INVALID_DATA, "corrupt compressed data")
    return data
