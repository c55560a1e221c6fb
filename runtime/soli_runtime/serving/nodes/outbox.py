"""What a node asks for, on its way into the log: queued, sent in batches, seen again.

Pure: `node` carries batches to Redis and says which came back.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from ...core.effects import ConnectionId, Payload
from ...core.seats import Seat, Seats

MAX_BATCH_OPS = 512
MAX_BATCH_BYTES = 256 << 10
MAX_OPS_BEHIND = 64
MAX_BYTES_BEHIND = 256 << 10
"""Of one connection whose turn has not come: then it is not read until half of that is left."""
OP_OVERHEAD = 100
"""Bytes that an operation takes beside its texts, roughly."""

Head: TypeAlias = list[Any]
"""Kind and fields of an operation, as JSON."""
NOTHING: Head = ["z"]
"""An operation that changes nothing."""
TOLD_BY_ACCOUNTS = frozenset("cxjltrua")
"""Kinds of operations whose outcome an account holds: connections, members, trackings."""


class Kept(Protocol):
    """Is told of the payloads of a batch."""

    def add(self, head: Head, index: int, start: int, size: int) -> None:
        """That of operation *index* begins at *start*; *size* is as in its head."""
        ...


class Done(Protocol):
    """What is awaited until an operation was seen; an asyncio.Future is one."""

    def done(self) -> bool: ...

    def set_result(self, result: None, /) -> None: ...

    def __await__(self) -> Any: ...


class Queued:
    """An operation of this node whose turn has not come."""

    __slots__ = ("actor", "at", "head", "payload", "size", "waiters")

    def __init__(self, actor: ConnectionId | None, head: Head, payload: Payload | None) -> None:
        self.actor = actor
        """Whose later replies wait for it."""
        self.head = head
        self.payload = payload
        if payload is None:
            self.size = OP_OVERHEAD + sum([len(field) for field in head if isinstance(field, str)])
        else:  # a message: nothing is made more often
            self.size = OP_OVERHEAD + len(payload) + len(head[-1])
        self.waiters: list[Done] = []
        self.at = 0.0
        """When it was queued, in seconds."""

    def take_back(self) -> None:
        """Nothing is to be said any more; its turn is still counted."""
        self.head, self.payload = NOTHING, None


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

        At the end of its head stands the size of a payload: of a text as it is, of a binary one as
        its complement. So who has nobody in a room passes over what is said there. *kept* is told
        of each payload, and where it is.
        """
        heads: list[Head] = []
        payloads: list[bytes] = []
        start = 0
        for index, item in enumerate(self.items):
            payload = item.payload
            if payload is None:
                heads.append(item.head)
            elif isinstance(payload, str):
                raw = payload.encode("utf-8", "surrogatepass")
                payloads.append(raw)
                heads.append([*item.head, len(raw)])
            else:
                payloads.append(payload)
                heads.append([*item.head, ~len(payload)])
            if kept is not None and payload is not None:
                kept.add(item.head, index, start, heads[-1][-1])
                start += len(payloads[-1])
        return ["h", encode(heads), "p", b"".join(payloads)]


encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def payload_at(payloads: bytes, start: int, size: int) -> Payload:
    """A payload out of those of a batch, *size* as its head has it."""
    if size < 0:
        return payloads[start : start + ~size]
    return payloads[start : start + size].decode("utf-8", "surrogatepass")


class Outbox:
    """Operations of this node whose turn has not come. *max_bytes* bounds what waits to be sent.

    Past it all of that is dropped, and an account has to mend members and trackings. Messages that
    waited for *wait_seconds* (0: any time) are dropped alone; who is a member of what is not.
    """

    def __init__(self, seats: Seats, max_bytes: int, wait_seconds: float = 0.0) -> None:
        self.dropped = 0
        """Messages that were never seen to arrive."""
        self.volatile_dropped = 0
        """Volatile messages for which a newer one went, or that found no log."""
        self.volatile: dict[tuple[str, ...], Queued] = {}
        """The newest of each sender and key that was not put into a batch yet."""
        self.waiting_bytes = 0
        """Of what was not put into a batch yet."""
        self.new_done: Callable[[], Done] | None = None
        self.now: Callable[[], float] = lambda: 0.0
        self.on_behind: Callable[[Seat, bool], object] = lambda seat, is_behind: None
        """A connection is behind with what it asked for, or has caught up."""
        self.max_bytes = max_bytes
        self.number = 0
        """Of the newest batch."""
        self._seats = seats
        self._wait_seconds = wait_seconds
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

    def put(self, item: Queued) -> bool:
        """Queue an operation. False: too much waited, and was dropped."""
        fits = self.waiting_bytes + item.size <= self.max_bytes
        if not fits:
            items = (*self._old, *self._waiting)
            self._old.clear()
            self._waiting.clear()
            self.waiting_bytes = 0
            self._drop(items)
        item.at = self.now()
        self._waiting.append(item)
        self.waiting_bytes += item.size
        seat = None if item.actor is None else self._seats.get(item.actor)
        if seat is not None:
            seat.under_way += 1
            seat.bytes_under_way += item.size
            if not seat.is_behind and (
                seat.under_way >= MAX_OPS_BEHIND or seat.bytes_under_way >= MAX_BYTES_BEHIND
            ):
                seat.is_behind = True
                self.on_behind(seat, True)
        return fits

    def drop_volatile(self, slot: tuple[str, ...]) -> None:
        """A newer message of the same sender and key comes: one that waits only keeps its turn."""
        item = self.volatile.pop(slot, None)
        if item is not None and item.payload is not None:
            item.take_back()
            self.volatile_dropped += 1

    def drop_old(self) -> None:
        """Drop messages that waited for too long."""
        if not self._wait_seconds:
            return
        latest = self.now() - self._wait_seconds
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
        self.volatile.clear()
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

    def begin(self, account: Queued) -> None:
        """Write under another name. What was sent and not seen is dropped: it would misorder.

        What waits goes out behind the account. That says already what the steps of it led to, which
        would undo some of it for a moment: they only keep their turn.
        """
        self.number = 0
        sent, self._sent = self._sent, deque()
        for batch in sent:
            self._drop(batch.whole)
        for item in (*self._old, *self._waiting):
            if item.head[0] in TOLD_BY_ACCOUNTS:
                item.head = NOTHING
        self._old.appendleft(account)
        self.waiting_bytes += account.size

    def shorten(self, batch: Batch) -> None:
        """Before it is sent again: leave out messages that waited for too long.

        Whether they are dropped shows in the log: Redis may have taken the batch the first time.
        """
        if self._wait_seconds:
            latest = self.now() - self._wait_seconds
            batch.items = [
                item for item in batch.whole if item.payload is None or item.at >= latest
            ]

    def returned(self, number: int, heads: bytes) -> list[Queued] | None:
        """What batch *number* was, which the log shows now; None if it is not one of these."""
        if not self._sent or self._sent[0].number != number:
            return None
        batch = self._sent.popleft()
        if batch.items is batch.whole or len(json.loads(heads)) == len(batch.whole):
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
                self.on_behind(seat, False)
        for waiter in item.waiters:
            if not waiter.done():
                waiter.set_result(None)

    def until_seen(self) -> Done:
        """Done when all has been seen that is under way now, which is something."""
        assert self.new_done is not None
        done = self.new_done()
        waiting = self._waiting or self._old
        last = waiting[-1] if waiting else self._sent[-1].whole[-1]
        last.waiters.append(done)
        return done

    def _drop(self, items: Iterable[Queued]) -> None:
        for item in items:
            self.dropped += item.payload is not None
            self.seen(item)
