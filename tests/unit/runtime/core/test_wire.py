"""The JSON text of presence messages."""

from __future__ import annotations

import json

from soli_runtime.core import wire


def test_a_snapshot_has_the_shape_of_the_page() -> None:
    """`event` first, then `payload`."""
    users = wire.payload([wire.user("u", [wire.meta("1", wire.meta_body("online", {"n": 1}))])])

    assert wire.snapshot(users, None) == (
        '{"event":"presence_state","payload":'
        '{"u":{"metas":[{"phx_ref":"1","state":"online","n":1}]}}}'
    )


def test_a_diff_always_has_both_keys() -> None:
    """Empty ones too."""
    assert wire.diff(wire.EMPTY_OBJECT, wire.EMPTY_OBJECT, None) == (
        '{"event":"presence_diff","payload":{"joins":{},"leaves":{}}}'
    )


def test_names_that_need_escapes_survive() -> None:
    """User ids and channel names may have quotes and any letters."""
    key = 'a"b\\é\u2028'
    text = wire.snapshot(wire.payload([wire.user(key, [])]), key)

    assert json.loads(text) == {
        "event": "presence_state",
        "channel": key,
        "payload": {key: {"metas": []}},
    }


def test_a_labelled_diff_names_its_channel() -> None:
    """At the top level."""
    assert json.loads(wire.diff("{}", "{}", "r"))["channel"] == "r"


def test_canonical_text_does_not_depend_on_the_order_of_keys() -> None:
    """But on the types of values."""
    assert wire.canonical({"a": 1, "b": {"c": 1, "d": 2}}) == wire.canonical(
        {"b": {"d": 2, "c": 1}, "a": 1}
    )
    assert len({wire.canonical({"a": value}) for value in (1, 1.0, True, "1")}) == 4
