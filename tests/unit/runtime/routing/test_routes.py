"""Route patterns and which route a path gets."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.routing.routes import (
    WEBSOCKET,
    Match,
    NoMatch,
    RouteError,
    RouteTable,
    parse_pattern,
)


def table(*routes: tuple[str, str]) -> RouteTable[str]:
    """A table whose targets are the patterns themselves."""
    table: RouteTable[str] = RouteTable()
    for method, pattern in routes:
        table.add(method, pattern, f"{method} {pattern}")
    return table


def found(routes: RouteTable[str], method: str, path: str) -> tuple[str, dict[str, str]]:
    match = routes.match(method, path)
    assert isinstance(match, Match), match
    return match.target, match.params


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("chat", "route 'chat': a path begins with '/'"),
        ("", "route '': a path begins with '/'"),
        ("/a//b", "route '/a//b': there is nothing between two slashes"),
        ("//", "route '//': there is nothing between two slashes"),
        ("/a/:", "route '/a/:': a name is missing after ':'"),
        ("/a/*", "route '/a/*': a name is missing after '*'"),
        ("/a/:x-y", "route '/a/:x-y': 'x-y' is not a parameter name (letters, digits and '_')"),
        ("/*rest/b", "route '/*rest/b': '*rest' must be the last segment"),
        ("/:a/:a", "route '/:a/:a': the parameter 'a' occurs twice"),
        ("/a?b", "route '/a?b': a path has no '?' and no '#'"),
        ("/%ff", "route '/%ff': '%ff' is not UTF-8 when decoded"),
    ],
)
def test_a_bad_pattern_is_refused_with_its_reason(pattern: str, message: str) -> None:
    """The message names the pattern and what is wrong with it."""
    with pytest.raises(RouteError) as caught:
        parse_pattern(pattern)

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        ("/", "/", {}),
        ("/a/b", "/a/b", {}),
        ("/a/b", "/a/b/", {}),
        ("/a/b/", "/a/b", {}),
        ("/café", "/caf%C3%A9", {}),
        ("/r/:id", "/r/7", {"id": "7"}),
        ("/r/:id", "/r/caf%C3%A9%20x", {"id": "café x"}),
        ("/r/:id", "/r/a%2Fb", {"id": "a/b"}),
        ("/r/:id", "/r/a+b", {"id": "a+b"}),
        ("/:a/x/:b", "/1/x/2", {"a": "1", "b": "2"}),
        ("/f/*path", "/f/a/b%20c", {"path": "/a/b c"}),
        ("/*all", "/x", {"all": "/x"}),
    ],
)
def test_a_path_gives_its_parameters(pattern: str, path: str, params: dict[str, str]) -> None:
    """Decoded as UTF-8, the rest with its leading slash."""
    assert found(table(("GET", pattern)), "GET", path)[1] == params


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/r/:id", "/r/"),
        ("/r/:id", "/r"),
        ("/r/:id", "/r/1/2"),
        ("/r/:id/x", "/r//x"),
        ("/f/*path", "/f"),
        ("/f/*path", "/f/"),
        ("/*all", "/"),
        ("/a", "/a//"),
        ("/a", "/A"),
        ("/a", "a"),
        ("/a", ""),
        ("/r/:id", "/r/%FF"),
        ("/a%2Fb", "/a/b"),
    ],
)
def test_a_path_that_does_not_match_is_not_found(pattern: str, path: str) -> None:
    """A parameter has at least one character, and bytes must be UTF-8."""
    assert table(("GET", pattern)).match("GET", path) == NoMatch((), False)


def test_literal_beats_dynamic_even_when_declared_later() -> None:
    """Segment by segment, from the left."""
    routes = table(("GET", "/*rest"), ("GET", "/:kind/:id"), ("GET", "/r/:id"), ("GET", "/r/new"))

    assert found(routes, "GET", "/r/new")[0] == "GET /r/new"
    assert found(routes, "GET", "/r/7")[0] == "GET /r/:id"
    assert found(routes, "GET", "/x/7")[0] == "GET /:kind/:id"
    assert found(routes, "GET", "/x/7/8")[0] == "GET /*rest"


def test_earlier_beats_later() -> None:
    """Two patterns of the same shape: the first wins, with its own names."""
    routes = table(("GET", "/r/:first"), ("GET", "/r/:second"))

    assert found(routes, "GET", "/r/1") == ("GET /r/:first", {"first": "1"})


def test_an_http_route_and_a_websocket_route_may_share_a_path() -> None:
    """Each keeps its own parameter names."""
    routes = table((WEBSOCKET, "/r/:room"), ("GET", "/r/:page"))

    assert found(routes, WEBSOCKET, "/r/1") == ("WEBSOCKET /r/:room", {"room": "1"})
    assert found(routes, "GET", "/r/1") == ("GET /r/:page", {"page": "1"})


def test_a_plain_get_on_a_websocket_route_is_told_apart() -> None:
    """The caller can answer 426."""
    assert table((WEBSOCKET, "/ws")).match("GET", "/ws") == NoMatch((), True)


def test_head_falls_back_to_get() -> None:
    """A HEAD route of its own would win."""
    assert found(table(("GET", "/a")), "HEAD", "/a")[0] == "GET /a"


def test_a_path_with_other_methods_names_them() -> None:
    """The caller can answer 405 with `Allow`."""
    routes = table(("GET", "/a"), ("PUT", "/:any"))

    assert routes.match("POST", "/a") == NoMatch(("GET", "PUT", "HEAD"), False)


def test_a_less_literal_route_serves_a_method_that_the_literal_one_lacks() -> None:
    """`POST /r/new` is the dynamic route's when only GET is declared for the literal path."""
    routes = table(("GET", "/r/new"), ("POST", "/r/:id"))

    assert found(routes, "POST", "/r/new") == ("POST /r/:id", {"id": "new"})


def test_parameters_are_a_fresh_hash_each_time() -> None:
    """A handler may change them."""
    routes = table(("GET", "/r/:id"))
    found(routes, "GET", "/r/1")[1].clear()

    assert found(routes, "GET", "/r/1")[1] == {"id": "1"}


def test_a_table_lists_its_routes() -> None:
    """For start-up checks and for printing them."""
    routes: RouteTable[Any] = table((WEBSOCKET, "/a"), ("get", "/a"), ("POST", "/b"))

    assert [(method, pattern) for method, pattern, _ in routes] == [
        (WEBSOCKET, "/a"),
        ("GET", "/a"),
        ("POST", "/b"),
    ]
    assert len(routes) == 3
