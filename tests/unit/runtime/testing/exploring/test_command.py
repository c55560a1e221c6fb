"""`soli test --explore` as people run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from tests.support.live import SOLI

FAILS = """
router_websocket("/ws/shout", "app#handle")
def handle(event)
  return {} if event["type"] != "message"
  data = event["message"].to_h
  return { "send": data["text"].upcase } if data["event"] == "shout"
  {}
end
"""
REPAIRED = FAILS.replace('data["text"].upcase', 'data["text"].to_s.upcase')


def explore(app: Path, *options: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SOLI, "test", "--explore", str(app), *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )


def test_a_failure_is_told_and_saved_and_fails_until_it_is_repaired(tmp_path: Path) -> None:
    """The last line, the status, and the same spec whatever the order of sets."""
    (tmp_path / "app.soli").write_text(FAILS)

    done = explore(tmp_path, "--seed", "5", "--seconds", "20")

    last = done.stdout.splitlines()[-1]
    ending = r"explored \d+ events in \d+\.\d s, seed 5: FAILURE, saved tests/explore_5_spec\.soli"
    assert re.fullmatch(ending, last), done.stdout + done.stderr
    assert done.returncode == 1
    saved = tmp_path / "tests" / "explore_5_spec.soli"
    first = saved.read_bytes()
    again = explore(tmp_path, "--seed", "5", "--format", "json", hash_seed="77")
    told = json.loads(again.stdout)
    assert told["failure"]["judge"] == "failure"
    assert len(told["failure"]["steps"]) == 2
    assert saved.read_bytes() == first
    assert subprocess.run([SOLI, "test", str(saved)], check=False).returncode == 1
    (tmp_path / "app.soli").write_text(REPAIRED)
    assert subprocess.run([SOLI, "test", str(saved)], check=False).returncode == 0


def test_nothing_is_said_of_an_app_without_faults(tmp_path: Path) -> None:
    """Status 0."""
    (tmp_path / "app.soli").write_text(REPAIRED)

    done = explore(tmp_path, "--seed", "5", "--seconds", "2")

    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"explored \d+ events in \d+\.\d s, seed 5: no failure", last), done.stderr
    assert done.returncode == 0
    assert not (tmp_path / "tests").exists()


def test_what_cannot_be_explored_is_said(tmp_path: Path) -> None:
    """No traceback."""
    done = explore(tmp_path / "nowhere")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
