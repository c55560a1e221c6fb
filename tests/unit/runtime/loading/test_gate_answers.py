"""What an `authenticate` is seen to answer before anybody asks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.loading.app import InvalidApp
from soli_runtime.loading.project import find_project
from soli_runtime.tools.checks import ProgramCheck

from .test_gates import HANDLER, ROUTE, loaded, written

NOTHING_BUT_500 = {
    '{ "status": 401, "error": "unauthorized" }': "a Hash with a status that is no response",
    '{ "status": "401", "body": "no" }': "a Hash with a status that is no response",
    '{ "status": 401.0 }': "a Hash with a status that is no response",
    '{ "error": "no" }': "a Hash without id or user_id is no identity",
    '{ "redirect": "/login" }': "a Hash without id or user_id is no identity",
    '{ "Status": 401 }': "a Hash without id or user_id is no identity",
    '{ "id": "" }': "the id of an identity is a non-empty String or an Int",
    '{ "id": null }': "the id of an identity is a non-empty String or an Int",
    "{}": "a Hash without id or user_id is no identity",
    "null": "null at the end lets nobody in",
    "false": "this is neither an identity nor a response",
    '"no"': "this is neither an identity nor a response",
    "[401]": "this is neither an identity nor a response",
    "return false": "this is neither an identity nor a response",
    "return": "a return without a value lets nobody in",
    'return { "error": "no" } if request["query"]["x"] == null\n  { "id": 1 }': "a Hash without id",
    'if request["path"] == "/"\n    halt(401)\n  else\n    null\n  end': "null at the end",
    'request["path"] == "/" ? { "id": 1 } : { "error": 5 }': "a Hash without id",
    'sse_subscribe(request, "a")': "authenticate may not stream",
}


def app_with(root: Path, body: str, more: str = "") -> Path:
    gate = f"def authenticate(request)\n  {body}\nend\n"
    return written(root, {"app.soli": ROUTE + gate + HANDLER + more})


@pytest.mark.parametrize("body", NOTHING_BUT_500)
def test_an_answer_that_can_only_fail_is_an_error_at_load(body: str, tmp_path: Path) -> None:
    """At its place; `soli check` says the same."""
    root = app_with(tmp_path, body)
    with pytest.raises(InvalidApp) as caught:
        loaded(root)
    problem = caught.value.problems[0]
    assert NOTHING_BUT_500[body] in problem.message
    assert problem.place[0] >= 2
    messages = [one.message for one in ProgramCheck().check_project(find_project(root))]
    assert problem.message in messages


@pytest.mark.parametrize(
    "body",
    [
        'halt(401, "no")',
        'render_json({ "error": "no" }, 401)',
        '{ "status": 401, "body": "no" }',
        '{ "id": request["query"]["x"] }',
        '{ "user_id": 5, "status": "away" }',
        "anonymous()",
        'session_get("user")',
        'throw "no"',
        "forbidden()",
        'user = { "error": 1 }\n  user',
        '[1].each do |one|\n    return { "error": one }\n  end\n  anonymous()',
    ],
)
def test_an_answer_that_may_mean_something_is_none(body: str, tmp_path: Path) -> None:
    """What it is shows when it is asked."""
    assert loaded(app_with(tmp_path, body)).warnings == []


def warnings(root: Path) -> list[tuple[str, str, int]]:
    findings = ProgramCheck().check_project(find_project(root))
    return [
        (one.severity, one.message, one.source.position(one.span.start).line)
        for one in findings
        if one.code == "gate"
    ]


def test_a_written_return_null_is_warned_of(tmp_path: Path) -> None:
    """It lets in for one version more."""
    body = 'return null if request["query"]["x"] == null\n  request["path"] == "/" ? 1 : 2\n'
    root = app_with(tmp_path, body.replace("? 1 : 2", "").strip() + "\n  halt(401)")
    text = "authenticate: 'return null' lets a stranger in, and will refuse"
    assert warnings(root) == [("warning", text, 3)]


@pytest.mark.parametrize(
    "body",
    [
        'if request["path"] == "/"\n    { "id": 1 }\n  end',
        "",
        'for one in [1]\n    return { "id": one }\n  end',
        'if request["path"] == "/"\n    { "id": 1 }\n  elsif 1 == 2\n    halt(401)\n  end',
    ],
)
def test_a_null_that_falls_out_is_warned_of(body: str, tmp_path: Path) -> None:
    """It refuses with 500, which hardly is what was meant."""
    (found,) = warnings(app_with(tmp_path, body))
    assert found[1] == "authenticate: a null that falls out here refuses with 500"


@pytest.mark.parametrize(
    "name", ["authentificate", "Authenticate", "authenticates", "authenticate_", "authentcate"]
)
def test_names_that_look_like_the_gate_are_warned_of(name: str, tmp_path: Path) -> None:
    """They guard nothing."""
    more = f'def {name}(request)\n  halt(401, "no")\nend\n'
    root = written(tmp_path, {"app.soli": ROUTE + HANDLER + more})
    assert [one[1] for one in warnings(root)] == [
        f"'{name}' guards nothing: the gate is called 'authenticate'"
    ]


@pytest.mark.parametrize(
    "more",
    [
        "def authorize(user)\n  1\nend\n",
        "def authenticated(r)\n  1\nend\nx = authenticated(5)\n",
        'def authenticator(r)\n  1\nend\nmiddleware("authenticator") do\n'
        '  get("/a", "chat#handle")\nend\n',
    ],
)
def test_other_names_are_not(more: str, tmp_path: Path) -> None:
    """Nor one that the program uses."""
    assert warnings(written(tmp_path, {"app.soli": ROUTE + HANDLER + more})) == []


def test_a_gate_inside_a_condition_that_does_not_hold_is_an_error(tmp_path: Path) -> None:
    """Nothing would guard."""
    more = "if 1 == 2\n  def authenticate(r)\n    halt(401)\n  end\nend\n"
    with pytest.raises(InvalidApp, match="guards nothing"):
        loaded(written(tmp_path, {"app.soli": ROUTE + HANDLER + more}))
