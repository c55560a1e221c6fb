"""What concerns connections by who they are, and streams of HTTP, in all processes.

One process does it by itself. Several tell each other: each does its part, the one included that
asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..core.effects import Effect
from ..core.operations.records import SessionEnded, TopicMessage, TopicSubscribers, UserClosed
from .host import Host
from .outbox import Outbox
from .replica import Applier, Replica


class Elsewhere:
    """Topics of server-sent events: who has how many subscribers. Users and sessions that end.

    `http.sse` knows it as what is elsewhere.
    """

    def __init__(self, host: Host, outbox: Outbox, replica: Replica) -> None:
        self._host = host
        self._outbox = outbox
        self._replica = replica
        self._counts: dict[str, dict[str, int]] = {}
        """Of subscribers, by node, then by topic; as each node told of its own."""
        self.appliers: dict[type, Applier] = {
            UserClosed: self._user_closed,
            SessionEnded: self._session_ended,
            TopicMessage: self._message,
            TopicSubscribers: self._subscribers,
        }

    # Asked for in this process

    def close_user(self, user: str, reason: str, code: int) -> None:
        """Close the connections of a user in every node, this one included."""
        self._outbox.put(UserClosed(user, code, reason))

    def end_session(self, session_id: str) -> None:
        """Close the connections that came with a session, in every node."""
        self._outbox.put(SessionEnded(session_id))

    def publish_topic(self, topic: str, data: bytes) -> None:
        """A server-sent event for the subscribers of *topic*, in every node."""
        self._outbox.put(TopicMessage(topic, data))

    def tell_subscribers(self, topic: str, count: int) -> None:
        """This process has so many subscribers of *topic* now."""
        self._outbox.put(TopicSubscribers(topic, count))

    def subscribers_elsewhere(self, topic: str) -> int:
        """How many subscribers of *topic* the other nodes have."""
        mine = self._replica.names
        return sum(
            counts.get(topic, 0) for node, counts in self._counts.items() if node not in mine
        )

    # Told by nodes

    def _user_closed(self, origin: str, operation: UserClosed) -> list[Effect]:
        self._host.close_user_here(operation.user, operation.reason, operation.code)
        return []

    def _session_ended(self, origin: str, operation: SessionEnded) -> list[Effect]:
        self._host.end_session_here(operation.session_id)
        return []

    def _message(self, origin: str, operation: TopicMessage) -> list[Effect]:
        self._host.deliver_topic(operation.topic, operation.payload)
        return []

    def _subscribers(self, origin: str, operation: TopicSubscribers) -> list[Effect]:
        counts = self._counts.setdefault(origin, {})
        if operation.subscribers:
            counts[operation.topic] = operation.subscribers
        else:
            counts.pop(operation.topic, None)
        return []

    def take_all(self, node: str, counts: Iterable[tuple[str, int]]) -> None:
        """All topics of *node*, which is known by no earlier name any more."""
        process = node.rpartition(".")[0]
        for known in tuple(self._counts):
            if known == node or (process and known.rpartition(".")[0] == process):
                del self._counts[known]
        self._counts[node] = dict(counts)

    def end(self, node: str) -> None:
        """A node is dead."""
        self._counts.pop(node, None)
