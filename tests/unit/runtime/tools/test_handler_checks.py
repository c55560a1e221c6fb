"""`soli check` of an app: keys that are no action, controllers nobody finds, broken templates."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.loading.project import find_project
from soli_runtime.tools.checks import ProgramCheck

from soli_lang.tools.checker import Finding

ROUTES = 'router_websocket("/ws", "chat#handle")\nget("/page", "chat#page")\n'


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def of_controller(root: Path, text: str) -> list[Finding]:
    controller = "app/controllers/chat_controller.soli"
    write(root, {"config/routes.soli": ROUTES, controller: text})
    return ProgramCheck().check_file(root / controller)


@pytest.mark.parametrize(
    "body",
    [
        '{ "brodcast": event["message"] }',
        'return { "brodcast": 1 } if event["type"] == "message"\n  {}',
        'if event["type"] == "message"\n    { "brodcast": 1 }\n  else\n    {}\n  end',
        'event["type"] == "message" ? { "brodcast": 1 } : {}',
    ],
)
def test_a_key_that_is_no_action_is_told_with_the_nearest_one(tmp_path: Path, body: str) -> None:
    """Wherever a handler returns it."""
    (finding,) = of_controller(tmp_path, f"def handle(event)\n  {body}\nend\n")

    assert finding.code == "unknown-action"
    assert finding.message == "unknown action 'brodcast'"
    assert finding.hint == "did you mean 'broadcast'?"


@pytest.mark.parametrize(
    "text",
    [
        'def handle(event)\n  { "send": { "brodcast": 1 } }\nend\n',
        'def handle(event)\n  a = [1].map { |x| { "brodcast": x } }\n  { "send": a }\nend\n',
        'def handle(event)\n  {}\nend\ndef page(req)\n  { "brodcast": 1, "x": req }\nend\n',
    ],
)
def test_other_hashes_may_have_any_keys(tmp_path: Path, text: str) -> None:
    """Payloads, blocks inside a handler, and actions of HTTP routes."""
    assert of_controller(tmp_path, text) == []


@pytest.mark.parametrize("name", ["app.soli", "echo.soli"])
def test_a_single_file_is_checked_with_its_own_routes(tmp_path: Path, name: str) -> None:
    """It declares them itself, whatever it is called: `soli run` serves it."""
    path = tmp_path / name
    path.write_text(
        'router_websocket("/ws", "x#live")\ndef live(event)\n  { "sned": event["message"] }\nend\n'
    )

    (finding,) = ProgramCheck().check_file(path)

    assert (finding.code, finding.hint) == ("unknown-action", "did you mean 'send'?")


def test_a_controller_class_that_no_route_finds_is_told(tmp_path: Path) -> None:
    """Its name follows from its file."""
    (finding,) = of_controller(
        tmp_path, "class ChatsController\n  def handle(e)\n    e\n  end\nend\n"
    )

    assert finding.code == "controller-name"
    assert "'ChatController'" in finding.message


def test_templates_that_do_not_parse_are_errors_at_their_place(tmp_path: Path) -> None:
    """Line and column of the template, layouts with `yield` among them."""
    root = write(
        tmp_path,
        {
            "config/routes.soli": ROUTES,
            "app/controllers/chat_controller.soli": "def handle(event)\n  {}\nend\n"
            "def page(req)\n  render('page')\nend\n",
            "app/views/page.slv": "<p>\n<% if items %>\n<%= items[ %>\n<% end %>\n",
            "app/views/fine.slv": "<p><%= name %></p>\n",
            "app/views/layouts/application.slv": "<main><%= yield %></main>\n",
            "app/views/open.slv": "<p>\n<%= name\n",
        },
    )

    found = ProgramCheck().check_project(find_project(root))

    places = {
        (Path(one.source.name).name, one.source.position(one.span.start).line) for one in found
    }
    assert {one.code for one in found} == {"template"}
    assert places == {("page.slv", 3), ("open.slv", 2)}


@pytest.mark.parametrize(
    "name", ["presence_state", "room_left", "position", "resumed", "phx_reply", "soli:state"]
)
@pytest.mark.parametrize(
    "body",
    [
        '{{ "send": {{ "event": "{}", "payload": 1 }} }}',
        'ws_broadcast_room("r", {{ "event": "{}" }}.to_json)\n  {{}}',
        'data = {{ "event": "{}" }}\n  {{ "broadcast_others": data }}',
    ],
)
def test_a_message_with_a_name_of_ours_is_told(tmp_path: Path, name: str, body: str) -> None:
    """Clients would take it for Soli's own; wherever the message is made."""
    text = body.format(name)
    (finding,) = of_controller(tmp_path, f"def handle(event)\n  {text}\nend\n")

    assert finding.code == "reserved-event"
    assert f"'{name}' is one of Soli's own" in finding.message


def test_findings_come_in_the_order_of_the_text(tmp_path: Path) -> None:
    """Whoever found them."""
    body = 'ws_send("x", { "event": "phx_reply" })\n  y\n  { "brodcast": 1 }'

    found = of_controller(tmp_path, f"def handle(event)\n  {body}\nend\n")

    assert [one.code for one in found] == ["reserved-event", "unknown-name", "unknown-action"]


@pytest.mark.parametrize(
    "body",
    [
        '{ "send": { "event": "message", "payload": "presence_state" } }',
        'event["message"].to_h["event"] == "position" ? {} : { "send": { "event": "positions" } }',
        'name = "resumed"\n  { "send": { "event": name, "at": "position" } }',
    ],
)
def test_other_names_are_the_programs(tmp_path: Path, body: str) -> None:
    """And so are these words where they name no message that is sent."""
    assert of_controller(tmp_path, f"def handle(event)\n  {body}\nend\n") == []


def test_specs_may_play_any_client(tmp_path: Path) -> None:
    """What they send goes to the app."""
    spec = 'describe("x") do\n  test("y") do\n    ws_connect("/ws").send({ "event": "position" })\n'
    write(tmp_path, {"config/routes.soli": ROUTES, "tests/x_spec.soli": spec + "  end\nend\n"})

    assert ProgramCheck().check_file(tmp_path / "tests/x_spec.soli") == []
