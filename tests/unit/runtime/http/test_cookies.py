"""Cookies, read and written."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.http.cookies import (
    CookieOptions,
    cookie_options,
    parse_cookies,
    set_cookie_header,
)

from soli_lang.base.errors import SoliError


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ('a="q"', {"a": "q"}),
        ("a=%20x", {"a": " x"}),
        ("a=b=c", {"a": "b=c"}),
        ("nonsense; =x; a=1", {"a": "1"}),
    ],
)
def test_a_cookie_header_becomes_a_hash(header: str, cookies: dict[str, str]) -> None:
    """What is malformed is left out."""
    assert parse_cookies(header) == cookies


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({}, "a=1; Path=/; HttpOnly; SameSite=Lax"),
        ({"path": "/x", "max_age": 5}, "a=1; Path=/x; Max-Age=5; HttpOnly; SameSite=Lax"),
        ({"secure": True}, "a=1; Path=/; HttpOnly; Secure; SameSite=Lax"),
        ({"http_only": False}, "a=1; Path=/; SameSite=Lax"),
        ({"same_site": "strict"}, "a=1; Path=/; HttpOnly; SameSite=Strict"),
        ({"same_site": "None"}, "a=1; Path=/; HttpOnly; Secure; SameSite=None"),
        ({"domain": "x.example"}, "a=1; Path=/; Domain=x.example; HttpOnly; SameSite=Lax"),
        (
            {"expires": 0},
            "a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
        ),
    ],
)
def test_options_become_attributes(options: dict[str, Any], header: str) -> None:
    """As browsers read them."""
    assert set_cookie_header("a", "1", cookie_options(options)) == header


def test_a_value_comes_back_as_it_was() -> None:
    """Whatever is in it."""
    value = 'ä "x", y%'
    header = set_cookie_header("a", value, CookieOptions())
    assert parse_cookies(header.split("; ")[0]) == {"a": value}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("", "1", "name must not be empty"),
        ("a b", "1", "must not contain"),
        ("a=b", "1", "must not contain"),
        ("a", "x\r\nSet-Cookie: b=1", "control characters"),
    ],
)
def test_nothing_can_be_smuggled_in(name: str, value: str, message: str) -> None:
    """No second header, no second attribute."""
    with pytest.raises(SoliError, match=message):
        set_cookie_header(name, value, CookieOptions())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colour": "red"}, "has no option 'colour'"),
        ({"path": "/;x"}, "path must not contain"),
        ({"same_site": "maybe"}, "Lax, Strict or None"),
        ({"max_age": "soon"}, "number of seconds"),
    ],
)
def test_wrong_options_are_errors(options: dict[str, Any], message: str) -> None:
    """Each says what is wrong."""
    with pytest.raises(SoliError, match=message):
        cookie_options(options)
