"""A message on its way out: encoded once, compressed at most once, whoever gets it."""

from .deflate import deflate
from .frames import FIN, RSV1, binary_frame, frame, text_frame

__all__ = ["Outgoing", "outgoing"]

#: Below this, deflating costs more than it saves.
MIN_COMPRESSED_BYTES = 64


class Outgoing:
    """One text or binary message as frames."""

    __slots__ = ("_deflated", "payload_bytes", "plain")

    def __init__(self, payload: str | bytes) -> None:
        #: The frame for connections without compression.
        self.plain = text_frame(payload) if isinstance(payload, str) else binary_frame(payload)
        # Payload size, for the window check of small windows.
        self.payload_bytes = len(self.plain) - _header_bytes(len(self.plain))
        # The compressed frame once somebody asked for it; `plain` if it is not smaller.
        self._deflated: bytes | None = None

    @property
    def deflated(self) -> bytes:
        """The frame for connections with compression; the plain one if that is not larger."""
        if self._deflated is None:
            self._deflated = self._deflate()
        return self._deflated

    def for_window(self, window_bits: int) -> bytes:
        """The frame for a connection whose window is 2**window_bits bytes; 0: no compression."""
        if not window_bits or self.payload_bytes > 1 << window_bits:
            # Nothing in RFC 7692 forces a message to be compressed: with a window smaller than the
            # message, the compressed frame that the others share would not be valid.
            return self.plain
        return self.deflated

    def _deflate(self) -> bytes:
        if self.payload_bytes < MIN_COMPRESSED_BYTES:
            return self.plain
        opcode = self.plain[0] & 0x0F
        payload = self.plain[len(self.plain) - self.payload_bytes :]
        shorter = frame(FIN | RSV1 | opcode, deflate(payload))
        return shorter if len(shorter) < len(self.plain) else self.plain


def _header_bytes(frame_bytes: int) -> int:
    if frame_bytes < 126 + 2:
        return 2
    return 4 if frame_bytes < 0x10000 + 4 else 10


def outgoing(payload: str | bytes | Outgoing) -> Outgoing:
    """Return *payload* as an Outgoing; one that is an Outgoing already is returned as it is."""
    return payload if isinstance(payload, Outgoing) else Outgoing(payload)
