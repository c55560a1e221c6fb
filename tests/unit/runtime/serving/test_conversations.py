"""Conversations on fake sockets: one event at a time, one way out, effects in order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.calling.calls import Calls
from soli_runtime.calling.greenlets import Runners
from soli_runtime.core.effects import Cohort, Effect, Enter, Exit, Members, One, Send
from soli_runtime.core.events import Events
from soli_runtime.core.hub import Hub
from soli_runtime.gate.admission import Admission
from soli_runtime.observing.logs import Log
from soli_runtime.routing.handler import Handler
from soli_runtime.serving.sockets.conversations import Conversation
from soli_runtime.serving.sockets.delivery import Delivery
from soli_runtime.serving.sockets.live import Live
from soli_runtime.serving.sockets.visitors import Visitor, Visitors
from soli_runtime.serving.sockets.watched import UNWATCHED
from soli_runtime.serving.state import ServiceState
from soli_runtime.settings import Settings
from soli_runtime.ws.counters import CloseCause

from soli_lang.interpreter import Interpreter

from ....support.memory_log import BrokerBench, LogBench, MemoryLog, arrive


class FakeConnection:
    """Remembers what it was told."""

    cause = CloseCause.PEER
    address = ""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.closed: tuple[int, str] | None = None
        self.session: Any = None

    def belongs_to(self, session: Any, address: str) -> None:
        self.session, self.address = session, address

    def send_text(self, text: str) -> None:
        self.sent.append(text)

    send_binary = send_text

    def send(self, message: Any) -> None:
        self.sent.append(
            message if isinstance(message, str | bytes) else message.plain[2:].decode()
        )

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def in_turn(self, go_on: Callable[[], None]) -> None:
        go_on()


class FakeFanout:
    """Rooms of fake connections."""

    def __init__(self) -> None:
        self.rooms: dict[Any, dict[FakeConnection, None]] = {}

    def join(self, room: Any, connection: FakeConnection) -> None:
        self.rooms.setdefault(room, {})[connection] = None

    def leave(self, room: Any, connection: FakeConnection) -> None:
        self.rooms.get(room, {}).pop(connection, None)

    def members(self, label: str) -> list[FakeConnection]:
        """Who is in the room of that name."""
        found = [room for room in self.rooms if getattr(room, "label", None) == label]
        return [connection for room in found for connection in self.rooms[room]]

    def publish(self, room: Any, payload: str, exclude: tuple[FakeConnection, ...] = ()) -> None:
        for connection in self.rooms.get(room, {}):
            if connection not in exclude:
                connection.sent.append(payload)


class World:
    """One app's conversations without sockets, loop or Soli."""

    def __init__(
        self,
        handle: Callable[[dict[str, Any]], Any],
        node: BrokerBench | None = None,
    ) -> None:
        self.lines: list[str] = []
        log = Log(self.lines.append, level="debug", clock=lambda: 0.0)
        refs = iter(range(1, 1000))
        self.hub = Hub.create(Settings(), lambda: str(next(refs))) if node is None else node.hub
        self.fanout = FakeFanout()
        delivery = Delivery(self.hub, self.fanout, None, log)  # type: ignore[arg-type]
        settings = Settings()
        turns, loop = None, None
        state = ServiceState(settings, log, turns, now=lambda: 0.0)  # type: ignore[arg-type]
        visitors = Visitors(Admission(settings), loop)  # type: ignore[arg-type]
        calls = Calls(Interpreter(install_library).machine, Runners(), may_wait=False)
        self.live = Live(self.hub, delivery, visitors, calls, state, UNWATCHED)
        self.handler = Handler("app#handle", handle)
        self.count = 0

    def open(self) -> tuple[Conversation, FakeConnection]:
        """A new connection."""
        self.count += 1
        events = Events(f"id-{self.count}", {}, {}, {})
        conversation = Conversation(self.live, self.handler, events, Visitor("/"))
        connection = FakeConnection()
        conversation.on_open(connection)  # type: ignore[arg-type]
        return conversation, connection

    @property
    def log(self) -> str:
        return "".join(self.lines)


def test_a_connection_is_forgotten_after_its_disconnect() -> None:
    """Nothing of it is left anywhere."""
    world = World(lambda event: {"join": "r"} if event["type"] == "connect" else {})
    conversation, connection = world.open()
    conversation.on_closed(connection, 1000, "")  # type: ignore[arg-type]
    assert world.hub.count() == 0
    assert world.hub.clients_in("r") == []
    assert world.live.conversations == {}
    assert conversation.connection is None


def test_it_is_forgotten_even_when_its_handler_fails() -> None:
    """There is one way out, and it is always taken."""

    def handle(event: dict[str, Any]) -> Any:
        if event["type"] == "disconnect":
            raise ZeroDivisionError
        return {"join": "r"}

    world = World(handle)
    conversation, connection = world.open()
    conversation.on_closed(connection, 1006, "")  # type: ignore[arg-type]
    assert world.live.conversations == {}
    assert world.hub.clients_in("r") == []


