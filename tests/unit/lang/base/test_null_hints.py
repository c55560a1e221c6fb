"""What a hint says was null."""

from __future__ import annotations

import pytest

from soli_lang.base.null_hints import null_hint

MEMBER = "Cannot access property 'b' on null"


@pytest.mark.parametrize(
    ("message", "text", "receiver"),
    [
        (MEMBER, "a.b", "a"),
        (MEMBER, "x.a.b(c.b, d)", "x.a"),
        (MEMBER, "f(a.b).b", "f(a.b)"),
        (MEMBER, 'h["a.b"].b', 'h["a.b"]'),
        (MEMBER, "@user.b", "@user"),
        ("Type error: cannot index null", 'h["a"]["b"]', 'h["a"]'),
        ("Type error: cannot set property on null", "a.b.c", "a.b"),
        ("Type error: cannot iterate over null", "xs", "xs"),
        ("Type error: Cannot add int and null", "1 + x", "x"),
        ("Type error: Cannot add null and int", "x += 1", "x"),
        ("Type error: Cannot subtract null from int", "1 - x", "x"),
        ("Type error: Cannot divide null by int", "x / 2", "x"),
        ("Type error: Cannot compare null and int", "x < 2", "x"),
        ("Type error: Cannot compare int and null", "2 >= x", "x"),
    ],
)
def test_the_hint_names_what_was_null(message: str, text: str, receiver: str) -> None:
    """It is the piece of the program that had no value."""
    assert str(null_hint(message, text)).startswith(f"`{receiver}` is null; ")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (MEMBER, "null.b"),
        (MEMBER, "something_else()"),
        (MEMBER, "a\n  .b"),
        (MEMBER, "x" * 100 + ".b"),
        ("Division by zero", "null / 0"),
        ("Type error: Cannot add int and string", "1 + x"),
        ("", ""),
    ],
)
def test_there_is_no_hint_where_nothing_can_be_said(message: str, text: str) -> None:
    """Better none than a wrong one."""
    assert null_hint(message, text) is None
