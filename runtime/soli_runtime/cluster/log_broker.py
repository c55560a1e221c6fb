"""The broker of one node among several that share a log.

Every node reads the whole log and applies all of it, in order, its own operations too; so all nodes
know all connections, members and trackings, and nothing has to be asked for. This half is pure: it
makes batches of what is submitted (`outbox`), and applies entries as they were read (`replica`,
`lifecycle`, `elsewhere`). `node` carries both to and from Redis.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.answers import Answer
from ..core.effects import (
    SLICE,
    ConnectionId,
    Effect,
    Payload,
    RoomName,
    SendOptions,
    Slices,
)
from ..core.history.rings import History, Past
from ..core.operations.arrivals import TIMELESS, Arrivals
from ..core.operations.records import (
    DECLARATIONS,
    Change,
    Declaration,
    Hearers,
    Message,
    Operation,
    Order,
    StateChanged,
    Submitted,
    Untracked,
)
from ..core.seats import Seat
from . import codec
from .elsewhere import Elsewhere
from .host import Done, Surroundings
from .keeping import place_of
from .lifecycle import Lifecycle
from .outbox import Outbox
from .questions import Questions
from .replica import Replica

MAX_ROOMS_NOTED = 10_000
"""Rooms of which is known which version was told last; of others more is told than is needed."""
MAX_UNKNOWN = 100
"""Unknown operations that are told of, each once."""


SLICE_WORTH = 2 * SLICE
"""A slice may have to enlarge several tables that have an entry for each connection."""


class VersionsTold(dict[RoomName, int]):
    """The newest version of the state of rooms that was read, or submitted by *node*."""

    def __init__(self, node: str) -> None:
        super().__init__()
        self.node = node

    def note(self, operation: StateChanged) -> None:
        """That one is in the log, or about to be."""
        room, version = operation.room, operation.version
        if version > self.get(room, 0):
            self[room] = version


class LogBroker:
    """See the module: a `Broker`, and what carries its operations."""

    def __init__(self, arrivals: Arrivals, surroundings: Surroundings) -> None:
        self._arrivals = arrivals
        self._seats = arrivals.seats
        self._host, self._carrier, _, _ = surroundings
        self.outbox = Outbox(arrivals.seats, surroundings)
        self.replica = Replica(arrivals, surroundings.clock)
        self.questions = Questions(self.outbox)
        self.elsewhere = Elsewhere(self._host, self.outbox, self.replica)
        self.lifecycle = Lifecycle(
            self.replica, self.outbox, self.questions, self.elsewhere, surroundings
        )
        self._appliers = {**self.elsewhere.appliers, **self.lifecycle.appliers}
        self._unknown: set[object] = set()
        """Codes of operations that were told to be unknown."""
        self._versions = VersionsTold("")

    @property
    def history(self) -> History:
        """What rooms keep, as far as the log was read."""
        return self._arrivals.history

    @property
    def node(self) -> str:
        """The name under which this node writes; it may change."""
        return self.replica.node

    @property
    def has_to_wait(self) -> bool:
        """Whether nothing may arrive now, as what arrived has to be written first."""
        return self._host.is_far_ahead

    @property
    def is_away(self) -> bool:
        """Whether the log cannot be reached."""
        return self.questions.is_away

    def until_quiet(self) -> Done | None:
        """Done when all has been seen that is pending now; None: nothing is."""
        return None if self.outbox.is_empty else self.outbox.until_seen()

    def catch_up(self, position: str) -> Iterator[None]:
        """Tell members what was said since *position*, which did not come this way; in slices."""
        for effects in self._arrivals.catch_up(position):
            self._host.carry_out(effects)
            yield

    def renew(self, epoch: str) -> None:
        """Redis was started again, and lost nothing that this node knows."""
        self._host.carry_out(self._arrivals.renew(epoch))

    # The way out

    def change(self, operation: Change, now: float) -> list[Effect]:
        if isinstance(operation, Untracked):
            self.lifecycle.over(operation, self._seats)
        self.outbox.put(operation, operation.connection_id)
        return []

    def submit(self, operation: Submitted, actor: ConnectionId | None = None) -> list[Effect]:
        declaration = DECLARATIONS[operation.__class__]
        if declaration.order is Order.BEHIND_PENDING and self._is_in_order(operation[0], actor):
            return self._arrivals.apply(operation, TIMELESS)
        if declaration.has_options:
            options: SendOptions | None = operation[-1]  # type: ignore[assignment]
            if options is not None and options.key is not None:
                self.outbox.put_volatile(operation, actor, is_away=self.questions.is_away)
                return []
        self.outbox.put(operation, actor)
        return []

    def publish(
        self,
        room: RoomName,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        if options is not None:
            return self.submit(Message(room, payload, options), actor)
        self.outbox.put(Message(room, payload), actor)
        return []

    def tell_state(
        self, operation: StateChanged, now: float, actor: ConnectionId | None = None
    ) -> list[Effect]:
        room, version = operation.room, operation.version
        versions = self._versions_of(self.node)
        # What others committed just before, and may not have told yet: so versions come in their
        # order everywhere, and also those are told of whom nobody is left.
        for made in self._arrivals.states.kept.made(room, versions.get(room), version):
            self.outbox.put(StateChanged(room, made.version, *made.diff), None)
        versions.note(operation)
        self.outbox.put(operation, actor)
        return []

    def _versions_of(self, node: str) -> VersionsTold:
        """What was submitted under another name may have been dropped."""
        if self._versions.node != node or len(self._versions) > MAX_ROOMS_NOTED:
            self._versions = VersionsTold(node)
        return self._versions

    def _is_in_order(self, connection_id: Any, actor: ConnectionId | None) -> bool:
        """Whether it is here, and nothing is pending of it, nor of who acts.

        Without this what is sent to one connection would overtake what its sender published before.
        """
        seat = self._seats.get(connection_id)
        if seat is None or seat.under_way:
            return False
        if actor is None or actor == connection_id:
            return True
        acting: Seat | None = self._seats.get(actor)
        return acting is not None and not acting.under_way

    # The way in

    def arrived(
        self, position: int, origin: str, number: int, heads: bytes, payloads: bytes
    ) -> Iterator[int]:
        """The entry at *position* of the log was read; how many operations each slice is worth.

        Between slices others have their turns, and nothing else of the log is applied. Effects are
        carried out one operation after another. One that fails does not stop the rest. Raises
        whatever comes of an entry that is none.
        """
        items = self.outbox.returned(number, heads) if origin == self.node else None
        history, place = self._arrivals.history, place_of(position, 0)
        if items is None:
            yield from self._arrived_from_others(origin, place, codec.heads_in(heads), payloads)
            return
        carry_out = self._host.carry_out
        for history.place, item in enumerate(items, place):
            try:
                effects = self._apply(origin, item.operation)
                if isinstance(effects, list):
                    carry_out(effects)
                else:
                    yield from self.in_slices(effects)
            except Exception as error:
                self._carrier.faulted(error)
            self.outbox.seen(item)
        yield len(items)

    def _arrived_from_others(
        self, origin: str, place: int, heads: list[list[Any]], payloads: bytes
    ) -> Iterator[int]:
        history, carry_out = self._arrivals.history, self._host.carry_out
        start = 0
        for history.place, head in enumerate(heads, place):
            declaration = codec.BY_CODE.get(head[0])
            if declaration is None:
                self._pass_over(head[0], origin)
                continue
            payload: Payload | None = None
            if declaration.payload is not None:
                size = head.pop()
                end = start + codec.length_of(size)
                is_heard = self._is_heard(declaration, head)
                if is_heard:
                    payload = codec.payload_at(payloads, start, size)
                start = end
                if not is_heard:
                    continue
            try:
                operation = codec.operation_of(declaration, head, payload, origin)
                effects = self._apply(origin, operation)
                if isinstance(effects, list):
                    carry_out(effects)
                else:
                    yield from self.in_slices(effects)
            except Exception as error:
                self._carrier.faulted(error)
        yield len(heads)

    def in_slices(self, slices: Slices) -> Iterator[int]:
        """Carry out slice by slice what concerns many; how many operations each is worth."""
        for effects in slices:
            try:
                self._host.carry_out(effects)
            except Exception as error:
                self._carrier.faulted(error)
            yield SLICE_WORTH

    def _is_heard(self, declaration: Declaration, head: list[Any]) -> bool:
        """Whether somebody of this process hears of it, or this process keeps it."""
        if declaration.hearers is Hearers.MEMBERS:
            room = head[1]
            return (
                room in self._arrivals.rooms
                or room in self._arrivals.states.expecting
                or (bool(self.history.rules) and self.history.keeps(room))
            )
        return declaration.hearers is not Hearers.CONNECTION or head[1] in self._seats

    def _pass_over(self, code: object, origin: str) -> None:
        """An operation of another version: there is nothing that could be done, but to say so."""
        if code not in self._unknown and len(self._unknown) < MAX_UNKNOWN:
            self._unknown.add(code)
            self._carrier.faulted(codec.UnknownOperation(code, origin))

    def _apply(self, origin: str, operation: Operation) -> list[Effect] | Slices:
        if operation.__class__ is StateChanged:
            self._versions.note(operation)
        applier = self._appliers.get(operation.__class__)
        if applier is not None:
            return applier(origin, operation)
        return self.replica.apply(origin, operation)

    # Questions

    def connections(self) -> Answer[list[ConnectionId]]:
        return self.questions.answer(lambda: list(self.replica.homes))

    def connection_count(self) -> Answer[int]:
        return self.questions.answer(lambda: len(self.replica.homes))

    def members(self, room: RoomName) -> Answer[list[ConnectionId]]:
        return self.questions.answer(lambda: self.replica.members(room))

    def member_count(self, room: RoomName) -> Answer[int]:
        return self.questions.answer(lambda: self.replica.member_count(room))

    def users(self, room: RoomName) -> Answer[list[dict[str, Any]]]:
        return self.questions.answer(lambda: self._arrivals.presence.roster.users(room))

    def user(self, room: RoomName, key: str) -> Answer[dict[str, Any] | None]:
        return self.questions.answer(lambda: self._arrivals.presence.roster.user(room, key))

    def user_count(self, room: RoomName) -> Answer[int]:
        return self.questions.answer(lambda: self._arrivals.presence.roster.user_count(room))

    def past(self, room: RoomName, count: int) -> Answer[list[Past]]:
        return self.questions.answer(lambda: self._arrivals.history.past(room, count))
