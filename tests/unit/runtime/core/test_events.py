"""The hash that a handler gets."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.core.events import Events


@pytest.fixture
def events() -> Events:
    return Events("id-1", {"room_id": "7"}, {"k": ["a"], "n": {"x": "y"}}, {"host": "h"})


COMMON = {
    "connection_id": "id-1",
    "params": {"room_id": "7"},
    "query": {"k": ["a"], "n": {"x": "y"}},
    "headers": {"host": "h"},
}


def test_connect_has_the_common_keys_only(events: Events) -> None:
    """No `message`, no `code`."""
    assert events.connect() == {"type": "connect", **COMMON}


def test_a_text_message_has_its_text(events: Events) -> None:
    """And no `binary`."""
    assert events.message("hi") == {"type": "message", "message": "hi", **COMMON}


def test_a_message_has_only_the_parts_that_are_seen(events: Events) -> None:
    """In the order of a whole one, and in a Hash of its own each time."""
    assert list(events.message("hi", ("connection_id", "query"))) == [
        *("type", "connection_id", "message", "query"),
    ]
    events.message("hi", ())["message"] = "changed"
    assert events.message("ho", ()) == {"type": "message", "message": "ho"}


def test_a_binary_message_has_bytes_and_says_so(events: Events) -> None:
    """`binary` is true only here."""
    expected = {"type": "message", "message": b"\x00", "binary": True, **COMMON}

    assert events.binary(b"\x00") == expected


def test_disconnect_has_the_close_code_and_reason(events: Events) -> None:
    """1006 when the line just broke is the caller's to say."""
    expected = {"type": "disconnect", "code": 1001, "reason": "away", **COMMON}

    assert events.disconnect(1001, "away") == expected


def test_params_are_there_even_if_there_are_none() -> None:
    """An empty Hash, not null."""
    assert Events("i", {}, {}, {}).connect()["params"] == {}


def vandalise(event: dict[str, Any]) -> None:
    event["type"] = "x"
    event["params"]["room_id"] = "changed"
    event["query"]["k"].append("b")
    event["query"]["n"]["x"] = "changed"
    event["headers"].clear()


def test_what_a_handler_does_to_its_event_is_not_seen_by_the_next(events: Events) -> None:
    """Neither at the top nor deep inside."""
    vandalise(events.message("a"))
    vandalise(events.connect())

    assert events.message("hi") == {"type": "message", "message": "hi", **COMMON}


def test_events_are_plain_hashes(events: Events) -> None:
    """The interpreter knows `dict` and no subclass of it."""
    event = events.message("x")

    assert [type(event[key]) for key in ("params", "query", "headers")] == [dict] * 3
