"""Three processes on one log, told what to do at random, their news sent and read at random.

Members of a room see contiguous pieces of one order; when all has arrived, every client holds the
truth, wherever it is connected, and also after it came back, to another process, with what it held.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from soli_runtime.core.effects import Cohort

from ..support.examples import examples
from ..support.memory_log import LogBench, MemoryLog, arrive
from ..support.presence_clients import PageClient, PhoenixClient, Users

ROOMS = ("red", "blue")
clients = st.sampled_from("abcd")
rooms = st.sampled_from(ROOMS)
users = st.sampled_from(("ada", "bob", 42))
states = st.sampled_from(("online", "typing", "away"))
nodes = st.integers(0, 2)


class Client:
    """One client: where it is connected, and what it holds, over all its connections."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connections = 0
        self.bench: LogBench | None = None
        self.pages = {room: PageClient() for room in ROOMS}
        self.phoenixes = {room: PhoenixClient() for room in ROOMS}
        self.heard: dict[str, list[list[int]]] = {room: [] for room in ROOMS}
        """Numbers of messages in the order of hearing, a list per membership."""

    @property
    def id(self) -> str:
        return f"{self.name}{self.connections}"


class Processes(RuleBasedStateMachine):
    @initialize(resync_seconds=st.sampled_from((0.0, 1.0)))
    def start(self, resync_seconds: float) -> None:
        self.log = MemoryLog()
        refs = itertools.count(1)
        self.benches = [
            LogBench(
                self.log,
                f"n{number}",
                refs,
                presence_resync_seconds=resync_seconds,
                presence_memory_seconds=1e9,
            )
            for number in range(3)
        ]
        for bench in self.benches:
            bench.on_message = self.receive
            bench.on_enter = self.enter
        self.resyncs = resync_seconds > 0
        self.clients = {name: Client(name) for name in "abcd"}
        self.numbers = itertools.count()
        for number, client in enumerate(self.clients.values()):
            self.connect(client, self.benches[number % 3])

    def connect(self, client: Client, bench: LogBench) -> None:
        client.connections += 1
        client.bench = bench
        bench.connect(client.id)

    def receive(self, connection_id: str, message: Any) -> None:
        client = self.clients[connection_id[0]]
        assert connection_id == client.id, "a message to a connection that is gone"
        if "number" in message:
            client.heard[message["room"]][-1].append(message["number"])
            return
        payload = message["payload"]
        room = _room(message) or self.only_room(client)
        page, phoenix = client.pages[room], client.phoenixes[room]
        if message["event"] == "presence_state":
            page.on_snapshot(_copy(payload))
            phoenix.on_snapshot(_copy(payload))
        else:
            page.on_diff(_copy(payload["joins"]), _copy(payload["leaves"]))
            phoenix.on_diff(_copy(payload["joins"]), _copy(payload["leaves"]))

    def enter(self, connection_id: str, cohort: Cohort) -> None:
        client = self.clients[connection_id[0]]
        room = cohort.label
        assert client.bench is not None
        found = None if room is None else client.bench.hub.rooms.get(room)
        if room is not None and found is not None and found.cohort is cohort:
            client.heard[room].append([])

    def only_room(self, client: Client) -> str:
        """Which room an empty snapshot without a label is of."""
        (room,) = self.subscribed(client)
        return room

    def subscribed(self, client: Client) -> set[str]:
        assert client.bench is not None
        return {each.name for each in client.bench.hub.seats[client.id].subscribed()}

    def do(self, name: str, result: Any) -> None:
        client = self.clients[name]
        if client.bench is not None:
            client.bench.do(client.id, result)

    # What clients do

    @rule(name=clients, room=rooms)
    def join(self, name: str, room: str) -> None:
        self.do(name, {"join": room})

    @rule(name=clients, room=rooms)
    def leave(self, name: str, room: str) -> None:
        self.do(name, {"leave": room})

    @rule(name=clients, room=rooms, user=users, state=states, joins=st.booleans())
    def track(self, name: str, room: str, user: str | int, state: str, joins: bool) -> None:
        track = {"track": {"channel": room, "user_id": user, "state": state, "in": room}}
        self.do(name, {**track, "join": room} if joins else track)

    @rule(name=clients, room=rooms, state=states)
    def set_presence(self, name: str, room: str, state: str) -> None:
        self.do(name, {"set_presence": {"channel": room, "state": state}})

    @rule(name=clients, room=rooms)
    def untrack(self, name: str, room: str) -> None:
        self.do(name, {"untrack": room})

    @rule(name=clients, room=rooms)
    def publish(self, name: str, room: str) -> None:
        number = next(self.numbers)
        message = {"room": room, "number": number}
        self.do(name, {"broadcast_channel": {"channel": room, "message": message}})

    @rule(name=clients)
    def lose_the_line(self, name: str) -> None:
        client = self.clients[name]
        if client.bench is not None:
            client.bench.disconnect(client.id)
            client.bench = None

    @rule(name=clients, node=nodes, room=rooms)
    def come_back(self, name: str, node: int, room: str) -> None:
        """With what it held; another process may be the one that answers."""
        client = self.clients[name]
        if client.bench is None:
            self.connect(client, self.benches[node])
            self.do(name, {"join": room})

    # What the network does

    @rule(node=nodes, count=st.integers(1, 4))
    def push(self, node: int, count: int) -> None:
        self.benches[node].push()

    @rule(node=nodes, count=st.integers(1, 4))
    def pull(self, node: int, count: int) -> None:
        for _ in range(count):
            self.benches[node].pull()

    @rule(seconds=st.sampled_from((0.5, 2.0)))
    def wait(self, seconds: float) -> None:
        for bench in self.benches:
            bench.now += seconds
            bench.flush()

    # What has to hold

    @rule()
    def all_arrives(self) -> None:
        arrive(self.benches)
        for room in ROOMS:
            everywhere = self.log.roster.users(room)
            for bench in self.benches:
                assert _by_user(bench.hub.presence.roster.users(room)) == _by_user(everywhere)
            for client, seat in self.seats():
                assert seat.under_way == 0
                if room in self.subscribed(client):
                    present = {entry["user_id"] for entry in everywhere}
                    assert set(client.pages[room].state) == present
                    assert set(client.phoenixes[room].state) == present
                elif room in seat.rooms or seat.tracking(room) is not None:
                    assert not everywhere, "a member has no snapshot"

    def seats(self) -> list[tuple[Client, Any]]:
        return [
            (client, client.bench.hub.seats[client.id])
            for client in self.clients.values()
            if client.bench is not None
        ]

    @precondition(lambda self: self.resyncs)
    @rule()
    def quiet(self) -> None:
        """Once counts are refreshed, every client holds every meta."""
        arrive(self.benches)
        for bench in self.benches:
            bench.settle()
        for room in ROOMS:
            truth = _by_user(self.log.roster.users(room))
            for client, _ in self.seats():
                if room in self.subscribed(client):
                    assert _sorted(client.pages[room].state) == truth
                    assert _sorted(client.phoenixes[room].state) == truth

    def teardown(self) -> None:
        if not hasattr(self, "clients"):
            return
        order: dict[str, list[int]] = {room: [] for room in ROOMS}
        for client in self.clients.values():
            self.lose_the_line(client.name)
        arrive(self.benches)
        for room, payload in self.log.messages:
            order[room].append(json.loads(payload)["number"])
        for client in self.clients.values():
            for room in ROOMS:
                _check_pieces(client.heard[room], order[room])
        for bench in self.benches:
            hub = bench.hub
            assert (len(hub.seats), len(hub.rooms), len(hub.presence)) == (0, 0, 0)
            assert bench.cohorts == {}
            assert hub.due is None
        assert not self.log.roster
        assert not self.log.members


