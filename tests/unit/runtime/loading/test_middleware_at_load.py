"""Middleware that would guard by its name only is an error before the app listens."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.cli.checking.command import check
from soli_runtime.cli.exits import INVALID, OK
from soli_runtime.loading.app import InvalidApp
from soli_runtime.loading.project import find_project
from soli_runtime.tools.checks import ProgramCheck

from .test_gates import GATE, loaded, written

PAGES = "app/controllers/pages_controller.soli"
OPEN = "def show(req)\n  1\nend\ndef talk(event)\n  {}\nend\n"
GET = 'get("/a", "pages#show")\n'
SOCKET = 'router_websocket("/ws", "pages#talk")\n'
GUARD = 'def guard(req)\n  halt(403, "no")\nend\n'
SCOPED = "# scope_only: true\n" + GUARD
FILE = "app/middleware/guard.soli"


def in_block(names: str, routes: str = GET) -> str:
    return f"middleware({names}) do\n  {routes}end\n"


WRONG = {
    "an unknown name": (
        {"config/routes.soli": in_block('["nosuch"]')},
        "there is no middleware 'nosuch'",
    ),
    "a slip": (
        {"config/routes.soli": in_block('"gaurd"'), FILE: GUARD},
        "there is no middleware 'gaurd'",
    ),
    "an unknown name around nothing": (
        {"config/routes.soli": in_block(":nosuch", "") + GET},
        "there is no middleware 'nosuch'",
    ),
    "one that no block names": (
        {"config/routes.soli": GET, FILE: SCOPED},
        "middleware 'guard' never runs: no block names it",
    ),
    "one around nothing": (
        {"config/routes.soli": in_block('"guard"', "") + GET, FILE: SCOPED},
        "middleware 'guard' never runs: no block names it",
    ),
    "one for HTTP in an app of sockets": (
        {"config/routes.soli": SOCKET, FILE: GUARD},
        "middleware 'guard' never runs: there is no HTTP route",
    ),
    "a file without its function": (
        {"config/routes.soli": GET, FILE: "GUARD = 5\ndef _guard(req)\n  halt(403)\nend\n"},
        "this file defines no middleware",
    ),
    "a value that is no function": (
        {"config/routes.soli": "guard = 5\n" + in_block('"guard"')},
        "there is no middleware 'guard'",
    ),
    "one that may not be named": (
        {"config/routes.soli": in_block('"guard"'), FILE: f"# global_only: true\n{GUARD}"},
        "middleware 'guard' is global_only",
    ),
    "one that excludes itself": (
        {
            "config/routes.soli": in_block('"guard"'),
            FILE: f"# global_only: true\n# scope_only: true\n{GUARD}",
        },
        "would never run",
    ),
    "an order that is no number": (
        {"config/routes.soli": GET, FILE: f"# order: first\n{GUARD}"},
        "expected a whole number, got 'first'",
    ),
    "a switch that is neither": (
        {"config/routes.soli": in_block('"guard"'), FILE: f"# scope_only: yes\n{GUARD}"},
        "expected true or false, got 'yes'",
    ),
    "one that takes more than the request": (
        {"config/routes.soli": GET, FILE: "def guard(req, role)\n  null\nend\n"},
        "takes the request, not 2 values",
    ),
    "one that streams": (
        {"config/routes.soli": GET, FILE: 'def guard(req)\n  sse_subscribe(req, "a")\nend\n'},
        "middleware 'guard' may not stream",
    ),
    "two of one name": (
        {"config/routes.soli": GET, FILE: GUARD, "app/middleware/other/guard.soli": GUARD},
        "two files define a middleware 'guard'",
    ),
    "a route that was declared before without": (
        {"config/routes.soli": GET + in_block('"guard"', GET + SOCKET), FILE: SCOPED},
        "GET /a is declared twice, with other middleware; only the first counts",
    ),
    "a gate that is not there": (
        {"config/routes.soli": in_block('"authenticate"')},
        "no authenticate is defined for 'pages#show'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_an_error_at_load(name: str, tmp_path: Path) -> None:
    """And `soli check` says the same."""
    files, text = WRONG[name]
    root = written(tmp_path, {PAGES: OPEN, **files})
    with pytest.raises(InvalidApp) as caught:
        loaded(root)
    problem = caught.value.problems[0]
    assert text in problem.message
    assert problem.source is not None
    messages = [one.message for one in ProgramCheck().check_project(find_project(root))]
    assert problem.message in messages


def stages(root: Path, files: dict[str, str]) -> dict[str, list[str]]:
    """What runs before each route."""
    table = loaded(written(root, {PAGES: OPEN, **files})).table
    return {pattern: [one.name for one in target.stages] for _, pattern, target in table}


def test_a_function_of_the_routes_file_may_be_named(tmp_path: Path) -> None:
    """A single file needs no folder."""
    text = in_block('"guard"', 'get("/a", "app#show")\n') + GUARD + OPEN
    table = loaded(written(tmp_path, {"app.soli": text})).table
    assert [[one.name for one in target.stages] for *_, target in table] == [["guard"]]


def test_order_comes_first_and_then_the_place_in_the_block(tmp_path: Path) -> None:
    """Before those of the same order: what runs for all routes; on sockets, the gate."""
    files = {
        "config/routes.soli": in_block('["two", "one", "late"]', GET + SOCKET) + GATE,
        "app/middleware/one.soli": "# scope_only: true\ndef one(r)\n  null\nend\n",
        "app/middleware/two.soli": "# scope_only: true\ndef two(r)\n  null\nend\n",
        "app/middleware/all.soli": "def for_all(r)\n  null\nend\n",
        "app/middleware/late.soli": "# order: 500\n# scope_only: true\ndef late(r)\n  null\nend\n",
    }
    assert stages(tmp_path, files) == {
        "/a": ["for_all", "two", "one", "late"],
        "/ws": ["authenticate", "two", "one", "late"],
    }


def test_blocks_stand_in_blocks_and_name_the_gate_where_it_is_to_run(tmp_path: Path) -> None:
    """Each name runs once; a file's name stands for its only function."""
    inner = in_block('["authenticate", "guard"]', GET)
    files = {
        "config/routes.soli": in_block('["door", "authenticate"]', inner) + GATE,
        FILE: SCOPED,
        "app/middleware/door.soli": "# scope_only: true\ndef open_door(r)\n  null\nend\n",
    }
    assert stages(tmp_path, files) == {"/a": ["open_door", "authenticate", "guard"]}


