"""The broker of one node among several that share a log.

Every node reads the whole log and applies all of it, in order, its own changes too; so all nodes
know all connections, members and trackings, and nothing has to be asked for. This half is pure: it
makes batches of what is asked for, and takes entries as they were read. `node` carries
both to and from Redis.

What a node holds can be told in one operation, its *account*: all of its connections, members and
trackings as they are in program order. Others make of what they know of it what the account says.
A node gives one whenever another begins, and when it begins anew itself.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from soli_lang.base.errors import SoliError

from ...core.answers import Answer
from ...core.arrivals import Arrivals
from ...core.effects import ConnectionId, Effect, Payload, RoomName
from ...core.roster import HERE, Entry
from ...core.seats import Seat

T = TypeVar("T")

MAX_BATCH_OPS = 512
MAX_BATCH_BYTES = 256 << 10
OP_OVERHEAD = 100
"""Bytes that an operation takes beside its texts, roughly."""

Head: TypeAlias = list[Any]
"""Kind and fields of an operation, as JSON."""


class Done(Protocol):
    """What is awaited until an operation was seen; an asyncio.Future is one."""

    def done(self) -> bool: ...

    def set_result(self, result: None, /) -> None: ...

    def __await__(self) -> Any: ...


class Queued:
    """An operation of this node whose turn has not come."""

    __slots__ = ("actor", "head", "payload", "size", "waiters")

    def __init__(self, actor: ConnectionId | None, head: Head, payload: Payload | None) -> None:
        self.actor = actor
        """Whose later replies wait for it."""
        self.head = head
        self.payload = payload
        texts = sum(len(field) for field in head if isinstance(field, str))
        self.size = OP_OVERHEAD + texts + (0 if payload is None else len(payload))
        self.waiters: list[Done] = []


class Batch:
    """Operations that go into the log in one piece."""

    __slots__ = ("items", "number")

    def __init__(self, number: int, items: list[Queued]) -> None:
        self.number = number
        self.items = items

    def fields(self) -> list[str | bytes]:
        """Names and values of an entry: the heads, then the payloads in their order."""
        fields: list[str | bytes] = ["h", json.dumps([item.head for item in self.items])]
        for position, item in enumerate(self.items):
            if isinstance(item.payload, str):
                fields += [f"t{position}", item.payload.encode("utf-8", "surrogatepass")]
            elif item.payload is not None:
                fields += [f"b{position}", item.payload]
        return fields


def payload_of(name: bytes, value: bytes) -> Payload:
    """A payload as `Batch.fields` wrote it."""
    return value.decode("utf-8", "surrogatepass") if name[:1] == b"t" else value


class LogBroker:
    """See the module. `node` is the name under which this node writes; it may change.

    *max_bytes* bounds what waits to be sent. Past it all of that is dropped and counted in
    `dropped`, and `must_begin_anew` is set: an account then mends members and trackings.
    """

    def __init__(self, arrivals: Arrivals, max_bytes: int = 64 << 20) -> None:
        self.node = ""
        self._names: set[str] = set()
        """All that this node had."""
        self.carry_out: Callable[[list[Effect]], object] = lambda effects: None
        self.now: Callable[[], float] = lambda: 0.0
        self.new_done: Callable[[], Done] | None = None
        self.on_account: Callable[[], object] = lambda: None
        self.on_asked: Callable[[], object] = lambda: None
        self.on_queued: Callable[[], object] = lambda: None
        self.close_user_here: Callable[[str, str, int], object] = lambda user, reason, code: None
        self.is_away = False
        """Whether the log cannot be reached: questions that would have to wait for it fail."""
        self.must_begin_anew = False
        self.dropped = 0
        """Messages that were never seen to arrive."""
        self.accounted: set[str] = set()
        """Nodes that gave an account since this one began (anew)."""
        self._max_bytes = max_bytes
        self._arrivals = arrivals
        self._seats = arrivals.seats
        self._waiting: deque[Queued] = deque()
        self._waiting_bytes = 0
        self._sent: deque[Batch] = deque()
        self._number = 0
        self._homes: dict[ConnectionId, str] = {}
        """All connections, and the node that holds each."""
        self._members: dict[RoomName, dict[ConnectionId, None]] = {}
        self._tracked: dict[ConnectionId, dict[RoomName, None]] = {}
        self._take: dict[str, Callable[..., list[Effect]]] = {
            "c": self._take_connected,
            "x": self._take_disconnected,
            "j": self._take_joined,
            "l": self._take_left,
            "k": self._take_closed,
            "t": self._take_tracked,
            "r": self._take_revised,
            "u": self._take_untracked,
            "a": self._take_account,
            "w": self._take_user_closed,
            "e": self._take_end,
            "h": self._take_hello,
            "s": self._take_question,
        }

    # The way out

    def until_quiet(self) -> Done | None:
        """Done when all has been seen that is under way now; None: nothing is."""
        return self._until_seen() if self._waiting or self._sent else None

    @property
    def waiting_bytes(self) -> int:
        """Of what was not put into a batch yet."""
        return self._waiting_bytes

    @property
    def room_count(self) -> int:
        """Rooms that have members, wherever those are."""
        return len(self._members)

    def next_batch(self) -> Batch | None:
        """What is to be appended next; it counts as sent. None: nothing waits."""
        items: list[Queued] = []
        size = 0
        while self._waiting and len(items) < MAX_BATCH_OPS and size < MAX_BATCH_BYTES:
            item = self._waiting.popleft()
            self._waiting_bytes -= item.size
            size += item.size
            items.append(item)
        if not items:
            return None
        self._number += 1
        batch = Batch(self._number, items)
        self._sent.append(batch)
        return batch

    def begin(self, node: str) -> None:
        """Write as *node* from now on. What was sent and not seen is dropped: it would misorder.

        What waits goes out behind an account, to which it leads: each of it says how things are.
        """
        self._names.add(node)
        self.node = node
        self.must_begin_anew = False
        self.accounted.clear()
        self._number = 0
        sent, self._sent = self._sent, deque()
        for batch in sent:
            self._drop(batch.items)
        account = Queued(None, self._account(), None)
        self._waiting.appendleft(account)
        self._waiting_bytes += account.size
        self.on_queued()

    def _drop(self, items: Iterable[Queued]) -> None:
        for item in items:
            self.dropped += item.payload is not None
            self._seen(item)

    def _seen(self, item: Queued) -> None:
        """The turn of an operation has come, or never will."""
        seat = None if item.actor is None else self._seats.get(item.actor)
        if seat is not None:
            seat.under_way -= 1
        for waiter in item.waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _account(self) -> Head:
        seats = self._seats.values()
        return [
            "a",
            [seat.connection_id for seat in seats],
            [[seat.connection_id, room] for seat in seats for room in seat.rooms],
            [[room, *_fields(seat, room)] for seat in seats for room in seat.tracked_rooms()],
        ]

    def _queue(
        self, head: Head, actor: ConnectionId | None = None, payload: Payload | None = None
    ) -> list[Effect]:
        item = Queued(actor, head, payload)
        if self._waiting_bytes + item.size > self._max_bytes:
            self.must_begin_anew = True
            items, self._waiting = self._waiting, deque()
            self._waiting_bytes = 0
            self._drop(items)
        self._waiting.append(item)
        self._waiting_bytes += item.size
        seat = None if actor is None else self._seats.get(actor)
        if seat is not None:
            seat.under_way += 1
        self.on_queued()
        return []

    # The way in

    def arrived(
        self, origin: str, number: int, heads: Sequence[Head], payloads: Iterable[Payload]
    ) -> None:
        """One entry of the log was read. Effects are carried out one operation after another."""
        items = self._items_of(origin, number)
        left = iter(payloads)
        for position, head in enumerate(heads):
            try:
                self.carry_out(self._arrive(origin, head, left))
            finally:
                if position < len(items):
                    self._seen(items[position])

    def _items_of(self, origin: str, number: int) -> list[Queued]:
        """What of this node an entry is; nothing for those of others."""
        if origin != self.node or not self._sent or self._sent[0].number != number:
            return []
        return self._sent.popleft().items

    def _arrive(self, origin: str, head: Head, payloads: Iterable[Payload]) -> list[Effect]:
        kind, *fields = head
        if kind == "m":
            return self._arrivals.message(fields[0], next(iter(payloads)))
        if kind == "b":
            return self._arrivals.message_to_all(next(iter(payloads)))
        if kind == "d":
            return self._arrivals.message_to_one(fields[0], next(iter(payloads)))
        take = self._take.get(kind)
        # A kind that is not known is of a newer node: there is nothing that we could do.
        return [] if take is None else take(origin, *fields)

    def _take_connected(self, origin: str, connection_id: ConnectionId) -> list[Effect]:
        self._homes[connection_id] = origin
        return []

    def _take_disconnected(self, origin: str, connection_id: ConnectionId) -> list[Effect]:
        self._homes.pop(connection_id, None)
        return []

    def _take_joined(
        self, origin: str, connection_id: ConnectionId, room: RoomName, is_tracked: bool
    ) -> list[Effect]:
        self._members.setdefault(room, {})[connection_id] = None
        return self._arrivals.joined(connection_id, room, is_tracked, self.now())

    def _take_left(self, origin: str, connection_id: ConnectionId, room: RoomName) -> list[Effect]:
        members = self._members.get(room)
        if members is not None:
            members.pop(connection_id, None)
            if not members:
                del self._members[room]
        return self._arrivals.left(connection_id, room, self.now())

    def _take_closed(
        self, origin: str, connection_id: ConnectionId, code: int, reason: str
    ) -> list[Effect]:
        return self._arrivals.closed(connection_id, code, reason)

    def _take_user_closed(self, origin: str, user: str, code: int, reason: str) -> list[Effect]:
        self.close_user_here(user, reason, code)
        return []

    def _take_tracked(
        self,
        origin: str,
        room: RoomName,
        connection_id: ConnectionId,
        key: str,
        ref: str,
        body: str,
        is_changed: bool,
    ) -> list[Effect]:
        self._tracked.setdefault(connection_id, {})[room] = None
        node = HERE if origin == self.node else origin
        entry = Entry(connection_id, key, ref, body, is_changed, node)
        return self._arrivals.presence.track(room, entry, self.now())

    def _take_revised(
        self, origin: str, room: RoomName, connection_id: ConnectionId, body: str
    ) -> list[Effect]:
        return self._arrivals.presence.revise(room, connection_id, body, self.now())

    def _take_untracked(
        self, origin: str, room: RoomName, connection_id: ConnectionId
    ) -> list[Effect]:
        rooms = self._tracked.get(connection_id)
        if rooms is not None:
            rooms.pop(room, None)
            if not rooms:
                del self._tracked[connection_id]
        return self._arrivals.presence.untrack(room, connection_id, self.now())

    # Nodes

    def _take_hello(self, origin: str, node: str) -> list[Effect]:
        if node != self.node:
            self._queue(self._account())
        return []

    def _take_question(self, origin: str, whose: str) -> list[Effect]:
        self.on_asked()
        return []

    def _take_end(self, origin: str, node: str) -> list[Effect]:
        if node == self.node:
            self.must_begin_anew = True  # the others believe that we are dead
            self.on_queued()
            return []
        return self._end(node)

    def end_unaccounted(self) -> None:
        """Nodes that gave no account since this one began are gone."""
        known = set(self._homes.values()) - self.accounted - {self.node}
        for node in sorted(known):
            self.carry_out(self._end(node))

    def _end(self, node: str) -> list[Effect]:
        """All connections of a node are gone; its users leave each room in one diff."""
        self.accounted.discard(node)
        gone = [one for one, home in self._homes.items() if home == node]
        rooms: dict[RoomName, None] = {}
        for connection_id in gone:
            del self._homes[connection_id]
            rooms |= self._tracked.pop(connection_id, {})
        effects = self._forget_members(set(gone))
        for room in rooms:
            effects += self._arrivals.presence.drop_node(room, node, self.now())
        return effects

    def _forget_members(self, gone: set[ConnectionId]) -> list[Effect]:
        effects: list[Effect] = []
        for room, members in tuple(self._members.items()) if gone else ():
            for connection_id in tuple(members):
                if connection_id in gone:
                    effects += self._take_left("", connection_id, room)
        return effects

    def _take_account(
        self,
        origin: str,
        connections: list[ConnectionId],
        members: list[tuple[ConnectionId, RoomName]],
        trackings: list[list[Any]],
    ) -> list[Effect]:
        """Make of what is known of *origin* what it says."""
        self.accounted.add(origin)
        held = dict.fromkeys(connections)
        names = self._names if origin == self.node else {origin}
        before = {one for one, home in self._homes.items() if home in names or one in held}
        effects = self._take_trackings(origin, before, trackings)
        effects += self._take_members(before, members)
        for connection_id in before - held.keys():
            del self._homes[connection_id]
        for connection_id in connections:
            self._homes[connection_id] = origin
        self.on_account()
        return effects

    def _take_members(
        self, before: set[ConnectionId], members: list[tuple[ConnectionId, RoomName]]
    ) -> list[Effect]:
        effects: list[Effect] = []
        wanted = {(connection_id, room) for connection_id, room in members}
        for room, known in tuple(self._members.items()) if before else ():
            for connection_id in tuple(known):
                if connection_id in before and (connection_id, room) not in wanted:
                    effects += self._take_left("", connection_id, room)
        for connection_id, room in members:
            if connection_id not in self._members.get(room, ()):
                effects += self._take_joined("", connection_id, room, False)
        return effects

    def _take_trackings(
        self, origin: str, before: set[ConnectionId], trackings: list[list[Any]]
    ) -> list[Effect]:
        effects: list[Effect] = []
        wanted = {(one[1], one[0]): (one[2], one[3]) for one in trackings}
        for connection_id in before:
            for room in tuple(self._tracked.get(connection_id, ())):
                if wanted.get((connection_id, room)) != self._known(room, connection_id):
                    effects += self._take_untracked(origin, room, connection_id)
        for one in sorted(trackings, key=lambda one: int(one[3])):
            effects += self._take_tracked(origin, *one)
        return effects

    def _known(self, room: RoomName, connection_id: ConnectionId) -> tuple[str, str] | None:
        user = self._arrivals.presence.roster.tracked_as(room, connection_id)
        return None if user is None else (user.key, user.metas[connection_id].ref)

    # The port

    def connected(self, connection_id: ConnectionId) -> None:
        self._queue(["c", connection_id])

    def disconnected(self, connection_id: ConnectionId) -> None:
        self._queue(["x", connection_id])

    def barrier(self, connection_id: ConnectionId) -> Awaitable[None] | None:
        seat = self._seats.get(connection_id)
        return None if seat is None or not seat.under_way else self._until_seen()

    def join(
        self, connection_id: ConnectionId, room: RoomName, now: float, *, is_tracked: bool = False
    ) -> list[Effect]:
        return self._queue(["j", connection_id, room, is_tracked], connection_id)

    def leave(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        return self._queue(["l", connection_id, room], connection_id)

    def publish(
        self, room: RoomName, payload: Payload, actor: ConnectionId | None = None
    ) -> list[Effect]:
        return self._queue(["m", room], actor, payload)

    def publish_all(self, payload: Payload, actor: ConnectionId | None = None) -> list[Effect]:
        return self._queue(["b"], actor, payload)

    def send(
        self, connection_id: ConnectionId, payload: Payload, actor: ConnectionId | None = None
    ) -> list[Effect]:
        if self._is_in_order(connection_id, actor):
            return self._arrivals.message_to_one(connection_id, payload)
        return self._queue(["d", connection_id], actor, payload)

    def close(
        self, connection_id: ConnectionId, code: int, reason: str, actor: ConnectionId | None = None
    ) -> list[Effect]:
        if self._is_in_order(connection_id, actor):
            return self._arrivals.closed(connection_id, code, reason)
        return self._queue(["k", connection_id, code, reason], actor)

    def close_user(self, user: str, reason: str, code: int) -> None:
        """Close the connections of a user in every node, this one included."""
        self._queue(["w", user, code, reason])

    def _is_in_order(self, connection_id: ConnectionId, actor: ConnectionId | None) -> bool:
        """Whether it is here, and neither its own changes nor the actor's are under way."""
        seat = self._seats.get(connection_id)
        if seat is None or seat.under_way:
            return False
        if actor is None or actor == connection_id:
            return True
        acting = self._seats.get(actor)
        return acting is not None and not acting.under_way

    def track(self, room: RoomName, entry: Entry, now: float) -> list[Effect]:
        return self._queue(["t", room, *entry[:5]], entry.connection_id)

    def revise(
        self, room: RoomName, connection_id: ConnectionId, body: str, now: float
    ) -> list[Effect]:
        return self._queue(["r", room, connection_id, body], connection_id)

    def untrack(self, room: RoomName, connection_id: ConnectionId, now: float) -> list[Effect]:
        return self._queue(["u", room, connection_id], connection_id)

    # Questions

    def connections(self) -> Answer[list[ConnectionId]]:
        return self._answer(lambda: list(self._homes))

    def connection_count(self) -> Answer[int]:
        return self._answer(lambda: len(self._homes))

    def members(self, room: RoomName) -> Answer[list[ConnectionId]]:
        return self._answer(lambda: list(self._members.get(room, ())))

    def users(self, room: RoomName) -> Answer[list[dict[str, Any]]]:
        return self._answer(lambda: self._arrivals.presence.roster.users(room))

    def user(self, room: RoomName, key: str) -> Answer[dict[str, Any] | None]:
        return self._answer(lambda: self._arrivals.presence.roster.user(room, key))

    def user_count(self, room: RoomName) -> Answer[int]:
        return self._answer(lambda: self._arrivals.presence.roster.user_count(room))

    def _answer(self, ask: Callable[[], T]) -> Answer[T]:
        """From what this node knows, once it knows what itself did before."""
        if not self._waiting and not self._sent:
            return ask()
        if self.is_away:
            raise SoliError("the broker is away: what other processes know cannot be told")
        return _when(self._until_seen(), ask)

    def _until_seen(self) -> Done:
        """Done when all has been seen that is under way now."""
        assert self.new_done is not None
        done = self.new_done()
        last = self._waiting[-1] if self._waiting else self._sent[-1].items[-1]
        last.waiters.append(done)
        return done


async def _when(done: Done, ask: Callable[[], T]) -> T:
    await done
    return ask()


def _fields(seat: Seat, room: RoomName) -> tuple[str, str, str, str, bool]:
    tracking = seat.attending.tracked[room]
    return (
        seat.connection_id,
        tracking.key,
        tracking.ref,
        tracking.body,
        tracking.is_changed,
    )
