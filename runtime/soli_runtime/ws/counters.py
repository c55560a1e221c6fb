"""What the socket layer counts, for a metrics page to read."""

from enum import StrEnum

__all__ = ["CloseCause", "Counters"]


class CloseCause(StrEnum):
    """Why a connection ended; together with the close code a label of `Counters.closes`."""

    PEER = "peer"
    APPLICATION = "application"
    LOST = "lost"
    VIOLATION = "violation"
    RATE = "rate"
    BINARY_REFUSED = "binary_refused"
    SLOW_CONSUMER = "slow_consumer"
    PING_TIMEOUT = "ping_timeout"
    LISTENER_ERROR = "listener_error"
    WORK = "work"
    UNFINISHED = "unfinished"
    SHUTDOWN = "shutdown"
    REFUSED = "refused"


class Counters:
    """Totals since the start of one endpoint. Plain attributes: read them whenever you like."""

    __slots__ = (
        "bytes_in",
        "bytes_out",
        "closes",
        "closings_timed_out",
        "handshakes_refused",
        "listener_errors",
        "messages_in",
        "messages_out",
        "opened",
        "outbox_high_water",
        "ping_timeouts",
        "rate_limited",
        "slow_consumers",
        "throttled",
        "volatile_dropped",
    )

    def __init__(self) -> None:
        #: Connections that were opened.
        self.opened = 0
        #: Upgrade requests that were answered with an error.
        self.handshakes_refused = 0
        #: Data messages received; queued for sending, one per recipient.
        self.messages_in = 0
        self.messages_out = 0
        #: Bytes read from sockets after the upgrade; bytes of data frames queued for sending.
        self.bytes_in = 0
        self.bytes_out = 0
        #: Closed connections by (close code, cause).
        self.closes: dict[tuple[int, CloseCause], int] = {}
        #: Connections closed because their outbox was full, they sent too fast, or were silent.
        self.slow_consumers = 0
        self.rate_limited = 0
        #: Times that a connection was read more slowly, as it sent more bytes than it may.
        self.throttled = 0
        self.ping_timeouts = 0
        #: Volatile messages that a connection did not get, as it was behind.
        self.volatile_dropped = 0
        #: Close handshakes that the peer did not complete in time.
        self.closings_timed_out = 0
        #: Exceptions that came out of listeners.
        self.listener_errors = 0
        #: The most that ever waited in one outbox, in bytes.
        self.outbox_high_water = 0

    def count_close(self, code: int, cause: CloseCause) -> None:
        """Count the end of one connection."""
        key = (code, cause)
        self.closes[key] = self.closes.get(key, 0) + 1
