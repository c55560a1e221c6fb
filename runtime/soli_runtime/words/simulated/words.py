"""`world = simulate({ "seed": 7 })`, its clients, and what is asserted of it.

Time in a world goes on only when it is told to; the same steps give the same messages.
"""

from __future__ import annotations

from typing import Any

from soli_stdlib.json import text as json_text

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import CALLABLES, Any_, Hash, Number, String, function, method
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.semantics import is_truthy
from soli_lang.values.values import Value

from ...core.payloads import encode
from ..assertions import AssertionFailed, passed
from .port import WorldPort, simulator

WORLD, CLIENT = "SimulatedWorld", "SimulatedClient"
GROWING_ROUNDS = 5
"""Rounds that have to be larger each, for something to grow."""
MOST_ROUNDS = 1100
"""After which what still grows has no bound."""


class SimulatedWorld:
    """An app and its clients in memory."""

    soli_type = WORLD

    def __init__(self, port: WorldPort) -> None:
        self.port = port

    def soli_text(self) -> str:
        return f"<{WORLD}>"


class SimulatedClient:
    """One client of such a world."""

    soli_type = CLIENT

    def __init__(self, port: WorldPort, name: str) -> None:
        self.port = port
        self.name = name
        self.taken = 0

    def soli_text(self) -> str:
        return f"<{CLIENT} {self.name}>"

    def act(self, kind: str, value: Any = None, *, waits: bool = True) -> None:
        """Do something."""
        self.port.act(kind, self.name, value, waits=waits)


TYPES: dict[str, tuple[type, ...]] = {WORLD: (SimulatedWorld,), CLIENT: (SimulatedClient,)}


def _named(options: Value) -> dict[str, Value]:
    return {to_text(from_key(name)): value for name, value in (options or {}).items()}


def _world(machine: Machine, options: Value, user: str, workers: int | None = None) -> WorldPort:
    given = _named(options)
    unknown = given.keys() - {"seed", "workers", "store", "app"}
    if unknown:
        text = f"{user}() has no option '{min(unknown)}'"
        raise SoliValueError(text, hint="there are: seed, workers, store, app")
    seed, count = given.get("seed", 0), workers or given.get("workers", 1)
    if seed.__class__ is not int or count.__class__ is not int or not 1 <= count <= 8:
        raise SoliValueError(f"{user}: 'seed' is an Int, 'workers' one from 1 to 8")
    store, app = is_truthy(given.get("store")), given.get("app")
    path = None if app is None else to_text(app)
    return simulator(machine, user).begin(seed, count, store=store, app=path)


@function("simulate", Hash.optional())
def simulate(machine: Machine, options: Value) -> Value:
    """A new world of the app: its clients are in memory, time passes when it is told to.

    Options: `seed` (0) for ids and samples, `workers` (1), `store` (false): `KV` answers late;
    `app`: another one than that of the spec's folder, a path from there.
    """
    return SimulatedWorld(_world(machine, options, "simulate"))


# --- the world ------------------------------------------------------------------------------------


@method(WORLD, "connect", String, Hash.optional())
def connect(world: SimulatedWorld, path: str, options: Value) -> Value:
    """A client connects. Options: `name`, `headers`, `session`, `resume`."""
    given = _named(options)
    headers, session = _named(given.get("headers")), given.get("session")
    given["target"] = path
    given["headers"] = {name.lower(): to_text(value) for name, value in headers.items()}
    given["session"] = None if session is None else _named(session)
    given["resume"] = is_truthy(given.get("resume"))
    return SimulatedClient(world.port, world.port.connect(given))


@method(WORLD, "settle", bare=True)
def settle(world: SimulatedWorld) -> None:
    """Let all that is under way come to its end."""
    world.port.act("settle", "", None, waits=True)


@method(WORLD, "pass_time", Number)
def pass_time(world: SimulatedWorld, seconds: float) -> None:
    """So many seconds pass at once: jobs that were due meanwhile come late."""
    world.port.act("pass_time", "", float(seconds), waits=True)


@method(WORLD, "reload", bare=True)
def reload(world: SimulatedWorld) -> None:
    """Load the program anew; connections stay, variables do not."""
    world.port.act("reload", "", None, waits=True)


@method(WORLD, "restart", bare=True)
def restart(world: SimulatedWorld) -> None:
    """End the app and start it again, with what a store keeps; all lines break."""
    world.port.act("restart", "", None, waits=True)


@method(WORLD, "leave_all", bare=True)
def leave_all(world: SimulatedWorld) -> None:
    """All clients leave."""
    world.port.act("leave_all", "", None, waits=True)


# --- its clients ----------------------------------------------------------------------------------


def _text(message: Value) -> Any:
    return message if isinstance(message, bytes) else encode(message, json_text.encode)


def _bytes(message: Value, user: str) -> bytes:
    if isinstance(message, bytes):
        return message
    if isinstance(message, str):
        return message.encode()
    if isinstance(message, list) and all(type(one) is int and 0 <= one < 256 for one in message):
        return bytes(message)
    raise SoliPlainTypeError(
        f"{user} expects an array of ints from 0 to 255, or string, got {type_name(message)}"
    )


@method(CLIENT, "send", Any_)
def send(client: SimulatedClient, message: Value) -> None:
    """Send a message and wait until all that it causes is done. What is no String goes as JSON."""
    client.act("send", _text(message))


@method(CLIENT, "send_binary", Any_)
def send_binary(client: SimulatedClient, message: Value) -> None:
    """Send a binary message: an Array of Ints, or the bytes of a String."""
    client.act("send", _bytes(message, "send_binary"))


