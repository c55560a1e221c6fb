"""Nodes that begin, give accounts and end, as the log tells of them."""

from __future__ import annotations

from ..core.effects import Effect, Slices
from ..core.operations.records import Untracked
from ..core.seats import Seats
from .accounts import Giving, Pages
from .elsewhere import Elsewhere
from .host import Surroundings
from .operations import Account, LingeringEnded, NodeBegan, NodeEnded, NodesAsked, Nothing
from .outbox import Outbox
from .questions import Questions
from .replica import Applier, Replica

AGAIN_SECONDS = 5.0
"""After which it is said again that the users of a dead node had their time."""


class Lifecycle:
    """See the module."""

    def __init__(
        self,
        replica: Replica,
        outbox: Outbox,
        questions: Questions,
        elsewhere: Elsewhere,
        surroundings: Surroundings,
    ) -> None:
        self._replica = replica
        self._outbox = outbox
        self._questions = questions
        self._elsewhere = elsewhere
        self._host, self._carrier, self._clock, bounds = surroundings
        self._grace_seconds = bounds.grace_seconds
        self._giving = Giving(self._account, outbox.put)
        self._over: dict[Untracked, None] = {}
        """What of connections of this process lingered, and is over: until that was seen."""
        self.appliers: dict[type, Applier] = {
            Account: self._accounted,
            NodeBegan: self._began,
            NodeEnded: self._ended,
            NodesAsked: self._asked,
            Untracked: self._untracked,
            Nothing: _nothing,
        }

    def begin(self, node: str) -> None:
        """Write as *node* from now on, an account first (see `Outbox.begin`)."""
        self._replica.begin(node)
        self._giving.give_up()
        # All of it as it is now: what waits goes out behind it.
        self._outbox.begin(list(self._account()))
        for operation in self._over:  # it may have been dropped with what was sent
            self._outbox.put(operation)

    def over(self, operation: Untracked, seats: Seats) -> None:
        """A connection is untracked: one that is gone had its time."""
        if operation.connection_id not in seats:
            self._over[operation] = None

    def end_unaccounted(self) -> None:
        """Nodes that gave no account since this one began are gone."""
        for node in self._replica.unaccounted():
            self._carrier.insert(self._end(node))

    def _account(self) -> Pages:
        return self._replica.account(self._host.topic_counts())

    def _began(self, origin: str, operation: NodeBegan) -> list[Effect]:
        if operation.node != self._replica.node:
            self._giving.give()
        return []

    def _asked(self, origin: str, operation: NodesAsked) -> list[Effect]:
        self._carrier.asked()
        return []

    def _untracked(self, origin: str, operation: Untracked) -> list[Effect] | Slices:
        self._over.pop(operation, None)
        return self._replica.apply(origin, operation)

    def _accounted(self, origin: str, account: Account) -> Slices:
        self._giving.seen(account)
        known = set(self._replica.ended)
        if account.page == 0:
            self._elsewhere.take_all(origin, account.topics)
        yield from self._replica.take_account(origin, account)
        for node in self._replica.ended.keys() - known:
            self._end_later(node)
        if account.is_last:
            self._carrier.accounted()

    def _ended(self, origin: str, operation: NodeEnded) -> list[Effect] | Slices:
        if operation.node == self._replica.node:
            self._outbox.give_up()
            return []
        return self._end(operation.node)

    def _end(self, node: str) -> Slices:
        """A node is dead; its users have the time of grace to come back elsewhere.

        Every node tells when it is over: whoever comes first is right, the others change nothing.
        """
        self._elsewhere.end(node)
        yield from self._replica.end(node, lingers=self._grace_seconds > 0)
        if node in self._replica.ended:
            self._end_later(node)

    def _end_later(self, node: str) -> None:
        self._clock.call_later(self._grace_seconds, lambda: self._end_lingering(node))

    def _end_lingering(self, node: str) -> None:
        if node in self._replica.ended:
            if not self._questions.is_away:
                self._outbox.put(LingeringEnded(node))
            # It may be dropped when this node begins anew.
            self._clock.call_later(AGAIN_SECONDS, lambda: self._end_lingering(node))


def _nothing(origin: str, operation: Nothing) -> list[Effect]:
    return []
