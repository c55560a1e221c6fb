"""Nothing is left of clients when all have gone."""

from __future__ import annotations

from ....serving.local.simulated.simulation import Simulation
from .finding import Finding

LEFT = "left"


def left_over(world: Simulation) -> Finding | None:
    """What is left, of which all clients have gone."""
    hub = world.service.hub
    for what, names in (
        ("members are in the room", [name for name, room in hub.rooms.items() if room.members]),
        ("users are present in", [name for name in hub.presence.roster if _users(world, name)]),
        ("connections are known:", list(hub.seats)),
    ):
        if names:
            about = names[0] if what.endswith(("room", "in")) else "connections"
            return Finding(LEFT, about, f"all clients have left, and {what} {', '.join(names[:5])}")
    return None


def _users(world: Simulation, channel: str) -> int:
    return world.service.hub.presence.roster.user_count(channel)
