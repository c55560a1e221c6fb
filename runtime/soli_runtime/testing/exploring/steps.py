"""The steps of a world, as data: they can be run again, left out, and made simpler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...serving.local.simulated.clients import SimulatedClient
from ...serving.local.simulated.simulation import Simulation

CONNECT, TAB, SEND, CLOSE, DROP, BACK = "connect", "tab", "send", "close", "drop", "come_back"
STALL, READ_ON, PASS, RELOAD, RESTART = "stall", "read_on", "pass_time", "reload", "restart"
LEAVE = "leave_all"
BACK_IS_WHOLE = "assert_back"
MIRRORS = "assert_mirrors"
"""Not done, but judged: a client that came back is where a new one would be; what clients know."""


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
    """Do one step in *world*. What cannot be done, as its client is not there, is not done.

    Only messages overlap others: before anything else happens, handlers come to their end. A line
    that broke, or time that passed, while one waits would be a fault of nobody.
    """
    if step.kind != SEND:
        world.settle()
    if step.kind in _OF_THE_WORLD:
        _OF_THE_WORLD[step.kind](world, step.value)
    elif step.kind in (CONNECT, TAB):
        _arrive(step, world, clients)
    elif step.client in clients:
        _act(step, world, clients[step.client])
    if step.waits:
        world.settle()


def _arrive(step: Step, world: Simulation, clients: Clients) -> None:
    """A client that is new."""
    if step.client in clients:
        return
    if step.kind == CONNECT:
        clients[step.client] = world.connect(step.client, step.value)
    elif step.value in clients:
        clients[step.client] = world.tab(step.client, clients[step.value])


def _act(step: Step, world: Simulation, client: SimulatedClient) -> None:
    """A client that is known does something."""
    if step.kind == BACK:
        world.come(client)
        return
    if step.kind in (CLOSE, DROP) and client.is_stalled:
        with world.acting():
            client.read_on()
        world.settle()
    with world.acting():
        _OF_A_CLIENT[step.kind](client, step.value)


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
