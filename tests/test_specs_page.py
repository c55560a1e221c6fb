"""docs/specs.md: its specs pass, and what it says is left from one test to the next is left."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .support.corpus import ROOT
from .support.documents import blocks
from .support.live import SOLI

PAGE = ROOT / "docs" / "specs.md"

APP = {
    "config/routes.soli": 'get("/seen", "seen#show")\nrouter_websocket("/ws", "seen#live")\n',
    "app/controllers/seen_controller.soli": """
count = 0
def show(request)
  count += 1
  { "count": count, "kv": KV.get("k"), "user": session_get("user_id"), "jobs": Job.list().length }
end
def live(event)
  return { "join": "room" } if event["type"] == "connect"
  {}
end
""",
    "app/jobs/later.soli": "class Later\n  static def perform(args) null end\nend\n",
}
FIRST = """
describe("the first") do
  test("leaves something") do
    KV.set("k", 1)
    as_user("7")
    Later.perform_in("5 minutes", {})
    File.write("note.txt", "x")
    ws_connect("/ws")
    freeze_time("2030-01-01")
    assert_eq(ws_count(), 1)
    get("/seen")
  end

  test("finds it") do
    seen = res_json(get("/seen"))
    assert_eq(seen, { "count": 2, "kv": "1", "user": "7", "jobs": 1 })
    assert(File.exists("note.txt"))
    assert_eq(ws_count(), 0)
    assert(DateTime.now().year < 2030)
  end
end
"""
OTHER = """
test("another file finds nothing") do
  assert_eq(res_json(get("/seen")), { "count": 1, "kv": null, "user": null, "jobs": 0 })
  assert_not(File.exists("note.txt"))
end
"""


def run_specs(folder: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return subprocess.run(
        [SOLI, "test"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_what_one_test_leaves_to_the_next(tmp_path: Path) -> None:
    """The table under "What is left from one test to the next"."""
    specs = {"tests/a_spec.soli": FIRST, "tests/b_spec.soli": OTHER}

    done = run_specs(tmp_path, APP | specs)

    assert done.stdout.splitlines()[-1] == "3 passed, 0 failed", done.stdout


def test_the_hooks_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    """The spec under "Hooks", as it stands."""
    shown = next(text for text in blocks(PAGE, "soli") if "before_each" in text)

    done = run_specs(tmp_path, {"app.soli": "print(1)\n", "tests/list_spec.soli": shown})

    assert done.stdout.splitlines()[-1] == "2 passed, 0 failed", done.stdout


def test_the_world_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    """The spec under "Worlds in memory", as it stands, for the app at the top of the page."""
    shown = next(text for text in blocks(PAGE, "soli") if "simulate(" in text)
    app = """
router_websocket("/ws/echo", "app#handle")
def handle(event)
  event["type"] == "message" ? { "send": "echo: " + event["message"] } : {}
end
"""

    done = run_specs(tmp_path, {"app.soli": app, "tests/world_spec.soli": shown})

    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed", done.stdout
