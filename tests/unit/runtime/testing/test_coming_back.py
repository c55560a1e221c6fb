"""A client of a spec that opted in to come back does what the JavaScript client does."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.core.history.resuming import position_in
from soli_runtime.testing import FileReport, Options
from soli_runtime.testing.one_file import run_file

from .conftest import statuses

APP = """
ws_keep_history("*", { "messages": 2 })
router_websocket("/ws/:room", "app#talk")

def talk(event)
  if event["type"] == "connect"
    return { "join": event["params"]["room"], "send": event["resume"] ?? "nothing" }
  end
  return { "broadcast_room": event["message"] } if event["type"] == "message"
  {}
end
"""


def ran(folder: Path, *lines: str) -> FileReport:
    (folder / "app.soli").write_text(APP)
    spec = folder / "app_spec.soli"
    spec.write_text("\n".join(['test("it") do', *lines, "end"]))
    return run_file(spec, Options(seconds=5))


def passes(folder: Path, *lines: str) -> None:
    report = ran(folder, *lines)
    assert statuses(report) == {"it": "passed"}, report.failures


def test_positions_are_noted_and_not_shown(tmp_path: Path) -> None:
    """What was missed comes behind `resumed`; with a query of its own, too."""
    passes(
        tmp_path,
        'ada = ws_connect("/ws/r?x=1", { "resume": true })',
        'bob = ws_connect("/ws/r")',
        "expect(ada.receive_json).to_equal({})",
        'ada.send("one")',
        'expect(ada.messages).to_equal(["one"])',
        "ada.drop",
        'bob.send("two")',
        "ada = ada.come_back",
        'expect(ada.receive_event("resumed")["payload"]["missed"]).to_equal(1)',
        'expect(ada.receive).to_equal("two")',
        'expect(ada.receive_json.keys).to_equal(["r"])',
        'expect(bob.messages).to_equal(["nothing", "one", "two"])',
    )


def test_too_much_was_missed(tmp_path: Path) -> None:
    """Two are kept, three were said."""
    passes(
        tmp_path,
        'ada = ws_connect("/ws/r", { "resume": true })',
        "ada.close",
        'bob = ws_connect("/ws/r")',
        '["1", "2", "3"].each(|text| bob.send(text))',
        'told = ada.come_back.receive_event("resumed")["payload"]',
        'expect([told["recovered"], told["missed"]]).to_equal([false, 0])',
    )


def test_a_client_that_did_not_opt_in_just_connects_again(tmp_path: Path) -> None:
    """Of an open one that is no use."""
    passes(
        tmp_path,
        'ada = ws_connect("/ws/r")',
        "ada.drop",
        "ada = ada.come_back",
        'expect(ada.messages).to_equal(["nothing"])',
        'assert_raises("the connection is open; drop it first") do',
        "ada.come_back",
        "end",
    )


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ('{"event":"position","channel":"r","payload":"e.1"}', ("r", "e.1", True)),
        ('{"event":"resumed","channel":"r","payload":{"position":"e.1"}}', ("r", "e.1", False)),
        ('{"event":"position","channel":1,"payload":"e.1"}', None),
        ('{"event":"position","channel":"r","payload":{}}', None),
        ('{"event":"resumed","channel":"r","payload":"e.1"}', None),
        ('{"event":"resumed"', None),
        ('{"event":"other","channel":"r","payload":"e.1"}', None),
        ("position", None),
    ],
)
def test_what_tells_a_position(message: str, found: tuple[str, str, bool] | None) -> None:
    """Messages of apps may look like it."""
    assert position_in(message) == found
