"""`client.ask` in specs: requests over a socket, and what becomes of other messages."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.testing import FileReport, Options
from soli_runtime.testing.one_file import run_file

from .conftest import statuses

APP = """
router_websocket("/ws", "app#talk")

def talk(event)
  return {} unless event["type"] == "message"
  message = event["message"].to_h
  if message["event"] == "both"
    return { "send": "first", "reply": message["payload"], "broadcast": "last" }
  end
  return { "reply_error": { "reason": "full" } } if message["event"] == "full"
  return { "reply": null } if message["event"] == "null"
  return { "close": "bye" } if message["event"] == "leave"
  1 / 0 if message["event"] == "fail"
  {}
end
"""

PASSES = [
    ['expect(ada.ask("both", { "a": [1] })).to_equal({ "a": [1] })'],
    ['expect(ada.ask("both")).to_equal({})', 'expect(ada.messages).to_equal(["first", "last"])'],
    ['ada.send("before")', 'expect(ada.ask("null")).to_be_null'],
    ['assert_raises("full") do', 'ada.ask("full")', "end"],
    ['assert_raises("internal") do', 'ada.ask("fail")', "end"],
    ["assert_raises(\"no reply to 'x' within 0.05 s\") do", 'ada.ask("x", {}, 0.05)', "end"],
    ['assert_raises("bye") do', 'ada.ask("leave")', "end"],
]


def ran(folder: Path, *lines: str) -> FileReport:
    (folder / "app.soli").write_text(APP)
    spec = folder / "app_spec.soli"
    opened = 'ada = ws_connect("/ws")'
    spec.write_text("\n".join(['test("it") do', opened, *lines, "end"]))
    return run_file(spec, Options(seconds=5))


@pytest.mark.parametrize("lines", PASSES, ids=range(len(PASSES)))
def test_a_spec_asks_and_is_answered(tmp_path: Path, lines: list[str]) -> None:
    """The response, errors by what the app says, and messages that came beside it."""
    report = ran(tmp_path, *lines)
    assert statuses(report) == {"it": "passed"}, report.failures
