"""The broker for a single process."""

from __future__ import annotations

from collections.abc import Callable

from soli_runtime.core.broker import Broker, LocalBroker
from soli_runtime.core.presence import Presence
from soli_runtime.core.rooms import Rooms

from ....support.broker_conformance import BrokerConformance


class TestLocalBroker(BrokerConformance):
    """It passes the suite."""

    def make(self, rooms: Rooms, next_ref: Callable[[], str]) -> Broker:
        return LocalBroker(rooms, Presence(rooms, next_ref))
