"""Random members, changes and returns of a room that holds state: what each member knows.

A client is told apart from the code that tells: it knows a dict, and takes `room_state`,
`room_diff` and positions as the page says.
"""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from soli_runtime.core.actions import Join, Leave
from soli_runtime.core.effects import Enter, Exit, Members, One, Replay, Send
from soli_runtime.core.history.rings import History
from soli_runtime.core.history.rules import Rule
from soli_runtime.core.hub import Hub
from soli_runtime.core.state.asking import StateCalls
from soli_runtime.core.state.changes import Diff
from soli_runtime.core.state.memory import MemoryRoomStates
from soli_runtime.core.state.rules import StateRule
from soli_runtime.core.state.values import StateRefused
from soli_runtime.settings import Settings

from .test_room_state import client as applied_by_a_client
from .test_room_state import steps

ROOM = "r"
KEEP = 3


class Client:
    """What one tab knows; it outlives its connections."""

    def __init__(self) -> None:
        self.connection: str | None = None
        self.state: Any = None
        self.position = ""
        self.said: list[str] = []
        self.snapshots = 0

    def hear(self, text: str) -> None:
        message = json.loads(text)
        event, payload = message["event"], message.get("payload")
        if event == "room_state":
            self.state = payload
            self.snapshots += 1
        elif event == "room_diff":
            diff = Diff(payload, message.get("append", {}), message.get("keep", KEEP))
            self.state = applied_by_a_client(self.state, diff)
        elif event == "position":
            self.position = payload
        elif event == "resumed":
            self.position = payload["position"]
            if not payload["recovered"]:
                self.said.clear()
        else:
            self.said.append(payload)


class World:
    """One process, its clock, and the clients of one room."""

    def __init__(self, *, resumes: bool) -> None:
        self.now = 1.0
        self.resumes = resumes
        ids = itertools.count(1)
        history = History("e", lambda: self.now)
        self.hub = Hub.create(Settings(), lambda: str(next(ids)), history=history)
        self.hub.states.keep_in(MemoryRoomStates(lambda: self.now))
        self.ids = (f"c{number}" for number in itertools.count(1))
        self.cohorts: dict[Any, dict[str, None]] = {}
        self.clients: dict[str, Client] = {}
        self.calls = StateCalls(self.hub, self.carry_out, lambda: self.now, json.dumps)
        self.carry_out(self.hub.follow([Rule(ROOM)]))
        self.carry_out(self.hub.states.follow([StateRule(ROOM, keep=KEEP, seconds=5)]))

    def carry_out(self, effects: Any) -> None:
        for effect in effects:
            if type(effect) is Enter:
                self.cohorts.setdefault(effect.cohort, {})[effect.connection_id] = None
            elif type(effect) is Exit:
                self.cohorts[effect.cohort].pop(effect.connection_id, None)
            elif isinstance(effect, Replay):
                for payload in effect.payloads:
                    self.clients[effect.recipient.connection_id].hear(str(payload))
            elif isinstance(effect, Send):
                to = effect.recipients
                if isinstance(to, One):
                    self.clients[to.connection_id].hear(str(effect.payload))
                elif isinstance(to, Members):
                    for one in tuple(self.cohorts.get(to.cohort, ())):
                        self.clients[one].hear(str(effect.payload))

    def come(self, client: Client) -> None:
        if client.connection is not None:
            return
        client.connection = me = next(self.ids)
        self.clients[me] = client
        seat = self.hub.connect(me)
        if self.resumes:
            seat.come_back({ROOM: client.position} if client.position else {})
        else:
            client.said.clear()
        before = client.snapshots
        self.carry_out(self.hub.apply(me, [Join((ROOM,))], self.now))
        if not self.resumes:
            assert client.snapshots == before + 1

    def go(self, client: Client, *, leaves: bool) -> None:
        self.turn(0.0)  # messages are written with the position behind them
        me, client.connection = client.connection, None
        if me is not None:
            if leaves:
                self.carry_out(self.hub.apply(me, [Leave((ROOM,))], self.now))
            self.carry_out(self.hub.disconnect(me, self.now))
            del self.clients[me]

    def change(self, *change: Any) -> None:
        with suppress(StateRefused):
            self.calls.change(ROOM, *change)

    def say(self, text: str) -> None:
        message = json.dumps({"event": "said", "payload": text})
        self.carry_out(self.hub.broadcast_room(ROOM, message))

    def turn(self, seconds: float) -> None:
        """The end of a turn of the loop, and time that passes until the next."""
        self.carry_out(self.hub.positions())
        until = self.now + seconds
        while (due := self.hub.due) is not None and due <= until:
            self.now = max(self.now, due) + 1e-9
            self.carry_out(self.hub.flush(self.now))
            self.carry_out(self.hub.positions())
        self.now = max(self.now, until)


moves = st.one_of(
    st.tuples(st.just("come"), st.integers(0, 2)),
    st.tuples(st.just("go"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("change"), steps),
    st.tuples(st.just("changes"), st.integers(11, 13), st.booleans()),
    st.tuples(st.just("say"), st.just("")),
    st.tuples(st.just("turn"), st.sampled_from([0.0, 0.01, 0.5, 6.0])),
)


def play(world: World, clients: list[Client], history: list[Any]) -> None:
    texts = (f"text {number}" for number in itertools.count())
    for kind, *given_ in history:
        if kind == "come":
            world.come(clients[given_[0]])
        elif kind == "go":
            world.go(clients[given_[0]], leaves=given_[1])
        elif kind == "change":
            world.change(given_[0])
        elif kind == "changes":
            for number in range(given_[0]):
                world.change(("append", {"log": number}), ("patch", {"n": number}))
        elif kind == "turn":
            world.turn(given_[0])
        if kind == "say" or (kind == "changes" and given_[1]):
            world.say(next(texts))


@settings(max_examples=150, deadline=None)
@given(st.lists(moves, max_size=40), st.booleans())
@example(
    [("come", 0), ("come", 1), ("changes", 12, True), ("go", 0, False), ("turn", 0.5)],
    True,
)
def test_members_know_what_the_room_holds(history: list[Any], resumes: bool) -> None:
    """When it is quiet; no message is missed or doubled either, by those who come back."""
    world, clients = World(resumes=resumes), [Client() for _ in range(3)]
    play(world, clients, history)
    for client in clients:
        world.come(client)
    world.turn(1.0)
    held = world.calls.look(ROOM)
    for client in clients:
        assert client.state == held.value  # type: ignore[union-attr]
        assert len(set(client.said)) == len(client.said)
        assert client.said == sorted(client.said, key=lambda text: int(text.split()[1]))
