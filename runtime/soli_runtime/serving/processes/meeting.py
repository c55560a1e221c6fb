"""What connections do for the node that meets other processes for them, and how that starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...cluster.node import Lane, Node, OtherVersion
from ...core.effects import Effect
from ...core.seats import Seat
from ...observing.logs import Log
from ...settings.kinds import without_password
from ...stores.claims import claim
from ...stores.errors import UNFIT, CannotOpen
from ...stores.redis.link import RedisLink, refusal
from ...ws.channel import BY_BROKER

if TYPE_CHECKING:
    from ...ws.connection import Connection
    from ..sockets.connections import Connections


class ConnectionsHost:
    """The `Host` of a node: some parts of the connections are made after the node."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @property
    def carry_out(self) -> Callable[[list[Effect]], object]:
        """To the sockets of this process."""
        return self._connections.delivery.carry_out

    def close_user_here(self, user: str, reason: str, code: int) -> None:
        """Close the connections that a user has in this process."""
        self._connections.realtime.close_user_here(user, reason, code)

    def end_session_here(self, session_id: str) -> None:
        """Close those that came with a session."""
        self._connections.visitors.session_ended(session_id)

    def deliver_topic(self, topic: str, data: bytes) -> None:
        """A server-sent event for the streams of this process."""
        self._connections.topics.deliver(topic, data)

    def topic_counts(self) -> list[tuple[str, int]]:
        """How many streams of each topic this process has."""
        return self._connections.topics.counts()

    @property
    def is_far_ahead(self) -> bool:
        """Whether more was published than can be written: the log can wait."""
        return self._connections.endpoint.fanout.is_far_ahead

    def hold_back(self, seat: Seat, is_behind: bool) -> None:
        """Do not read a connection that asks for more than Redis takes; or read it again."""
        connection: Connection | None = seat.connection
        if connection is not None and is_behind:
            connection.pause_reading(BY_BROKER)
        elif connection is not None:
            connection.resume_reading(BY_BROKER)


async def start_node(node: Node, log: Log) -> None:
    """Have *node* meet the others, if the log is that of its app. Raises CannotOpen."""
    from redis.exceptions import RedisError

    lane = node.lane
    try:
        await _check(lane, log)
        await node.start()
    except (RedisError, OSError, TimeoutError) as error:
        raise refusal(without_password(lane.url), error) from None
    except OtherVersion as error:
        raise CannotOpen(f"{lane.prefix}: {error}", UNFIT) from None


async def _check(lane: Lane, log: Log) -> None:
    link = RedisLink(lane.url, lane.prefix)
    for warning in await link.open():
        log.warning("broker", text=warning)
    try:
        await claim(link, lane.mark)
    finally:
        await link.detach()
