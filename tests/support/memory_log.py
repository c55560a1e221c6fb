"""Several brokers on one log, in memory: what a broker between processes does, and no network.

A `MemoryLog` is what the processes share: it puts batches into one order and appends what each
process has to know to its inbox. A process sends (`push`) and reads (`pull`) when it is told to, so
a test can interleave them as it likes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from soli_runtime.core.arrivals import (
    Arrivals,
    Change,
    Closed,
    Joined,
    Left,
    Message,
    MessageToAll,
    MessageToOne,
    NodeDied,
    Revised,
    Tracked,
    Untracked,
)
from soli_runtime.core.effects import ConnectionId, Effect, Payload, RoomName, SendOptions
from soli_runtime.core.history.rings import Past
from soli_runtime.core.roster import HERE, Entry, Roster

from .presence_clients import Bench


class Interest(NamedTuple):
    """The process has its first member or tracker in a room; its turn brings what others know."""

    room: RoomName


class Disinterest(NamedTuple):
    """It has none any more."""

    room: RoomName


class Loaded(NamedTuple):
    """What others know of a room."""

    room: RoomName
    entries: tuple[Entry, ...]


class Connected(NamedTuple):
    connection_id: ConnectionId


class Disconnected(NamedTuple):
    connection_id: ConnectionId


Op: TypeAlias = Change | Interest | Disinterest | Connected | Disconnected


class Queued(NamedTuple):
    """An operation, and whose later replies wait for it."""

    actor: ConnectionId | None
    op: Op


class Inboxed(NamedTuple):
    place: int
    actor: ConnectionId | None
    what: Change | Loaded | Disinterest | None
    """None: nothing for this process but the place in the order."""


class MemoryLog:
    """The order of all changes, and what every process knows of it."""

    def __init__(self) -> None:
        self.inboxes: dict[str, deque[tuple[Inboxed, ...]]] = {}
        self.connections: dict[ConnectionId, str] = {}
        """And the node that holds each."""
        self.members: dict[RoomName, dict[ConnectionId, None]] = {}
        self.roster = Roster()
        """Everybody's, with the names of nodes."""
        self.interested: dict[RoomName, set[str]] = {}
        self.messages: list[tuple[RoomName, Payload]] = []
        """Every message to a room, in the one order."""
        self.place = 0
        """How many operations there were."""

    def append(self, node: str, batch: Iterable[Queued]) -> None:
        """One batch of *node*: it changes what is known, and reaches whom it concerns."""
        entries: dict[str, list[Inboxed]] = {name: [] for name in self.inboxes}
        for actor, op in batch:
            self.place += 1
            whose = self._record(node, op)
            what: Change | Loaded | Disinterest | None
            for name, entry in entries.items():
                is_own = name == node
                if isinstance(op, Interest):
                    what = Loaded(op.room, self._known_of(op.room)) if is_own else None
                elif isinstance(op, Disinterest):
                    what = op if is_own else None
                elif isinstance(op, Connected | Disconnected):
                    what = None
                else:
                    what = _named(op, HERE if is_own else node) if name in whose else None
                if is_own or what is not None:
                    entry.append(Inboxed(self.place, actor if is_own else None, what))
        for name, entry in entries.items():
            if entry:
                self.inboxes[name].append(tuple(entry))

    def kill(self, node: str) -> None:
        """A node is dead: its connections are gone, and every other node is told."""
        del self.inboxes[node]
        gone = [connection for connection, name in self.connections.items() if name == node]
        for connection_id in gone:
            del self.connections[connection_id]
            for room in tuple(self.members):
                self._leave(room, connection_id)
        for nodes in self.interested.values():
            nodes.discard(node)
        for room, attendance in tuple(self.roster.items()):
            trackers = attendance.of_node(node)
            for connection_id in trackers:
                self.roster.detach(room, connection_id)
            if trackers:
                for name in self.interested.get(room, ()):
                    self.inboxes[name].append((Inboxed(self.place, None, NodeDied(room, node)),))

    def _known_of(self, room: RoomName) -> tuple[Entry, ...]:
        attendance = self.roster.get(room)
        return () if attendance is None else tuple(attendance.entries())

    def _leave(self, room: RoomName, connection_id: ConnectionId) -> None:
        members = self.members.get(room, {})
        members.pop(connection_id, None)
        if not members:
            self.members.pop(room, None)

    def _record(self, node: str, op: Op) -> Iterable[str]:
        """Write down what *op* changes. Returns the nodes that it concerns."""
        if isinstance(op, Interest | Disinterest | Connected | Disconnected):
            self._note(node, op)
            return ()
        if isinstance(op, Joined | Left):
            if isinstance(op, Joined):
                self.members.setdefault(op.room, {})[op.connection_id] = None
            else:
                self._leave(op.room, op.connection_id)
            return (node,)
        if isinstance(op, MessageToOne | Closed):
            return (self.connections.get(op.connection_id, node),)
        if isinstance(op, MessageToAll):
            return self.inboxes
        if isinstance(op, Message):
            self.messages.append((op.room, op.payload))
            return self.inboxes  # whoever is in the room: all keep what was said
        else:
            self._track(node, op)
        return self.interested.get(op.room, ())

    def _note(self, node: str, op: Interest | Disinterest | Connected | Disconnected) -> None:
        match op:
            case Connected(connection_id):
                self.connections[connection_id] = node
            case Disconnected(connection_id):
                self.connections.pop(connection_id, None)
            case Interest(room):
                self.interested.setdefault(room, set()).add(node)
            case Disinterest(room):
                self.interested[room].discard(node)

    def _track(self, node: str, op: Tracked | Revised | Untracked | NodeDied) -> None:
        match op:
            case Tracked(room, entry):
                if self.roster.tracked_as(room, entry.connection_id) is not None:
                    self.roster.detach(room, entry.connection_id)
                self.roster.attach(room, entry._replace(node=node))
            case Revised(room, connection_id, body):
                self.roster.revise(room, connection_id, body)
            case Untracked(room, connection_id):
                self.roster.detach(room, connection_id)


