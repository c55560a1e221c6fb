"""`soli run --dev` says what a save changes of the last events."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest
import websockets
from soli_runtime.serving.dev.saves.trying import CAN_COPY

from .support import run
from .test_command_line import SOLI, soli

pytestmark = pytest.mark.skipif(not CAN_COPY, reason="there is no fork")

SECONDS = 20.0

APP = """
class Later
  def self.perform(args)
    ws_broadcast("later")
  end
end

votes = {}

def handle(event)
  if event["type"] == "connect"
    return { "join": "room", "send": "hello #{event["query"]["name"]}" }
  end
  return {} if event["type"] == "disconnect"
  text = event["message"]
  if text == "vote"
    votes["a"] = (votes["a"] || 0) + 1
    return { "broadcast_room": votes }
  end
  if text == "outside"
    KV.incr("count")
    File.append("log.txt", "x")
    Later.perform_later({})
    return { "send": KV.get("count") + " " + uuid_v4() }
  end
  { "broadcast_room": text }
end

get("/", "app#page")
def page(request) KV.get("count") end
router_websocket("/ws", "app#handle")
"""


class Watched:
    """A server under `--dev`, what it prints, and its URL."""

    def __init__(self, app: Path, *flags: str) -> None:
        self.app = app
        self.process = subprocess.Popen(
            [*SOLI, "run", str(app), "--port", "0", "--dev", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        self.seen: list[str] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = re.search(r"http://[\d.:]+", self.until("listening on"))[0]  # type: ignore[index]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def until(self, part: str, seconds: float = SECONDS) -> str:
        """The next line that has *part*."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except Empty:
                raise AssertionError(f"no line with {part!r}: {self.seen}") from None
            self.seen.append(line)
            if part in line:
                return line

    def rest(self, seconds: float = 0.5) -> list[str]:
        """What is printed until nothing is for a while."""
        found = []
        try:
            while True:
                found.append(self._lines.get(timeout=seconds))
        except Empty:
            return found

    def save(self, text: str) -> str:
        """Save the app; what the save changes."""
        self.app.write_text(text)
        try:
            return self.until("this save changes", SECONDS / 2)
        except AssertionError:  # the files may not have been watched yet
            self.app.write_text(text)
            return self.until("this save changes")

    def talk(self, *texts: str, name: str = "ada") -> None:
        """One client, which says these."""

        async def body() -> None:
            url = self.url.replace("http", "ws") + f"/ws?name={name}"
            async with websockets.connect(url, proxy=None, origin=self.url) as client:
                await client.recv()
                for text in texts:
                    await client.send(text)
                    await asyncio.sleep(0.03)
            await asyncio.sleep(0.2)

        run(body)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def watched(app: Path, *flags: str) -> Iterator[Watched]:
    server = Watched(app, *flags)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    file = tmp_path / "app.soli"
    file.write_text(APP)
    return file


def test_a_save_says_what_it_changes(app: Path) -> None:
    """Of events that see variables, membership and answers as they were then."""
    with watched(app) as server:
        server.talk("vote", "vote", "hi")
        assert server.save(APP + "# no difference\n") == "this save changes 0 of 5"
        assert server.save(APP.replace("|| 0) + 1", "|| 0) + 2")) == "this save changes 2 of 5"
        # The second vote ran when there was one, whatever the variable holds now.
        shown = "\n".join(server.rest())
        assert '- broadcast_room {"a": 2}' in shown
        assert '+ broadcast_room {"a": 3}' in shown
        assert '+ c1 ←  {"a":3}' in shown
        assert "message of c1, /ws   vote" in shown
        assert server.save(APP) == "this save changes 2 of 5"
        kept = server.until("keep as spec: ")
        command = shlex.split(kept.partition("keep as spec: soli ")[2])
        saved = soli(*command, "--as", "votes", cwd=app.parent)
        assert saved.returncode == 0, saved.stderr
        assert "votes_spec.soli with " in saved.stdout
        spec = app.parent / "tests" / "votes_spec.soli"
        assert '"broadcast_room"' not in spec.read_text()
        assert 'ws_connect("/ws?name=ada")' in spec.read_text()
        assert soli("test", str(spec), cwd=app.parent).returncode == 0
        again = soli(*command[:-1], "99", cwd=app.parent)
        assert again.returncode == 64
        assert "--keep 99: there is no such event; there are 1 to 5" in again.stderr
        shown_to_editors = app.parent / ".soli" / "saved.json"
        assert json.loads(shown_to_editors.read_text())["headline"] == "this save changes 2 of 5"
        assert stat.S_IMODE(shown_to_editors.stat().st_mode) == 0o600
        gone = APP.replace('router_websocket("/ws"', 'router_websocket("/sw"').replace(
            "app#handle", "app#other"
        )
        assert server.save(gone + "def other(event)\n  {}\nend\n") == "this save changes 5 of 5"
        assert "+ cannot happen: no route leads to app#handle" in "\n".join(server.rest())


