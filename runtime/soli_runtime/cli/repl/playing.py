"""Plays inputs again in an app that was just started, and notes what every client received."""

from __future__ import annotations

from soli_lang.base.errors import SoliError
from soli_lang.base.records import Record, changed, field
from soli_lang.values.values import Value

from ...observing.traces import Trace
from ...words.clients import SocketClient, ref_replied_to
from ...words.worlds import TEST_SECONDS
from .bench import Bench, BenchOptions
from .evaluating import Interrupted

Payload = str | bytes

NO_DATA = object()
"""In place of a value that is no plain data: a client, a function, …"""


class Seen(Record):
    """What became of one client through one input."""

    name: str | None
    """What the session calls it then."""
    is_new: bool = False
    messages: list[Payload] = field(default_factory=list)
    taken: int = 0
    """How many messages the input received itself."""
    closed: int | None = None
    """The code with which the app closed it."""
    is_open: bool = True


class Played(Record):
    """One input, and what it caused."""

    text: str
    failure: str | None = None
    value: Value = NO_DATA
    made: int | None = None
    """The client that is its value, by its number."""
    clients: dict[int, Seen] = field(default_factory=dict)


async def play(options: BenchOptions, inputs: list[str]) -> list[Played]:
    """Each input in its turn. Raises InvalidApp, SoliError when the app cannot be loaded."""
    delivered: dict[str, list[Payload]] = {}

    def told(trace: Trace) -> None:
        for part in trace.deliveries:
            for one in part.recipients:
                delivered.setdefault(one, []).append(part.payload)

    as_in_tests = changed(
        options, environment=None, private_network=True, seconds=TEST_SECONDS, lends_names=False
    )
    bench = Bench(as_in_tests, told, lambda text: None)
    await bench.start()
    try:
        return [await _play(bench, text, delivered) for text in inputs]
    finally:
        await bench.stop()


async def _play(bench: Bench, text: str, delivered: dict[str, list[Payload]]) -> Played:
    before = {id(client): (client.taken, client.is_closed) for client in bench.clients}
    delivered.clear()
    played = Played(text)
    value: Value = None
    try:
        value = await bench.evaluate(text)
        played.value = plain(value)
    except SoliError as error:
        played.failure = error.message
    except Interrupted:
        played.failure = "stopped"
    for number, client in enumerate(bench.clients):
        await client.is_silent(0.0)
        taken, was_closed = before.get(id(client), (0, False))
        seen = Seen(bench.variable_of(client.id), id(client) not in before)
        got = delivered.get(client.id, [])
        seen.messages = [one for one in got if ref_replied_to(one) is None]  # `ask` gave it
        seen.taken = client.taken - taken
        seen.is_open = not client.is_closed
        if client.is_closed and not was_closed and not client.was_left:
            seen.closed = client.close_code
        if client is value:
            played.made = number
        played.clients[number] = seen
    return played


def plain(value: Value) -> Value:
    """A copy of *value* when it is data through and through, else `NO_DATA`."""
    if value is None or value.__class__ in (bool, int, float, str):
        return value
    if isinstance(value, dict):
        pairs = {key: plain(item) for key, item in value.items() if key.__class__ is str}
        is_data = len(pairs) == len(value) and NO_DATA not in pairs.values()
        return pairs if is_data else NO_DATA
    if isinstance(value, list) and not isinstance(value, SocketClient):
        items = [plain(item) for item in value]
        return NO_DATA if any(item is NO_DATA for item in items) else items
    return NO_DATA
