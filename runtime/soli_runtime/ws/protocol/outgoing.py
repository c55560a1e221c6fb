"""A message on its way out: encoded once, compressed at most once, whoever gets it."""

from contextlib import suppress

from .deflate import MAX_WINDOW_BITS, deflate
from .frames import FIN, RSV1, binary_frame, frame, text_frame

__all__ = ["Outgoing", "outgoing"]


class Outgoing:
    """One text or binary message as frames."""

    __slots__ = ("_deflated", "plain")

    def __init__(self, payload: str | bytes) -> None:
        #: The frame for connections without compression.
        self.plain = text_frame(payload) if isinstance(payload, str) else binary_frame(payload)
        # The compressed frame once somebody asked for it.
        self._deflated: bytes | None = None

    @property
    def deflated(self) -> bytes:
        """The frame for connections with compression and the usual window."""
        if self._deflated is None:
            self._deflated = self._deflate(MAX_WINDOW_BITS)
        return self._deflated

    def compress(self) -> None:
        """Make the compressed frame; if that fails, whoever needs it finds out why."""
        with suppress(Exception):
            self.deflated  # noqa: B018 - it is kept

    def for_window(self, window_bits: int) -> bytes:
        """The frame for a connection whose window is 2**window_bits bytes; 0: no compression.

        Windows smaller than the usual one are rare, and theirs is made for each of them.
        """
        if not window_bits:
            return self.plain
        if window_bits == MAX_WINDOW_BITS:
            return self.deflated
        return self._deflate(window_bits)

    def _deflate(self, window_bits: int) -> bytes:
        opcode = self.plain[0] & 0x0F
        payload = self.plain[_header_bytes(self.plain) :]
        return frame(FIN | RSV1 | opcode, deflate(payload, window_bits))


def _header_bytes(plain: bytes) -> int:
    return {126: 4, 127: 10}.get(plain[1], 2)


def outgoing(payload: str | bytes | Outgoing) -> Outgoing:
    """Return *payload* as an Outgoing; one that is an Outgoing already is returned as it is."""
    return payload if isinstance(payload, Outgoing) else Outgoing(payload)
