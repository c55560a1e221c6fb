"""`client.inbox` in specs: what waits, looked at without taking it."""

from __future__ import annotations

from pathlib import Path

from soli_runtime.testing import Options
from soli_runtime.testing.one_file import run_file

from .conftest import statuses

APP = """
router_websocket("/ws", "app#talk")

def talk(event)
  { "send": event["message"] ?? "hi" }
end
"""
LINES = (
    'ada = ws_connect("/ws")',
    'expect(ada.inbox).to_equal(["hi"])',
    'ada.send("{\\"n\\":[1,null]}")',
    'ada.send("[no JSON")',
    'ada.send("3")',
    'seen = ["hi", { "n": [1, null] }, "[no JSON", "3"]',
    "expect(ada.inbox).to_equal(seen)",
    "expect(ada.inbox).to_equal(seen)",
    'expect(ada.receive).to_equal("hi")',
    "expect(ada.inbox.length).to_equal(3)",
    "expect(ada.messages.length).to_equal(3)",
    "expect(ada.inbox).to_equal([])",
)


def test_the_inbox_is_looked_at_and_not_emptied(tmp_path: Path) -> None:
    """JSON Hashes and Arrays are data; everything else is as it came."""
    (tmp_path / "app.soli").write_text(APP)
    spec = tmp_path / "app_spec.soli"
    spec.write_text("\n".join(['test("it") do', *LINES, "end"]))
    report = run_file(spec, Options(seconds=5))
    assert statuses(report) == {"it": "passed"}, report.failures
