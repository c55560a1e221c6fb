"""Where the states of rooms are when they are not of one process alone.

In the Redis of `--broker`, where all processes of an app meet; else in the store; else in the Redis
that workers share.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ...core.operations.records import StateChanged
from ...settings import Settings
from ...stores.states.kept import KeptRoomStates
from ...stores.states.mending import Mending
from ...stores.states.store import StateLimits, StateStore
from ...stores.store import Store

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ...cluster.node import Lane
    from ...core.effects import Effect
    from ...stores.redis.room_states import RedisStates
    from ..sockets.connections import Connections


class SharedStates:
    """The states of rooms that several processes share, or that outlive this one."""

    def __init__(
        self,
        store: StateStore,
        own: RedisStates | None,
        connections: Connections,
        loop: AbstractEventLoop,
        name: str,
    ) -> None:
        hub = connections.hub
        self._own = own
        """The store, if nobody else uses it."""
        self._hub = hub
        self._loop = loop
        self._has_begun = False
        bounds = hub.states.bounds
        self._kept = KeptRoomStates(store, loop, hub.states.mirrors, name, bounds)
        hub.states.keep_in(self._kept, bounds)
        told = connections.delivery.carry_out
        self.mending = Mending(store, self._kept, hub.states, loop, self._tell, told)

    def start(self) -> None:
        """Look after them from now on."""
        self._has_begun = True
        self.mending.start()

    async def close(self) -> None:
        """Finish what is under way."""
        if self._has_begun:
            await self.mending.stop()
            await self._kept.close()
        if self._own is not None:
            self._own.detach()

    def _tell(self, operation: StateChanged) -> list[Effect]:
        return self._hub.broker.tell_state(operation, self._loop.time())


def shared_states(
    connections: Connections,
    store: Store | None,
    lane: Lane | None,
    settings: Settings,
    loop: AbstractEventLoop,
) -> SharedStates | None:
    """None: they are of this process alone, and end with it."""
    limits = StateLimits(settings.constants.max_rooms_with_state, settings.room_bytes)
    node = connections.node
    name = uuid.uuid4().hex if node is None else node.name
    if lane is None or (lane.is_private and store is not None):
        if store is None:
            return None
        store.room_states.bound(limits)
        return SharedStates(store.room_states, None, connections, loop, name)
    from ...stores.redis.link import RedisLink
    from ...stores.redis.room_states import RedisStates

    states = RedisStates(RedisLink(lane.url, lane.prefix), limits)
    return SharedStates(states, states, connections, loop, name)