def _named(op: Change, node: str) -> Change:
    """*op* as it is for a process: own trackings have no name of a node."""
    return Tracked(op.room, op.entry._replace(node=node)) if isinstance(op, Tracked) else op


class LogBroker:
    """The broker of one process on a `MemoryLog`."""

    def __init__(self, log: MemoryLog, node: str, arrivals: Arrivals) -> None:
        self.node = node
        self.log = log
        self._arrivals = arrivals
        self._seats = arrivals.seats
        self._waiting: list[Queued] = []
        """What has not been sent yet."""
        self._uses: dict[RoomName, int] = {}
        """How many members and trackers of this process a room has."""
        self._tracked: set[tuple[RoomName, ConnectionId]] = set()
        log.inboxes[node] = deque()
        self.carry_out: Callable[[list[Effect]], object] = lambda effects: None
        self.now: Callable[[], float] = lambda: 0.0

    # The network

    def push(self) -> bool:
        """Send what waits, as one batch. False if there is nothing."""
        batch, self._waiting = self._waiting, []
        if batch:
            self.log.append(self.node, batch)
        return bool(batch)

    def pull(self) -> bool:
        """Read one entry. False if there is none."""
        inbox = self.log.inboxes[self.node]
        if not inbox:
            return False
        for place, actor, what in inbox.popleft():
            self._arrivals.history.place = place
            self.carry_out(self._take(what))
            seat = None if actor is None else self._seats.get(actor)
            if seat is not None:
                seat.under_way -= 1
        return True

    def _take(self, what: Change | Loaded | Disinterest | None) -> list[Effect]:
        presence, now = self._arrivals.presence, self.now()
        if what is None:
            return []
        if isinstance(what, Loaded):
            others = [entry for entry in what.entries if entry.node != self.node]
            return presence.load(what.room, others, now)
        if isinstance(what, Disinterest):
            presence.unload(what.room)
            return []
        return self._arrivals.apply((what,), now)

    def _queue(self, op: Op, actor: ConnectionId | None) -> list[Effect]:
        self._waiting.append(Queued(actor, op))
        seat = None if actor is None else self._seats.get(actor)
        if seat is not None:
            seat.under_way += 1
        return []

    def _use(self, room: RoomName) -> None:
        self._uses[room] = self._uses.get(room, 0) + 1
        if self._uses[room] == 1:
            self._queue(Interest(room), None)

    def _release(self, room: RoomName) -> None:
        self._uses[room] -= 1
        if not self._uses[room]:
            del self._uses[room]
            self._queue(Disinterest(room), None)

    # The port

    def connected(self, connection_id: ConnectionId) -> None:
        self._queue(Connected(connection_id), None)

    def disconnected(self, connection_id: ConnectionId) -> None:
        self._queue(Disconnected(connection_id), None)

    def barrier(self, connection_id: ConnectionId) -> Awaitable[None] | None:
        seat = self._seats.get(connection_id)
        return None if seat is None or not seat.under_way else _Until(lambda: not seat.under_way)

    def join(
        self,
        connection_id: ConnectionId,
        room: RoomName,
        now: float,
        *,
        is_tracked: bool = False,
        recalls: int = 0,
    ) -> list[Effect]:
        self._use(room)
        return self._queue(Joined(connection_id, room, is_tracked, recalls), connection_id)

    def leave(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        self._queue(Left(connection_id, room), connection_id)
        self._release(room)
        return []

    def publish(
        self,
        room: RoomName,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        return self._queue(Message(room, payload, options), actor)

    def publish_all(
        self,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        return self._queue(MessageToAll(payload, options), actor)

    def send(
        self,
        connection_id: ConnectionId,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        if self._is_in_order(connection_id, actor):
            return self._arrivals.message_to_one(connection_id, payload, options)
        return self._queue(MessageToOne(connection_id, payload, options), actor)

    def close(
        self, connection_id: ConnectionId, code: int, reason: str, actor: ConnectionId | None = None
    ) -> list[Effect]:
        if self._is_in_order(connection_id, actor):
            return self._arrivals.closed(connection_id, code, reason)
        return self._queue(Closed(connection_id, code, reason), actor)

    def _is_in_order(self, connection_id: ConnectionId, actor: ConnectionId | None) -> bool:
        """Whether it is here, and neither its own changes nor the actor's are under way."""
        seats = [self._seats.get(connection_id)]
        if actor is not None and actor != connection_id:
            seats.append(self._seats.get(actor))
        return all(seat is not None and not seat.under_way for seat in seats)

    def track(self, room: RoomName, entry: Entry, now: float) -> list[Effect]:
        if (room, entry.connection_id) not in self._tracked:
            self._tracked.add((room, entry.connection_id))
            self._use(room)
        return self._queue(Tracked(room, entry), entry.connection_id)

    def revise(
        self, room: RoomName, connection_id: ConnectionId, body: str, now: float
    ) -> list[Effect]:
        return self._queue(Revised(room, connection_id, body), connection_id)

    def untrack(self, room: RoomName, connection_id: ConnectionId, now: float) -> list[Effect]:
        self._queue(Untracked(room, connection_id), connection_id)
        self._tracked.discard((room, connection_id))
        self._release(room)
        return []

    async def connections(self) -> list[ConnectionId]:
        return list(self.log.connections)

    async def connection_count(self) -> int:
        return len(self.log.connections)

    async def members(self, room: RoomName) -> list[ConnectionId]:
        return list(self.log.members.get(room, ()))

    async def member_count(self, room: RoomName) -> int:
        return len(self.log.members.get(room, ()))

    async def users(self, room: RoomName) -> list[dict[str, Any]]:
        return self.log.roster.users(room)

    async def user(self, room: RoomName, key: str) -> dict[str, Any] | None:
        return self.log.roster.user(room, key)

    async def user_count(self, room: RoomName) -> int:
        return self.log.roster.user_count(room)

    async def past(self, room: RoomName, count: int) -> list[Past]:
        return self._arrivals.history.past(room, count)


class _Until:
    """Awaited until something holds."""

    def __init__(self, holds: Callable[[], bool]) -> None:
        self._holds = holds

    def __await__(self) -> Generator[None, None, None]:
        while not self._holds():
            yield


class LogBench(Bench):
    """A process with a fake transport, on a log."""

    def __init__(self, log: MemoryLog, node: str, refs: Iterator[int], **settings: Any) -> None:
        super().__init__(lambda arrivals: LogBroker(log, node, arrivals), refs, **settings)
        self.broker.carry_out = self.deliver
        self.broker.now = lambda: self.now

    @property
    def broker(self) -> LogBroker:
        broker = self.hub.broker
        assert isinstance(broker, LogBroker)
        return broker


def arrive(processes: Sequence[Bench]) -> None:
    """Send and read until nothing is under way in any of *processes*."""
    brokers = [bench.hub.broker for bench in processes]
    assert all(isinstance(broker, LogBroker) for broker in brokers)
    while any([broker.push() for broker in brokers] + [broker.pull() for broker in brokers]):  # type: ignore[attr-defined]
        pass
