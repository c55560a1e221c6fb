"""One WebSocket connection, after the upgrade.

A message is parsed, handed to the listener and answered within `data_received`, with no task,
future, timer or queue of its own.

Life of a connection:

    OPEN ──close(), violation, limit──▶ CLOSING ──peer's Close, end of line, deadline──▶ CLOSED
      ├──peer's Close (echoed)────────▶ CLOSING
      └──line broke───────────────────────────────────────────────────────────────────▶ CLOSED

In CLOSING nothing is sent any more and no message is delivered. `on_closed` is called once, when
OPEN is left: at once for what the peer did, from the loop for what we did. So a listener is never
called from within a call that it made on a connection.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .channel import (
    BY_BROKER,
    BY_LISTENER,
    BY_OUTBOX,
    BY_RATE,
    BY_REPLAY,
    BY_TURN,
    LIGHT_SECONDS,
    Channel,
    Replayed,
)
from .counters import CloseCause
from .listener import NOBODY, Listener
from .protocol.deflate import Agreement, inflate
from .protocol.frames import (
    PING,
    SHORT_STARTS,
    TAKE_SHORT,
    TEXT_HEADERS,
    CloseCode,
    ProtocolViolation,
    binary_frame,
    close_frame,
    cut_reason,
    encode_text,
    invalid_utf8,
    is_sendable_code,
    long_text_frame,
    pong_frame,
    text_frame,
)
from .protocol.masking import unmask
from .protocol.outgoing import Outgoing, outgoing

if TYPE_CHECKING:
    import asyncio

    from .endpoint import Endpoint

__all__ = ["Connection"]

logger = logging.getLogger("soli.ws")

OPEN, CLOSING, CLOSED = 0, 1, 2

#: Unanswered pings after which the peer is gone.
MAX_UNANSWERED_PINGS = 2
#: Of computing for one message that are not worth putting to an account.
TINY_SECONDS = 0.0001
NO_BYTES = bytearray()
#: Fragments below this size count as messages do, against the rate.
SMALL_FRAGMENT_BYTES = 64


class Connection(Channel):
    """A connection; created by `upgrade`, used by listeners."""

    __slots__ = (
        "_cause",
        "_outcome",
        "_owner",
        "_state",
        "_unanswered",
        "session",
        "slot",
        "window_bits",
    )

    def __init__(
        self, endpoint: "Endpoint", listener: Listener, agreement: Agreement | None = None
    ) -> None:
        super().__init__(endpoint, inflate if agreement is not None else None)
        #: Free for the listener's own use.
        self.session: Any = None
        #: Place in the timer wheel; kept by `Wheel`.
        self.slot = -1
        #: The window of the peer's decompressor (8-15); 0 without compression.
        self.window_bits = 0 if agreement is None else agreement.window_bits
        self._state = OPEN
        # Who hears of messages, and who has still to hear of the end.
        self._listener = listener
        self._owner: Listener | None = listener
        # Code and reason of the end, once it is known; and why.
        self._outcome: tuple[int, str] | None = None
        self._cause = CloseCause.LOST
        # Pings since the last pong.
        self._unanswered = 0
        # When the next message is due at exactly the allowed rate (GCRA): as far ahead of the
        # clock as the burst is used up.
        self._rate_time = 0.0

    # For listeners

    def belongs_to(self, session: Any, address: str) -> None:
        """From `on_open`: *session* is what the listener keeps with it, *address* who computes."""
        self.session, self.address = session, address

    @property
    def is_open(self) -> bool:
        """Whether messages can still be sent."""
        return self._state == OPEN and self._transport is not None

    def send(self, message: str | bytes | Outgoing) -> None:
        """Send a message: text if it is a str, binary if it is bytes.

        On a connection that is not open this does nothing. An `Outgoing` is encoded and compressed
        once, whatever the number of connections that it is sent to.
        """
        if self.window_bits or message.__class__ is not str:
            self.send_frame(outgoing(message).for_window(self.window_bits))
        else:
            self.send_frame(text_frame(message))

    def send_text(self, text: str) -> None:
        """Send a text message, as `send` does; the cheapest way where it is not compressed."""
        transport, endpoint = self._direct, self._endpoint
        if transport is None or endpoint.fanout.log:
            self.send(text)
            return
        try:  # `text_frame` and `send_frame`, written out
            payload = text.encode()
        except UnicodeEncodeError:
            payload = encode_text(text)
        size = len(payload)
        frame = TEXT_HEADERS[size] + payload if size < 126 else long_text_frame(payload)
        counters = endpoint.counters
        counters.messages_out += 1
        counters.bytes_out += len(frame)
        transport.write(frame)

    def replay(self, messages: Sequence[Replayed]) -> None:
        """Send many messages, as `send` does; see `Channel.replay`."""
        if self._state:
            return
        self._endpoint.fanout.catch_up(self)
        self._counters.messages_out += len(messages)
        super().replay(messages)

    @property
    def _is_plain(self) -> bool:
        return self._state == OPEN and not self.window_bits

    def _framed(self, message: str | bytes) -> bytes:
        if self.window_bits:
            frame = outgoing(message).for_window(self.window_bits)
        else:
            frame = text_frame(message) if isinstance(message, str) else binary_frame(message)
        self._counters.bytes_out += len(frame)
        return frame

    def send_binary(self, data: bytes) -> None:
        """Send a binary message, as `send` does."""
        self.send(data)

    def send_frame(self, frame: bytes) -> None:
        """Send one whole data frame that was built before, without compression."""
        if self._state:
            return
        fanout = self._endpoint.fanout
        if fanout.log:
            fanout.catch_up(self)
        counters = self._counters
        counters.messages_out += 1
        counters.bytes_out += len(frame)
        put = self.put  # in a variable: Python is slow at calling what a slot holds
        put(frame)

    def close(
        self,
        code: int = CloseCode.NORMAL,
        reason: str = "",
        *,
        cause: CloseCause = CloseCause.APPLICATION,
    ) -> None:
        """Start the close handshake. Does nothing if the connection is not open.

        *reason* is cut to 123 bytes between characters. What was sent before still arrives.
        Raises ValueError for a code that may not be sent (RFC 6455 section 7.4).
        """
        if not is_sendable_code(code):
            raise ValueError(f"close code {code} cannot be sent")
        if self._state == OPEN:
            reason = cut_reason(reason)
            self._leave_open(code, reason, cause)
            self._send_close(code, reason)
            self._end_from_loop()

    @property
    def cause(self) -> CloseCause:
        """Why it ended, once `on_closed` is called."""
        return self._cause

    def pause_reading(self, who: int = BY_LISTENER) -> None:
        """Deliver no further message until `resume_reading`; not even one that came already.

        *who* holds it back (a bit of `channel`); all have to let it go again.
        """
        if self._state == OPEN:
            self._hold(who)

    def resume_reading(self, who: int = BY_LISTENER) -> None:
        """Deliver messages again, from the next turn of the loop on, in order."""
        if self._holds & who:
            self._release(who)
            self._endpoint.loop.call_soon(self._read_on)

    # Opening

    def start(self, transport: "asyncio.Transport", received: bytes = b"") -> None:
        """Begin on an upgraded *transport*, whose protocol is this connection.

        *received* is what the peer had sent behind the handshake.
        """
        self._attach(transport)
        self._endpoint.register(self)
        self._endpoint.scheduler.begin(self)
        self._begin_slice(self._endpoint.clock())
        try:
            self._listener.on_open(self)
        except Exception:
            self.failed()
        self._begin_slice(self._endpoint.clock())
        if received:
            self.data_received(received)

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        """Bytes came in.

        The usual chunk is one short, whole text message. It goes all its way in here; `feed` and
        `on_text` do the same step by step.
        """
        size = len(data)
        endpoint = self._endpoint
        scheduler, clock = endpoint.scheduler, endpoint.clock
        started = clock()
        if started > scheduler.calm_until and (
            (started > scheduler.look_at or self.used > scheduler.bar)
            and scheduler.must_wait(self, started)
        ):
            self._wait_for_turn()
        if size > self._quick:
            self._received(data, started)
            return
        first, mask, masked = TAKE_SHORT[size](data)
        if first != SHORT_STARTS[size]:
            self._received(data, started)
            return
        counters = endpoint.counters
        counters.bytes_in += size
        try:
            payload = NO_BYTES + masked  # a third faster than bytearray(…)
            unmask(mask, payload)
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                self._finish()
                self._violated(invalid_utf8())
                return
            counters.messages_in += 1
            interval = endpoint.message_interval
            if interval:
                if self._rate_time <= started:
                    self._rate_time = started + interval
                elif self._is_too_fast():
                    return
            self._listener.on_message(self, text)
        except Exception:
            self.failed()
        # `_computed`, written out. What is tiny is not put to the account: by that nobody can use
        # more than the tenth of the time that is everybody's, as `message_rate` lets 1,000 through.
        spent = clock() - started
        if spent > TINY_SECONDS:
            self._spent(spent, started)

    def _received(self, data: bytes, started: float) -> None:
        """Bytes that are not one short, whole text message."""
        if self.standing and self._endpoint.scheduler.must_wait(self, started):
            self._wait_for_turn()
        self._begin_slice(started)
        super().data_received(data)

    def _spent(self, spent: float, started: float) -> None:
        """Put what one message took to the account."""
        if spent < LIGHT_SECONDS:
            self.used = max(self.used, self._endpoint.scheduler.virtual) + spent
        else:
            self._begin_slice(started)
            self._computed()

    # FrameParser

    def on_text(self, text: str) -> None:
        """Hand a text message to the listener."""
        self._counters.messages_in += 1
        self._endpoint.unfinished.done(self)
        if self._endpoint.message_interval and self._is_too_fast():
            return
        try:
            self._listener.on_message(self, text)
        except Exception:
            self.failed()
        self._computed()

    def on_binary(self, data: bytes) -> None:
        """Hand a binary message to the listener, unless they are refused."""
        self._counters.messages_in += 1
        self._endpoint.unfinished.done(self)
        if self._endpoint.message_interval and self._is_too_fast():
            return
        if self._endpoint.limits.refuse_binary:
            self._refuse(CloseCode.UNSUPPORTED_DATA, "text only", CloseCause.BINARY_REFUSED)
            return
        try:
            self._listener.on_message(self, data)
        except Exception:
            self.failed()
        self._computed()

    def on_fragment(self, size: int) -> None:
        """Count a small fragment: `max_message_bytes` alone would let a million of them in."""
        if size < SMALL_FRAGMENT_BYTES and self._endpoint.message_interval:
            self._is_too_fast()
        self._parsed()

    def on_ping(self, payload: bytes) -> None:
        """Answer a ping; while the transport is full only the latest one."""
        if self._endpoint.message_interval and self._is_too_fast():
            return
        if self._pending is None:
            self.put(pong_frame(payload))
        elif self._state == OPEN:
            self._pending_pong = pong_frame(payload)
        self._parsed()

    def on_pong(self, payload: bytes) -> None:
        """The peer is there. Pongs that nobody asked for count against the rate as pings do."""
        self._unanswered = 0
        if self._endpoint.message_interval:
            self._is_too_fast()
        self._parsed()

    def on_close(self, code: int, reason: str) -> None:
        """Echo the peer's Close, or complete the handshake that we began."""
        if self._state == OPEN:
            self._leave_open(code, reason, CloseCause.PEER)
            self._send_close(code, "")
            self._endpoint.wheel.expect_close(self)
        self._close_transport()
        self._report_end()

    # Wheel

    def ping_due(self) -> None:
        """Send a ping, or give up on a peer that answered none of the last two."""
        if self._state != OPEN:
            return
        if self._holds & (BY_LISTENER | BY_BROKER):
            # We do not see pongs now, so silence says nothing; but a line that broke while the
            # transport is not read is only noticed when something is written.
            self.put(PING)
            return
        if self._unanswered >= MAX_UNANSWERED_PINGS:
            self._counters.ping_timeouts += 1
            self._cause = CloseCause.PING_TIMEOUT
            self.abort()
            return
        self._unanswered += 1
        self.put(PING)

    def deadline_passed(self) -> None:
        """The close handshake took too long."""
        if self._transport is not None:
            self._counters.closings_timed_out += 1
            self.abort()

    # Limits

    def _is_too_fast(self) -> bool:
        """Count one message against the rate; past it close, and say so."""
        endpoint = self._endpoint
        now = endpoint.clock()
        due = self._rate_time
        if due < now:
            due = now
        if due - now <= endpoint.burst_seconds:
            self._rate_time = due + endpoint.message_interval
            return False
        if self._state == OPEN:
            self._counters.rate_limited += 1
            self._refuse(CloseCode.POLICY_VIOLATION, "too many messages", CloseCause.RATE)
        return True

    def _outbox_is_full(self) -> None:
        transport = self._transport
        assert transport is not None, "without a transport nothing is put into the outbox"
        self._counters.slow_consumers += 1
        # Out of the rooms first: this may happen while a room is being written.
        self._endpoint.fanout.forget(self)
        code, reason = CloseCode.TRY_AGAIN_LATER, "slow consumer"
        self._leave_open(code, reason, CloseCause.SLOW_CONSUMER)
        # What waits would only keep the line busy. Say why, as far as the peer reads on; if it
        # does not, the deadline cuts the line.
        self._drop_pending()
        self._mute()
        transport.write(close_frame(code, reason))
        self._end_from_loop()

    def message_refused(self, reason: str) -> None:
        """See `Unfinished`; never raises."""
        if self._state == OPEN:
            try:
                self._refuse(CloseCode.POLICY_VIOLATION, reason, CloseCause.UNFINISHED)
                self._finish()  # frees what is there of it
            except Exception:
                self.failed()

    # Ending

    def _violated(self, violation: ProtocolViolation) -> None:
        """Fail the connection (RFC 6455 section 7.1.7)."""
        if self._state == OPEN:
            self._leave_open(violation.code, violation.reason, CloseCause.VIOLATION)
            self._send_close(violation.code, violation.reason)
            self._endpoint.wheel.expect_close(self)
        self._shut_down()
        self._report_end()

    def _refuse(self, code: int, reason: str, cause: CloseCause) -> None:
        """End a connection that went too far, from within a hook of the parser."""
        self.close(code, reason, cause=cause)
        self._finished = True
        self._at_start = False
        self._quick = 0
        self._shut_down()

    def failed(self) -> None:
        """End the connection for a fault of ours, from within the `except` that caught it: 1011.

        Never raises: rooms and the wheel call it and go on with the others.
        """
        self._counters.listener_errors += 1
        logger.exception("connection failed")
        try:
            self.close(CloseCode.INTERNAL_ERROR, cause=CloseCause.LISTENER_ERROR)
        except Exception:
            logger.exception("a connection cannot be closed")
        # The fault may have been half-way through an end, before or behind the Close frame.
        if self._is_muted:
            self._endpoint.wheel.expect_close(self)
        else:
            self.abort()

    def _parser_failed(self) -> None:
        self.failed()
        # Nobody knows where in the stream we are: read no more of it, not even a Close frame.
        self._finish()
        self._shut_down()

    def _leave_open(self, code: int, reason: str, cause: CloseCause) -> None:
        """The one way out of OPEN."""
        fanout = self._endpoint.fanout
        fanout.catch_up(self)
        fanout.forget(self)
        self._state = CLOSING
        self._direct = None
        self._cause = cause
        self._listener = NOBODY
        self._endpoint.unfinished.done(self)
        self._outcome = (code, reason)
        self._counters.count_close(code, cause)
        logger.info("connection closed", extra={"close_code": code, "cause": cause.value})

    def _end_from_loop(self) -> None:
        """Go on with the end from the loop, as we may be in a call from the listener."""
        self._endpoint.wheel.expect_close(self)
        self._endpoint.loop.call_soon(self._report_end)
        if self._holds:
            # The peer's Close may stand behind messages that nobody wants any more.
            self._release(BY_LISTENER | BY_OUTBOX | BY_TURN | BY_RATE | BY_BROKER | BY_REPLAY)
            self._endpoint.loop.call_soon(self._read_on)

    def _report_end(self) -> None:
        """Tell the listener, once."""
        owner, outcome = self._owner, self._outcome
        if owner is None or outcome is None:
            return
        self._owner = None
        try:
            owner.on_closed(self, *outcome)
        except Exception:
            self.listener_failed()
            logger.exception("listener failed")

    def listener_failed(self) -> None:
        """Count a fault of the listener that costs nobody else anything."""
        self._counters.listener_errors += 1

    def _disconnected(self) -> None:
        self._endpoint.fanout.forget(self)
        self._endpoint.unregister(self)

    def _cut_while_held(self) -> None:
        on_cut = getattr(self._owner, "on_cut", None)
        if on_cut is not None:
            on_cut(self)

    def _line_is_gone(self) -> None:
        if self._state == OPEN:
            self._leave_open(CloseCode.ABNORMAL, "", self._cause)
        self._state = CLOSED
        self._finish()
        self._report_end()

    def _send_close(self, code: int, reason: str) -> None:
        """Send a Close frame, behind everything that waits, and nothing after it."""
        self.put(close_frame(code, reason))
        self._mute()