def test_a_host_may_be_the_gate_that_a_block_names(tmp_path: Path) -> None:
    """Then the program needs none."""
    from soli_runtime.builtins.library import install_library
    from soli_runtime.loading.app import load

    from soli_lang.interpreter import Interpreter

    files = {"config/routes.soli": in_block('"authenticate"'), PAGES: OPEN}
    project = find_project(written(tmp_path, files))
    app = load(project, Interpreter(install_library), host_authenticates=True)
    assert [[one.name for one in target.stages] for *_, target in app.table] == [["authenticate"]]


def test_check_is_told_of_a_hosts_gate_by_define(tmp_path: Path) -> None:
    """`--define authenticate/1`."""
    files = {"config/routes.soli": in_block('"authenticate"'), PAGES: OPEN}
    root = str(written(tmp_path, files))
    assert check([root]) == INVALID
    assert check([root, "--define", "authenticate/1"]) == OK


# --- routes that nothing guards ------------------------------------------------------------------


def unguarded(root: Path, files: dict[str, str]) -> list[str]:
    project = find_project(written(root, {PAGES: OPEN, **files}))
    found = ProgramCheck().check_project(project)
    return [one.message for one in found if one.code == "unguarded-route"]


def test_a_route_that_nothing_guards_is_warned_of_where_others_are(tmp_path: Path) -> None:
    """A gate of sockets guards no HTTP route."""
    files = {"config/routes.soli": SOCKET + GET + GATE}
    assert unguarded(tmp_path, files) == ["nothing guards GET /a, and this app guards others"]


@pytest.mark.parametrize(
    "routes",
    [
        SOCKET + GET,
        SOCKET + in_block('"authenticate"') + GATE,
        SOCKET + in_block("[]") + GATE,
        SOCKET + 'get("/b", "pages#mine")\n' + GATE,
    ],
)
def test_a_route_is_not_where_nothing_is_or_it_is_or_says_so_or_asks_itself(
    tmp_path: Path, routes: str
) -> None:
    """`middleware([])` says that routes are open on purpose."""
    mine = OPEN + "def mine(req)\n  return halt(401) if get_current_user().nil?\n  1\nend\n"
    assert unguarded(tmp_path, {"config/routes.soli": routes, PAGES: mine}) == []


def test_middleware_that_only_looks_on_guards_nothing(tmp_path: Path) -> None:
    """One that may refuse does."""
    log = "def log(req)\n  print(req)\n  null\nend\n"
    routes = in_block('"guard"', 'get("/b", "pages#show")\n') + GET
    files = {"config/routes.soli": routes, FILE: SCOPED, "app/middleware/log.soli": log}
    assert unguarded(tmp_path, files) == ["nothing guards GET /a, and this app guards others"]


def test_a_hook_of_a_class_guards_its_actions(tmp_path: Path) -> None:
    """Those that it is for."""
    things = (
        "class ThingsController < Controller\n  static {\n"
        '    this.before_action(:show) = fn(req) { halt(403, "no") }\n  }\n'
        "  def show(req)\n    1\n  end\n  def list(req)\n    2\n  end\nend\n"
    )
    routes = 'get("/things", "things#list")\nget("/thing", "things#show")\n'
    files = {"config/routes.soli": routes, "app/controllers/things_controller.soli": things}
    assert unguarded(tmp_path, files) == ["nothing guards GET /things, and this app guards others"]
