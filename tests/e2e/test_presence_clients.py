"""Presence as clients hold it, after any sequence of comings, goings and changes.

Random sequences run against a live server. After every step each client's list of users must be
right, by the page's own snippet and by the Presence object of npm's `phoenix`; once the resync of
device counts is through (docs/spec §W5.8), every meta must be.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ..support.constants import smaller
from ..support.live import LiveServer, eventually, serve
from .presence_clients import Client, Judge, State, in_order, judging, truth

APP = Path(__file__).parent / "apps" / "scripted.soli"
MOST_CLIENTS = 6
USERS = st.sampled_from(["ada", "bob", "42"])
STATES = st.sampled_from(["online", "typing", "away"])
METADATA = st.fixed_dictionaries(
    {}, optional={"name": st.sampled_from(["A", "B"]), "mood": st.sampled_from([1, 2.5, None, []])}
)
rooms = count(1)


class PresenceClients(RuleBasedStateMachine):
    """Up to six clients in one room, told what to do at random."""

    def __init__(self, server: LiveServer, judge: Judge) -> None:
        super().__init__()
        self.server = server
        self.judge = judge
        self.room = f"room-{next(rooms)}"
        self.clients: list[Client] = []
        self.kept: list[str] = []
        """Names of those that went and may come back with what they held."""

    def any_client(self, data: st.DataObject) -> Client:
        return data.draw(st.sampled_from(self.clients))

    def connected(self) -> bool:
        return bool(self.clients)

    def has_space(self) -> bool:
        return len(self.clients) < MOST_CLIENTS

    def connect(self, name: str | None = None) -> Client:
        client = Client(self.server, self.judge, self.room, name)
        self.clients.append(client)
        return client

    def forget(self, client: Client) -> None:
        """Wait until the server, too, knows that *client* is gone."""
        self.clients.remove(client)
        eventually(lambda: client.id not in self.server.get("/clients"), "still connected")

    @precondition(has_space)
    @rule(user=USERS, metadata=METADATA)
    def connect_and_track(self, user: str, metadata: dict[str, Any]) -> None:
        self.connect().track(user, **metadata)

    @precondition(has_space)
    @rule()
    def connect_and_watch(self) -> None:
        self.connect()

    @precondition(connected)
    @rule(data=st.data(), state=STATES)
    def set_state(self, data: st.DataObject, state: str) -> None:
        self.any_client(data).do({"set_presence": {"channel": self.room, "state": state}})

    @precondition(connected)
    @rule(data=st.data(), metadata=METADATA)
    def track_again(self, data: st.DataObject, metadata: dict[str, Any]) -> None:
        client = self.any_client(data)
        client.track(client.user or "ada", **metadata)

    @precondition(connected)
    @rule(data=st.data(), user=USERS, metadata=METADATA)
    def become(self, data: st.DataObject, user: str, metadata: dict[str, Any]) -> None:
        self.any_client(data).track(user, **metadata)

    @precondition(connected)
    @rule(data=st.data())
    def untrack(self, data: st.DataObject) -> None:
        client = self.any_client(data)
        client.user = None
        client.do({"untrack": self.room})

    @precondition(connected)
    @rule(data=st.data(), keeps=st.booleans())
    def close(self, data: st.DataObject, keeps: bool) -> None:
        client = self.any_client(data)
        client.close(keeps=keeps)
        self.forget(client)
        self.kept += [client.name] * keeps

    @precondition(connected)
    @rule(data=st.data(), keeps=st.booleans())
    def abort(self, data: st.DataObject, keeps: bool) -> None:
        client = self.any_client(data)
        client.abort(keeps=keeps)
        self.forget(client)
        self.kept += [client.name] * keeps

    @precondition(lambda self: self.kept and self.has_space())
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        """The same page, the same Presence object, a new connection."""
        name = data.draw(st.sampled_from(self.kept))
        self.kept.remove(name)
        self.connect(name)

    @precondition(lambda self: len(self.clients) > 1)
    @rule(data=st.data(), state=STATES)
    def miss_a_change(self, data: st.DataObject, state: str) -> None:
        """A line breaks; somebody changes; the client comes back with what it held."""
        client = self.any_client(data)
        client.abort(keeps=True)
        self.forget(client)
        self.set_state(data, state)
        self.connect(client.name)

    def everybody_catches_up(self) -> None:
        for client in self.clients:
            client.catch_up()
        # What one client did may have told another one, asked before it: ask again.
        for client in self.clients:
            client.catch_up()

    def truth(self) -> State:
        return truth(self.server, self.room)

    @invariant()
    def everybody_knows_who_is_there(self) -> None:
        self.everybody_catches_up()
        users = set(self.truth())
        for client in self.clients:
            for state in client.states():
                assert set(state) == users, client.name

    @rule()
    def settle(self) -> None:
        """Once the counts are refreshed, every client holds the whole truth."""
        expected = self.truth()
        for client in self.clients:
            eventually(
                lambda client=client: self.holds(client, expected),
                f"{client.name} does not come to hold what the server holds",
                seconds=5,
            )

    def holds(self, client: Client, expected: dict[str, Any]) -> bool:
        client.catch_up()
        page, phoenix, soli = client.states()
        return page == soli == expected and in_order(phoenix) == expected

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            for client in self.clients:
                client.close()


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with (
        smaller(presence_resync_seconds=0.05),
        serve(APP, "--message-rate", "0") as server,
    ):
        yield server


@pytest.mark.timeout(300)
def test_clients_hold_the_right_state_after_every_sequence(server: LiveServer) -> None:
    """The page's snippet and npm's phoenix agree with the server, whatever happened."""
    with judging() as judge:
        run_state_machine_as_test(
            lambda: PresenceClients(server, judge),
            settings=settings(
                max_examples=30,
                stateful_step_count=25,
                # A sequence of 25 steps can be read; shrinking one that waits takes minutes.
                phases=[Phase.explicit, Phase.generate],
            ),
        )
