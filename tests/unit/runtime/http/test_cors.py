"""`cors(pattern, options)`: who may read answers from another origin (Fetch standard)."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.http.guards.cors import (
    allowed_origin,
    covers,
    preflight_headers,
    response_headers,
    rule_for,
    trusts_with_cookies,
)
from soli_runtime.routing.declared import CorsRule

DEFAULTS: dict[str, Any] = {
    "origins": ["*"],
    "methods": ["GET", "POST"],
    "headers": [],
    "expose": [],
    "credentials": False,
    "max_age": 600,
}
HERE = "https://here.test"


def rule(pattern: str = "/api/*", **options: Any) -> CorsRule:
    return CorsRule(pattern, {**DEFAULTS, **options})


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/api/*", "/api/rooms", True),
        ("/api/*", "/api", True),
        ("/api/*", "/apis", False),
        ("/api", "/api/", True),
        ("/api", "/api/rooms", False),
        ("*", "/anything", True),
    ],
)
def test_a_pattern_covers_paths(pattern: str, path: str, expected: bool) -> None:
    """A final star stands for everything below."""
    assert covers(pattern, path) is expected


def test_the_first_rule_that_covers_a_path_counts() -> None:
    """In the order of declaration."""
    narrow, wide = rule("/api/open/*"), rule("/api/*")

    assert rule_for([narrow, wide], "/api/open/x") is narrow
    assert rule_for([narrow, wide], "/api/x") is wide
    assert rule_for([narrow], "/elsewhere") is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "*"),
        ({"origins": [HERE]}, HERE),
        ({"origins": ["https://there.test"]}, None),
        ({"origins": [HERE], "credentials": True}, HERE),
        ({"credentials": True}, None),
    ],
)
def test_whom_an_answer_names(options: dict[str, Any], expected: str | None) -> None:
    """A wildcard is no permission to use a visitor's cookies."""
    assert allowed_origin(rule(**options), HERE) == expected


def test_only_a_named_origin_is_trusted_with_cookies() -> None:
    """And only where the rule says `credentials`."""
    assert trusts_with_cookies(rule(origins=[HERE], credentials=True), HERE)
    assert not trusts_with_cookies(rule(origins=[HERE]), HERE)
    assert not trusts_with_cookies(rule(credentials=True), HERE)


def test_an_origin_that_is_not_allowed_gets_nothing_but_vary() -> None:
    """Caches must not give it another's answer."""
    assert response_headers(rule(origins=[]), HERE) == [("Vary", "Origin")]


def test_headers_of_an_answer() -> None:
    """Origin, credentials, exposed headers."""
    headers = response_headers(rule(origins=[HERE], credentials=True, expose=["X-Total"]), HERE)

    assert headers == [
        ("Access-Control-Allow-Origin", HERE),
        ("Vary", "Origin"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "X-Total"),
    ]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [([], "x-asked"), (["*"], "x-asked"), (["X-One", "X-Two"], "X-One, X-Two")],
)
def test_headers_of_a_preflight(listed: list[str], expected: str) -> None:
    """What was asked for, or what is listed."""
    headers = dict(preflight_headers(rule(headers=listed), HERE, "x-asked"))

    assert headers["Access-Control-Allow-Headers"] == expected
    assert headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert headers["Access-Control-Max-Age"] == "600"
