"""A log in memory under the broker that ships: several processes, and no network.

A `MemoryLog` is what the processes share: the bytes of their batches in one order. A process sends
(`push`) and reads (`pull`) when it is told to, so a test can interleave them as it likes; its time
is a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from soli_runtime.cluster import codec
from soli_runtime.cluster.host import Bounds, Surroundings
from soli_runtime.cluster.log_broker import LogBroker
from soli_runtime.core.effects import ConnectionId, Payload, RoomName, Slices
from soli_runtime.core.operations.arrivals import Arrivals
from soli_runtime.core.operations.records import (
    Joined,
    Left,
    Message,
    Operation,
    Revised,
    Tracked,
    Untracked,
)
from soli_runtime.core.roster import Roster
from soli_runtime.core.seats import Seat
from soli_runtime.http.sse import Topics

from .presence_clients import Bench

Entry = tuple[int, str, int, bytes, bytes]
"""Position, origin, number there, heads, payloads."""


class MemoryLog:
    """The order of all operations, and what is true after the last of them.

    The truth is told by itself, from the operations, and not by what is tested.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.numbers: dict[str, int] = {}
        """Of the newest batch of each node that lives."""
        self.members: dict[RoomName, dict[ConnectionId, None]] = {}
        self.roster = Roster()
        """Everybody's, with the names of nodes."""
        self.messages: list[tuple[RoomName, Payload]] = []
        """Every message to a room, in the one order."""

    def hello(self, node: str) -> int:
        """Register a node; the position at which it begins."""
        self.numbers[node] = 0
        self._write("", 0, [["h", node]], b"")
        return len(self.entries) - 1

    def end(self, node: str) -> None:
        """A node is dead: every other one is told."""
        del self.numbers[node]
        self._write("", 0, [["e", node]], b"")

    def append(self, node: str, number: int, fields: Sequence[str | bytes]) -> None:
        """One batch of *node*; the same once more changes nothing."""
        if number <= self.numbers[node]:
            return
        assert number == self.numbers[node] + 1
        self.numbers[node] = number
        _, heads, _, payloads = fields
        assert isinstance(heads, str)
        assert isinstance(payloads, bytes)
        for operation in operations_in(heads.encode(), payloads, node):
            self._record(node, operation)
        self.entries.append((len(self.entries) + 1, node, number, heads.encode(), payloads))

    def _write(self, node: str, number: int, heads: list[list[Any]], payloads: bytes) -> None:
        text = codec.text_of(heads).encode()
        self.entries.append((len(self.entries) + 1, node, number, text, payloads))

    def _record(self, node: str, operation: Operation) -> None:
        match operation:
            case Joined(connection_id, room):
                self.members.setdefault(room, {})[connection_id] = None
            case Left(connection_id, room):
                self.members.get(room, {}).pop(connection_id, None)
                if not self.members.get(room):
                    self.members.pop(room, None)
            case Message(room, payload):
                self.messages.append((room, payload))
            case Tracked(room, connection_id):
                if self.roster.tracked_as(room, connection_id) is not None:
                    self.roster.detach(room, connection_id)
                self.roster.attach(room, operation.entry(node))
            case Revised(room, connection_id, body):
                self.roster.revise(room, connection_id, body)
            case Untracked(room, connection_id):
                self.roster.detach(room, connection_id)


def operations_in(heads: bytes, payloads: bytes, origin: str = "n") -> Iterator[Operation]:
    """The operations of an entry."""
    start = 0
    for head in codec.heads_in(heads):
        declaration = codec.BY_CODE[head[0]]
        payload = None
        if declaration.payload is not None:
            size = head.pop()
            payload = codec.payload_at(payloads, start, size)
            start += codec.length_of(size)
        yield codec.operation_of(declaration, head, payload, origin)


class BrokerBench(Bench):
    """A process with a fake transport and the broker of a node: its host and its carrier."""

    def __init__(
        self, refs: Iterator[int] | None = None, bounds: Bounds | None = None, **settings: Any
    ) -> None:
        self._bounds = Bounds() if bounds is None else bounds
        self.faults: list[Exception] = []
        self.told: list[tuple[Any, ...]] = []
        """What was asked of the process beside effects."""
        self.streams = Topics()
        super().__init__(self._broker_of, refs, **settings)
        self.streams.elsewhere = self.broker.elsewhere

    def _broker_of(self, arrivals: Arrivals) -> LogBroker:
        return LogBroker(arrivals, Surroundings(self, self, self.clock, self._bounds))

    @property
    def broker(self) -> LogBroker:
        broker = self.hub.broker
        assert isinstance(broker, LogBroker)
        return broker

    # The host

    @property
    def carry_out(self) -> Any:
        return self.deliver

    def close_user_here(self, user: str, reason: str, code: int) -> None:
        self.told.append(("close_user", user, reason, code))

    def end_session_here(self, session_id: str) -> None:
        self.told.append(("end_session", session_id))

    def deliver_topic(self, topic: str, data: bytes) -> None:
        self.streams.deliver(topic, data)

    def topic_counts(self) -> list[tuple[str, int]]:
        return self.streams.counts()

    is_far_ahead = False

    def hold_back(self, seat: Seat, is_behind: bool) -> None:
        self.told.append(("hold_back", seat.connection_id, is_behind))

    # The carrier

    def queued(self) -> None:
        pass

    def accounted(self) -> None:
        pass

    def insert(self, slices: Slices) -> None:
        for _ in self.broker.in_slices(slices):
            pass

    def asked(self) -> None:
        self.told.append(("asked",))

    def faulted(self, error: Exception) -> None:
        self.faults.append(error)


class LogBench(BrokerBench):
    """A process with a fake transport, on a log in memory."""

    def __init__(
        self,
        log: MemoryLog,
        node: str,
        refs: Iterator[int],
        bounds: Bounds | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(refs, bounds, **settings)
        self.log = log
        self.begin(node)

    def begin(self, node: str) -> None:
        """Write as *node* from now on."""
        self.read = self.log.hello(node)
        self.broker.lifecycle.begin(node)

    def push(self) -> bool:
        """Send what waits, twice: the second time as if the answer had been lost.

        False if there is nothing.
        """
        batch = self.broker.outbox.next_batch()
        if batch is None:
            return False
        for _ in range(2):
            self.log.append(self.broker.node, batch.number, batch.fields())
        return True

    def pull(self) -> bool:
        """Read one entry. False if there is none."""
        if self.read == len(self.log.entries):
            return False
        entry = self.log.entries[self.read]
        self.read += 1
        for _ in self.broker.arrived(*entry):
            pass
        return True


def arrive(processes: Sequence[Bench]) -> None:
    """Send and read until nothing is pending in any of *processes*."""
    benches = [bench for bench in processes if isinstance(bench, LogBench)]
    assert len(benches) == len(processes)
    while any([bench.push() for bench in benches] + [bench.pull() for bench in benches]):
        pass
    assert [bench.faults for bench in benches] == [[]] * len(benches)
