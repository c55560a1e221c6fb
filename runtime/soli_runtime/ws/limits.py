"""The limits of the socket layer (spec, websocket.md section 9)."""

from dataclasses import dataclass

__all__ = ["UNLIMITED", "SocketLimits"]

#: In place of a limit of zero, which means "none".
UNLIMITED = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Limits of every connection of an endpoint. All are inclusive; zero turns one off."""

    #: A message, all fragments, after inflation; past it 1009.
    max_message_bytes: int = 1024 * 1024
    #: Messages per second and connection, and how many may come at once; past it 1008. Pings,
    #: pongs and fragments of fewer than 64 bytes count as well.
    message_rate: float = 1000
    message_burst: int = 2000
    #: Bytes per second and connection; who sends more is read more slowly.
    byte_rate: float = 4 * 1024 * 1024
    #: For a message to arrive, and bytes of all unfinished ones of an endpoint; past it 1008.
    message_seconds: float = 30
    max_unfinished_bytes: int = 64 * 1024 * 1024
    #: What waits to be sent to one connection; past it 1013.
    max_outbox_bytes: int = 1024 * 1024
    #: Time between two pings; gone (1006) after two without a pong.
    ping_seconds: float = 25
    #: How long a close handshake may take before the line is cut. Cannot be turned off.
    close_seconds: float = 5
    #: What a held connection may have buffered before it stops reading from its socket.
    max_held_bytes: int = 64 * 1024
    #: Share of the time that calls of more than 40 ms may take while others are about; 0: all.
    heavy_share: float = 0.2
    #: Whether to agree to permessage-deflate.
    compression: bool = False
    #: Whether a binary message closes the connection (1003).
    refuse_binary: bool = False

    def __post_init__(self) -> None:
        for name in ("max_message_bytes", "message_rate", "message_burst", "max_outbox_bytes"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        if self.ping_seconds < 0 or self.max_held_bytes < 0:
            raise ValueError("ping_seconds and max_held_bytes must not be negative")
        if self.close_seconds <= 0:
            raise ValueError("close_seconds must be positive")
        if self.message_rate and not self.message_burst:
            raise ValueError("message_burst must be positive while message_rate is")