def test_who_leaves_in_the_same_return_still_gets_the_message() -> None:
    """Who exits does so after what was sent before."""

    def handle(event: dict[str, Any]) -> Any:
        if event["type"] == "connect":
            return {"join": "r"}
        return {"broadcast_room": "bye", "leave": "r"}

    world = World(handle)
    leaving, connection = world.open()
    _, stays = world.open()
    leaving.on_message(connection, "x")  # type: ignore[arg-type]
    assert connection.sent == ["bye"]
    assert stays.sent == ["bye"]
    assert world.fanout.members("r") == [stays]


def test_a_reply_does_not_overtake_what_is_under_way() -> None:
    """With a broker whose turns come later, the short cut for replies takes the long way."""
    node = LogBench(MemoryLog(), "n1", itertools.count(1))

    def handle(event: dict[str, Any]) -> Any:
        if event["type"] == "connect":
            return {"join": "r"}
        if event["message"] == "all":
            return {"broadcast_room": "first"}
        return {"send": event["message"]}

    world = World(handle, node)
    node.deliver = world.live.delivery.carry_out  # type: ignore[assignment, method-assign]
    conversation, connection = world.open()
    for message in ("all", "second"):
        conversation.on_message(connection, message)  # type: ignore[arg-type]
    assert connection.sent == []
    arrive([node])
    assert connection.sent == ["first", "second"]
    conversation.on_message(connection, "third")  # type: ignore[arg-type]
    assert connection.sent == ["first", "second", "third"], "nothing is under way any more"


def test_who_joins_in_the_same_return_gets_the_message() -> None:
    """A join comes before the room broadcast."""
    world = World(lambda event: {"join": "r", "broadcast_room": "hi"})
    _, connection = world.open()
    assert connection.sent == ["hi"]


def test_the_fanout_follows_rooms_without_any_message() -> None:
    """Joining and leaving many rooms in silence leaves nothing behind."""

    def handle(event: dict[str, Any]) -> Any:
        if event["type"] == "message":
            return {"join": event["message"]}
        return {}

    world = World(handle)
    conversation, connection = world.open()
    for number in range(3):
        conversation.on_message(connection, f"r{number}")  # type: ignore[arg-type]
        world.live.delivery.carry_out(world.hub.leave(conversation.id, f"r{number}", 0.0))
    counts = [len(members) for members in world.fanout.rooms.values()]
    assert counts == [1, 0, 0, 0], "everybody, and three rooms"


def test_a_message_that_cannot_be_sent_leaves_membership_right() -> None:
    """What stands behind it in the same return is not sent; who is where is told all the same."""
    world = World(lambda event: {"join": event["message"]} if event["type"] == "message" else {})
    conversation, connection = world.open()
    cohort = Cohort("r", "r")
    effects: list[Effect] = [
        Enter(conversation.id, cohort),
        Send(Members(cohort), object()),  # type: ignore[arg-type]
        Exit(conversation.id, cohort),
        Send(One(conversation.id), "lost"),
    ]

    def publish(room: Any, payload: Any, exclude: Any = ()) -> None:
        raise TypeError

    world.fanout.publish = publish  # type: ignore[method-assign]
    with pytest.raises(TypeError):
        world.live.delivery.carry_out(effects)
    assert list(world.fanout.rooms[cohort]) == []
    assert connection.sent == []


def test_a_failing_connect_closes_with_1011() -> None:
    """It is half set up."""

    def handle(event: dict[str, Any]) -> Any:
        raise ZeroDivisionError

    world = World(handle)
    _, connection = world.open()
    assert connection.closed == (1011, "")


@pytest.mark.parametrize("returned", [None, 5, [], {"join": 5}, {"track": {}}])
def test_a_wrong_return_is_logged_and_nothing_happens(returned: Any) -> None:
    """The connection lives on."""
    world = World(lambda event: {} if event["type"] == "connect" else returned)
    conversation, connection = world.open()
    conversation.on_message(connection, "x")  # type: ignore[arg-type]
    assert "action_error handler=app#handle" in world.log
    assert (connection.sent, connection.closed) == ([], None)


def test_an_end_by_policy_is_logged_with_its_cause() -> None:
    """Ordinary ends are not."""
    world = World(lambda event: {})
    conversation, connection = world.open()
    connection.cause = CloseCause.RATE
    conversation.on_closed(connection, 1008, "too many messages")  # type: ignore[arg-type]
    other, ordinary = world.open()
    other.on_closed(ordinary, 1000, "")  # type: ignore[arg-type]
    assert world.log.count("closed_by_policy cause=rate code=1008 connection=id-1") == 1
    assert world.live.state.log.counts["closed_by_policy"] == 1


def test_no_message_body_is_ever_logged() -> None:
    """Whatever goes wrong."""

    def handle(event: dict[str, Any]) -> Any:
        return {"send": event["message"], "bogus": 1} if event["type"] == "message" else {}

    world = World(handle)
    conversation, connection = world.open()
    conversation.on_message(connection, "very secret")  # type: ignore[arg-type]
    assert connection.sent == ["very secret"]
    assert "secret" not in world.log
