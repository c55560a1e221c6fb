"""Request and WebSocket specs against an app, without a port (docs/spec §L25.3)."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from soli_runtime.testing import FileReport, Options
from soli_runtime.testing.one_file import run_file

from .conftest import statuses

ROUTES = """
get("/", "main#home")
post("/echo", "main#echo")
get("/me", "main#me")
get("/away", "main#away")
router_websocket("/ws/:room", "main#talk")
"""
CONTROLLER = """
def home(request)
  render_json({ "hello": greeting() })
end

def echo(request)
  render_json({ "got": request["json"], "agent": request["headers"]["x-agent"] })
end

def me(request)
  render_json({ "id": session_get("user_id") })
end

def away
  redirect("/")
end

def talk(event)
  room = event["params"]["room"]
  return { "join": room, "send": "welcome" } if event["type"] == "connect"
  if event["type"] == "message"
    return { "close": "bye" } if event["message"] == "close"
    sleep(0.01) if event["message"] == "slow"
    return { "broadcast_room": event["message"] }
  end
  { "broadcast_room": "left" }
end
"""
HELPER = """
def greeting
  "hi"
end
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    files = {
        "config/routes.soli": ROUTES,
        "app/controllers/main_controller.soli": CONTROLLER,
        "app/helpers/words.soli": HELPER,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(app: Path, text: str) -> FileReport:
    spec = app / "tests" / "app_spec.soli"
    spec.parent.mkdir(exist_ok=True)
    spec.write_text(dedent(text))
    return run_file(spec, Options(seconds=5))


def passes(app: Path, body: str) -> None:
    report = run(app, f'test("it") do\n{dedent(body)}\nend')
    assert statuses(report) == {"it": "passed"}, report.failures


def test_requests_reach_actions(app: Path) -> None:
    passes(
        app,
        """
        r = get("/")
        assert_eq(res_status(r), 200)
        assert_eq(res_json(r), { "hello": "hi" })
        assert_contains(res_header(r, "Content-Type"), "application/json")
        """,
    )


def test_data_is_sent_as_json(app: Path) -> None:
    passes(
        app,
        """
        set_header("X-Agent", "spec")
        r = post("/echo", { "a": [1] })
        assert_eq(res_json(r), { "got": { "a": [1] }, "agent": "spec" })
        clear_headers()
        assert_null(res_json(post("/echo", {}))["agent"])
        """,
    )


def test_redirects_are_not_followed(app: Path) -> None:
    passes(
        app,
        """
        r = get("/away")
        assert(res_redirect?(r))
        assert_eq(res_location(r), "/")
        """,
    )


def test_a_user_can_be_signed_in(app: Path) -> None:
    passes(
        app,
        """
        assert_null(res_json(get("/me"))["id"])
        as_user(7)
        assert_eq(res_json(get("/me"))["id"], 7)
        assert(signed_in?())
        as_guest()
        assert_not(signed_in?())
        """,
    )


def test_what_the_app_shares_is_there(app: Path) -> None:
    """Helpers are visible in spec files, as in controllers."""
    passes(app, 'assert_eq(greeting(), "hi")')


def test_sockets_send_and_receive(app: Path) -> None:
    passes(
        app,
        """
        ada = ws_connect("/ws/a")
        bob = ws_connect("/ws/a")
        assert_eq(ada.receive, "welcome")
        assert_eq(bob.receive, "welcome")
        ada.send("hello")
        assert_eq(bob.receive, "hello")
        assert_eq(ada.messages, ["hello"])
        assert_eq(ws_clients_in("a"), [ada.id, bob.id])
        """,
    )


def test_send_returns_when_the_handler_is_done(app: Path) -> None:
    passes(
        app,
        """
        ada = ws_connect("/ws/a")
        ada.send("slow")
        assert_eq(ada.messages, ["welcome", "slow"])
        """,
    )


def test_close_returns_when_the_app_has_forgotten_the_connection(app: Path) -> None:
    passes(
        app,
        """
        ada = ws_connect("/ws/a")
        bob = ws_connect("/ws/a")
        bob.messages
        ada.close
        assert_eq(ws_count(), 1)
        assert_eq(bob.messages, ["left"])
        """,
    )


def test_a_socket_that_the_app_closes_says_why(app: Path) -> None:
    passes(
        app,
        """
        ada = ws_connect("/ws/a")
        ada.send("close")
        assert_eq(ada.wait_closed, 1000)
        assert_eq(ada.close_reason, "bye")
        assert(ada.closed?)
        """,
    )


def test_receive_fails_when_nothing_comes(app: Path) -> None:
    report = run(app, 'test("it") do\n c = ws_connect("/ws/a")\n c.receive\n c.receive(0.02)\nend')

    assert report.failures[0].message.startswith("receive: no message within 0.02 s")


def test_sockets_do_not_outlive_their_test(app: Path) -> None:
    report = run(
        app,
        """
        test("opens") do
          ws_connect("/ws/a")
        end
        test("is alone") do
          assert_eq(ws_count(), 0)
        end
        """,
    )

    assert statuses(report) == {"opens": "passed", "is alone": "passed"}


def test_an_app_that_cannot_be_loaded_fails_the_file(app: Path) -> None:
    (app / "config/routes.soli").write_text('get("/", "nowhere#home")')

    report = run(app, 'test("it") do end')

    assert report.failures[0].message == "the app cannot be loaded"
    assert "nowhere" in report.failures[0].detail


def test_a_single_file_with_routes_is_an_app(tmp_path: Path) -> None:
    (tmp_path / "app.soli").write_text('get("/", "app#home")\ndef home(request) "hi" end\n')

    passes(tmp_path, 'assert_eq(res_body(get("/")), "hi")')


def test_a_script_beside_the_tests_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "main.soli").write_text('throw "it was run"\n')

    passes(tmp_path, "assert(true)")
