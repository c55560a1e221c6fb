"""The transport side of a connection: its outbox, and when to read on.

`put` takes bytes of whole frames. It *is* the transport's `write` while all is well: sending costs
one call, without a test whether the peer keeps up. `pause_writing` replaces it by `_pend`, which
collects, and `resume_writing` hands over what was collected and puts it back. The end of a
connection replaces it by `_discard`. Rooms keep tuples of their members' `target`, which is made
of `put`, and are told of each change.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from .fair.accounts import NEW
from .fair.scheduler import REASONS
from .limits import UNLIMITED
from .protocol.frames import FrameParser, Inflater, ProtocolViolation
from .rooms.targets import Borrowed, Target, borrow, through_transport

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .rooms.fanout import Room

__all__ = [
    "BY_BROKER",
    "BY_LISTENER",
    "BY_OUTBOX",
    "BY_RATE",
    "BY_REPLAY",
    "BY_TURN",
    "Channel",
    "Replayed",
]

#: Who holds back the parser; bits of `Channel._holds`.
BY_LISTENER, BY_OUTBOX, BY_TURN, BY_RATE, BY_BROKER, BY_REPLAY = 1, 2, 4, 8, 16, 32

#: How many times `max_outbox_bytes` may pile up before the loop had a turn to write it.
BURST_FACTOR = 8
#: Seconds of `byte_rate` that may come at once.
BYTE_BURST_SECONDS = 4
#: What the transport's share is reckoned from if the outbox is not limited.
DEFAULT_OUTBOX_BYTES = 1024 * 1024
#: Of computing for one connection in one turn of the loop, and where its turn had to come: the
#: queue of those who wait may end with two of these (`scheduler.QUEUE_SECONDS`).
SLICE_SECONDS, QUEUED_SLICE_SECONDS = 0.005, 0.0025
#: In one slice of a replay: seconds, and blocks of so many bytes.
REPLAY_SECONDS, REPLAY_BLOCKS = 0.002, 4
REPLAY_BYTES = 64 * 1024
#: For each message of a block, beside its own: short ones cost more than they are long.
REPLAY_OVERHEAD = 400
#: That are put to the account and need no second thought.
LIGHT_SECONDS = 0.002

#: A message, or what makes it.
Replayed: TypeAlias = str | bytes | Callable[[], str | bytes]


def _discard(data: bytes) -> None:
    """Takes the place of `write` when nothing can be sent any more."""


class Channel(FrameParser, asyncio.Protocol):
    """Bytes of one upgraded transport, in both directions.

    It is its own frame parser: a second object and a reference cycle for each of 100,000
    connections would buy nothing.
    """

    __slots__ = (
        "_bytes_due",
        "_close_when_written",
        "_counters",
        "_holds",
        "_mark",
        "_pending",
        "_pending_bytes",
        "_pending_pong",
        "_replayed",
        "_slice_end",
        "_socket",
        "_target",
        "_transport",
        "address",
        "proven",
        "put",
        "rooms",
        "standing",
        "until",
        "used",
    )

    def __init__(self, endpoint: "Endpoint", inflate: Inflater | None) -> None:
        limit = endpoint.limits.max_message_bytes or UNLIMITED
        super().__init__(max_message_bytes=limit, inflate=inflate)
        #: Takes bytes of whole frames: the transport's write, or what stands in for it.
        self.put: Callable[[bytes], None] = _discard
        #: Fan-out rooms; kept by `Fanout`.
        self.rooms: tuple[Room, ...] = ()
        self._endpoint: Endpoint = endpoint
        self._counters = endpoint.counters
        # None before the upgrade and when the line is gone.
        self._transport: asyncio.Transport | None = None
        # The same while whole frames that are not compressed may be written to it: it is open, and
        # takes them. None: ask whoever knows why not.
        self._direct: asyncio.Transport | None = None
        # The socket below it, once the connection is written to as a member of a room.
        self._socket: Borrowed | None = None
        self._target: Target | None = None
        # Bits BY_*: who wants no further message parsed.
        self._holds = 0
        # What waits until the transport takes data again; None while it does.
        self._pending: list[bytes] | None = None
        self._pending_bytes = 0
        # Messages that go out slice by slice, before what is pending; None where there are none.
        self._replayed: deque[Replayed | memoryview] | None = None
        # The one pong that may wait (RFC 6455 section 5.5.3 lets us skip older ones).
        self._pending_pong: bytes | None = None
        # Its account (`fair.accounts.Flow`), kept by the scheduler, and the end of its slice.
        self.used = self.until = 0.0
        self.standing, self.proven = NEW, 0
        #: That of the peer, for its account; whoever knows it says so when the connection opens.
        self.address = ""
        # When the bytes that came would have come at exactly the allowed rate.
        self._bytes_due = 0.0
        self._mark = self._slice_end = 0.0
        # Whether to close the line when all is written.
        self._close_when_written = False

    #: Whether a task has to wake up before it goes on.
    _goes_on_later = False

    # What a subclass decides

    def _violated(self, violation: ProtocolViolation) -> None:
        """The peer broke the protocol; the parser is finished."""
        raise NotImplementedError

    def failed(self) -> None:
        """An exception of ours was caught: end the connection, and never raise."""
        raise NotImplementedError

    def _parser_failed(self) -> None:
        """The same while parsing: what follows cannot be read any more."""
        raise NotImplementedError

    def _outbox_is_full(self) -> None:
        """More than `max_outbox_bytes` wait, and the transport had its chance to write."""
        raise NotImplementedError

    def _disconnected(self) -> None:
        """The transport is closed; what it delivered may still wait to be parsed."""
        raise NotImplementedError

    def _cut_while_held(self) -> None:
        """The transport is closed while the listener holds back what it delivered."""
        raise NotImplementedError

    def _line_is_gone(self) -> None:
        """The transport is closed, and all that it delivered was parsed."""
        raise NotImplementedError

    # State

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, for `get_extra_info`; None when it is gone."""
        return self._transport

    @property
    def outbox_bytes(self) -> int:
        """How much waits to be sent."""
        transport = self._transport
        waiting = 0 if transport is None else transport.get_write_buffer_size()
        return waiting + self._pending_bytes

    @property
    def target(self) -> Target:
        """How to write to this connection as one of many; valid until `put` changes."""
        if self._target is None:
            self._target = self._find_target()
        return self._target

    def _find_target(self) -> Target:
        transport = self._transport
        if transport is None or self._pending is not None or self.put is _discard:
            return through_transport(self.put)
        if self._socket is None:
            self._socket = borrow(transport)
        if self._socket is None:
            return through_transport(self.put)
        return transport.get_write_buffer_size, self._socket.send, self.put

    @property
    def is_held(self) -> bool:
        """Whether messages are held back, by the listener or by a full outbox."""
        return self._holds != 0

    @property
    def held_back(self) -> str:
        """Why it waits for its turn; empty when it does not."""
        return REASONS[self.standing] if self._holds & BY_TURN else ""

    def abort(self) -> None:
        """Cut the line at once; what was received and not yet delivered is dropped."""
        self._finish()
        self._mute()
        self._drop_pending()
        if self._transport is not None:
            self._transport.abort()

    def _attach(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        # uvloop writes at the end of a turn only, so a burst within one turn reaches the mark
        # though the peer is quick: a quarter of what may wait leaves room for that.
        limit = self._endpoint.limits.max_outbox_bytes or DEFAULT_OUTBOX_BYTES
        transport.set_write_buffer_limits(high=limit // 4)
        self._put_to_transport(transport)

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        """Bytes came in."""
        self._counters.bytes_in += len(data)
        try:
            self.feed(data)
        except ProtocolViolation as violation:
            self._violated(violation)
        except Exception:
            self._parser_failed()
        if self._holds:
            if self.buffered_bytes > self._endpoint.limits.max_held_bytes:
                self._pause_transport()
        elif not self._at_start and not self._finished:
            self._endpoint.unfinished.note(self, self.unfinished_bytes)
        if self._endpoint.byte_interval:
            self._count_bytes(len(data))

    def eof_received(self) -> None:
        """The peer will send no more; returning None lets the transport close itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone, whoever ended it."""
        self._mute()
        self._transport = None
        if self._socket is not None:
            # The descriptor will be closed, and its number given to somebody else.
            self._socket.detach()
            self._socket = None
        self._drop_pending()
        self._disconnected()
        if self._holds & BY_LISTENER and self.buffered_bytes:
            # Messages came before the end: they are delivered first, when the listener reads on.
            self._release(BY_OUTBOX | BY_BROKER | BY_REPLAY)
            self._cut_while_held()
            return
        self._release(BY_LISTENER | BY_OUTBOX | BY_RATE | BY_BROKER | BY_REPLAY)
        self._read_on()  # or when its turn comes

    def pause_writing(self) -> None:
        """The transport has enough; uvloop calls this from within `write`."""
        if self._replayed is None:
            self._pending = []
        if self.put is not _discard:
            self._put_to(self._pend)
            self._judge_soon()  # one message alone may be more than may wait
            # Who does not read answers gets no further ones: backpressure on the peer itself.
            self._hold(BY_OUTBOX)
            self._pause_transport()

    def resume_writing(self) -> None:
        """The transport takes data again; it gets what waited."""
        if self._replayed is not None:
            self._release(BY_OUTBOX)
            self._endpoint.loop.call_soon(self._read_on)
            self._replay_soon()
            return
        self._hand_over()

    def _hand_over(self) -> None:
        """Give the transport what is pending."""
        transport = self._transport
        pending, pong = self._pending, self._pending_pong
        if transport is None or pending is None:
            return
        self._pending = self._pending_pong = None
        self._pending_bytes = 0
        if self.put is not _discard:
            self._put_to_transport(transport)
        if pong is not None:
            pending.append(pong)
        if pending:
            try:
                transport.writelines(pending)
            except Exception:
                self.failed()
        # Writing may have paused us again, inline; what is in the transport's hands, it writes
        # before it closes.
        if self._close_when_written:
            transport.close()
        elif self._pending is None:
            self._release(BY_OUTBOX)
            self._endpoint.loop.call_soon(self._read_on)

    # Replays

    def replay(self, messages: "Sequence[Replayed]") -> None:
        """Send many messages slice by slice; what is sent after them comes behind them.

        One that is a function is called for its message when its slice has come.
        A transport that has enough is waited for: they take no room in the outbox.
        """
        if self.put is _discard:
            return
        replayed, pending = self._replayed, self._pending
        if replayed is None:
            replayed = self._replayed = deque()
            # Whoever asks for a replay again and again would pile them up.
            self._hold(BY_REPLAY)
            self._replay_soon()
        if pending is None:
            self._put_to(self._pend)
        else:
            replayed.extend(map(memoryview, pending))
        self._pending, self._pending_bytes = [], 0
        replayed.extend(messages)

    def _framed(self, message: str | bytes) -> bytes:
        """A message as it goes to this peer."""
        raise NotImplementedError

    def _replay_soon(self) -> None:
        self._endpoint.loop.call_soon(self.in_turn, self._replay_slice)

    def _replay_slice(self) -> None:
        """Hand over messages for some milliseconds, or until the transport has enough."""
        replayed = self._replayed
        if replayed is None or self._transport is None or self._holds & BY_OUTBOX:
            return  # it is over, or `resume_writing` goes on
        end = self._endpoint.clock() + REPLAY_SECONDS
        for _ in range(REPLAY_BLOCKS):
            if not replayed or self._endpoint.clock() > end or self._holds & BY_OUTBOX:
                break
            self._transport.write(self._replayed_block(replayed))
        if replayed:
            if not self._holds & BY_OUTBOX:
                self._replay_soon()
        else:
            self._replayed = None
            if not self._holds & BY_OUTBOX:
                self._hand_over()
            self._release(BY_REPLAY)
            self._endpoint.loop.call_soon(self._read_on)

    def _replayed_block(self, replayed: "deque[Replayed | memoryview]") -> bytes:
        frames: list[bytes | memoryview] = []
        size = 0
        while replayed and size < REPLAY_BYTES:
            one = replayed.popleft()
            if not isinstance(one, memoryview):
                one = self._framed(one() if callable(one) else one)
            frames.append(one)
            size += len(one) + REPLAY_OVERHEAD
        return b"".join(frames)

    # Outbox

    def _pend(self, data: bytes) -> None:
        """Stands in for the transport's write while that takes no more."""
        pending = self._pending
        assert pending is not None, "put is _pend only between pause_writing and resume_writing"
        if not pending:
            self._judge_soon()
        pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes > self._endpoint.limits.max_outbox_bytes:
            # Judging once more costs little, and only those who are behind.
            self._judge_outbox(BURST_FACTOR)

    def _judge_soon(self) -> None:
        """Judge when the loop had a turn to write: a burst alone is no slow consumer."""
        loop = self._endpoint.loop
        loop.call_soon(loop.call_soon, self._judge_outbox, 1)

    def _judge_outbox(self, factor: int) -> None:
        limit = self._endpoint.limits.max_outbox_bytes * factor
        waiting = self.outbox_bytes
        if waiting > self._counters.outbox_high_water:
            self._counters.outbox_high_water = waiting
        if limit and waiting > limit and self.put is not _discard:
            try:
                self._outbox_is_full()
            except Exception:
                self.failed()

    def _put_to(self, put: Callable[[bytes], None]) -> None:
        self.put = put
        self._direct = self._target = None
        for room in self.rooms:
            room.changed()

    def _put_to_transport(self, transport: asyncio.Transport) -> None:
        self._put_to(transport.write)
        if self._is_plain:
            self._direct = transport

    @property
    def _is_plain(self) -> bool:
        """Whether frames go to the peer as they are, for as long as they may be sent at all."""
        raise NotImplementedError

    @property
    def _is_muted(self) -> bool:
        return self.put is _discard

    def _mute(self) -> None:
        """Send nothing any more."""
        self._put_to(_discard)

    def _drop_pending(self) -> None:
        """Throw away what waits; whole frames, so the stream stays sound."""
        self._pending_bytes = 0
        self._pending_pong = None
        self._replayed = None
        self._release(BY_REPLAY)
        if self._pending:
            self._pending = []

    def _close_transport(self) -> None:
        """Close the line when everything is written."""
        if self._pending or self._replayed:
            self._close_when_written = True
        elif self._transport is not None:
            self._transport.close()

    def _shut_down(self) -> None:
        """Say that we send no more, and leave it to the peer, or the deadline, to hang up.

        Closing at once, with unread data in the socket, would make the kernel send a reset, which
        can overtake our Close frame at the peer.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._pending or self._replayed or not transport.can_write_eof():
            self._close_transport()
        else:
            try:
                transport.write_eof()
            except OSError:  # asyncio's own transports say that the peer is gone already
                transport.close()

    # What comes in

    def message_refused(self, reason: str) -> None:
        """A message is not finished, and nobody waits for the rest."""
        raise NotImplementedError

    def _count_bytes(self, size: int) -> None:
        """Read no more for a while from who sends faster than it may."""
        endpoint = self._endpoint
        now = endpoint.clock()
        self._bytes_due = max(self._bytes_due, now) + size * endpoint.byte_interval
        ahead = self._bytes_due - now - BYTE_BURST_SECONDS
        if ahead > 0 and not self._holds & BY_RATE and not self._is_muted:
            self._hold(BY_RATE)
            self._pause_transport()
            self._counters.throttled += 1
            endpoint.loop.call_later(ahead, self._rate_is_kept)

    def _rate_is_kept(self) -> None:
        if self._holds & BY_RATE:
            self._release(BY_RATE)
            self._read_on()

    # Turns

    def _begin_slice(self, now: float) -> None:
        self._mark = now
        self._slice_end = now + SLICE_SECONDS

    def _computed(self) -> None:
        """Count what this connection computed since it was last counted.

        Past its slice it has to wait.
        """
        endpoint = self._endpoint
        now, mark = endpoint.clock(), self._mark
        self._mark = now
        spent = now - mark
        if spent < LIGHT_SECONDS and not self.standing:
            self.used = max(self.used, endpoint.scheduler.virtual) + spent
        else:
            endpoint.scheduler.took(self, mark, now)
            self._allow_short()
        if now > self._slice_end:
            self._wait_for_turn()

    def _allow_short(self) -> None:
        """Let those take the short cut of whom it is known that they are light."""
        self._short = 0 if self.standing else self._endpoint.short_frame
        if self._at_start:
            self._quick = self._short

    def _parsed(self) -> None:
        """A frame that is no message was read: many of them use up a slice as messages do."""
        if self._endpoint.clock() > self._slice_end:
            self._computed()

    def _wait_for_turn(self) -> None:
        """Parse no further until those had their turn who come first."""
        # One that we close drops what comes; one whose line broke still handles what came before.
        is_heard = not self._is_muted or self._transport is None
        if is_heard and not self._holds & BY_TURN:
            self._hold(BY_TURN)
            endpoint = self._endpoint
            endpoint.scheduler.wait(
                self, self._turn_came, endpoint.clock(), is_later=self._goes_on_later
            )

    def ended_by_limit(self) -> None:
        """A limit ended the handler that the listener is in."""
        self._endpoint.scheduler.ended_by_limit(self)
        self._short = self._quick = 0

    def in_turn(self, go_on: Callable[[], None]) -> None:
        """Call *go_on*, now or when this connection may compute, and count what it takes."""
        self._endpoint.scheduler.in_turn(self, go_on)

    def _turn_came(self) -> None:
        """Go on with what waits; never raises."""
        if self._holds & BY_TURN:
            self._release(BY_TURN)
            self._mark = now = self._endpoint.clock()
            self._slice_end = now + QUEUED_SLICE_SECONDS
            self._read_on()

    # Reading on and off

    def _hold(self, who: int) -> None:
        """Parse nothing more on behalf of *who*."""
        self._holds |= who
        self.hold()

    def _release(self, who: int) -> None:
        """Undo `_hold`; `_read_on` has to follow."""
        self._holds &= ~who

    def _read_on(self) -> None:
        """Go on parsing, unless somebody holds us; then let the transport read."""
        if self._holds:
            return
        self._allow_short()
        try:
            self.release()
        except ProtocolViolation as violation:
            self._violated(violation)
        except Exception:
            self._parser_failed()
        if self._holds:
            return
        transport = self._transport
        if transport is None:
            self._line_is_gone()
        elif not transport.is_closing() and not transport.is_reading():
            transport.resume_reading()

    def _pause_transport(self) -> None:
        transport = self._transport
        if transport is not None and not transport.is_closing() and transport.is_reading():
            transport.pause_reading()
