"""`authenticate` cannot be lost by a name or a place: what would weaken it is an error at load."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.cli.checking.command import check
from soli_runtime.cli.exits import INVALID, OK
from soli_runtime.loading.app import App, InvalidApp, load
from soli_runtime.loading.project import find_project
from soli_runtime.tools.checks import ProgramCheck

from soli_lang.interpreter import Interpreter

GATE = 'def authenticate(request)\n  halt(401, "no")\nend\n'
HANDLER = "def handle(event)\n  {}\nend\n"
ROUTE = 'router_websocket("/ws", "chat#handle")\n'
CONTROLLER = "app/controllers/chat_controller.soli"


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def loaded(root: Path) -> App:
    return load(find_project(root), Interpreter(install_library))


WEAKENED = {
    "a route to the gate, in one file": (
        {"app.soli": f'{ROUTE}post("/login", "chat#authenticate")\n{GATE}{HANDLER}'},
        ("app.soli", 2, "is not an action"),
    ),
    "a route to the gate of a controller": (
        {
            "config/routes.soli": f'{ROUTE}post("/login", "chat#authenticate")\n',
            CONTROLLER: GATE + HANDLER,
        },
        ("config/routes.soli", 2, "is not an action"),
    ),
    "a route to the gate of another controller": (
        {
            "config/routes.soli": f'{ROUTE}get("/x", "other#authenticate")\n',
            CONTROLLER: GATE + HANDLER,
            "app/controllers/other_controller.soli": GATE,
        },
        ("config/routes.soli", 2, "is not an action"),
    ),
    "a gate in a helper": (
        {"config/routes.soli": ROUTE, CONTROLLER: HANDLER, "app/helpers/auth.soli": f"\n{GATE}"},
        ("app/helpers/auth.soli", 2, "guards no route"),
    ),
    "a gate in a middleware": (
        {"config/routes.soli": ROUTE, CONTROLLER: HANDLER, "app/middleware/auth.soli": GATE},
        ("app/middleware/auth.soli", 1, "guards no route"),
    ),
    "a method of the controller's class": (
        {
            "config/routes.soli": ROUTE,
            CONTROLLER: f"class ChatController\n{HANDLER}{GATE}end\n",
        },
        (CONTROLLER, 5, "is a method"),
    ),
    "a static method of the class in one file": (
        {
            "app.soli": f"{ROUTE}class ChatController\n{HANDLER}static def authenticate(r)\n"
            '  halt(401, "no")\nend\nend\n'
        },
        ("app.soli", 6, "is a method"),
    ),
    "an inherited method": (
        {
            "config/routes.soli": ROUTE,
            "app/models/base.soli": f"class Base\n{GATE}end\n",
            CONTROLLER: f"class ChatController < Base\n{HANDLER}end\n",
        },
        (CONTROLLER, 1, "is a method"),
    ),
    "a gate that was taken away": (
        {"app.soli": f"{ROUTE}{GATE}{HANDLER}authenticate = null\n"},
        ("app.soli", 2, "is no function"),
    ),
    "a gate that was not set up": (
        {"app.soli": f"{ROUTE}{HANDLER}let authenticate = 5\n"},
        ("app.soli", 1, "is no function"),
    ),
    "a second gate that replaces the first": (
        {"app.soli": f"{ROUTE}{GATE}{HANDLER}def authenticate(request)\n  null\nend\n"},
        ("app.soli", 8, "is defined twice"),
    ),
}


@pytest.mark.parametrize("name", WEAKENED)
def test_what_weakens_the_gate_is_an_error_at_load(name: str, tmp_path: Path) -> None:
    """At its place, and `soli check` says the same."""
    files, (file, line, text) = WEAKENED[name]
    root = written(tmp_path, files)
    with pytest.raises(InvalidApp) as caught:
        loaded(root)
    problem = caught.value.problems[0]
    assert text in problem.message
    assert problem.source is not None
    assert problem.span is not None
    assert problem.source.name == str(root / file)
    assert problem.source.position(problem.span.start).line == line
    messages = [one.message for one in ProgramCheck().check_project(find_project(root))]
    assert problem.message in messages


@pytest.mark.parametrize(
    "files",
    [
        {"app.soli": ROUTE + GATE + HANDLER},
        {"config/routes.soli": ROUTE + GATE, CONTROLLER: HANDLER},
        {"config/routes.soli": ROUTE, CONTROLLER: GATE + HANDLER},
        {"config/routes.soli": ROUTE, CONTROLLER: f"{GATE}class ChatController\n{HANDLER}end\n"},
    ],
)
def test_a_gate_at_its_place_guards(files: dict[str, str], tmp_path: Path) -> None:
    """In the routes file, or beside the handlers."""
    ((_, _, target),) = loaded(written(tmp_path, files)).table
    assert target.authenticate is not None


def test_other_classes_may_have_such_a_method(tmp_path: Path) -> None:
    """`user.authenticate(password)` is no gate."""
    user = "class User\ndef authenticate(password)\n  true\nend\nend\n"
    files = {"config/routes.soli": ROUTE, CONTROLLER: HANDLER, "app/models/user.soli": user}
    assert loaded(written(tmp_path, files)).has_routes


def test_checking_one_file_sees_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that declares routes is an app; another one is not run."""
    files = WEAKENED["a route to the gate, in one file"][0]
    written(tmp_path, files | {"plain.soli": 'throw Error("run")\n'})
    assert check([str(tmp_path / "app.soli")]) == INVALID
    assert "2:16: error: route to" in capsys.readouterr().out
    assert check([str(tmp_path / "plain.soli")]) == OK
