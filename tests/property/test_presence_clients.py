"""Presence from the client's side: any sequence leaves both kinds of client right.

A hypothesis state machine drives the hub; a model says who is tracked where; every connection
carries both clients and retains their state over leaving and coming back, and over a reconnect.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from ..support.examples import examples
from ..support.presence_clients import Bench, PageClient, PhoenixClient, Users

ROOMS = ("red", "blue")
USERS = ("ada", "bob", 42)
CONNECTIONS = tuple("abcd")

connections = st.sampled_from(CONNECTIONS)
rooms = st.sampled_from(ROOMS)
users = st.sampled_from(USERS)
states = st.sampled_from(("online", "typing", "away"))
metadata = st.fixed_dictionaries({}, optional={"name": st.sampled_from(("A", "B", 1, True, 1.0))})


class Tracking:
    """The model's idea of one meta."""

    def __init__(self, connection_id: str, user: str, state: str, fields: dict[str, Any]) -> None:
        self.connection_id = connection_id
        self.user = user
        self.state = state
        self.fields = fields

    @property
    def content(self) -> tuple[str, str]:
        return self.state, repr(sorted(self.fields.items()))

    def describe(self) -> dict[str, Any]:
        return {"state": self.state, **self.fields}


class PresenceMachine(RuleBasedStateMachine):
    @initialize(
        resync_bytes=st.sampled_from((0, 150, 1 << 20)), resync_seconds=st.sampled_from((0.0, 1.0))
    )
    def start(self, resync_bytes: int, resync_seconds: float) -> None:
        self.bench = Bench(
            presence_resync_bytes=resync_bytes,
            presence_resync_seconds=resync_seconds,
            presence_memory_seconds=1e9,
        )
        self.used: set[str] = set()
        """Rooms in which somebody was ever tracked."""
        self.bench.on_message = self.receive
        self.resyncs = resync_seconds > 0
        self.connected: set[str] = set()
        self.joined: dict[str, set[str]] = {}
        self.tracked: dict[str, list[Tracking]] = {room: [] for room in ROOMS}
        self.pages: dict[str, dict[str, PageClient]] = {}
        self.phoenixes: dict[str, dict[str, PhoenixClient]] = {}
        self.known: dict[str, set[str]] = {}
        """Rooms of which a connection has had a snapshot since it subscribed."""
        self.room = ""
        self.diffs: dict[str, list[tuple[str, str]]] = {}
        self.snapshots: dict[str, int] = {}
        for connection_id in CONNECTIONS:
            self.connect(connection_id)

    # The clients' side

    def receive(self, connection_id: str, message: Any) -> None:
        room = self.room_of(connection_id, message)
        page, phoenix = self.clients(connection_id, room)
        payload = message["payload"]
        if message["event"] == "presence_state":
            page.on_snapshot(_copy(payload))
            phoenix.on_snapshot(_copy(payload))
            self.known[connection_id].add(room)
            self.snapshots[connection_id] = self.snapshots.get(connection_id, 0) + 1
            return
        assert set(payload) == {"joins", "leaves"}, "a diff lacks one of its keys"
        assert room in self.known[connection_id], "a diff came before any snapshot"
        page.on_diff(_copy(payload["joins"]), _copy(payload["leaves"]))
        phoenix.on_diff(_copy(payload["joins"]), _copy(payload["leaves"]))
        changes = self.diffs.setdefault(connection_id, [])
        changes.extend(("join", key) for key in payload["joins"])
        changes.extend(("leave", key) for key in payload["leaves"])

    def room_of(self, connection_id: str, message: Any) -> str:
        known = self.known[connection_id]
        if "channel" in message:
            room: str = message["channel"]
            assert len(known | {room}) > 1, "a channel is named to a subscriber of only one"
            return room
        assert len(known) < 2, "a subscriber of several channels cannot tell which one is meant"
        (room,) = known or {self.room}
        return room

    def clients(self, connection_id: str, room: str) -> tuple[PageClient, PhoenixClient]:
        return self.pages[connection_id][room], self.phoenixes[connection_id][room]

    # The model

    def subscribes(self, connection_id: str, room: str) -> bool:
        return room in self.joined[connection_id] or self.tracking(connection_id, room) is not None

    def tracking(self, connection_id: str, room: str) -> Tracking | None:
        for tracking in self.tracked[room]:
            if tracking.connection_id == connection_id:
                return tracking
        return None

    def truth(self, room: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for tracking in self.tracked[room]:
            found.setdefault(tracking.user, []).append(tracking.describe())
        return found

    def model_untrack(self, connection_id: str, room: str) -> list[tuple[str, str]]:
        tracking = self.tracking(connection_id, room)
        if tracking is None:
            return []
        self.tracked[room].remove(tracking)
        return [] if tracking.user in self.truth(room) else [("leave", tracking.user)]

    def model_track(
        self, connection_id: str, room: str, user: str, state: str | None, fields: dict[str, Any]
    ) -> list[tuple[str, str]]:
        former = self.tracking(connection_id, room)
        if former is not None and former.user == user:
            before = former.content
            former.state, former.fields = state or former.state, fields
            return [("join", user)] if before != former.content else []
        changes = self.model_untrack(connection_id, room)
        if user not in self.truth(room):
            changes.append(("join", user))
        self.used.add(room)
        self.tracked[room].append(Tracking(connection_id, user, state or "online", fields))
        return changes

    def step(self, connection_id: str, room: str, result: Any) -> None:
        """Carry out a return and note what clients get in it."""
        self.begin(room)
        self.bench.do(connection_id, result)
        if not self.subscribes(connection_id, room):
            self.known[connection_id].discard(room)

    def begin(self, room: str) -> None:
        self.room = room
        self.diffs = {}
        self.snapshots = {}
        self.synced_before = {
            (connection_id, each) for connection_id, known in self.known.items() for each in known
        }
        for phoenixes in self.phoenixes.values():
            for phoenix in phoenixes.values():
                phoenix.firsts, phoenix.lasts = [], []

    def expect(self, room: str, changes: list[tuple[str, str]], actor: str) -> None:
        """Every other subscriber that had a snapshot got exactly *changes*, in both clients."""
        for connection_id in self.connected - {actor}:
            if (connection_id, room) in self.synced_before:
                got = self.diffs.get(connection_id, [])
                assert got == changes, f"{connection_id} got {got} instead of {changes}"

    def expect_notices(self, room: str, joins: list[str], leaves: list[str], actor: str) -> None:
        """An app on `phoenix` hears of a user's first and last connection and of no other."""
        for connection_id in self.connected - {actor}:
            if (connection_id, room) in self.synced_before:
                phoenix = self.phoenixes[connection_id][room]
                assert phoenix.firsts == joins
                assert phoenix.lasts == leaves

    # What can happen

    @rule(connection_id=connections, keeps=st.booleans())
    def accept(self, connection_id: str, keeps: bool) -> None:
        """A client connects: a new one, or one with what it held (docs/spec §W5.12, §W5.13)."""
        self.connect(connection_id, keeps=keeps)

    def connect(self, connection_id: str, *, keeps: bool = False) -> None:
        if connection_id not in self.connected:
            self.connected.add(connection_id)
            self.joined[connection_id] = set()
            self.known[connection_id] = set()
            if not keeps or connection_id not in self.pages:
                self.pages[connection_id] = {room: PageClient() for room in ROOMS}
                self.phoenixes[connection_id] = {room: PhoenixClient() for room in ROOMS}
            self.bench.connect(connection_id)

    @rule(connection_id=connections, room=rooms)
    def join(self, connection_id: str, room: str) -> None:
        if connection_id not in self.connected:
            return
        is_new = not self.subscribes(connection_id, room)
        self.joined[connection_id].add(room)
        self.step(connection_id, room, {"join": room})
        expected = 1 if is_new and room in self.used else 0
        assert self.snapshots.get(connection_id, 0) == expected
        self.expect(room, [], connection_id)
        if expected:
            self.holds_the_truth(connection_id, room)

    def holds_the_truth(self, connection_id: str, room: str) -> None:
        """Both clients have it to the letter, device counts included."""
        truth = _typed(self.truth(room))
        page, phoenix = self.clients(connection_id, room)
        assert _contents(page.state) == truth
        assert _contents(phoenix.state) == truth

    @rule(
        connection_id=connections,
        room=rooms,
        user=users,
        state=st.none() | states,
        fields=metadata,
        joins=st.booleans(),
    )
    def track(
        self,
        connection_id: str,
        room: str,
        user: str | int,
        state: str | None,
        fields: dict[str, Any],
        joins: bool,
    ) -> None:
        if connection_id not in self.connected:
            return
        result: dict[str, Any] = {"track": {"channel": room, "user_id": user, **fields}}
        if state is not None:
            result["track"]["state"] = state
        if joins:
            result["join"] = room
            self.joined[connection_id].add(room)
        changes = self.model_track(connection_id, room, str(user), state, fields)
        self.step(connection_id, room, result)
        assert self.snapshots[connection_id] >= 1
        self.expect(room, changes, connection_id)

    @rule(connection_id=connections, room=rooms, state=states, fields=metadata)
    def set_presence(
        self, connection_id: str, room: str, state: str, fields: dict[str, Any]
    ) -> None:
        if connection_id not in self.connected:
            return
        changes: list[tuple[str, str]] = []
        tracking = self.tracking(connection_id, room)
        if tracking is not None:
            before = tracking.content
            tracking.state, tracking.fields = state, {**tracking.fields, **fields}
            if tracking.content != before:
                changes = [("join", tracking.user)]
        self.step(
            connection_id, room, {"set_presence": {"channel": room, "state": state, **fields}}
        )
        self.expect(room, changes, actor="")
        self.expect_notices(room, [], [], actor="")

    @rule(connection_id=connections, room=rooms)
    def untrack(self, connection_id: str, room: str) -> None:
        if connection_id not in self.connected:
            return
        changes = self.model_untrack(connection_id, room)
        self.step(connection_id, room, {"untrack": room})
        self.expect(room, changes, connection_id)
        self.expect_notices(room, [], [key for _, key in changes], connection_id)

    @rule(connection_id=connections, room=rooms)
    def leave(self, connection_id: str, room: str) -> None:
        if connection_id not in self.connected:
            return
        self.joined[connection_id].discard(room)
        self.step(connection_id, room, {"leave": room})
        self.expect(room, [], connection_id)

    @rule(connection_id=connections, other=connections, room=rooms, state=states)
    def miss_a_change(self, connection_id: str, other: str, room: str, state: str) -> None:
        """Leave, while somebody changes, and come back."""
        self.leave(connection_id, room)
        self.set_presence(other, room, state, {})
        self.join(connection_id, room)

    @precondition(lambda self: any(self.tracked.values()))
    @rule(connection_id=connections, number=st.integers(0, 3), state=states)
    def reconnect(self, connection_id: str, number: int, state: str) -> None:
        """Lose the line, miss a change, and come back with what it held."""
        present = [(room, each) for room in ROOMS for each in self.tracked[room]]
        room, tracking = present[number % len(present)]
        self.disconnect(connection_id)
        self.set_presence(tracking.connection_id, room, state, {})
        self.connect(connection_id, keeps=True)
        self.join(connection_id, room)

    @rule(connection_id=connections)
    def disconnect(self, connection_id: str) -> None:
        if connection_id not in self.connected:
            return
        self.begin("")
        expected = {room: self.model_untrack(connection_id, room) for room in ROOMS}
        self.connected.discard(connection_id)
        del self.joined[connection_id]
        self.bench.disconnect(connection_id)
        del self.known[connection_id]
        for room, changes in expected.items():
            self.expect_notices(room, [], [key for _, key in changes], connection_id)

    @rule(seconds=st.sampled_from((0.1, 0.5, 1.0, 3.0)))
    def wait(self, seconds: float) -> None:
        self.begin("")
        self.bench.now += seconds
        self.bench.flush()
        assert not self.diffs, "a resync is a snapshot"

    @precondition(lambda self: self.resyncs)
    @rule()
    def settle(self) -> None:
        """Once all resyncs are sent, both clients have the very truth, device counts included."""
        self.begin("")
        self.bench.settle()
        for room in ROOMS:
            for connection_id in self.connected:
                if self.subscribes(connection_id, room):
                    self.holds_the_truth(connection_id, room)

    # What always holds

    @invariant()
    def everybody_shows_the_same_users(self) -> None:
        for room in ROOMS:
            present = set(self.truth(room))
            for connection_id in self.connected:
                if self.subscribes(connection_id, room):
                    page, phoenix = self.clients(connection_id, room)
                    assert set(page.state) == present
                    assert set(phoenix.state) == present

    @invariant()
    def every_subscriber_has_a_snapshot_while_somebody_is_tracked(self) -> None:
        for room in ROOMS:
            for connection_id in self.connected if self.tracked[room] else ():
                if self.subscribes(connection_id, room):
                    assert room in self.known[connection_id]

    @invariant()
    def metas_stand_in_the_order_in_which_they_were_tracked(self) -> None:
        """Those that are gone, and shown until the next resync, may stand anywhere."""
        for room in ROOMS:
            listed = self.bench.hub.list_presence(room)
            present = {meta["phx_ref"] for entry in listed for meta in entry["metas"]}
            for phoenixes in self.phoenixes.values():
                for user in phoenixes[room].state.values():
                    refs = [meta["phx_ref"] for meta in user["metas"]]
                    shown = [int(ref) for ref in refs if ref in present]
                    assert shown == sorted(set(shown))

    @invariant()
    def the_server_answers_with_the_truth(self) -> None:
        for room in ROOMS:
            listed = self.bench.hub.list_presence(room)
            found = {entry["user_id"]: {"metas": entry["metas"]} for entry in listed}
            assert _contents(found) == _typed(self.truth(room))
            assert self.bench.hub.presence_count(room) == len(found)

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        for connection_id in sorted(self.connected):
            self.disconnect(connection_id)
        assert len(self.bench.hub.presence) == 0, "channels are left behind"
        assert len(self.bench.hub.rooms) == 0, "rooms are left behind"
        assert self.bench.cohorts == {}, "subscribers are left behind"
        assert self.bench.hub.due is None


def _copy(users: Users) -> Users:
    return {key: {"metas": [dict(meta) for meta in user["metas"]]} for key, user in users.items()}


def _contents(users: Users) -> dict[str, list[str]]:
    """Metas without refs, in an order-free text that tells 1, 1.0 and true apart."""
    return _typed(
        {
            key: [
                {name: value for name, value in meta.items() if name != "phx_ref"}
                for meta in user["metas"]
            ]
            for key, user in users.items()
        }
    )


def _typed(users: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {key: [repr(sorted(meta.items())) for meta in metas] for key, metas in users.items()}


PresenceMachine.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=40)
TestPresenceMachine = PresenceMachine.TestCase
