"""Requests as Hashes."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.http.bodies.decoding import PIECE_BYTES, add_parts
from soli_runtime.http.queries import PIECE_CHARACTERS, parse_query
from soli_runtime.http.requests import RawRequest, UploadedFile, header_hash, visitor_hash
from soli_runtime.routing.event_use import BODY_PARTS

from soli_lang.base.errors import LimitError
from soli_lang.base.limits import Capabilities, Limits
from soli_lang.machine.machine import Machine


def machine(**limits: Any) -> Machine:
    made = Machine(Limits(**limits), Capabilities())
    made.start_budget()
    return made


def asked(
    *, wanted: tuple[str, ...] = BODY_PARTS, limits: dict[str, Any] | None = None, **parts: Any
) -> dict[str, Any]:
    raw = RawRequest("POST", "/a%20b", **parts)
    request = visitor_hash(raw, {"id": "1"})
    add_parts(request, raw, wanted, machine(**(limits or {})))
    return request


def test_the_path_is_decoded() -> None:
    """Routes match the encoded one."""
    assert asked()["path"] == "/a b"


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("application/json", b'{"a":1}', {"a": 1}),
        ("application/vnd.api+json; charset=utf-8", b"[1]", [1]),
        ("APPLICATION/JSON", b"1.0", 1.0),
        ("text/plain", b"[1]", None),
        ("application/json", b"{", None),
        ("application/json", b"NaN", None),
        ("application/json", b"[" * 100_000, None),
        ("", b"[1]", None),
    ],
)
def test_json_is_decoded_when_it_is_said_to_be_json(
    content_type: str, body: bytes, data: Any
) -> None:
    """And null when it is not, or too deep."""
    assert asked(headers={"content-type": content_type}, body=body)["json"] == data


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("", "ä".encode(), "ä"),
        ("; charset=latin-1", "ä".encode("latin-1"), "ä"),
        ('; charset="utf-8"', "ä".encode(), "ä"),
        ("; charset=nonsense", "ä".encode(), "ä"),
        ("", b"\xff", "\ufffd"),
    ],
)
def test_the_body_is_text(charset: str, body: bytes, text: str) -> None:
    """In the charset that the client names."""
    assert asked(headers={"content-type": "text/plain" + charset}, body=body)["body"] == text


def test_all_parameters_are_merged() -> None:
    """The route's own win: nobody can override them from outside."""
    request = asked(
        query_string="id=2&q=1",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=b"id=3&f=1",
    )
    assert request["all"] == {"id": "1", "q": "1", "f": "1"}
    assert request["form"] == {"id": "3", "f": "1"}


def test_files_come_with_their_data() -> None:
    """As Bytes."""
    request = asked(files=[UploadedFile("f", "a.txt", "text/plain", b"x")], fields=[("t", "1")])
    assert request["files"] == [
        {"name": "f", "filename": "a.txt", "content_type": "text/plain", "size": 1, "data": b"x"}
    ]
    assert request["form"] == {"t": "1"}


def test_repeated_headers_are_joined() -> None:
    """Names in lower case; cookies the way cookies are joined."""
    pairs = [("Accept", "a"), ("ACCEPT", "b"), ("Cookie", "x=1"), ("cookie", "y=2")]
    assert header_hash(pairs) == {"accept": "a, b", "cookie": "x=1; y=2"}


def test_only_what_is_wanted_is_decoded() -> None:
    """A body that nobody reads costs nothing, whatever it is."""
    costly = {"headers": {"content-type": "application/json"}, "body": b"[0,0,x" * 100_000}
    request = asked(wanted=("files",), limits={"max_steps": 10}, **costly)
    assert request["files"] == []
    assert "json" not in request
    with pytest.raises(LimitError):
        asked(wanted=("json",), limits={"max_steps": 10}, **costly)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain; charset=iso-8859-6"])
def test_memory_is_claimed_before_it_is_used(content_type: str) -> None:
    """A text and its value; also of a body that is no JSON."""
    limits = {"max_call_bytes": 100_000}
    with pytest.raises(LimitError, match="memory limit"):
        asked(limits=limits, headers={"content-type": content_type}, body=b"[0]" * 100_000)


@pytest.mark.parametrize("charset", ["utf-8", "shift_jis", "windows-1252", "utf-16le"])
@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_long_bodies_are_decoded_as_short_ones_are(charset: str, offset: int) -> None:
    """A character may lie on the seam between two pieces."""
    text = "a" * offset + {"windows-1252": "é€"}.get(charset, "日本") * PIECE_BYTES
    body = text.encode("cp932" if charset == "shift_jis" else charset)
    headers = {"content-type": f"text/plain; charset={charset}"}
    assert asked(headers=headers, body=body)["body"] == text


@pytest.mark.parametrize("offset", range(4))
def test_long_values_are_decoded_as_short_ones_are(offset: int) -> None:
    """An escape may lie on the seam too, and a broken one."""
    text = "a" * offset + "%E2%82%AC+%zz%2" * PIECE_CHARACTERS + "%"
    spent: list[int] = []
    decoded = "a" * offset + "€ %zz%2" * PIECE_CHARACTERS + "%"
    assert parse_query(f"a={text}", spent.append) == {"a": decoded}
    assert sum(spent) > 4 * text.count("%")
