"""Phoenix's arrays: what is one, what handlers see of it, and what clients get."""

from __future__ import annotations

import json

import pytest
from soli_runtime.core.effects import Framed
from soli_runtime.serving.sockets.phoenix import array_of, frame_in

NO_FRAMES = [
    "",
    "text",
    "{}",
    "[]",
    '["1","2","t","e"]',
    '["1","2","t","e",{},1]',
    '["1","2",7,"e",{}]',
    '["1","2","t",null,{}]',
    '["1",{},"t","e",{}]',
    '[1.5,"2","t","e",{}]',
    '["1",true,"t","e",{}]',
    json.dumps(["1", "2" * 65, "t", "e", {}]),
    json.dumps(["1", "2", "t" * 256, "e", {}]),
    json.dumps(["1", "2", "t", "e" * 256, {}]),
    "[" * 100_000,
    '["1","\\ud800","t","e",{}]',
    '["1","2","\\udfff","e",{}]',
    b"",
    b"\x00\x01\x01",
    b"\x01\x00\x00\x00\x00data",
    b"\x00\xff\xff\xff\xffshort",
]


@pytest.mark.parametrize("message", NO_FRAMES, ids=range(len(NO_FRAMES)))
def test_what_is_no_frame(message: str | bytes) -> None:
    """Wrong shapes, wrong types, refs and names that are too long."""
    assert frame_in(message) is None


def test_handlers_see_an_object() -> None:
    """All five parts under their names; text that JSON allows and UTF-8 does not is replaced."""
    frame = frame_in('["3",7,"room:1","say",{"text":"\\u00e4\\ud800"}]')
    assert frame is not None
    assert isinstance(frame.text, str)
    assert json.loads(frame.text) == {
        "topic": "room:1",
        "event": "say",
        "payload": {"text": "\u00e4?"},
        "ref": 7,
        "join_ref": "3",
    }


def test_a_binary_push_is_its_payload() -> None:
    """Behind kind, sizes and names."""
    frame = frame_in(b"\x00\x01\x02\x04\x03" + b"1" + b"22" + b"room" + b"say" + b"\xff\x00")
    assert frame is not None
    assert (frame.join_ref, frame.ref, frame.topic, frame.event) == ("1", "22", "room", "say")
    assert frame.text == b"\xff\x00"


PAYLOADS = [
    ('{"event":"x","payload":{"a":1}}', ["x", {"a": 1}]),
    ('{"event":"x","payload":null}', ["x", None]),
    ('{"event":"x","text":"hi"}', ["x", {"text": "hi"}]),
    ('{"text":"hi"}', ["message", {"text": "hi"}]),
    ('{"event":7}', ["message", {"event": 7}]),
    ("[1,2]", ["message", [1, 2]]),
    ("plain", ["message", "plain"]),
    ('{"event":"x","payload":"\\ud800"}', ["x", "?"]),
    ("", ["message", ""]),
]


@pytest.mark.parametrize(("text", "parts"), PAYLOADS)
def test_what_programs_send_becomes_an_array(text: str, parts: list[object]) -> None:
    """Event and payload where it has them; else all of it is the payload of "message"."""
    array = array_of(text, "room:1", "3")
    assert isinstance(array, str)
    assert json.loads(array) == ["3", None, "room:1", *parts]
    assert array_of(array, "other") is array, "it is in that form already"
    assert isinstance(array, Framed)


def test_bytes_become_a_binary_broadcast() -> None:
    """Kind and sizes first; under a name that is too long for them, text."""
    assert array_of(b"\x01\x02", "room") == b"\x02\x04\x07roommessage\x01\x02"
    long = array_of(b"\x01", "\u20ac" * 100)
    assert isinstance(long, str)
    assert json.loads(long)[4] == {"base64": "AQ=="}
