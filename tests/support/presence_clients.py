"""The two clients that presence must leave in the right state, in Python, and a fake transport.

`PageClient` is the algorithm of the page (tests/page/websockets-page.txt); `PhoenixClient` has the
semantics of the Presence object of npm `phoenix`. `tests/e2e` runs the real ones.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from soli_runtime.core import actions
from soli_runtime.core.effects import (
    Close,
    Cohort,
    Effect,
    Enter,
    Everyone,
    EveryoneBut,
    Exit,
    Members,
    Note,
    One,
    Send,
    SendVolatile,
    Some,
    Wake,
)
from soli_runtime.core.history.rings import History
from soli_runtime.core.hub import Hub
from soli_runtime.core.operations.arrivals import Arrivals
from soli_runtime.core.operations.broker import Broker, LocalBroker

from .settings import settings_of
from .virtual_clock import VirtualClock

Users = dict[str, dict[str, list[dict[str, Any]]]]


def encode_json(value: Any) -> str:
    """JSON good enough for tests of the core; Soli's own rules are the library's."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class PageClient:
    """A join replaces a user, a leave deletes one."""

    def __init__(self) -> None:
        self.state: Users = {}

    def on_snapshot(self, users: Users) -> None:
        self.state = users

    def on_diff(self, joins: Users, leaves: Users) -> None:
        for key, user in joins.items():
            self.state[key] = user
        for key in leaves:
            self.state.pop(key, None)


class PhoenixClient:
    """Merges metas by ref. `firsts` and `lasts` are what an app makes of onJoin and onLeave."""

    def __init__(self) -> None:
        self.state: Users = {}
        self.firsts: list[str] = []
        self.lasts: list[str] = []

    def on_snapshot(self, users: Users) -> None:
        joins: Users = {}
        leaves: Users = {key: user for key, user in self.state.items() if key not in users}
        for key, user in users.items():
            current = self.state.get(key)
            if current is None:
                joins[key] = user
                continue
            new_refs = {meta["phx_ref"] for meta in user["metas"]}
            current_refs = {meta["phx_ref"] for meta in current["metas"]}
            joined = [meta for meta in user["metas"] if meta["phx_ref"] not in current_refs]
            left = [meta for meta in current["metas"] if meta["phx_ref"] not in new_refs]
            if joined:
                joins[key] = {"metas": joined}
            if left:
                leaves[key] = {"metas": left}
        self.on_diff(joins, leaves)

    def on_diff(self, joins: Users, leaves: Users) -> None:
        for key, user in joins.items():
            current = self.state.get(key)
            metas = list(user["metas"])
            if current is None:
                self.firsts.append(key)
            else:
                refs = {meta["phx_ref"] for meta in metas}
                metas = [meta for meta in current["metas"] if meta["phx_ref"] not in refs] + metas
            self.state[key] = {"metas": metas}
        for key, user in leaves.items():
            current = self.state.get(key)
            if current is None:
                continue
            refs = {meta["phx_ref"] for meta in user["metas"]}
            kept = [meta for meta in current["metas"] if meta["phx_ref"] not in refs]
            if kept:
                self.state[key] = {"metas": kept}
            else:
                self.lasts.append(key)
                del self.state[key]


class Inbox:
    """What one connection received."""

    def __init__(self) -> None:
        self.payloads: list[str | bytes] = []
        self.closed: tuple[int, str] | None = None

    def take(self) -> list[Any]:
        """The payloads since the last call, JSON decoded where they are JSON."""
        taken, self.payloads = self.payloads, []
        return [_decoded(payload) for payload in taken]


