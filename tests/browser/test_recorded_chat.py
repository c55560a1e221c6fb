"""A session of real browsers with the chat, recorded and replayed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from ..support.constants import smaller
from ..support.live import serve
from .test_chat_example import CHAT, enter, messages, say


def replayed(file: Path, app: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "soli_runtime.cli", "replay", str(file), str(app)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_recorded_chat_is_the_same_again_and_a_broken_handler_is_named(
    person: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    """No difference in today's code; then `typing` is spelt wrong, and the events say so."""
    app, file = tmp_path / "chat", tmp_path / "session.jsonl"
    shutil.copytree(CHAT, app)
    with (
        smaller(presence_resync_seconds=0.05),
        serve(app, "--record", str(file)) as server,
    ):
        ada, bob = enter(person(), server, "Ada"), enter(person(), server, "Bob")
        say(ada, "Good morning, Bob")
        expect(messages(bob)).to_have_text(["Good morning, Bob"])
        say(bob, "Good morning, Ada")
        expect(messages(ada)).to_have_text(["Good morning, Bob", "Good morning, Ada"])
        bob.close()
        expect(ada.locator("#people li")).to_have_count(1)
    same = replayed(file, app)
    assert same.returncode == 0, same.stdout + same.stderr
    assert same.stdout.endswith(" events, no difference\n")
    assert int(same.stdout.split()[0]) >= 6
    controller = app / "app" / "controllers" / "chat_controller.soli"
    text = controller.read_text("utf-8")
    controller.write_text(text.replace('"event": "message"', '"event": "massage"'), "utf-8")
    other = replayed(file, app)
    assert other.returncode == 1
    assert '"event": "massage"' in other.stdout
    assert "message of c1" in other.stdout
