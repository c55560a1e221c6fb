"""What actions use to answer and to read the request that is handled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from soli_runtime.builtins.http import wanted_formats

from ....support.http import Answer, Visitor, app_of, visiting


def answered(folder: Path, body: str, path: str = "/x", **headers: str) -> Answer:
    """The answer of an action with *body* as its statements."""
    app = app_of(folder, {"app.soli": f'get("/x", "app#act")\ndef act(req)\n{body}\nend\n'})

    async def visit(visitor: Visitor) -> Any:
        return await visitor.get(path, **headers)

    answer: Answer = visiting(app / "app.soli", visit)
    return answer


@pytest.mark.parametrize(
    ("body", "status", "content_type", "text"),
    [
        ('"<b>text</b>"', 200, "text/plain; charset=utf-8", "<b>text</b>"),
        ('html("<b>html</b>")', 200, "text/html; charset=utf-8", "<b>html</b>"),
        ('html("no", 404)', 404, "text/html; charset=utf-8", "no"),
        ('{ "a": [1] }', 200, "application/json; charset=utf-8", '{"a":[1]}'),
        ("[1, null]", 200, "application/json; charset=utf-8", "[1,null]"),
        ('render_json({ "a": 1 }, 201)', 201, "application/json; charset=utf-8", '{"a":1}'),
        ('render_text("t", 202)', 202, "text/plain; charset=utf-8", "t"),
        ('halt(403, "no")', 403, "text/plain; charset=utf-8", "no"),
        ('forbidden("keep out")', 403, "text/plain; charset=utf-8", "keep out"),
    ],
)
def test_what_an_action_returns(
    tmp_path: Path, body: str, status: int, content_type: str, text: str
) -> None:
    """Text is text, HTML says so, the rest is JSON."""
    answer = answered(tmp_path, body)

    assert (answer.status, answer.header("content-type"), answer.text) == (
        status,
        content_type,
        text,
    )


@pytest.mark.parametrize("body", ["1 / 0", 'halt("x")', 'redirect("//evil.test")', "nowhere()"])
def test_an_action_that_fails_tells_the_client_nothing(tmp_path: Path, body: str) -> None:
    """500, and its reason is in the log."""
    answer = answered(tmp_path, body)

    assert (answer.status, answer.text) == (500, "Internal Server Error")


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ('"/home"', "/home"),
        (":back", "/before?x=1"),
    ],
)
def test_redirects_stay_inside(tmp_path: Path, target: str, location: str) -> None:
    """To a path, or back to where the visitor came from."""
    answer = answered(tmp_path, f"redirect({target})", referer="http://soli.test/before?x=1")

    assert (answer.status, answer.header("location")) == (302, location)


@pytest.mark.parametrize(
    "referer", ["http://evil.test/x", "//evil.test", "http://soli.test//evil.test"]
)
def test_back_leads_nowhere_else(tmp_path: Path, referer: str) -> None:
    """What another site claims to be its referer does not count."""
    answer = answered(tmp_path, "redirect(:back)", referer=referer)

    assert answer.header("location") == "/"


def test_another_site_must_be_named_as_one(tmp_path: Path) -> None:
    """`redirect_external`, for http and https only."""
    good = answered(tmp_path, 'redirect_external("https://there.test/x")')
    bad = answered(tmp_path, 'redirect_external("javascript:alert(1)")')

    assert good.header("location") == "https://there.test/x"
    assert bad.status == 500


def test_the_request_is_there_by_name(tmp_path: Path) -> None:
    """`req`, `params`, `cookies`."""
    body = '[req["method"], params["q"], cookies["c"], session.length]'
    answer = answered(tmp_path, body, "/x?q=1", cookie="c=2")

    assert answer.json == ["GET", "1", "2", 0]


def test_cookies_that_an_action_sets(tmp_path: Path) -> None:
    """Each in a header of its own."""
    answer = answered(
        tmp_path, 'set_cookie("c", "v")\nset_cookie("d", "w", { "path": "/x" })\n"ok"'
    )
    first, second = answer.all_of("set-cookie")

    assert first.startswith("c=v;")
    assert second.startswith("d=w;")
    assert "Path=/x" in second


RESPOND = 'respond_to(req, { "html": fn() { html("page") }, "json": fn() { { "a": 1 } } })'


@pytest.mark.parametrize(
    ("path", "headers", "text"),
    [
        ("/x", {"accept": "application/json"}, '{"a":1}'),
        ("/x", {"accept": "text/html, application/json;q=0.9"}, "page"),
        ("/x", {}, "page"),
        ("/x?format=json", {}, '{"a":1}'),
        ("/x", {"x_requested_with": "XMLHttpRequest"}, '{"a":1}'),
    ],
)
def test_the_format_that_a_client_wants(
    tmp_path: Path, path: str, headers: dict[str, str], text: str
) -> None:
    """By header, parameter or kind of request."""
    assert answered(tmp_path, RESPOND, path, **headers).text == text


def test_a_format_that_is_not_there_is_406(tmp_path: Path) -> None:
    """And says so."""
    assert answered(tmp_path, RESPOND, accept="image/png").status == 406


def test_formats_are_wanted_in_the_order_of_their_weight() -> None:
    """RFC 9110 section 12.5.1; a weight that is no number is none."""
    request = {
        "headers": {"accept": "text/plain;q=0.2, text/html;q=x, application/json"},
        "path": "/a",
        "query": {},
    }

    assert wanted_formats(request) == ["json", "text"]
