"""Actions, static files, cookies, sessions, middleware and streams beside the WebSockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from .support import SECONDS, receive, run, serving


def app(**actions: str) -> dict[str, str]:
    """A project whose actions have these bodies; GET and POST of `/NAME` lead to each."""
    routes = [
        f'{verb}("/{name}", "web#{name}")\n{verb}("/{name}/:id", "web#{name}")\n'
        for name in actions
        for verb in ("get", "post")
    ]
    functions = [f"def {name}(req)\n  {body}\nend\n" for name, body in actions.items()]
    return {
        "config/routes.soli": "".join(routes),
        "app/controllers/web_controller.soli": "".join(functions),
    }


@pytest.mark.parametrize(
    ("returned", "status", "content_type", "text"),
    [
        ('"<p>hi</p>"', 200, "text/plain; charset=utf-8", "<p>hi</p>"),
        ('html("<p>hi</p>")', 200, "text/html; charset=utf-8", "<p>hi</p>"),
        ('html("<p>no</p>", 404)', 404, "text/html; charset=utf-8", "<p>no</p>"),
        ("html(null)", 200, "text/html; charset=utf-8", ""),
        ('"hi"', 200, "text/plain; charset=utf-8", "hi"),
        ('{ "a": 1 }', 200, "application/json; charset=utf-8", '{"a":1}'),
        ("[1, 2]", 200, "application/json; charset=utf-8", "[1,2]"),
        ('{ "status": "ok" }', 200, "application/json; charset=utf-8", '{"status":"ok"}'),
        ('{ "status": 201, "body": "made" }', 201, "text/plain; charset=utf-8", "made"),
        (
            '{ "status": 404, "body": { "e": 1 } }',
            404,
            "application/json; charset=utf-8",
            '{"e":1}',
        ),
        (
            '{ "headers": { "Content-Type": "text/css", "X-A": "b" }, "body": "x" }',
            200,
            "text/css",
            "x",
        ),
        ("render_json([1])", 200, "application/json; charset=utf-8", "[1]"),
        ('render_text("t", 202)', 202, "text/plain; charset=utf-8", "t"),
        ('halt(418, "teapot")', 418, "text/plain; charset=utf-8", "teapot"),
        ('forbidden("no")', 403, "text/plain; charset=utf-8", "no"),
    ],
)
def test_what_an_action_returns_becomes_the_response(
    tmp_path: Path, returned: str, status: int, content_type: str, text: str
) -> None:
    """Status, type and body."""

    async def body() -> None:
        async with serving(tmp_path, app(show=returned)) as site:
            answer = await site.get("/show")
        assert (answer.status, answer.headers["Content-Type"], answer.text) == (
            status,
            content_type,
            text,
        )

    run(body)


def test_an_action_gets_the_request(tmp_path: Path) -> None:
    """Method, path, params, query, headers, cookies, body, json, form, address."""

    async def body() -> None:
        async with serving(tmp_path, app(show="req")) as site:
            answer = await site.request(
                "POST",
                "/show/7?q=%C3%A4&t[]=1",
                json={"x": [1]},
                headers={"Cookie": "c=1", "X-H": "v"},
            )
            request = answer.json
            form = (await site.request("POST", "/show", data={"a[b]": "1"})).json
        assert request["method"] == "POST"
        assert request["path"] == "/show/7"
        assert request["params"] == {"id": "7"}
        assert request["query"] == {"q": "ä", "t": ["1"]}
        assert request["headers"]["x-h"] == "v"
        assert request["cookies"] == {"c": "1"}
        assert request["json"] == {"x": [1]}
        assert request["body"] == '{"x": [1]}'
        assert request["remote_ip"] == "127.0.0.1"
        assert form["form"] == {"a": {"b": "1"}}
        assert form["json"] is None

    run(body)


def test_uploaded_files_are_bytes(tmp_path: Path) -> None:
    """With name, type and size; other fields are in the form."""

    async def body() -> None:
        files = app(
            show='f = req["files"][0]\n  [f["filename"], f["size"], type(f["data"]), req["form"]]'
        )
        async with serving(tmp_path, files) as site:
            form = aiohttp.FormData()
            form.add_field("doc", b"\x00\x01", filename="a.bin")
            form.add_field("title", "T")
            answer = await site.request("POST", "/show", data=form)
        assert answer.json == ["a.bin", 2, "bytes", {"title": "T"}]

    run(body)


def test_a_failing_action_is_a_500_without_detail(tmp_path: Path) -> None:
    """The log has the Soli backtrace."""

    async def body() -> None:
        async with serving(tmp_path, app(show="[1][7]")) as site:
            answer = await site.get("/show")
            assert answer.status == 500
            assert answer.text == "Internal Server Error"
            assert "Index out of bounds: 7 (length 1)" in site.log
            assert "Traceback" not in site.log

    run(body)


def test_with_dev_a_failing_action_shows_a_page(tmp_path: Path) -> None:
    """With the source line, escaped."""

    async def body() -> None:
        async with serving(tmp_path, app(show='throw "<script>"'), dev=True) as site:
            answer = await site.get("/show")
        assert answer.status == 500
        assert "&lt;script&gt;" in answer.text
        assert "<script>" not in answer.text

    run(body)


def test_an_unsupported_method_is_405(tmp_path: Path) -> None:
    """And says which are supported."""

    async def body() -> None:
        async with serving(tmp_path, app(show="1")) as site:
            answer = await site.request("DELETE", "/show")
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, POST, HEAD"

    run(body)


STATIC = {
    "config/routes.soli": 'get("/*path", "web#show")\n',
    "app/controllers/web_controller.soli": 'def show(req)\n  "action"\nend\n',
    "public/index.html": "<p>index</p>",
    "public/deep/a.css": "a{}",
    "public/.hidden": "secret",
    "secret.txt": "secret",
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "<p>index</p>"),
        ("/deep/a.css", "a{}"),
        ("/.hidden", "action"),
        ("/../secret.txt", "action"),
        ("/%2e%2e/secret.txt", "action"),
        ("/..%2fsecret.txt", "action"),
        ("/deep", "action"),
    ],
)
def test_files_under_public_are_served_and_nothing_else(
    tmp_path: Path, path: str, text: str
) -> None:
    """Safe paths only; the rest is for the routes."""

    async def body() -> None:
        async with serving(tmp_path, STATIC) as site:
            answer = await site.get(path)
        assert answer.text == text

    run(body)


def test_an_unchanged_file_is_not_sent_again(tmp_path: Path) -> None:
    """304 for a known ETag."""

    async def body() -> None:
        async with serving(tmp_path, STATIC) as site:
            first = await site.get("/deep/a.css")
            again = await site.get("/deep/a.css", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")

    run(body)


@pytest.mark.parametrize(
    ("wanted", "status", "text"),
    [
        ("bytes=0-2", 206, "<p>"),
        ("bytes=-4", 206, "</p>"),
        ("bytes=99-", 416, ""),
        ("lines=1", 200, "<p>index</p>"),
    ],
)
def test_parts_of_a_file_can_be_asked_for(
    tmp_path: Path, wanted: str, status: int, text: str
) -> None:
    """Byte ranges."""

    async def body() -> None:
        async with serving(tmp_path, STATIC) as site:
            answer = await site.get("/", headers={"Range": wanted})
        assert (answer.status, answer.text) == (status, text)

    run(body)


def test_head_has_no_body(tmp_path: Path) -> None:
    """But the length."""

    async def body() -> None:
        async with serving(tmp_path, STATIC) as site:
            answer = await site.request("HEAD", "/")
        assert answer.body == b""
        assert answer.headers["Content-Length"] == "12"

    run(body)


def test_a_session_lives_in_a_cookie(tmp_path: Path) -> None:
    """Made when first written to; a WebSocket handler sees it too."""
    files = app(login='session_set("user", "ada")\n  "ok"', who='session_get("user")')
    files["config/routes.soli"] += 'router_websocket("/ws", "chat#handle")\n'
    files["app/controllers/chat_controller.soli"] = (
        "def handle(event)\n"
        '  return { "send": session_get("user") } if event["type"] == "message"\n  {}\nend\n'
    )

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert "Set-Cookie" not in (await site.get("/who")).headers
            answer = await site.get("/login")
            cookie = answer.headers["Set-Cookie"].split(";")[0]
            assert "HttpOnly" in answer.headers["Set-Cookie"]
            headers = {"Cookie": cookie, "Origin": site.url}
            assert (await site.get("/who", headers=headers)).text == "ada"
            async with site.connect("/ws", additional_headers=headers) as client:
                await client.send("x")
                assert await receive(client) == "ada"

    run(body)


def test_a_foreign_session_id_is_never_adopted(tmp_path: Path) -> None:
    """The server issues another one."""

    async def body() -> None:
        files = app(login='session_set("a", 1)\n  session_id()')
        async with serving(tmp_path, files) as site:
            answer = await site.get("/login", headers={"Cookie": "session_id=chosen"})
        assert answer.text != "chosen"
        assert answer.text in answer.headers["Set-Cookie"]

    run(body)


def test_middleware_runs_before_actions(tmp_path: Path) -> None:
    """It may change the request or answer itself."""
    files = app(show='req["who"]')
    files["app/middleware/who.soli"] = """# order: 5
