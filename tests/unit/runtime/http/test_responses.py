"""What actions return, as responses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from soli_runtime.http.responses import is_response_hash, response_of

from soli_lang.base.errors import SoliError


@pytest.mark.parametrize(
    "value",
    [
        {"status": 200},
        {"body": "x"},
        {"status": 200, "headers": {}, "body": ""},
        {"headers": {"A": "b"}},
    ],
)
def test_a_hash_with_nothing_but_parts_of_a_response_is_one(value: dict[str, Any]) -> None:
    """Any of them."""
    assert is_response_hash(value)


@pytest.mark.parametrize(
    "value", [{}, {"status": "ok"}, {"status": 200, "name": "x"}, {"name": 1}, [], None, "x"]
)
def test_other_values_are_data(value: Any) -> None:
    """To be sent as JSON or text."""
    assert not is_response_hash(value)


@pytest.mark.parametrize(
    ("value", "body", "content_type"),
    [
        (b"\x00", b"\x00", "application/octet-stream"),
        (5, b"5", "text/plain; charset=utf-8"),
        (True, b"true", "text/plain; charset=utf-8"),
        ("  <p>", b"  <p>", "text/plain; charset=utf-8"),
        ("<!doctype html>", b"<!doctype html>", "text/plain; charset=utf-8"),
        ({"body": "<script>"}, b"<script>", "text/plain; charset=utf-8"),
        ({"body_base64": "AAE="}, b"\x00\x01", "application/octet-stream"),
        ({"body": None, "status": 200}, b"", "text/plain; charset=utf-8"),
    ],
)
def test_the_type_follows_from_the_value(value: Any, body: bytes, content_type: str) -> None:
    """Unless a header says otherwise."""
    response = response_of(value, json.dumps)
    assert (response.body, response.header("content-type")) == (body, content_type)


def test_null_is_no_content() -> None:
    """204."""
    assert response_of(None, json.dumps).status == 204


def test_a_header_may_repeat() -> None:
    """An Array of values."""
    response = response_of({"headers": {"X": ["a", "b"]}, "body": ""}, json.dumps)
    assert response.headers[:2] == [("X", "a"), ("X", "b")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"status": 99}, "status of a response"),
        ({"status": 600}, "status of a response"),
        ({"status": 101}, "status of a response"),
        ({"headers": {"X": "a\r\nY: b"}}, "control characters"),
        ({"headers": {"X Y": "a"}}, "header 'X Y': expected a name"),
        ({"headers": [], "body": "x"}, "headers of a response: expected hash, got array"),
        ({"body_base64": "!"}, "expected Base64"),
    ],
)
def test_what_cannot_be_sent_is_an_error(value: Any, message: str) -> None:
    """Nothing can be smuggled into the headers."""
    with pytest.raises(SoliError, match=message):
        response_of(value, json.dumps)