def test_nothing_outside_is_touched(app: Path) -> None:
    """No file, no store, no job; ids and answers are those of then."""
    log = app.parent / "log.txt"
    with watched(app, "--store", f"sqlite:{app.parent}/kept.db") as server:
        server.talk("outside", "outside")
        assert log.read_text() == "xx"
        assert server.save(APP.replace('get("count") +', 'get("count") + "!" +')) == (
            "this save changes 2 of 6"
        )
        shown = "\n".join(server.rest())
        ids = re.findall(r'[-+] send\s+"2!? ([0-9a-f-]{36})"', shown)
        assert len(ids) == 2
        assert ids[0] == ids[1]
        other = APP.replace('"log.txt", "x"', '"log.txt", "yy"')
        assert server.save(other) == "this save changes 2 of 6"
        shown = "\n".join(server.rest())
        assert '- calls    File.append "log.txt" "x"' in shown.replace(", ", " ")
        assert '+ calls    File.append "log.txt" "yy"' in shown.replace(", ", " ")
        assert log.read_text() == "xx"
        server.save(APP)
        server.talk("outside", name="bob")
        assert any(" 3 " in line or "1 sent" in line for line in server.rest())
    assert log.read_text() == "xxx"


def test_a_handler_that_never_ends_is_ended(app: Path) -> None:
    """In the new code, away from those who are served meanwhile."""
    with watched(app) as server:
        server.talk("hi", "vote")
        loop = APP.replace('if text == "vote"', 'while text == "hi"\n  end\n  if text == "vote"')
        assert server.save(loop) == "this save changes 1 of 4"
        assert "+ error    time limit exceeded (0.1 s of computing)" in "\n".join(server.rest())
        server.save(APP)
        server.talk("vote")


def test_events_outlive_the_process(app: Path) -> None:
    """In a file of the owner's, bounded, and ignored by git; what cannot be read is begun anew."""
    file = app.parent / ".soli" / "recent.jsonl"
    with watched(app) as server:
        server.talk("hi", *["vote"] * 250)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (file.parent / ".gitignore").read_text() == "*\n"
    lines = file.read_text("utf-8").splitlines()
    assert len(lines) == 202  # what it is, and what was told while loading
    assert json.loads(lines[-1])["kind"] == "disconnect"
    with watched(app) as server:
        shown = server.save(APP.replace("|| 0) + 1", "|| 0) + 2"))
        found = re.fullmatch(r"this save changes (\d+) of (\d+)(?: \((\d+) of 200 tried\))?", shown)
        assert found is not None, shown
        assert int(found[1]) == int(found[2]) - 1
        assert (found[3] or "200") == found[2]
    app.write_text(APP)
    for text in ("hello", '{"soli_recording": 2}\n{"kind": "message", "scene": 5}\n', "\0" * 5000):
        file.write_text(text)
        with watched(app) as server:
            server.talk("hi")
            assert server.save(APP + "\n") == "this save changes 0 of 3"
        app.write_text(APP)


def test_it_can_be_left_out(app: Path) -> None:
    with watched(app, "--no-replay-on-save") as server:
        server.talk("hi")
        app.write_text(APP.replace("hello", "good day"))
        server.until("reloaded")
        assert "this save changes" not in "\n".join(server.rest(1.5))
    assert not (app.parent / ".soli" / "recent.jsonl").exists()