def _check_pieces(heard: list[list[int]], order: list[int]) -> None:
    """Each membership heard a contiguous piece of the order, the later ones later pieces."""
    end = 0
    for piece in heard:
        if piece:
            start = order.index(piece[0])
            assert start >= end, "out of order, or twice"
            end = start + len(piece)
            assert order[start:end] == piece, "a message is missing, or out of order"


def _room(message: Any) -> str | None:
    """The room of a presence message, by its label or by what every meta says."""
    if "channel" in message:
        return str(message["channel"])
    payload = message["payload"]
    if message["event"] == "presence_diff":
        payload = payload["joins"] | payload["leaves"]
    metas = [meta for user in payload.values() for meta in user["metas"]]
    return metas[0]["in"] if metas else None


def _copy(users: Users) -> Users:
    return {key: {"metas": [dict(meta) for meta in user["metas"]]} for key, user in users.items()}


def _sorted(users: Users) -> dict[str, list[str]]:
    return {
        key: sorted(repr(sorted(meta.items())) for meta in user["metas"])
        for key, user in users.items()
    }


def _by_user(listed: list[dict[str, Any]]) -> dict[str, list[str]]:
    return _sorted({entry["user_id"]: {"metas": entry["metas"]} for entry in listed})


Processes.TestCase.settings = settings(max_examples=examples(50), stateful_step_count=50)
TestProcesses = Processes.TestCase
