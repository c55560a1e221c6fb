"""The connections of a service, and what they share: who is there, in which rooms, present as whom.

Everything here lives as long as the service does, whatever program is loaded meanwhile.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from ...core.history.rings import History
from ...core.history.rules import Rule
from ...core.hub import Hub
from ...core.operations.broker import LocalBroker
from ...core.payloads import EncodeJson
from ...core.realtime import Realtime
from ...core.state.incoming import Bounds
from ...core.state.memory import MemoryRoomStates, Totals
from ...core.state.rules import StateRule
from ...gate.admission import Admission
from ...gate.open_files import descriptors_for_connections
from ...http.sse import Topics
from ...ws.endpoint import Endpoint
from ..state import ServiceState
from .delivery import Delivery
from .publishers import Publishers
from .visitors import Visitors

if TYPE_CHECKING:
    from ...cluster.node import Lane, Node


class Connections:
    """The connections of a service. *lane*: where other processes share it."""

    def __init__(
        self, endpoint: Endpoint, state: ServiceState, encode_json: EncodeJson, lane: Lane | None
    ) -> None:
        settings, loop = state.settings, endpoint.loop
        self._state = state
        self.endpoint = endpoint
        self.node = None if lane is None else self._node(lane)
        self.admission = Admission(
            settings, descriptors_for_connections(settings.max_http_connections)
        )
        self.visitors = Visitors(self.admission, loop, settings.max_connection_age)
        self.hub = self._hub()
        self.delivery = Delivery(self.hub, endpoint.fanout, loop, state.log)
        self.delivery.charge_by(endpoint.scheduler.charge)
        self.realtime = Realtime(
            self.hub, self.delivery.carry_out, encode_json, state.now, self.visitors.of_user
        )
        if isinstance(self.hub.broker, LocalBroker):
            Publishers(self.hub, self.hub.broker, endpoint.fanout)
        if self.node is not None:
            elsewhere = self.node.broker.elsewhere
            self.realtime.close_users_with(elsewhere.close_user)
            state.topics.meet(elsewhere)

    def _node(self, lane: Lane) -> Node:
        # Here: they bring Redis.
        from ...cluster.node import Node
        from ..processes.meeting import ConnectionsHost

        return Node(lane, self._state.log, self.endpoint.loop, ConnectionsHost(self))

    @property
    def topics(self) -> Topics:
        """Whose streams of server-sent events are open."""
        return self._state.topics

    def _hub(self) -> Hub:
        settings = self._state.settings
        sources = self._state.sources
        history = History(sources.new_id()[:16], sources.unix_time, settings.room_bytes)
        if self.node is None:
            refs = itertools.count(1)
            hub = Hub.create(settings, lambda: str(next(refs)), history=history)
        else:
            hub = Hub.create(settings, self.node.refs, self.node.broker_of, history)
        constants = settings.constants
        bounds = Bounds(constants.max_state_depth, constants.max_state_keys)
        totals = Totals(settings.room_bytes, constants.max_rooms_with_state)
        hub.states.keep_in(MemoryRoomStates(self._state.now, bounds, totals), bounds)
        return hub

    def session_ended(self, session_id: str) -> None:
        """A session is no more, by a logout or by its age: nor are its connections, anywhere."""
        self.visitors.session_ended(session_id)
        if self.node is not None:
            self.node.broker.elsewhere.end_session(session_id)

    def keep(self, rules: tuple[Rule, ...]) -> None:
        """Keep of rooms what *rules* say."""
        self.delivery.carry_out(self.hub.follow(rules))
        self._tell_positions()

    def keep_state(self, rules: tuple[StateRule, ...]) -> None:
        """Have rooms hold the state that *rules* say."""
        self.delivery.carry_out(self.hub.states.follow(rules))
        self._tell_positions()

    def _tell_positions(self) -> None:
        has_positions = self.hub.history.rules or self.hub.states.rules
        self.endpoint.fanout.at_turn_end(self.delivery.tell_positions if has_positions else None)

    @property
    def room_count(self) -> int:
        """Rooms with members, in all processes."""
        return len(self.hub.rooms) if self.node is None else self.node.broker.replica.room_count
