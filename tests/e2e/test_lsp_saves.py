"""The language server tells what a save changes, where `soli run --dev` leaves that."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ..support.lsp_client import Editor


def leave(folder: Path, **verdict: Any) -> None:
    (folder / ".soli").mkdir(exist_ok=True)
    (folder / ".soli" / "saved.json").write_text(json.dumps(verdict))


def told(editor: Editor, method: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        message = editor._received.get(timeout=20)
        if message.get("method") == method:
            found: dict[str, Any] = message["params"]
            return found
    raise AssertionError(method)


def test_what_a_save_changes_is_told_once(tmp_path: Path) -> None:
    """Of the app around the file; what was there before the save is old."""
    file = tmp_path / "app" / "models" / "a.soli"
    file.parent.mkdir(parents=True)
    file.write_text("1\n")
    leave(tmp_path, headline="old", changes=[])
    old = time.time() - 60
    os.utime(tmp_path / ".soli" / "saved.json", (old, old))
    with Editor(tmp_path) as editor:
        uri = editor.open(file)
        editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        time.sleep(0.1)
        change = {"head": "message of c1, /ws", "lines": ["- a", "+ b"], "keep": "soli replay"}
        leave(tmp_path, headline="this save changes 1 of 2", changes=[change])
        shown = told(editor, "soli/saved")
        assert shown == {"headline": "this save changes 1 of 2", "changes": [change]}
        assert told(editor, "window/showMessage")["message"] == "this save changes 1 of 2"
        editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        time.sleep(0.5)
        leave(tmp_path, headline="this save changes 0 of 2", changes=[])
        assert told(editor, "soli/saved")["changes"] == []
        assert told(editor, "window/logMessage")["message"] == "this save changes 0 of 2"


@pytest.mark.parametrize("text", ["", "[]", "5", "{", '{"a": 1}', "[" * 100_000])
def test_what_says_nothing_is_passed_over(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.soli"
    file.write_text("1\n")
    with Editor(tmp_path) as editor:
        uri = editor.open(file)
        editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        time.sleep(0.3)
        (tmp_path / ".soli").mkdir()
        (tmp_path / ".soli" / "saved.json").write_text(text)
        time.sleep(0.5)
    assert editor.errors == ""
