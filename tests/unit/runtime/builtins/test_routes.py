"""What `config/routes.soli` is written in."""

from __future__ import annotations

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.builtins.routes import ROUTES, RouteDeclarations, joined, singular
from soli_runtime.loading.declared_places import place_of

from soli_lang.base.errors import SoliError
from soli_lang.interpreter import Interpreter


def declared(text: str) -> tuple[Interpreter, RouteDeclarations]:
    interpreter = Interpreter(install_library)
    interpreter.run(text, "routes.soli")
    declarations = interpreter.machine.library[ROUTES]
    assert isinstance(declarations, RouteDeclarations)
    return interpreter, declarations


def routes(text: str) -> list[str]:
    """`METHOD pattern target` of every route."""
    return [f"{one.method} {one.pattern} {one.target}" for one in declared(text)[1].routes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('get("/a", "x#y")', "GET /a x#y"),
        ('post("/a", "x#y")', "POST /a x#y"),
        ('put("/a", "x#y")', "PUT /a x#y"),
        ('patch("/a", "x#y")', "PATCH /a x#y"),
        ('delete("/a", "x#y")', "DELETE /a x#y"),
        ('router_websocket("/a", "x#y")', "WEBSOCKET /a x#y"),
        ('websocket("/a", "x#y")', "WEBSOCKET /a x#y"),
        ('get("/", "x#y")', "GET / x#y"),
        ('get("/a/", "admin/x#y?")', "GET /a admin/x#y?"),
        ('namespace("admin") do\n  get("/a", "x#y")\nend', "GET /admin/a x#y"),
        ('namespace("/a") do\nnamespace("b") do\nget("c", "x#y")\nend\nend', "GET /a/b/c x#y"),
    ],
)
def test_a_declaration_makes_a_route(text: str, expected: str) -> None:
    """Below the prefixes of the blocks around it."""
    assert routes(text) == [expected]


def test_resources_make_the_usual_routes() -> None:
    """Including those that forms can reach."""
    assert routes('resources("posts")') == [
        "GET /posts posts#index",
        "POST /posts posts#create",
        "GET /posts/new posts#new",
        "GET /posts/:id posts#show",
        "PUT /posts/:id posts#update",
        "PATCH /posts/:id posts#update",
        "DELETE /posts/:id posts#destroy",
        "GET /posts/:id/edit posts#edit",
        "POST /posts/:id/update posts#update",
        "POST /posts/:id/delete posts#destroy",
    ]


def test_routes_inside_resources_stand_below_one_of_them() -> None:
    """`member` and `collection` say otherwise."""
    text = """resources("posts") do
  get("/stats", "posts#stats")
  member() do
    post("/like", "posts#like")
  end
  collection() do
    get("/search", "posts#search")
  end
  resources("comments")
end"""
    assert routes(text)[10:14] == [
        "GET /posts/:post_id/stats posts#stats",
        "POST /posts/:id/like posts#like",
        "GET /posts/search posts#search",
        "GET /posts/:post_id/comments comments#index",
    ]


def test_middleware_is_named_for_the_routes_of_a_block() -> None:
    """Inner blocks add to outer ones."""
    text = """middleware("a") do
  get("/1", "x#y")
  middleware(["b", :c]) do
    get("/2", "x#y")
  end
end
get("/3", "x#y")"""
    assert [one.middleware for one in declared(text)[1].routes] == [("a",), ("a", "b", "c"), ()]


@pytest.mark.parametrize(
    ("call", "path"),
    [
        ("home_path", "/"),
        ("home_path()", "/"),
        ("post_path(7)", "/posts/7"),
        ('post_path({ "id": 7 })', "/posts/7"),
        ('post_path("a/b c")', "/posts/a%2Fb%20c"),
        ('post_path(7, { "q": "a b" })', "/posts/7?q=a+b"),
        ("new_post_path", "/posts/new"),
        ("edit_post_path(1)", "/posts/1/edit"),
        ("posts_path", "/posts"),
    ],
)
def test_a_named_route_gives_a_path_function(call: str, path: str) -> None:
    """Which takes ids, records and a query."""
    interpreter, _ = declared('get("/", "x#y", "home")\nresources("posts")')
    assert interpreter.run(call) == path


def test_a_path_function_says_what_it_needs() -> None:
    """By name."""
    interpreter, _ = declared('resources("posts")')
    with pytest.raises(SoliError, match="post_path expects 1 values, got 0"):
        interpreter.run("post_path()")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('get("/:1", "x#y")', "'1' is not a parameter name"),
        ('get("/a", "x")', "written 'controller#action', got 'x'"),
        ('get("/a", "x#y#z")', "written 'controller#action'"),
        ('get("/a", "../x#y")', "written 'controller#action'"),
        ('get(5, "x#y")', "get\\(\\) expects string, got int"),
        ("member() do\nend", "member belongs inside a resources block"),
        ('cors("/a", { "origin": "*" })', "has no option 'origin'"),
        ("middleware(5) do\nend", "middleware\\(\\) expects string or array, got int"),
    ],
)
def test_a_wrong_declaration_is_an_error(text: str, message: str) -> None:
    """Found where it stands."""
    with pytest.raises(SoliError, match=message) as caught:
        declared(text)
    assert caught.value.place == (1, 1)


def test_routes_cannot_be_declared_while_serving() -> None:
    """The table is complete by then."""
    interpreter, declarations = declared("1")
    declarations.closed = True
    with pytest.raises(SoliError, match="only be declared while the app loads"):
        interpreter.run('get("/a", "x#y")')


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('x = 1\nget("/a", "x#y")', (2, 11)),
        ('namespace("n") do\n  router_websocket("/a", "x#y")\nend', (2, 26)),
        ('if true\n  p = "/" + "a"\n  get(p, "x#y")\nend', (3, 10)),
        ('t = "x#y"\nget("/a", t)', (1, 1)),
    ],
)
def test_a_route_is_found_again_in_the_source(text: str, place: tuple[int, int]) -> None:
    """At its target; at the start of the file when that is computed."""
    interpreter, declarations = declared(text)
    program = interpreter.compile(text).node
    span = place_of(declarations.routes[0], program)
    assert program.source.position(span.start) == place


@pytest.mark.parametrize(
    ("many", "one"),
    [("posts", "post"), ("categories", "category"), ("boxes", "box"), ("news", "new"), ("x", "x")],
)
def test_resources_have_a_singular(many: str, one: str) -> None:
    """By the usual endings."""
    assert singular(many) == one


def test_paths_are_joined_with_single_slashes() -> None:
    """However they are written."""
    assert joined("/a/", "/b/") == "/a/b"
    assert joined("", "") == "/"
    assert joined("/a", "/") == "/a"
