"""Functions that see a request before its action."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from soli_runtime.loading.middleware_files import leading_options

from ....support.http import Visitor, app_of, visiting

ROUTES = (
    'get("/open", "pages#open")\nmiddleware("guard") do\n  get("/closed", "pages#closed")\nend\n'
)
PAGES = 'def open(req) req["seen"] ?? "open" end\ndef closed(req) "closed" end\n'
STAMP = (
    '# order: 1\ndef stamp(req)\n  req["seen"] = "stamped"\n'
    '  { "continue": true, "request": req }\nend\n'
)
GUARD = (
    "# order: 2\n# scope_only: true\ndef guard(req)\n"
    '  return null if req["query"]["key"] == "k"\n'
    '  { "continue": false, "response": halt(403, "guarded") }\n'
    "end\n"
)


def visit_app(folder: Path, path: str, **files: str) -> Any:
    middleware = {f"app/middleware/{name}.soli": text for name, text in files.items()}
    app = app_of(
        folder,
        {
            "config/routes.soli": ROUTES,
            "app/controllers/pages_controller.soli": PAGES,
            **middleware,
        },
    )

    async def visit(visitor: Visitor) -> Any:
        return await visitor.get(path)

    return visiting(app, visit)


def test_a_middleware_may_hand_on_another_request(tmp_path: Path) -> None:
    """What it adds, the action sees."""
    assert visit_app(tmp_path, "/open", stamp=STAMP, guard=GUARD).text == "stamped"


def test_a_middleware_may_answer_itself(tmp_path: Path) -> None:
    """Then the action is not called."""
    answer = visit_app(tmp_path, "/closed", guard=GUARD)

    assert (answer.status, answer.text) == (403, "guarded")


@pytest.mark.parametrize(("path", "text"), [("/closed?key=k", "closed"), ("/open", "open")])
def test_a_scoped_middleware_concerns_only_routes_that_name_it(
    tmp_path: Path, path: str, text: str
) -> None:
    """And lets pass what it has nothing against."""
    assert visit_app(tmp_path, path, guard=GUARD).text == text


def test_they_run_in_their_order(tmp_path: Path) -> None:
    """The lower number first, whatever the file is called."""
    first = '# order: 1\ndef zz(req) req["seen"] = "1" { "continue": true, "request": req } end\n'
    second = '# order: 2\ndef aa(req) req["seen"] = req["seen"] + "2" req end\n'

    assert visit_app(tmp_path, "/open", zz=first, aa=second, guard=GUARD).text == "12"


def test_options_stand_in_the_comments_that_begin_a_file() -> None:
    """Not later."""
    text = "# order: 5\n\n// global_only: true\ndef f(r) end\n# order: 9\n"

    assert leading_options(text) == {"order": "5", "global_only": "true"}


HOOKED = """class PagesController < Controller
  static {
    this.before_action = fn(req) {
      return render_json({ "error": "no" }, 403) if req["query"]["hook"] == "renders"
      return halt(401, "no") if req["query"]["hook"] == "halts"
      return { "status": "401", "error": "no" } if req["query"]["hook"] == "nearly"
      return { "user": "ada" } if req["query"]["hook"] == "data"
      null
    }
  }
  def open(req) render_json({ "secret": 1 }) end
end
"""


@pytest.mark.parametrize(
    ("hook", "status"),
    [("renders", 403), ("halts", 401), ("nearly", 500), ("data", 200), ("", 200)],
)
def test_a_hook_of_a_class_stops_by_what_it_answers(tmp_path: Path, hook: str, status: int) -> None:
    """A rendered answer, too; what only looks like a response lets nobody through."""
    files = {
        "config/routes.soli": 'get("/open", "pages#open")\n',
        "app/controllers/pages_controller.soli": HOOKED,
    }

    async def visit(visitor: Visitor) -> Any:
        return await visitor.get(f"/open?hook={hook}")

    answer = visiting(app_of(tmp_path, files), visit)
    assert answer.status == status
    assert ("secret" in answer.text) == (status == 200)
