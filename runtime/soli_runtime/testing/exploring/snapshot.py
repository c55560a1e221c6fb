"""A world as data for invariants: its rooms, its clients, what `KV` keeps, and the step."""

from __future__ import annotations

from collections import deque
from typing import Any

from soli_stdlib.stores import key_value_store

from soli_lang.values.values import Value

from ...serving.local.simulated.clients import SimulatedClient
from ...serving.local.simulated.simulation import Simulation


class Snapshot:
    """Takes them; what was received before is read once."""

    def __init__(self) -> None:
        self._world: Simulation | None = None
        self._inboxes: dict[int, list[Value]] = {}
        self._read: dict[int, int] = {}
        self._step = 0

    def taken(self, world: Simulation) -> dict[str, Value]:
        """What is so in *world* now, as fresh data."""
        if world is not self._world:
            self._world, self._inboxes, self._read, self._step = world, {}, {}, 0
        self._step += 1
        return {
            "rooms": _rooms(world),
            "clients": [self._client(world, one) for one in world.clients],
            "kv": kept(world),
            "step": self._step,
        }

    def _client(self, world: Simulation, client: SimulatedClient) -> dict[str, Value]:
        seat = world.service.hub.seats.get(client.id)
        return {
            "name": client.name,
            "user": None if seat is None else seat.conversation.visitor.user,
            "rooms": [] if seat is None else list(seat.rooms),
            "inbox": self._inbox(client),
        }

    def _inbox(self, client: SimulatedClient) -> list[Value]:
        frames = client.frame_count
        if self._read.get(client.number) != frames:
            self._read[client.number] = frames
            self._inboxes[client.number] = list(client.received())
        return list(self._inboxes.get(client.number, ()))


def _rooms(world: Simulation) -> dict[str, Value]:
    hub = world.service.hub
    names = {client.id: client.name for client in world.clients if client.id in hub.seats}
    found: dict[str, Value] = {}
    states = world.states()
    for room in dict.fromkeys([*hub.rooms, *hub.presence.roster, *states]):
        held = hub.rooms.get(room)
        found[room] = {
            "members": [names.get(one, one) for one in held.members] if held is not None else [],
            "presence": hub.presence.roster.users(room),
            "state": states.get(room, {}),
        }
    return found


def kept(world: Simulation) -> dict[str, Value]:
    """What `KV` keeps, as data."""
    store = key_value_store.store(world.machines[0])
    now = world.unix_time()
    found: dict[str, Value] = {}
    for key in tuple(store.keys(now)):
        entry = store.find(key, now)
        if entry is not None:
            found[key] = _plain(entry.value)
    return dict(sorted(found.items()))


def _plain(value: Any) -> Value:
    if isinstance(value, deque):
        return list(value)
    if isinstance(value, set):
        return sorted(value)
    return dict(value) if isinstance(value, dict) else value
