"""The first three minutes of a stranger: clone, `make run`, two windows; a program, a spec.

On the Python that Debian brings where there is one, else on the one that runs the tests; in a
fresh folder with spaces and umlauts in its name, and with nothing but what README.md says.
"""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect

from ..support.live import ROOT

DEBIAN = Path("/usr/bin/python3")
PYTHON = DEBIAN if DEBIAN.exists() else Path(sys.executable)
SETUP_SECONDS = 420

pytestmark = pytest.mark.timeout(900)

SPEC = """
test("echoes") do
  socket = ws_connect("/ws/echo")
  socket.send("hello")
  assert_eq(socket.receive(), "echo: hello")
end
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `git clone` leaves: the files that are tracked, as they are now."""
    folder = tmp_path_factory.mktemp("fremd") / "Söli für Fremde"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def environment() -> dict[str, str]:
    """A stranger's: none of the variables with which this test may have been run."""
    left_out = ("PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")
    mine = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**mine, "PYTHON": str(PYTHON), "PYTHONUNBUFFERED": "1"}


@contextmanager
def listening(command: list[str], folder: Path) -> Iterator[str]:
    """The address that *command* prints; it is interrupted after the block, as with Ctrl-C."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout])
    reader.start()
    printed = ""
    try:
        while (found := re.search(r"^listening on (http://\S+)$", printed, re.M)) is None:
            try:
                printed += lines.get(timeout=SETUP_SECONDS)
            except queue.Empty:
                pytest.fail("no address was printed:\n" + printed)
        yield found[1]
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)
        reader.join(30)
        process.stdout.close()
    assert "Traceback" not in printed


def window(url: str, path: str) -> ClientConnection:
    return connect(url.replace("http", "ws", 1) + path, origin=url, proxy=None)  # type: ignore[arg-type]


def received(client: ClientConnection, event: str) -> dict[str, object]:
    """The next message about *event*."""
    while True:
        message = json.loads(client.recv(timeout=20))
        if message["event"] == event:
            return dict(message)


def test_make_run_serves_a_chat_for_two_windows(checkout: Path) -> None:
    """Everything is set up by itself, and what one window says the other shows."""
    with listening(["make", "run", "PORT=0"], checkout) as url:
        page = urllib.request.urlopen(url, timeout=20).read().decode()
        assert "<title>Soli chat</title>" in page
        with (
            window(url, "/ws/room/general?name=Ada") as ada,
            window(url, "/ws/room/general?name=Bob") as bob,
        ):
            received(bob, "presence_state")
            ada.send(json.dumps({"text": "Good morning"}))
            assert received(bob, "message")["text"] == "Good morning"
    asked = subprocess.run(
        [checkout / ".venv/bin/python", "-c", "import sys; print(sys.version)"],
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = subprocess.run(
        [PYTHON, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=True
    )
    assert asked.stdout == wanted.stdout


def test_the_first_program_of_the_readme_runs_and_has_a_spec(checkout: Path) -> None:
    """`app.soli` as README.md has it: its address answers, it echoes, and `soli test` passes."""
    app = checkout / "mein Eché"
    (app / "tests").mkdir(parents=True)
    readme = (checkout / "README.md").read_text("utf-8")
    program = next(
        text
        for text in re.findall(r"```soli\n(.*?)```", readme, re.S)
        if "router_websocket" in text
    )
    (app / "app.soli").write_text(program, "utf-8")
    (app / "tests" / "app_spec.soli").write_text(SPEC, "utf-8")
    soli = str(checkout / ".venv/bin/soli")

    with listening([soli, "run", "app.soli", "--port", "0"], app) as url:
        answer = urllib.request.urlopen(url, timeout=20).read().decode()
        assert "WebSocket connections at /ws/echo" in answer
        with window(url, "/ws/echo") as client:
            client.send("hello")
            assert client.recv(timeout=20) == "echo: hello"
    tested = subprocess.run(
        [soli, "test"], cwd=app, env=environment(), capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert tested.stdout.endswith("1 passed, 0 failed\n")
