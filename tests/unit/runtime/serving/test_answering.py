"""How requests that are no upgrades are answered: routes, methods, bodies, files, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from soli_runtime import Settings

from ....support.http import Answer, Visitor, app_of, visiting

ROUTES = """
get("/", "app#home")
get("/hello/:name", "app#hello")
post("/echo", "app#echo")
get("/fails", "app#fails")
get("/odd", "app#odd")
get("/login", "app#login")
get("/who", "app#who")
router_websocket("/ws", "app#handle")
cors("/hello/*", { "origins": ["https://there.test"] })

def home(req)
  html("<h1>home</h1>")
end
def hello(req)
  "hello " + req["params"]["name"]
end
def echo(req)
  { "json": req["json"], "form": req["form"], "body": req["body"].length }
end
def fails(req)
  1 / 0
end
def odd(req)
  { "f": fn(x) x end }
end
def login(req)
  session_set("user_id", 7)
  "in"
end
def who(req)
  str(session_get("user_id") ?? "nobody")
end
def handle(event)
  {}
end
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return app_of(tmp_path, {"app.soli": ROUTES}) / "app.soli"


def got(app: Path, method: str, path: str, body: str = "", **headers: str) -> Answer:
    settings = Settings(dev=headers.pop("dev", "") == "yes")

    async def visit(visitor: Visitor) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await visitor.request(method, path, body, named)

    answer: Answer = visiting(app, visit, settings=settings)
    return answer


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/hello/Ada", 200, "hello Ada"),
        ("GET", "/hello/%C3%A4%20b", 200, "hello ä b"),
        ("GET", "/nowhere", 404, "not found"),
        ("POST", "/hello/Ada", 405, "method not allowed"),
        ("GET", "/ws", 426, "this is a WebSocket"),
        ("GET", "/fails", 500, "Internal Server Error"),
        ("GET", "/healthz", 200, None),
    ],
)
def test_answers(app: Path, method: str, path: str, status: int, text: str | None) -> None:
    """By method and path."""
    answer = got(app, method, path)

    assert answer.status == status
    assert text is None or answer.text.strip() == text


def test_head_is_get_without_a_body(app: Path) -> None:
    """With its length."""
    answer = got(app, "HEAD", "/hello/Ada")

    assert (answer.status, answer.body, answer.header("content-length")) == (200, b"", "9")


def test_a_developer_sees_what_failed(app: Path) -> None:
    """And where; nobody else does."""
    assert "Division by zero" in got(app, "GET", "/fails", dev="yes", host="localhost").text
    assert "Division by zero" not in got(app, "GET", "/fails", dev="yes", host="a.example").text


def test_an_answer_that_cannot_be_sent_is_told_at_its_action(app: Path) -> None:
    """Not at 0:0."""
    answer = got(app, "GET", "/odd", dev="yes", host="localhost")

    assert answer.status == 500
    assert "Cannot convert Function to JSON at 24:1" in answer.text
    assert "def odd(req)" in answer.text


def test_a_json_body_is_read_for_the_action(app: Path) -> None:
    """By its content type."""
    answer = got(app, "POST", "/echo", json.dumps({"a": [1]}), content_type="application/json")

    assert (answer.json["json"], answer.json["body"]) == ({"a": [1]}, 10)


def test_a_form_is_read_for_the_action(app: Path) -> None:
    """Nested names as Hashes."""
    kind = "application/x-www-form-urlencoded"
    answer = got(app, "POST", "/echo", "a[b]=1&c=%20x", content_type=kind)

    assert answer.json["form"] == {"a": {"b": "1"}, "c": " x"}


def test_json_that_is_none_is_null(app: Path) -> None:
    """The action decides what to say."""
    answer = got(app, "POST", "/echo", "{oops", content_type="application/json")

    assert (answer.status, answer.json["json"]) == (200, None)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://there.test", "https://there.test"), ("https://evil.test", None)],
)
def test_a_preflight_is_answered_by_the_rule(app: Path, origin: str, allowed: str | None) -> None:
    """No action is called."""
    answer = got(app, "OPTIONS", "/hello/x", origin=origin, access_control_request_method="GET")

    assert answer.status == 204
    assert answer.header("access-control-allow-origin") == allowed


def test_a_session_lives_over_requests(app: Path) -> None:
    """By its cookie; without it one is nobody."""

    async def visit(visitor: Visitor) -> Any:
        login = await visitor.get("/login")
        (cookie,) = login.all_of("set-cookie")
        known = await visitor.get("/who", cookie=cookie.partition(";")[0])
        unknown = await visitor.get("/who")
        return known.text, unknown.text

    assert visiting(app, visit) == ("7", "nobody")


def test_a_request_of_another_site_with_cookies_is_refused(app: Path) -> None:
    """Before its body is read."""
    answer = got(app, "POST", "/echo", "x", cookie="a=b", origin="https://evil.test")

    assert answer.status == 403


def test_a_body_in_pieces_is_one_body(app: Path) -> None:
    """However the server hands it on."""

    async def visit(visitor: Visitor) -> Any:
        pieces = [b'{"a":', b" 1", b"}"]
        headers = {"content-type": "application/json"}
        return await visitor.request("POST", "/echo", headers=headers, chunks=pieces)

    assert visiting(app, visit).json["json"] == {"a": 1}
