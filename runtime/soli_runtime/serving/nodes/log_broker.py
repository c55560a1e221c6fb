"""The broker of one node among several that share a log.

Every node reads the whole log and applies all of it, in order, its own changes too; so all nodes
know all connections, members and trackings, and nothing has to be asked for. This half is pure: it
makes batches of what is asked for (`outbox`), and takes entries as they were read (`replica`).
`node` carries both to and from Redis.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from soli_lang.base.errors import SoliError

from ...core.answers import Answer
from ...core.arrivals import Arrivals
from ...core.effects import ConnectionId, Effect, Payload, RoomName, SendOptions
from ...core.history.rings import History, Past
from ...core.roster import Entry
from .keeping import place_of
from .options import options_in, with_options
from .outbox import Batch, Done, Head, Outbox, Queued, payload_at
from .replica import Replica
from .topics import TopicCounts

T = TypeVar("T")

WITH_PAYLOAD = frozenset("mbdp")
"""Kinds of operations that a payload belongs to."""


AGAIN_SECONDS = 5.0
"""After which it is said again that the users of a dead node had their time."""


class LogBroker:
    """See the module.

    When more than *max_bytes* waited to be sent, `must_begin_anew` is set (see `Outbox`).
    """

    def __init__(
        self,
        arrivals: Arrivals,
        max_bytes: int = 64 << 20,
        grace_seconds: float = 0.0,
        wait_seconds: float = 0.0,
    ) -> None:
        self.outbox = Outbox(arrivals.seats, max_bytes, wait_seconds)
        self.replica = Replica(arrivals)
        self.carry_out: Callable[[list[Effect]], object] = lambda effects: None
        self.on_account: Callable[[], object] = lambda: None
        self.on_asked: Callable[[], object] = lambda: None
        self.on_fault: Callable[[Exception], object] = lambda error: None
        """Called with the error of an operation that could not be applied."""
        self.on_queued: Callable[[], object] = lambda: None
        self.close_user_here: Callable[[str, str, int], object] = lambda user, reason, code: None
        self.end_session_here: Callable[[str], object] = lambda session_id: None
        self.deliver_topic: Callable[[str, bytes], object] = lambda topic, data: None
        self.own_topics: Callable[[], list[tuple[str, int]]] = list
        """How many subscribers of server-sent events this process has, by topic."""
        self._topics = TopicCounts()
        self.is_away = False
        """Whether the log cannot be reached: questions that would have to wait for it fail."""
        self._questions: set[Done] = set()
        """What programs wait for."""
        self.must_begin_anew = False
        self.call_later: Callable[[float, Callable[[], None]], object] = lambda seconds, call: None
        self._grace_seconds = grace_seconds
        self._over: dict[tuple[RoomName, ConnectionId], None] = {}
        """What of connections of this process lingered, and is over: until that was seen."""
        self._arrivals = arrivals
        self._seats = arrivals.seats
        replica = self.replica
        self._take: dict[str, Callable[..., list[Effect]]] = {
            "c": replica.take_connected,
            "x": replica.take_disconnected,
            "j": replica.take_joined,
            "l": replica.take_left,
            "k": self._take_closed,
            "t": replica.take_tracked,
            "r": replica.take_revised,
            "u": self._take_untracked,
            "g": replica.take_lingering,
            "v": replica.take_end_of_lingering,
            "a": self._take_account,
            "w": self._take_user_closed,
            "e": self._take_end,
            "h": self._take_hello,
            "s": self._take_question,
            "o": self._take_session_ended,
            "n": self._take_subscribers,
        }

    @property
    def history(self) -> History:
        """What rooms keep, as far as the log was read."""
        return self._arrivals.history

    def catch_up(self, position: str) -> None:
        """Tell members what was said since *position*, which did not come this way."""
        self.carry_out(self._arrivals.catch_up(position))

    def renew(self, epoch: str) -> None:
        """Redis was started again, and lost nothing that this node knows."""
        self.carry_out(self._arrivals.renew(epoch))

    @property
    def node(self) -> str:
        """The name under which this node writes; it may change."""
        return self.replica.node

    # The way out

    def until_quiet(self) -> Done | None:
        """Done when all has been seen that is under way now; None: nothing is."""
        return None if self.outbox.is_empty else self.outbox.until_seen()

    def next_batch(self) -> Batch | None:
        """What is to be appended next; it counts as sent. None: nothing waits."""
        return self.outbox.next_batch()

    def begin(self, node: str) -> None:
        """Write as *node* from now on, an account first (see `Outbox.begin`)."""
        self.must_begin_anew = False
        self.replica.begin(node)
        self.outbox.begin(Queued(None, self._account(), None))
        for room, connection_id in self._over:  # it may have been dropped with what was sent
            self._queue(["u", room, connection_id])
        self.on_queued()

    def _queue(
        self, head: Head, actor: ConnectionId | None = None, payload: Payload | None = None
    ) -> list[Effect]:
        return self._put(Queued(actor, head, payload))

    def _put(self, item: Queued) -> list[Effect]:
        if not self.outbox.put(item):
            self.must_begin_anew = True
        self.on_queued()
        return []

    # The way in

    def arrived(
        self, position: int, origin: str, number: int, heads: bytes, payloads: bytes
    ) -> int:
        """The entry at *position* of the log was read; how many operations it has.

        Effects are carried out one operation after another. One that fails does not stop the rest.
        """
        items = self.outbox.returned(number, heads) if origin == self.node else None
        history, place = self._arrivals.history, place_of(position, 0)
        if items is None:
            return self._arrived_from_others(origin, place, json.loads(heads), payloads)
        for history.place, item in enumerate(items, place):
            try:
                self.carry_out(self._arrive(origin, item.head, item.payload))
            except Exception as error:
                self.on_fault(error)
            self.outbox.seen(item)
        return len(items)

    def _arrived_from_others(
        self, origin: str, place: int, heads: list[Head], payloads: bytes
    ) -> int:
        rooms, history = self._arrivals.rooms, self._arrivals.history
        keeps = history.keeps if history.rules else _never
        start = 0
        for history.place, head in enumerate(heads, place):
            kind, payload = head[0], None
            if kind in WITH_PAYLOAD:
                size = head.pop()
                end = start + (size if size >= 0 else ~size)
                if kind != "m" or head[1] in rooms or keeps(head[1]):
                    payload = payload_at(payloads, start, size)
                start = end
                if payload is None:
                    continue  # nobody is in that room here, and it keeps nothing
            try:
                self.carry_out(self._arrive(origin, head, payload))
            except Exception as error:
                self.on_fault(error)
        return len(heads)

    def _arrive(self, origin: str, head: Head, payload: Payload | None) -> list[Effect]:
        kind = head[0]
        if payload is not None:
            if kind == "m":
                return self._arrivals.message(head[1], payload, options_in(head, 2))
            if kind == "b":
                return self._arrivals.message_to_all(payload, options_in(head, 1))
            if kind == "p":
                assert isinstance(payload, bytes)
                self.deliver_topic(head[1], payload)
                return []
            return self._arrivals.message_to_one(head[1], payload, options_in(head, 2))
        take = self._take.get(kind)
        # A kind that is not known is of a newer node: there is nothing that we could do.
        return [] if take is None else take(origin, *head[1:])

    def _take_closed(
        self, origin: str, connection_id: ConnectionId, code: int, reason: str
    ) -> list[Effect]:
        return self._arrivals.closed(connection_id, code, reason)

    def _take_user_closed(self, origin: str, user: str, code: int, reason: str) -> list[Effect]:
        self.close_user_here(user, reason, code)
        return []

    def _take_session_ended(self, origin: str, session_id: str) -> list[Effect]:
        self.end_session_here(session_id)
        return []

    def _take_subscribers(self, origin: str, topic: str, count: int) -> list[Effect]:
        self._topics.take(origin, topic, count)
        return []

    # Nodes

    def _take_hello(self, origin: str, node: str) -> list[Effect]:
        if node != self.node:
            self._queue(self._account())
        return []

    def _account(self) -> Head:
        return [*self.replica.account(), self.own_topics()]

    def _take_question(self, origin: str, whose: str) -> list[Effect]:
        self.on_asked()
        return []

    def _take_account(self, origin: str, *account: Any) -> list[Effect]:
        known = set(self.replica.ended)
        *of_replica, topics = account
        self._topics.take_all(origin, topics)
        effects = self.replica.take_account(origin, *of_replica)
        for node in self.replica.ended.keys() - known:
            self._end_later(node)
        self.on_account()
        return effects

    def _take_end(self, origin: str, node: str) -> list[Effect]:
        if node == self.node:
            self.must_begin_anew = True  # the others believe that we are dead
            self.on_queued()
            return []
        return self._end(node)

    def _end(self, node: str) -> list[Effect]:
        """A node is dead; its users have the time of grace to come back elsewhere.

        Every node tells when it is over: whoever comes first is right, the others change nothing.
        """
        self._topics.end(node)
        effects = self.replica.end(node, lingers=self._grace_seconds > 0)
        if node in self.replica.ended:
            self._end_later(node)
        return effects

    def _end_later(self, node: str) -> None:
        self.call_later(self._grace_seconds, lambda: self._end_lingering(node))

    def _end_lingering(self, node: str) -> None:
        if node in self.replica.ended:
            if not self.is_away:
                self._queue(["v", node])
            # It may be dropped when this node begins anew.
            self.call_later(AGAIN_SECONDS, lambda: self._end_lingering(node))

    def _take_untracked(
        self, origin: str, room: RoomName, connection_id: ConnectionId
    ) -> list[Effect]:
        self._over.pop((room, connection_id), None)
        return self.replica.take_untracked(origin, room, connection_id)

    def end_unaccounted(self) -> None:
        """Nodes that gave no account since this one began are gone."""
        for node in self.replica.unaccounted():
            self.carry_out(self._end(node))

    # The port

    def connected(self, connection_id: ConnectionId) -> None:
        self._queue(["c", connection_id])

    def disconnected(self, connection_id: ConnectionId) -> None:
        self._queue(["x", connection_id])

    def barrier(self, connection_id: ConnectionId) -> Awaitable[None] | None:
        seat = self._seats.get(connection_id)
        return None if seat is None or not seat.under_way else self.outbox.until_seen()

    def join(
        self,
        connection_id: ConnectionId,
        room: RoomName,
        now: float,
        *,
        is_tracked: bool = False,
        recalls: int = 0,
    ) -> list[Effect]:
        return self._queue(["j", connection_id, room, is_tracked, recalls], connection_id)

    def leave(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        return self._queue(["l", connection_id, room], connection_id)

    def publish(
        self,
        room: RoomName,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        if options is None:
            return self._queue(["m", room], actor, payload)
        return self._queue_with(["m", room], actor, payload, options)

    def publish_all(
        self,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        if options is None:
            return self._queue(["b"], actor, payload)
        return self._queue_with(["b"], actor, payload, options)

    def send(
        self,
        connection_id: ConnectionId,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        if self._is_in_order(connection_id, actor):
            return self._arrivals.message_to_one(connection_id, payload, options)
        if options is None:
            return self._queue(["d", connection_id], actor, payload)
        return self._queue_with(["d", connection_id], actor, payload, options)

    def _queue_with(
        self, head: Head, actor: ConnectionId | None, payload: Payload, options: SendOptions
    ) -> list[Effect]:
        """A message with options. A volatile one waits for no log that is away."""
        if options.key is None:
            return self._queue(with_options(head, options), actor, payload)
        slot = (*head, options.sender, options.key)
        self.outbox.drop_volatile(slot)
        if self.is_away:
            self.outbox.volatile_dropped += 1
            return []
        item = Queued(actor, with_options(head, options), payload)
        self.outbox.volatile[slot] = item
        return self._put(item)

    def close(
        self, connection_id: ConnectionId, code: int, reason: str, actor: ConnectionId | None = None
    ) -> list[Effect]:
        if self._is_in_order(connection_id, actor):
            return self._arrivals.closed(connection_id, code, reason)
        return self._queue(["k", connection_id, code, reason], actor)

    def close_user(self, user: str, reason: str, code: int) -> None:
        """Close the connections of a user in every node, this one included."""
        self._queue(["w", user, code, reason])

    def end_session(self, session_id: str) -> None:
        """Close the connections that came with a session, in every node."""
        self._queue(["o", session_id])

    # Topics of server-sent events (`http.sse.Elsewhere`)

    def publish_topic(self, topic: str, data: bytes) -> None:
        self._queue(["p", topic], None, data)

    def tell_subscribers(self, topic: str, count: int) -> None:
        self._queue(["n", topic, count])

    def subscribers_elsewhere(self, topic: str) -> int:
        return self._topics.count(topic, self.replica.names)

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
        if connection_id not in self._seats:
            self._over[room, connection_id] = None
        return self._queue(["u", room, connection_id], connection_id)

    def linger(self, connection_id: ConnectionId, rooms: Sequence[RoomName]) -> None:
        self._queue(["g", connection_id])

    # Questions

    def connections(self) -> Answer[list[ConnectionId]]:
        return self._answer(lambda: list(self.replica.homes))

    def connection_count(self) -> Answer[int]:
        return self._answer(lambda: len(self.replica.homes))

    def members(self, room: RoomName) -> Answer[list[ConnectionId]]:
        return self._answer(lambda: self.replica.members(room))

    def member_count(self, room: RoomName) -> Answer[int]:
        return self._answer(lambda: self.replica.member_count(room))

    def users(self, room: RoomName) -> Answer[list[dict[str, Any]]]:
        return self._answer(lambda: self._arrivals.presence.roster.users(room))

    def user(self, room: RoomName, key: str) -> Answer[dict[str, Any] | None]:
        return self._answer(lambda: self._arrivals.presence.roster.user(room, key))

    def past(self, room: RoomName, count: int) -> Answer[list[Past]]:
        return self._answer(lambda: self._arrivals.history.past(room, count))

    def user_count(self, room: RoomName) -> Answer[int]:
        return self._answer(lambda: self._arrivals.presence.roster.user_count(room))

    def _answer(self, ask: Callable[[], T]) -> Answer[T]:
        """From what this node knows, once it knows what itself did before."""
        if self.outbox.is_empty:
            return ask()
        if self.is_away:
            raise _away()
        return self._when(self.outbox.until_seen(), ask)

    async def _when(self, done: Done, ask: Callable[[], T]) -> T:
        self._questions.add(done)
        try:
            await done
        finally:
            self._questions.discard(done)
        if self.is_away:
            raise _away()
        return ask()

    def go_away(self) -> None:
        """The log cannot be reached: who waits for an answer is told."""
        self.is_away = True
        for question in self._questions:
            if not question.done():
                question.set_result(None)


def _never(room: RoomName) -> bool:
    return False


def _away() -> SoliError:
    return SoliError("the broker is away: what other processes know cannot be told")
