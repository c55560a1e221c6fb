"""`soli run --workers N --console`: a prompt in a process of its own, which sees all workers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from ..support.corpus import ROOT
from ..support.redis_server import needs_redis
from .support import write_files
from .test_scale_out import SOLI

pytest.importorskip("redis")
pytestmark = [needs_redis, pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")]

APP = {
    "app.soli": """router_websocket("/ws", "app#handle")
get("/kept", "app#kept")
class NoteJob
  static def perform(args)
    KV.set("by", System.run_sync(["sh", "-c", "echo $PPID"])["stdout"].trim())
  end
end
def kept
  { "kept": KV.get("kept"), "by": KV.get("by") }
end
def handle(event)
  if event["type"] == "connect"
    return { "join": "r", "track": { "channel": "r", "user_id": "u" } }
  end
  {}
end
"""
}


class Prompted:
    """Workers and their console; what is typed goes to it, what it says is in `text`."""

    def __init__(self, app: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*SOLI, "run", str(app), "--port", "0", "--workers", "2", "--console", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a group of its own, as a terminal gives it
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self) -> str:
        return "".join(list(self.lines))

    @property
    def address(self) -> str:
        found = self.until(lambda: re.search(r"listening on http://(\S+)", self.text), "url")
        return str(found[1])

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + 60
        while not (found := condition()):
            assert time.monotonic() < deadline, (what, self.text)
            time.sleep(0.02)
        return found

    def type_in(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def says(self, text: str, answer: str) -> None:
        """Type *text*, and wait until *answer* was said afterwards."""
        before = len(self.text)
        self.type_in(text)
        self.until(lambda: answer in self.text[before:], (text, answer))  # type: ignore[arg-type]

    def comes_to_say(self, text: str, answer: str) -> None:
        """Type *text* again and again, until *answer* is what it gives: others tell it first."""
        deadline = time.monotonic() + 60
        while True:
            before = len(self.text)
            self.type_in(text)
            said = self.until(lambda: re.search(r"=> .*\n", self.text[before:]), text)  # noqa: B023
            if said[0] == answer + "\n":
                return
            assert time.monotonic() < deadline, (answer, self.text)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=20) as answer:
            return json.loads(answer.read())

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(10)
            self._reader.join(10)
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.close()
            self.process.stdout.close()


@pytest.fixture
def prompted(tmp_path: Path) -> Iterator[Prompted]:
    made = Prompted(write_files(tmp_path / "chat", APP))
    try:
        assert made.address  # on a busy machine that takes its time, and then the console
        yield made
    finally:
        made.end()


def test_the_console_sees_and_reaches_all(prompted: Prompted) -> None:
    """Connections, rooms, presence, messages, KV; jobs run in workers; then it is left."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(connect(f"ws://{prompted.address}/ws", proxy=None))
            for _ in range(4)
        ]
        for client in clients:
            assert "presence_state" in str(client.recv(20)), "it is in the room"
        prompted.comes_to_say("ws_count()", "=> 4")
        prompted.comes_to_say('ws_presence_count("r")', "=> 1")
        prompted.says(".clients", " on ")
        prompted.until(lambda: prompted.text.count(" on ") >= 4, "all of them")
        prompted.says(".rooms", "r  ")
        prompted.type_in('ws_broadcast_room("r", "from the console")')
        for client in clients:
            while "from the console" not in str(client.recv(20)):
                pass
        prompted.says('KV.set("kept", "here")\nKV.get("kept")', "here")
        assert prompted.get("/kept")["kept"] == "here"
        prompted.says('Job.enqueue("NoteJob", {})', "=>")
        by = prompted.until(lambda: prompted.get("/kept")["by"], "the job ran")
        workers = re.findall(r"worker_ready worker=\d pid=(\d+)", prompted.text)
        assert by in workers
        prompted.says(".watch", "clients are with the workers")
        assert prompted.process.stdin is not None
        prompted.process.stdin.close()
        prompted.until(lambda: len(_children(prompted)) == 3, "the console ended")
        assert prompted.get("/kept")["kept"] == "here"
    assert "Traceback" not in prompted.text
    prompted.process.terminate()
    assert prompted.process.wait(20) == 0


def _children(prompted: Prompted) -> list[str]:
    """The workers, their Redis, and the console while it is there."""
    pid = prompted.process.pid
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_ctrl_c_stops_what_runs_and_then_the_server(prompted: Prompted) -> None:
    """As in one process: the terminal gives it to all in the foreground."""
    prompted.says("1 + 1", "=> 2")
    prompted.says('[print("it " + "waits"), sleep(60)]', "it waits")
    os.killpg(prompted.process.pid, signal.SIGINT)
    prompted.says("2 + 2", "=> 4")
    assert prompted.get("/kept")
    os.killpg(prompted.process.pid, signal.SIGINT)
    assert prompted.process.wait(20) == 0
    assert "Traceback" not in prompted.text


def test_stopping_ends_the_console(prompted: Prompted) -> None:
    """SIGTERM of the parent is for all."""
    prompted.says("1 + 1", "=> 2")
    prompted.process.terminate()
    assert prompted.process.wait(20) == 0
