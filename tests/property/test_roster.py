"""The roster and its audience, fed by several nodes: against a plain table of who is tracked."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from soli_runtime.core.effects import Effect, Members, Send
from soli_runtime.core.presence import Presence
from soli_runtime.core.roster import Entry
from soli_runtime.core.wire import meta_body

from ..support.presence_clients import Bench, PageClient, PhoenixClient, Users

NODES = ("n1", "n2")
USERS = ("ada", "bob")
bodies = st.sampled_from(("online", "typing")).map(lambda state: meta_body(state, {}))


@st.composite
def tables(draw: st.DrawFn) -> list[Entry]:
    """Who is tracked by other nodes; refs are unique and in no order."""
    refs = draw(st.lists(st.integers(1, 99), unique=True, max_size=8))
    return [
        Entry(
            f"c{number}",
            draw(st.sampled_from(USERS)),
            str(ref),
            draw(bodies),
            draw(st.booleans()),
            draw(st.sampled_from(NODES)),
        )
        for number, ref in enumerate(refs)
    ]


class Watched:
    """A process with a member in the room, and both kinds of clients of it."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.bench.connect("here", "new")
        self.page, self.phoenix = PageClient(), PhoenixClient()
        self.diffs = 0
        self.bench.on_message = self.receive
        self.bench.do("here", {"join": "r"})

    @property
    def presence(self) -> Presence:
        return self.bench.hub.presence

    def receive(self, connection_id: str, message: Any) -> None:
        if connection_id != "here":
            return
        payload = message["payload"]
        if message["event"] == "presence_state":
            self.page.on_snapshot(_copy(payload))
            self.phoenix.on_snapshot(_copy(payload))
        else:
            self.diffs += 1
            self.page.on_diff(_copy(payload["joins"]), _copy(payload["leaves"]))
            self.phoenix.on_diff(_copy(payload["joins"]), _copy(payload["leaves"]))

    def feed(self, entries: list[Entry]) -> None:
        for entry in entries:
            self.bench.deliver(self.presence.track("r", entry, self.bench.now))

    def holds(self, entries: list[Entry]) -> None:
        """Roster and clients show exactly *entries*, metas in the order of refs."""
        self.bench.settle()
        expected = _users(entries)
        listed = self.presence.roster.users("r")
        assert {entry["user_id"]: {"metas": entry["metas"]} for entry in listed} == expected
        assert self.page.state == expected
        in_order = {
            key: {"metas": sorted(user["metas"], key=lambda meta: int(meta["phx_ref"]))}
            for key, user in self.phoenix.state.items()
        }
        assert in_order == expected


@given(tables())
def test_metas_stand_in_the_order_of_refs_whatever_the_order_of_arrival(
    entries: list[Entry],
) -> None:
    """What other nodes track comes when it comes."""
    watched = Watched()
    watched.feed(entries)
    watched.holds(entries)


@given(tables(), st.sampled_from(NODES))
def test_a_node_that_died_takes_its_users_in_one_diff(entries: list[Entry], node: str) -> None:
    """Those who have other connections stay, and are refreshed once."""
    watched = Watched()
    watched.feed(entries)
    watched.bench.settle()
    watched.diffs = 0
    slices = watched.presence.drop_node("r", node, lambda: watched.bench.now)
    effects = list(chain.from_iterable(slices))
    watched.bench.deliver(effects)
    stay = [entry for entry in entries if entry.node != node]
    gone = set(_users(entries)) - set(_users(stay))
    assert watched.diffs == (1 if gone else 0)
    assert len([effect for effect in effects if _is_diff(effect)]) == watched.diffs
    watched.holds(stay)


def test_a_node_that_comes_back_with_another_name_keeps_its_trackings() -> None:
    """The death of the name that it had takes nobody with it."""
    watched = Watched()
    entry = Entry("there", "bob", "2", meta_body("online", {}), node="n1")
    watched.feed([entry, entry._replace(node="n2")])
    assert list(chain.from_iterable(watched.presence.drop_node("r", "n1", lambda: 0.0))) == []
    watched.holds([entry])


def _is_diff(effect: Effect) -> bool:
    return isinstance(effect, Send) and isinstance(effect.recipients, Members)


def _users(entries: list[Entry]) -> Users:
    found: Users = {}
    for entry in sorted(entries, key=lambda entry: int(entry.ref)):
        meta = json.loads(f'{{"phx_ref":"{entry.ref}",{entry.body}}}')
        found.setdefault(entry.key, {"metas": []})["metas"].append(meta)
    return found


def _copy(users: Users) -> Users:
    return {key: {"metas": [dict(meta) for meta in user["metas"]]} for key, user in users.items()}