@method(CLIENT, "post", Any_)
def post(client: SimulatedClient, message: Value) -> None:
    """Send a message and do not wait: what comes next may overtake it."""
    client.act("send", _text(message), waits=False)


@method(CLIENT, "post_binary", Any_)
def post_binary(client: SimulatedClient, message: Value) -> None:
    """The same with a binary message."""
    client.act("send", _bytes(message, "post_binary"), waits=False)


@method(CLIENT, "close", bare=True)
def close(client: SimulatedClient) -> None:
    """Say goodbye."""
    client.act("close")


@method(CLIENT, "drop", bare=True)
def drop(client: SimulatedClient) -> None:
    """Break the line, with no word to the app."""
    client.act("drop")


@method(CLIENT, "come_back", bare=True)
def come_back(client: SimulatedClient) -> Value:
    """The same client on a new line; with `resume` it asks for what it missed."""
    client.act("come_back")
    return client


@method(CLIENT, "tab", bare=True)
def tab(client: SimulatedClient) -> Value:
    """A second connection of the same visitor."""
    name = client.port.connect({"tab": client.name})
    return SimulatedClient(client.port, name)


@method(CLIENT, "stall", bare=True)
def stall(client: SimulatedClient) -> None:
    """Read nothing more: a slow reader."""
    client.act("stall")


@method(CLIENT, "read_on", bare=True)
def read_on(client: SimulatedClient) -> None:
    """Read what waits, and go on."""
    client.act("read_on")


@method(CLIENT, "received", bare=True)
def received(client: SimulatedClient) -> list[Value]:
    """All messages that it ever received."""
    return list(client.port.received(client.name))


@method(CLIENT, "messages", bare=True)
def messages(client: SimulatedClient) -> list[Value]:
    """Those that it received since it was last asked."""
    found = client.port.received(client.name)[client.taken :]
    client.taken += len(found)
    return list(found)


@method(CLIENT, "refused", bare=True)
def refused(client: SimulatedClient) -> Value:
    """Why it was not let in, `401: …`; null if it was."""
    return client.port.refusal(client.name) or None


@method(CLIENT, "close_code", bare=True)
def close_code(client: SimulatedClient) -> Value:
    """The code with which the app closed its line; null if it did not."""
    found = client.port.closed(client.name)
    return None if found is None else found[0]


# --- what is asserted -----------------------------------------------------------------------------


def _assert(machine: Machine, fault: str | None) -> int:
    if fault is not None:
        raise AssertionFailed(fault)
    return passed(machine)


def _port(value: Value, user: str) -> WorldPort:
    if not isinstance(value, SimulatedWorld):
        raise SoliPlainTypeError(f"{user} expects what simulate() gives, got {type_name(value)}")
    return value.port


@function("assert_no_failures", Any_)
def assert_no_failures(machine: Machine, world: Value) -> int:
    """Fail if a handler, gate or job of the world failed, or a return was refused."""
    return _assert(machine, _port(world, "assert_no_failures").fault("failures"))


@function("assert_mirrors", Any_)
def assert_mirrors(machine: Machine, world: Value) -> int:
    """Fail if a client believes of presence or room state what is not so."""
    return _assert(machine, _port(world, "assert_mirrors").fault("mirrors"))


@function("assert_nothing_left", Any_)
def assert_nothing_left(machine: Machine, world: Value) -> int:
    """Let all clients leave, and fail if a member, a user or a connection is left."""
    return _assert(machine, _port(world, "assert_nothing_left").fault("left"))


@function("assert_invariants", Any_)
def assert_invariants(machine: Machine, world: Value) -> int:
    """Fail if an `invariant` of the app's specs does not hold, or did not after some step."""
    return _assert(machine, _port(world, "assert_invariants").fault("invariants"))


@function("assert_back", Any_)
def assert_back(machine: Machine, client: Value) -> int:
    """Fail if a client that came back is not where a new one would be: in rooms, in presence."""
    if not isinstance(client, SimulatedClient):
        raise SoliPlainTypeError(f"assert_back expects a client, got {type_name(client)}")
    return _assert(machine, client.port.stands_back(client.name))


def _block(user: str, rest: tuple[Value, ...]) -> tuple[Value, Value]:
    """Options and block."""
    block = next((one for one in reversed(rest) if one.__class__ in CALLABLES), None)
    if block is None:
        raise SoliPlainTypeError(f"{user}() expects a block with what happens in the world")
    options = next((one for one in rest if isinstance(one, dict)), None)
    return options, block


@function("assert_same_with_workers", Any_.rest())
def assert_same_with_workers(machine: Machine, *rest: Value) -> int:
    """Run the block in a world of one process, then of two workers: clients must get the same."""
    options, block = _block("assert_same_with_workers", rest)
    worlds = []
    for workers in (1, 2):
        port = _world(machine, options, "assert_same_with_workers", workers)
        machine.callback(block, 1)(SimulatedWorld(port))
        port.act("settle", "", None, waits=True)
        worlds.append(port)
    return _assert(machine, worlds[0].difference(worlds[1]))


@function("assert_nothing_grows", Any_.rest())
def assert_nothing_grows(machine: Machine, *rest: Value) -> int:
    """Run the block again and again, all clients leaving each time: no variable, nor `KV`, may
    grow each time."""
    options, block = _block("assert_nothing_grows", rest)
    port = _world(machine, options, "assert_nothing_grows")
    run = machine.callback(block, 1)
    for number in range(MOST_ROUNDS):
        run(SimulatedWorld(port))
        port.end_round()
        if number > GROWING_ROUNDS and port.grown(GROWING_ROUNDS) is None:
            break
    return _assert(machine, port.grown(GROWING_ROUNDS))
