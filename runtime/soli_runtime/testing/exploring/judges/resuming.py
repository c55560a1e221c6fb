"""Who came back is as if it had never left: where a new client of the same visitor would be."""

from __future__ import annotations

from ....serving.local.simulated.clients import SimulatedClient, Ticket
from ....serving.local.simulated.simulation import Simulation
from .finding import Finding

RESUME = "resume"


def stands_back(world: Simulation, client: SimulatedClient) -> Finding | None:
    """What *client*, which came back, has not joined, and a new one has."""
    seats = world.service.hub.seats
    if not client.is_open or client.id not in seats:
        return None
    ticket = client.ticket
    fresh = Ticket(ticket.target, ticket.headers, None, False)
    other = SimulatedClient(client.name, len(world.clients), fresh, client.session_id)
    world.come(other)
    world.settle()
    found = None
    seat = seats.get(client.id)
    if seat is not None and client.is_open and other.is_open and other.id in seats:
        new = seats[other.id]
        rooms = [room for room in new.rooms if room not in seat.rooms]
        channels = [room for room in new.tracked_rooms() if room not in seat.tracked_rooms()]
        found = _finding(client.name, "is not in the room", rooms) or _finding(
            client.name, "is not present in", channels
        )
    with world.acting():
        other.drop()
    world.settle()
    return found


def _finding(name: str, what: str, missing: list[str]) -> Finding | None:
    if not missing:
        return None
    text = f"{name} came back and {what} {missing[0]}; a client that is new would be"
    return Finding(RESUME, f"{what} {missing[0]}", text)
