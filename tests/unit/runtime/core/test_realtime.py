"""`Realtime`: the door through which builtins, jobs and hosts reach connections."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest
from soli_runtime import Settings
from soli_runtime.core.effects import Effect
from soli_runtime.core.hub import Hub
from soli_runtime.core.realtime import Realtime

from soli_lang import SoliError


class Bench:
    """A hub with two connections, and what it asked to be done."""

    def __init__(self) -> None:
        refs = count(1)
        self.hub = Hub.create(Settings(), lambda: str(next(refs)))
        self.effects: list[Effect] = []
        self.realtime = Realtime(self.hub, self._carry_out, json.dumps, lambda: 0.0)
        for name in ("one", "two"):
            self.hub.connect(name)

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        self.effects.extend(effects)


@pytest.fixture
def bench() -> Bench:
    found = Bench()
    found.effects.clear()
    return found


def test_it_knows_who_is_connected(bench: Bench) -> None:
    """Oldest first."""
    assert bench.realtime.clients() == ["one", "two"]
    assert bench.realtime.count() == 2


def test_it_knows_rooms(bench: Bench) -> None:
    """Who is in one, and which ones somebody is in."""
    bench.realtime.join("two", "a")
    bench.realtime.join("two", "b")

    assert bench.realtime.clients_in("a") == ["two"]
    assert bench.realtime.rooms_of("two") == ["a", "b"]
    bench.realtime.leave("two", "a")
    assert bench.realtime.clients_in("a") == []


@pytest.mark.parametrize(
    ("message", "payload"), [("text", "text"), ({"a": 1}, '{"a": 1}'), (b"\0", b"\0")]
)
def test_messages_are_encoded_once(bench: Bench, message: Any, payload: Any) -> None:
    """Text and bytes as they are, the rest as JSON."""
    bench.realtime.broadcast(message)

    assert len(bench.effects) == 1
    assert getattr(bench.effects[0], "payload") == payload  # noqa: B009  # any effect that sends


def test_an_id_that_is_unknown_does_nothing(bench: Bench) -> None:
    """Neither sending nor closing."""
    bench.realtime.send("nobody", "x")
    bench.realtime.close("nobody")

    assert bench.effects == []


def test_a_message_without_a_json_form_is_an_error_that_names_the_helper(bench: Bench) -> None:
    """And nothing is sent."""

    def refuse(value: Any) -> str:
        raise SoliError("a function has no JSON form")

    realtime = Realtime(bench.hub, bench.effects.extend, refuse, lambda: 0.0)
    with pytest.raises(SoliError, match=r"ws_broadcast\(\) could not serialize"):
        realtime.broadcast(object())
    assert bench.effects == []


def test_presence_is_empty_where_nobody_is_tracked(bench: Bench) -> None:
    """Not an error."""
    assert bench.realtime.list_presence("a") == []
    assert bench.realtime.presence_count("a") == 0
    assert bench.realtime.get_presence("a", "ada") is None
