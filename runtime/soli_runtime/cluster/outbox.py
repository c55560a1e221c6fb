"""What a node asks for, on its way into the log: queued, sent in batches, seen again.

Pure: `node` carries batches to Redis and says which came back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from ..core.effects import ConnectionId, Payload
from ..core.operations.records import DECLARATIONS, Operation
from ..core.seats import Seats
from . import codec
from .host import Done, Surroundings
from .operations import NOTHING

MAX_BATCH_OPS = 512
MAX_BATCH_BYTES = 256 << 10
MAX_OPS_BEHIND = 64
MAX_BYTES_BEHIND = 256 << 10
"""Of one connection whose turn has not come: then it is not read until half of that is left."""
OP_OVERHEAD = 100
"""Bytes that an operation takes beside its texts, roughly."""


class Kept(Protocol):
    """Is told of the payloads of a batch."""

    def add(self, operation: Operation, index: int, start: int, size: int) -> None:
        """That of operation *index* begins at byte *start*; *size* is as in its head."""
        ...


class Queued:
    """An operation of this node whose turn has not come."""

    __slots__ = ("actor", "at", "operation", "payload", "size", "waiters")

    def __init__(self, actor: ConnectionId | None, operation: Operation, at: float) -> None:
        self.actor = actor
        """Whose later replies wait for it."""
        self.operation = operation
        self.at = at
        """When it was queued, in seconds."""
        index = DECLARATIONS[operation.__class__].payload
        self.payload: Payload | None = None
        if index is None:
            self.size = OP_OVERHEAD + sum(map(_size_of, operation))
        else:  # a message: nothing is made more often
            self.payload = operation[index]
            self.size = OP_OVERHEAD + len(operation[index]) + (len(operation[0]) if index else 1)
        self.waiters: list[Done] = []

    def take_back(self) -> None:
        """Nothing is to be said any more; its turn is still counted."""
        self.operation, self.payload = NOTHING, None


def _size_of(field: Any) -> int:
    if isinstance(field, str):
        return len(field)
    return len(codec.text_of(field)) if field.__class__ in (dict, list) else 0


class Batch:
    """Operations that go into the log in one piece."""

    __slots__ = ("items", "number", "whole")

    def __init__(self, number: int, items: list[Queued]) -> None:
        self.number = number
        self.items = items
        self.whole = items
        """With messages that were left out when it was sent again: Redis may have it so."""

    def fields(self, kept: Kept | None = None) -> list[str | bytes]:
        """Names and values of an entry: the heads, then all payloads in one piece.

        *kept* is told of each payload, and where it is.
        """
        heads, payloads = codec.encode([item.operation for item in self.items])
        if kept is not None:
            start, raw = 0, iter(payloads)
            for index, item in enumerate(self.items):
                if item.payload is not None:
                    kept.add(item.operation, index, start, heads[index][-1])
                    start += len(next(raw))
        return ["h", codec.text_of(heads), "p", b"".join(payloads)]


class Outbox:
    """Operations of this node whose turn has not come.

    When more bytes wait to be sent than `Bounds` allow, all of that is dropped, and an account has
    to mend members and trackings. Messages that wait for too long are dropped alone; who is a
    member of what is not.
    """

    def __init__(self, seats: Seats, surroundings: Surroundings) -> None:
        self.dropped = 0
        """Messages that were never seen to arrive."""
        self.volatile_dropped = 0
        """Volatile messages for which a newer one went, or that found no log."""
        self.waiting_bytes = 0
        """Of what was not put into a batch yet."""
        self.must_begin_anew = False
        """Whether this node has to begin anew: too much waited, or others believe it dead."""
        self.number = 0
        """Of the newest batch."""
        self._seats = seats
        self._host, self._carrier, self._clock, bounds = surroundings
        self._max_bytes = bounds.bytes
        self._wait_seconds = bounds.wait_seconds
        self._volatile: dict[tuple[Any, ...], Queued] = {}
        """The newest of each sender and key that was not put into a batch yet."""
        self._account: deque[Operation] = deque()
        """Pages of an account but the last one: they go before all else, each by itself."""
        self._old: deque[Queued] = deque()
        """What waits for longer than messages may: it goes before the rest."""
        self._waiting: deque[Queued] = deque()
        self._sent: deque[Batch] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether all has been seen that was asked for."""
        return not self._waiting and not self._old and not self._sent

    @property
    def is_waiting(self) -> bool:
        """Whether something was not put into a batch yet."""
        return bool(self._waiting or self._old)

    def put(self, operation: Operation, actor: ConnectionId | None = None) -> Queued:
        """Queue an operation. Where too much waits, that is dropped first."""
        item = Queued(actor, operation, self._clock.time())
        if self.waiting_bytes + item.size > self._max_bytes:
            self._drop_waiting()
        self._waiting.append(item)
        self.waiting_bytes += item.size
        seat = None if actor is None else self._seats.get(actor)
        if seat is not None:
            seat.under_way += 1
            seat.bytes_under_way += item.size
            if not seat.is_behind and (
                seat.under_way >= MAX_OPS_BEHIND or seat.bytes_under_way >= MAX_BYTES_BEHIND
            ):
                seat.is_behind = True
                self._host.hold_back(seat, True)
        self._carrier.queued()
        return item

    def put_volatile(
        self, operation: Operation, actor: ConnectionId | None, *, is_away: bool
    ) -> None:
        """Queue a message for which a newer one of its sender and key may go.

        One that waits only keeps its turn then. With a log that *is_away* it is dropped.
        """
        at = DECLARATIONS[operation.__class__].payload
        assert at is not None
        options = operation[at + 1]
        slot = (operation.__class__, *operation[:at], options.sender, options.key)
        former = self._volatile.pop(slot, None)
        if former is not None and former.payload is not None:
            former.take_back()
            self.volatile_dropped += 1
        if is_away:
            self.volatile_dropped += 1
        else:
            self._volatile[slot] = self.put(operation, actor)

    def give_up(self) -> None:
        """The others believe that this node is dead: it has to begin anew."""
        self.must_begin_anew = True
        self._carrier.queued()

    def _drop_waiting(self) -> None:
        items = (*self._old, *self._waiting)
        self._old.clear()
        self._waiting.clear()
        self.waiting_bytes = 0
        self._drop(items)
        self.must_begin_anew = True

    def drop_old(self) -> None:
        """Drop messages that waited for too long."""
        if not self._wait_seconds:
            return
        latest = self._clock.time() - self._wait_seconds
        while self._waiting and self._waiting[0].at < latest:
            item = self._waiting.popleft()
            if item.payload is None:
                self._old.append(item)
            else:
                self.waiting_bytes -= item.size
                self._drop((item,))

    def next_batch(self) -> Batch | None:
        """What is to be appended next; it counts as sent. None: nothing waits."""
        self.drop_old()
        if self._account:
            return self._sent_as([Queued(None, self._account.popleft(), self._clock.time())])
        count = len(self._old) + len(self._waiting)
        if not count:
            return None
        if count <= MAX_BATCH_OPS and self.waiting_bytes <= MAX_BATCH_BYTES:
            items = [*self._old, *self._waiting]
            self._old.clear()
            self._waiting.clear()
            self.waiting_bytes = 0
        else:
            items = self._take_some()
        self._volatile.clear()
        return self._sent_as(items)

    def _sent_as(self, items: list[Queued]) -> Batch:
        self.number += 1
        batch = Batch(self.number, items)
        self._sent.append(batch)
        return batch

    def _take_some(self) -> list[Queued]:
        """As much of what waits as fits into a batch, and one operation at least."""
        items: list[Queued] = []
        size = 0
        while len(items) < MAX_BATCH_OPS and size < MAX_BATCH_BYTES:
            source = self._old or self._waiting
            if not source:
                break
            item = source.popleft()
            size += item.size
            items.append(item)
        self.waiting_bytes -= size
        return items

    def begin(self, account: Sequence[Operation]) -> None:
        """Write under another name. What was sent and not seen is dropped: it would misorder.

        What waits goes out behind all pages of the account. These say already what the steps of it
        led to, which would undo some of it for a moment: they only keep their turn.
        """
        self.number = 0
        self.must_begin_anew = False
        sent, self._sent = self._sent, deque()
        for batch in sent:
            self._drop(batch.whole)
        for item in (*self._old, *self._waiting):
            if DECLARATIONS[item.operation.__class__].is_in_account:
                item.operation = NOTHING
        self._account = deque(account[:-1])
        first = Queued(None, account[-1], self._clock.time())
        self._old.appendleft(first)
        self.waiting_bytes += first.size
        self._carrier.queued()

    def shorten(self, batch: Batch) -> None:
        """Before it is sent again: leave out messages that waited for too long.

        Whether they are dropped shows in the log: Redis may have taken the batch the first time.
        """
        if self._wait_seconds:
            latest = self._clock.time() - self._wait_seconds
            batch.items = [
                item for item in batch.whole if item.payload is None or item.at >= latest
            ]

    def returned(self, number: int, heads: bytes) -> list[Queued] | None:
        """What batch *number* was, which the log shows now; None if it is not one of these."""
        if not self._sent or self._sent[0].number != number:
            return None
        batch = self._sent.popleft()
        if batch.items is batch.whole or len(codec.heads_in(heads)) == len(batch.whole):
            return batch.whole
        kept = {id(item) for item in batch.items}
        self._drop(item for item in batch.whole if id(item) not in kept)
        return batch.items

    def seen(self, item: Queued) -> None:
        """The turn of an operation has come, or never will."""
        seat = None if item.actor is None else self._seats.get(item.actor)
        if seat is not None:
            seat.under_way -= 1
            seat.bytes_under_way -= item.size
            if seat.is_behind and not (
                seat.under_way > MAX_OPS_BEHIND // 2 or seat.bytes_under_way > MAX_BYTES_BEHIND // 2
            ):
                seat.is_behind = False
                self._host.hold_back(seat, False)
        for waiter in item.waiters:
            if not waiter.done():
                waiter.set_result(None)

    def until_seen(self) -> Done:
        """Done when all has been seen that is under way now, which is something."""
        done = self._clock.create_future()
        waiting = self._waiting or self._old
        last = waiting[-1] if waiting else self._sent[-1].whole[-1]
        last.waiters.append(done)
        return done

    def _drop(self, items: Iterable[Queued]) -> None:
        for item in items:
            self.dropped += item.payload is not None
            self.seen(item)
