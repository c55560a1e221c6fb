"""Messages of the Debug Adapter Protocol: what is written is read, and nothing else is."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_runtime.debugging.framing import MAX_BYTES, BrokenFraming, Message, Writer, read_message
from soli_runtime.debugging.places import DebuggerFile, own_folder, read_place

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def read_all(data: bytes) -> list[Message]:
    stream = io.BytesIO(data)
    messages = []
    while (message := read_message(stream)) is not None:
        messages.append(message)
    return messages


@given(bodies=st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=4))
def test_messages_are_read_as_they_were_written(bodies: list[Message]) -> None:
    """In order, numbered from 1, whatever they hold."""
    stream = io.BytesIO()
    writer = Writer(stream)
    for body in bodies:
        writer.write({"type": "event", "event": "output", "body": body})

    read = read_all(stream.getvalue())
    assert [(one["seq"], one["body"]) for one in read] == list(enumerate(bodies, 1))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "has to begin with Content-Length"),
        (b"Content-Length: x\r\n\r\n", "has to be a number up to"),
        (b"Content-Length: -1\r\n\r\n", "has to be a number up to"),
        (b"Content-Length: %d\r\n\r\n" % (MAX_BYTES + 1), "has to be a number up to"),
        (b"\r\n{}", "has to be a number up to"),
        (b"Content-Type: " + b"a" * 5000, "header of a message is too long"),
        (b"Content-Length: 3\r\n\r\n{}}", "is no JSON"),
        (b"Content-Length: 2\r\n\r\n[]", "no object with a type"),
        (b'Content-Length: 10\r\n\r\n{"type":1}', "no object with a type"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BrokenFraming, match=why):
        read_message(io.BytesIO(data))


def test_a_message_that_is_cut_is_the_end() -> None:
    assert read_all(b'Content-Length: 16\r\n\r\n{"type":"event"}Content-Length: 9\r\n\r\n{') == [
        {"type": "event"}
    ]


def test_who_looks_for_a_debugger_finds_the_last_that_runs(tmp_path: Path) -> None:
    """For its owner's eyes alone, out of git, and gone with its process."""
    file = DebuggerFile(tmp_path)
    file.leave(1234, "secret")

    path = own_folder(tmp_path) / "debugger.json"
    assert read_place(path) == {"port": 1234, "token": "secret", "pid": os.getpid()}
    assert path.stat().st_mode & 0o777 == 0o600
    assert (path.parent / ".gitignore").read_text() == "*\n"
    file.take_away()
    assert read_place(path) is None


def test_a_file_of_another_process_stays(tmp_path: Path) -> None:
    file = DebuggerFile(tmp_path)
    file.leave(1234, "secret")
    path = own_folder(tmp_path) / "debugger.json"
    path.write_text('{"port": 5, "token": "other", "pid": 1}')
    file.take_away()
    assert path.exists()