class Bench:
    """A hub with a fake transport: effects end in inboxes, time is a number."""

    def __init__(
        self,
        make_broker: Callable[[Arrivals], Broker] = LocalBroker,
        refs: Iterator[int] | None = None,
        **settings: Any,
    ) -> None:
        numbers = itertools.count(1) if refs is None else refs
        self.settings = settings_of(**settings)
        self.clock = VirtualClock(100.0)
        self.history = History("e", lambda: self.now, self.settings.room_bytes)
        self.hub = Hub.create(self.settings, lambda: str(next(numbers)), make_broker, self.history)
        self.inboxes: dict[str, Inbox] = {}
        self.notes: list[Note] = []
        self.wakes: list[float] = []
        self.cohorts: dict[Cohort, list[str]] = {}
        """Who is in which: what `Enter` and `Exit` said so far."""
        self.on_message: Callable[[str, Any], None] | None = None
        self.on_volatile: Callable[[SendVolatile], None] | None = None
        self.on_enter: Callable[[str, Cohort], None] | None = None

    def connect(self, *connection_ids: str, returns: Mapping[str, str] | None = None) -> None:
        """*returns*: the rooms that they come back to, and where they were; None: not asked."""
        for connection_id in connection_ids:
            self.inboxes[connection_id] = Inbox()
            seat = self.hub.connect(connection_id)
            seat.returns = None if returns is None else dict(returns)

    @property
    def rooms_with_members(self) -> tuple[str, ...]:
        """As the sockets of this process see it."""
        return tuple(cohort.label or "followers" for cohort in self.cohorts)

    def end_turn(self) -> None:
        """What the loop does at the end of each turn."""
        self.deliver(self.hub.positions())

    def do(self, connection_id: str, result: Any) -> list[Effect]:
        """Carry out what a handler returned."""
        parsed = actions.parse(result, encode_json, self.settings.constants.max_presence_bytes)
        return self.deliver(self.hub.apply(connection_id, parsed, self.now))

    def disconnect(self, connection_id: str, result: Any = None, *, lost: bool = False) -> None:
        """The whole teardown, *result* being what the `disconnect` handler returned.

        *lost*: the line broke, nobody said goodbye.
        """
        self.hub.closing(connection_id)
        if result is not None:
            self.do(connection_id, result)
        del self.inboxes[connection_id]
        self.deliver(self.hub.disconnect(connection_id, self.now, was_lost=lost))

    @property
    def now(self) -> float:
        return self.clock.now

    @now.setter
    def now(self, now: float) -> None:
        self.clock.now = now

    def flush(self) -> None:
        self.clock.run_due()
        self.deliver(self.hub.flush(self.now))

    def settle(self, limit: int = 1000) -> None:
        """Let time pass until nothing is pending."""
        for _ in range(limit):
            if self.hub.due is None:
                return
            self.now = max(self.now, self.hub.due)
            self.flush()
        raise AssertionError("resyncs never end")

    def deliver(self, effects: Iterable[Effect]) -> list[Effect]:
        effects = list(effects)
        for effect in effects:
            self._carry_out(effect)
        return effects

    def received(self, connection_id: str) -> list[Any]:
        return self.inboxes[connection_id].take()

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Note):
            self.notes.append(effect)
        elif isinstance(effect, Wake):
            self.wakes.append(effect.at)
        elif isinstance(effect, Close):
            self.inboxes[effect.connection_id].closed = (effect.code, effect.reason)
        elif isinstance(effect, Exit):
            self.cohorts[effect.cohort].remove(effect.connection_id)
            if not self.cohorts[effect.cohort]:
                del self.cohorts[effect.cohort]
        elif isinstance(effect, Enter):
            members = self.cohorts.setdefault(effect.cohort, [])
            assert effect.connection_id not in members, "enters a cohort twice"
            members.append(effect.connection_id)
            if self.on_enter is not None:
                self.on_enter(effect.connection_id, effect.cohort)
        else:
            self._send(effect)

    def _send(self, effect: Send) -> None:
        if isinstance(effect, SendVolatile) and self.on_volatile is not None:
            self.on_volatile(effect)
        for connection_id in self._recipients(effect):
            self.inboxes[connection_id].payloads.append(effect.payload)
            if self.on_message is not None:
                self.on_message(connection_id, _decoded(effect.payload))

    def _recipients(self, effect: Send) -> Iterator[str]:
        recipients = effect.recipients
        if isinstance(recipients, Everyone):
            ids = tuple(self.inboxes)
        elif isinstance(recipients, EveryoneBut):
            ids = tuple(one for one in self.inboxes if one != recipients.but)
        elif isinstance(recipients, One):
            ids = (recipients.connection_id,)
        elif isinstance(recipients, Members):
            members = self.cohorts.get(recipients.cohort, [])
            ids = tuple(member for member in members if member != recipients.but)
            assert ids or "presence_" not in str(effect.payload), "presence is told to nobody"
        else:
            assert isinstance(recipients, Some)
            ids = recipients.ids
            assert len(set(ids)) == len(ids), "an audience names a connection twice"
        return iter([connection_id for connection_id in ids if connection_id in self.inboxes])


def _decoded(payload: str | bytes) -> Any:
    if isinstance(payload, bytes):
        return payload
    try:
        return json.loads(payload)
    except ValueError:
        return payload
