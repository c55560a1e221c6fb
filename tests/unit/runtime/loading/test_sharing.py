"""What the shared files of an app give to all others, and that the check knows the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.loading.app import load
from soli_runtime.loading.project import find_project
from soli_runtime.routing.routes import WEBSOCKET
from soli_runtime.tools.checks import ProgramCheck

from soli_lang import SoliError
from soli_lang.interpreter import Interpreter

HELPER = """const LIMIT = 3
const NAMES = ["Ada"]
let hidden = 4
plain = 5
double = fn(x) { x * 2 }

def greet(name)
  "hi " + name
end

class Basket end
"""


def controller_says(root: Path, expression: str) -> Any:
    """The value of *expression* in a controller, or `Undefined` when a name in it is unknown."""
    files = {
        "app/helpers/shop_helper.soli": HELPER,
        "app/controllers/shop_controller.soli": f"def handle(event)\n  {expression}\nend\n",
        "config/routes.soli": 'router_websocket("/ws", "shop#handle")\n',
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    app = load(find_project(root), Interpreter(install_library))
    try:
        return app.table.match(WEBSOCKET, "/ws").target.handler.invoke({})
    except SoliError as error:
        return str(error)


def complaints(root: Path) -> list[str]:
    check = ProgramCheck()
    path = root / "app/controllers/shop_controller.soli"
    return [finding.message for finding in check.check_file(path) if finding.severity == "error"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("LIMIT + 1", 4),
        ("NAMES", ["Ada"]),
        ("double(4)", 8),
        ('greet("Ada")', "hi Ada"),
        ("new Basket().class", "Basket"),
        ("hidden", "Undefined variable 'hidden'"),
        ("plain", "Undefined variable 'plain'"),
    ],
)
def test_the_check_and_the_run_agree_on_what_helpers_share(
    tmp_path: Path, expression: str, value: Any
) -> None:
    """Functions, classes and constants; not variables."""
    said = controller_says(tmp_path, expression)

    assert said == value
    assert complaints(tmp_path) == ([value] if str(value).startswith("Undefined") else [])
