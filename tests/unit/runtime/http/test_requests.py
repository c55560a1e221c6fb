"""Requests as Hashes."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.http.requests import RawRequest, UploadedFile, header_hash, request_hash


def asked(**parts: Any) -> dict[str, Any]:
    return request_hash(RawRequest("POST", "/a%20b", **parts), {"id": "1"})


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
