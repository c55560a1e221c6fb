"""What is said of a fault names what people have to look at."""

from __future__ import annotations

from pathlib import Path

from soli_runtime.loading.project import find_project
from soli_runtime.testing.exploring.exploring import Exploration
from soli_runtime.testing.exploring.invariants import invariants_of

KEEPS_A_KEY = """
router_websocket("/ws", "app#handle")
def handle(event)
  KV.hset("visitors", event["connection_id"], "here") if event["type"] == "connect"
  {}
end
"""
COUNTS = """
router_websocket("/ws", "app#handle")
def handle(event)
  KV.set("here", "[#{event["type"]}]")
  {}
end
"""
PROMISE = """
invariant("somebody is here") do |world|
  assert_eq(KV.get("here"), "[nobody]")
end
"""


def said_of(folder: Path, text: str, spec: str = "") -> str:
    (folder / "app.soli").write_text(text)
    if spec:
        (folder / "tests").mkdir()
        (folder / "tests" / "promise_spec.soli").write_text(spec)
    project = find_project(folder)
    judges = [one.judge for one in invariants_of(project)]
    explored = Exploration(project, 1, 60.0, judges).run()
    assert explored.failure is not None
    return explored.failure.found.text


def test_a_key_that_grows_is_named(tmp_path: Path) -> None:
    """`KV` alone would leave people to search."""
    assert said_of(tmp_path, KEEPS_A_KEY).endswith(", by the key 'visitors' for example")


def test_a_comparison_in_an_invariant_shows_both_values(tmp_path: Path) -> None:
    """As in a report of specs."""
    said = said_of(tmp_path, COUNTS, PROMISE)

    assert said.endswith('does not hold: values not equal, null and "[nobody]"')


def test_a_failure_names_its_file(tmp_path: Path) -> None:
    """Apps have several; their folders are none of a spec's business."""
    failing = COUNTS.replace('KV.set("here"', 'KV.set(event["query"]["name"].trim')

    assert said_of(tmp_path, failing).endswith(" at app.soli:4:10")