def who(req)
  return { "continue": false, "response": halt(401, "stop") } if req["query"]["stop"] == "1"
  req["who"] = "set by middleware"
  { "continue": true, "request": req }
end
"""

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert (await site.get("/show")).text == "set by middleware"
            assert (await site.get("/show?stop=1")).status == 401

    run(body)


CLASS = {
    "config/routes.soli": 'resources("posts")\n',
    "app/controllers/posts_controller.soli": """class PostsController
  static {
    this.before_action = fn(req) {
      return halt(403, "closed") if req["query"]["closed"] == "1"
      null
    }
  }
  def index(req)
    @title = "all"
    { "list": @title }
  end
  def show(req)
    [params["id"], posts_path, post_path(7, { "a": 1 })]
  end
end
""",
}


def test_a_controller_can_be_a_class(tmp_path: Path) -> None:
    """With named routes and hooks."""

    async def body() -> None:
        async with serving(tmp_path, CLASS) as site:
            assert (await site.get("/posts")).json == {"list": "all"}
            assert (await site.get("/posts/3")).json == ["3", "/posts", "/posts/7?a=1"]
            assert (await site.get("/posts?closed=1")).status == 403
            assert (await site.get("/posts/3/edit")).status == 404

    run(body)


def test_a_template_is_rendered_inside_its_layout(tmp_path: Path) -> None:
    """Values escaped, unless they ask not to be."""
    files = app(show='render("show", { "name": req["query"]["n"], "items": [1, 2] })')
    files["app/views/layouts/application.slv"] = "<html><%= yield %></html>"
    files["app/views/show.slv"] = (
        "<b><%= name %></b><% for i in items %>\n<i><%= i %></i>\n<% end %>"
        '<%= partial("row", { "x": 1 }) %><%- name %>'
    )
    files["app/views/_row.slv"] = "<u><%= x %></u>"

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            answer = await site.get("/show?n=<a>")
            assert answer.text.replace("\n", "") == (
                "<html><b>&lt;a&gt;</b><i>1</i><i>2</i><u>1</u><a></html>"
            ), site.log

    run(body)


def test_no_value_of_a_client_becomes_markup(tmp_path: Path) -> None:
    """Not by its name in a template, and not as the text that an action returns."""
    files = app(
        show='render("show", { "content": req["query"]["n"], "raw": req["query"]["n"] })',
        echo='req["query"]["n"]',
    )
    files["app/views/layouts/application.slv"] = "<html><%= content %></html>"
    files["app/views/show.slv"] = "<b><%= content %></b><i><%= raw %></i>"
    evil = "<img onerror=x>"

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            page = await site.get("/show", params={"n": evil})
            shown = "&lt;img onerror=x&gt;"
            assert page.text == f"<html><b>{shown}</b><i>{shown}</i></html>", site.log
            echoed = await site.get("/echo", params={"n": evil})
            assert echoed.text == evil
            assert echoed.headers["Content-Type"] == "text/plain; charset=utf-8"

    run(body)


def test_a_value_in_a_script_cannot_end_it(tmp_path: Path) -> None:
    """JSON lets `</script>` through; in a page that is the end of the script."""
    files = app(show='render("show", { "x": { "n": req["query"]["n"] } })')
    files["app/views/show.slv"] = "<script>const x = <%= script_json(x) %></script>"
    evil = "</script><img onerror=x>&<!--\u2028"

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            text = (await site.get("/show", params={"n": evil})).text
            inner = text.removeprefix("<script>const x = ").removesuffix("</script>")
            assert not set("<>&\u2028").intersection(inner)
            assert json.loads(inner) == {"n": evil}

    run(body)


def test_only_a_layout_has_a_body(tmp_path: Path) -> None:
    """Elsewhere `yield` is an error that says so."""
    files = app(show='render("show", { "content": "x" })')
    files["app/views/show.slv"] = "<%= yield %>"

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert (await site.get("/show")).status == 500
            assert "only a layout has a body" in site.log

    run(body)


def test_every_answer_says_nosniff(tmp_path: Path) -> None:
    """Whoever gives it: an action, a file, the server; an action may say otherwise."""
    files = app(
        show='"x"', fail='throw "x"', mine='{ "headers": { "X-Content-Type-Options": "no" } }'
    )
    files["public/a.txt"] = "text"
    files["config/routes.soli"] += 'router_websocket("/ws", "web#show")\ncors("/show")\n'
    paths = ["/show", "/fail", "/a.txt", "/nothing", "/ws", "/healthz"]

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            for path in paths:
                answer = await site.get(path)
                assert answer.headers.getall("X-Content-Type-Options") == ["nosniff"], path
            assert (await site.get("/mine")).headers["X-Content-Type-Options"] == "no"
            asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
            preflight = await site.request("OPTIONS", "/show", headers=asked)
            assert preflight.headers["X-Content-Type-Options"] == "nosniff"
            refused = await site.request("PATCH", "/show")
            assert (refused.status, refused.headers["X-Content-Type-Options"]) == (405, "nosniff")

    run(body)


def test_an_error_in_a_template_points_into_it(tmp_path: Path) -> None:
    """File, line and column of the template."""
    files = app(show='render("show", {})')
    files["app/views/show.slv"] = "<p>\n  <%= [1][5] %>\n</p>"

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert (await site.get("/show")).status == 500
            assert "views/show.slv:2:7" in site.log

    run(body)


def test_cors_answers_a_preflight(tmp_path: Path) -> None:
    """For the origins that it names."""
    files = app(show='"x"')
    files["config/routes.soli"] += 'cors("/show", { "origins": ["https://app.example"] })\n'

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
            preflight = await site.request("OPTIONS", "/show", headers=asked)
            answer = await site.get("/show", headers={"Origin": "https://app.example"})
            other = await site.get("/show", headers={"Origin": "https://other.example"})
        assert preflight.status == 204
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Access-Control-Allow-Origin" not in other.headers

    run(body)


async def events(response: Any, count: int) -> list[str]:
    """The next server-sent events of a response."""
    found = []
    async with asyncio.timeout(SECONDS):
        for _ in range(count):
            found.append((await response.content.readuntil(b"\n\n")).decode())
    return found


def test_a_block_can_stream_events(tmp_path: Path) -> None:
    """One frame for each emit, while the block runs."""
    files = app(
        show='sse(req) do |out|\n    out.emit("one")\n    sleep(0.01)\n'
        '    out.emit("a\\nb", "two")\n  end'
    )

    async def body() -> None:
        async with (
            serving(tmp_path, files) as site,
            aiohttp.ClientSession() as session,
            session.get(site.url + "/show") as response,
        ):
            assert response.headers["Content-Type"] == "text/event-stream"
            assert await events(response, 2) == [
                "data: one\n\n",
                "event: two\ndata: a\ndata: b\n\n",
            ]

    run(body)


def test_broadcast_reaches_both_transports(tmp_path: Path) -> None:
    """WebSocket members of the channel and SSE subscribers of the topic."""
    files = app(follow='sse_subscribe(req, "news")', tell='broadcast("news", { "n": 1 })')
    files["config/routes.soli"] += 'router_websocket("/ws", "web#handle")\n'
    files["app/controllers/web_controller.soli"] += (
        'def handle(event)\n  return { "join": "news" } if event["type"] == "connect"\n  {}\nend\n'
    )

    async def body() -> None:
        async with (
            serving(tmp_path, files) as site,
            site.connect("/ws") as client,
            aiohttp.ClientSession() as session,
            session.get(site.url + "/follow") as response,
        ):
            await site.until(lambda: site.server.service.state.topics.count("news") == 1)
            assert (await site.get("/tell")).text == "1"
            assert await receive(client) == '{"n":1}'
            assert await events(response, 1) == ['data: {"n":1}\n\n']

    run(body)


def test_cookies_can_be_signed_and_encrypted(tmp_path: Path) -> None:
    """They come back as they were, unless somebody touched them."""
    files = app(
        give='set_cookie("s", { "id": 1 }, { "signed": true })\n'
        '  set_cookie("e", [2], { "encrypted": true })\n  "ok"',
        take='[read_cookie("s", { "signed": true }), read_cookie("e", { "encrypted": true })]',
    )
    files[".env"] = "SOLI_APP_KEY=a-long-enough-secret-for-tests\n"

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            answer = await site.get("/give")
            pairs = [header.split(";")[0] for header in answer.headers.getall("Set-Cookie")]
            whole = await site.get("/take", headers={"Cookie": "; ".join(pairs)})
            broken = [pair[:-1] + ("0" if pair[-1] != "0" else "1") for pair in pairs]
            touched = await site.get("/take", headers={"Cookie": "; ".join(broken)})
            swapped = [pairs[0].replace("s=", "e=", 1), pairs[1].replace("e=", "s=", 1)]
            other = await site.get("/take", headers={"Cookie": "; ".join(swapped)})
        assert whole.json == [{"id": 1}, [2]]
        assert touched.json == [None, None]
        assert other.json == [None, None]

    run(body)


def test_an_app_can_limit_bodies_and_send_security_headers(tmp_path: Path) -> None:
    """Declared in the routes file."""
    files = app(show='"ok"')
    files["config/routes.soli"] += (
        "set_max_body_size(10)\nenable_security_headers()\nset_csp(\"default-src 'self'\")\n"
    )

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert (await site.request("POST", "/show", data=b"x" * 11)).status == 413
            answer = await site.request("POST", "/show", data=b"x" * 10)
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'self'"

    run(body)
