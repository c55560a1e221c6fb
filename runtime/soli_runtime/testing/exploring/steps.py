"""The steps of a world, as data: they can be run again, left out, and made simpler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...serving.local.simulated.clients import SimulatedClient, Ticket
from ...serving.local.simulated.simulation import Simulation

CONNECT, TAB, SEND, CLOSE, DROP, BACK = "connect", "tab", "send", "close", "drop", "come_back"
STALL, READ_ON, PASS, RELOAD, RESTART = "stall", "read_on", "pass_time", "reload", "restart"
LEAVE = "leave_all"
BACK_IS_WHOLE = "assert_back"
"""Not done, but judged: a client that came back is where a new one would be."""


class Step(NamedTuple):
    """One thing that happens."""

    kind: str
    client: str = ""
    value: Any = None
    """A `Ticket`, a message, the name of another client, or seconds."""
    waits: bool = True
    """Whether all that it causes is done before the next step."""


class Clients(dict[str, SimulatedClient]):
    """Those of a world, by name."""


def perform(step: Step, world: Simulation, clients: Clients) -> None:
    """Do one step in *world*. What cannot be done, as its client is not there, is not done."""
    if step.kind == CONNECT:
        if step.client not in clients:
            clients[step.client] = world.connect(step.client, step.value)
    elif step.kind in _OF_THE_WORLD:
        _OF_THE_WORLD[step.kind](world, step.value)
    else:
        client = clients.get(step.value if step.kind == TAB else step.client)
        if client is None:
            return
        if step.kind == TAB:
            if step.client not in clients:
                clients[step.client] = world.tab(step.client, client)
        elif step.kind == BACK:
            world.come(client)
        else:
            with world.acting():
                _OF_A_CLIENT[step.kind](client, step.value)
    if step.waits:
        world.settle()


_OF_THE_WORLD: dict[str, Callable[[Simulation, Any], None]] = {
    PASS: lambda world, seconds: world.pass_time(seconds),
    RELOAD: lambda world, _: world.reload(),
    RESTART: lambda world, _: world.restart(),
    LEAVE: lambda world, _: world.leave_all(),
}
_OF_A_CLIENT: dict[str, Callable[[SimulatedClient, Any], None]] = {
    SEND: lambda client, payload: client.say(payload),
    CLOSE: lambda client, _: client.close(),
    DROP: lambda client, _: client.drop(),
    STALL: lambda client, _: client.stall(),
    READ_ON: lambda client, _: client.read_on(),
}


def connects(name: str, ticket: Ticket) -> Step:
    """A new client connects."""
    return Step(CONNECT, name, ticket)
