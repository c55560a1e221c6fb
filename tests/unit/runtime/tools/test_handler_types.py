"""`soli check` knows what handlers are called with and what they may return."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.tools.checks import ProgramCheck

from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import Finding


def found(tmp_path: Path, body: str, route: str = "/ws/:room") -> list[Finding]:
    """What is found in a file with one handler of *body*."""
    path = tmp_path / "echo.soli"
    path.write_text(
        f'router_websocket("{route}", "x#handle")\ndef handle(event)\n{body}\nend\n', "utf-8"
    )
    return ProgramCheck().check_file(path)


@pytest.mark.parametrize(
    "body",
    [
        '  type = event["type"]\n'
        '  return { "send": event["message"].upcase } if type == "message"\n  {}',
        '  return {} if event["type"] != "message"\n  { "send": event["message"].upcase }',
        '  return {} unless event["message"]\n  { "send": event["message"].upcase }',
        '  event["type"] == "message" && event["message"].upcase == "A" ? { "send": "a" } : {}',
        '  match event["type"] {\n'
        '    "message" => { "send": event["message"].upcase },\n    _ => {}\n  }',
        '  if event["type"] == "connect"\n    {}\n'
        '  elsif event["type"] == "message"\n    { "send": 1 }\n'
        '  elsif event["type"] == "disconnect"\n    {}\n  end',
        '  user = get_current_user()\n  { "send": user["id"] }',
        '  event["mark"] = 5\n  { "send": event["mark"] }',
        '  { "send": event["query"]["anything"], "broadcast": event["headers"]["x-a"] }',
        '  { "join": ["a", "room:#{event["params"]["room"]}"], "history": 5 }',
        '  key = "send"\n  { (key): 1 }',
        '  { "send": event["binary"] ? event["message"].to_a : "text" }',
    ],
)  # fmt: skip
def test_right_handlers_are_left_alone(tmp_path: Path, body: str) -> None:
    """What is asked for by `type`, in any of the ways to ask."""
    assert found(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "code", "hint"),
    [
        ('  { "send": event["params"]["rom"] }', "unknown-key", "did you mean 'room'?"),
        ('  params = event["params"]\n  { "send": params["id"] }', "unknown-key", "it has room"),
        ('  { "send": event["mesage"] }', "unknown-key", "did you mean 'message'?"),
        ('  event["type"] == "conect" ? {} : {}', "never-true", "did you mean 'connect'?"),
        ('  { "join": 5 }', "action-value", None),
        ('  { "send": event["message"].upcase }', "may-be-null", None),
        ('  "text"', "handler-result", 'return { "send": text } to answer, or {} to do nothing'),
        ('  if event["type"] == "message"\n    { "send": 1 }\n  end', "handler-result", None),
    ],
)  # fmt: skip
def test_what_the_runtime_would_refuse_is_told(
    tmp_path: Path, body: str, code: str, hint: str | None
) -> None:
    """One finding, with the way out."""
    findings = found(tmp_path, body)

    assert [one.code for one in findings] == [code]
    assert hint is None or findings[0].hint == hint


def test_a_route_within_a_namespace_tells_nothing_of_its_segments(tmp_path: Path) -> None:
    """The namespace may have some of its own."""
    path = tmp_path / "echo.soli"
    path.write_text(
        'namespace("/:shop") do\n  get("/items", "x#show")\nend\n'
        'def show(req)\n  { "shop": req["params"]["shop"] }\nend\n'
    )

    assert ProgramCheck().check_file(path) == []


def test_a_controller_is_checked_with_the_routes_of_its_app(tmp_path: Path) -> None:
    """The methods of its class, too; other classes are none of the runtime's business."""
    controller = tmp_path / "app" / "controllers" / "chat_controller.soli"
    routes = tmp_path / "config" / "routes.soli"
    for path in (controller, routes):
        path.parent.mkdir(parents=True)
    routes.write_text('router_websocket("/ws/:room", "chat#handle")\n')
    controller.write_text(
        "class ChatController\n  def handle(event)\n"
        '    { "send": event["params"]["rom"] }\n  end\nend\n'
        "class Other\n  def handle(event)\n    5\n  end\nend\n"
    )

    (finding,) = ProgramCheck().check_file(controller)

    assert finding.message == "the route /ws/:room has no 'rom'"


def test_what_runs_with_one_argument_cannot_want_two(tmp_path: Path) -> None:
    """Handlers, and `authenticate`."""
    text = (
        'router_websocket("/ws", "x#handle")\ndef authenticate(request, b)\n  { "id": b }\nend\n'
        "def handle(event, more)\n  more\n  {}\nend\n"
    )
    program = parse(Source("x.soli", text))

    findings = ProgramCheck().check_program(tmp_path / "x.soli", program)

    assert [one.message for one in findings] == ["Wrong number of arguments: expected 2, got 1"] * 2
