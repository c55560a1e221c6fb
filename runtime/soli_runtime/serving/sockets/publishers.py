"""Who publishes more than can be written waits, until that is done."""

from __future__ import annotations

from ...core.effects import ConnectionId
from ...core.hub import Hub
from ...core.operations.broker import LocalBroker
from ...ws.channel import BY_BROKER
from ...ws.connection import Connection
from ...ws.rooms.fanout import Fanout


class Publishers:
    """Connections of a single process that publish while the fan-out is far ahead.

    Where several processes share a log, that is not read meanwhile, and who publishes waits for it.
    """

    def __init__(self, hub: Hub, broker: LocalBroker, fanout: Fanout) -> None:
        self._seats = hub.seats
        self._broker = broker
        self._held: dict[Connection, None] = {}
        fanout.when_far_ahead(self._far_ahead)

    def _far_ahead(self, is_far_ahead: bool) -> None:
        self._broker.tell_of_publishers(self._hold if is_far_ahead else None)
        if not is_far_ahead:
            held, self._held = self._held, {}
            for connection in held:
                connection.resume_reading(BY_BROKER)

    def _hold(self, actor: ConnectionId) -> None:
        seat = self._seats.get(actor)
        connection: Connection | None = None if seat is None else seat.connection
        if connection is not None and connection not in self._held:
            self._held[connection] = None
            connection.pause_reading(BY_BROKER)
