"""Attaching: to `soli run --dev`, by port and token, program or process; to `soli test`."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from ...support.dap_client import DapClient, Refusal
from .conftest import line_of

SOLI = [sys.executable, "-m", "soli_runtime.cli"]


class Running:
    """A `soli` that others attach to."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        self.process = subprocess.Popen(
            [*SOLI, *arguments],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.said = ""

    def until(self, pattern: str) -> str:
        """What *pattern* catches of the output."""
        assert self.process.stdout is not None
        while (found := re.search(pattern, self.said)) is None:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line
        return found[1]

    def end(self) -> None:
        assert self.process.stdout is not None
        if self.process.stdout.closed:
            return
        self.process.terminate()
        self.said += self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait(15)


@pytest.fixture
def running(app: Path) -> Iterator[Running]:
    found = Running("run", "app.soli", "--dev", "--port", "0", "--debugger", cwd=app.parent)
    yield found
    found.end()


def place(app: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((app.parent / ".soli" / "debugger.json").read_text())
    return found


def test_port_and_token_are_left_for_the_owner_alone(app: Path, running: Running) -> None:
    port = int(running.until(r"debugger at 127\.0\.0\.1:(\d+)\n"))
    path = app.parent / ".soli" / "debugger.json"
    found = place(app)
    assert (found["port"], found["pid"]) == (port, running.process.pid)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (app.parent / ".soli" / ".gitignore").read_text() == "*\n"
    running.end()
    assert not path.exists()


@pytest.mark.parametrize("how", ["port", "program", "folder", "pid"])
def test_attach_and_detach(client: DapClient, app: Path, running: Running, how: str) -> None:
    """A handler stops; with the debugger's end it goes on, and the server too."""
    address = running.until(r"listening on http://(\S+)\n")
    running.until(r"debugger at (\S+)\n")
    found = place(app)
    client.begin()
    arguments: dict[str, Any] = {
        "port": {"port": found["port"], "token": found["token"]},
        "program": {"program": str(app)},
        "folder": {"program": str(app.parent)},
        "pid": {"pid": running.process.pid},
    }[how]
    client.ask("attach", **arguments)
    assert client.breakpoints(app, line_of("let sums"))[0]["verified"]
    client.ask("configurationDone")
    with connect(f"ws://{address}/ws/echo") as one:
        one.send("stop")
        thread = client.stopped()["threadId"]
        assert client.variables(client.stack(thread)[0]["id"])["text"] == '"stop"'
        client.end()
        assert one.recv(10) == "got stop [3, 5, 7]"
        one.send("again")
        assert one.recv(10) == "got again [4, 6, 8]"
    assert running.process.poll() is None


def test_who_does_not_know_the_token_gets_nothing(app: Path, running: Running) -> None:
    port = int(running.until(r"debugger at 127\.0\.0\.1:(\d+)\n"))
    stranger = DapClient.port(port)
    stranger.ask("initialize", adapterID="soli")
    with pytest.raises(Refusal, match="attach first, with the token"):
        stranger.ask("evaluate", expression="1 + 1")
    with pytest.raises(Refusal, match="wrong token"):
        stranger.ask("attach", token=place(app)["token"][:-1])
    assert stranger.is_closed(10)
    stranger.end()
    owner = DapClient.port(port)
    owner.ask("attach", token=place(app)["token"])
    owner.event("initialized")
    second = DapClient.port(port)
    with pytest.raises(Refusal, match="another debugger is attached"):
        second.ask("attach", token=place(app)["token"])
    second.end()
    assert owner.ask("threads")["threads"]
    owner.end()


HOSTILE = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
    b"Content-Length: 99999999999\r\n\r\n",
    b"Content-Length: -5\r\n\r\n",
    b"Content-Length: 4\r\n\r\n[1]]",
    b'Content-Length: 7\r\n\r\n{"a":1}',
    b"\xff" * 100_000,
    b"Content-Type: x\r\n" * 1000,
)


def test_what_is_no_message_ends_the_line_and_nothing_else(app: Path, running: Running) -> None:
    port = int(running.until(r"debugger at 127\.0\.0\.1:(\d+)\n"))
    for sent in HOSTILE:
        with socket.create_connection(("127.0.0.1", port), 10) as line:
            read = b""
            with contextlib.suppress(ConnectionError):
                line.sendall(sent)
                while part := line.recv(65536):
                    read += part
            assert b'"success": true' not in read
    owner = DapClient.port(port)
    owner.ask("attach", token=place(app)["token"])
    owner.end()


def test_the_dev_mode_alone_has_one(app: Path, client: DapClient) -> None:
    running = Running("run", "app.soli", "--dev", "--port", "0", cwd=app.parent)
    try:
        running.until(r"debugger at (\S+)\n")
        client.begin()
        client.ask("attach", program=str(app))
        client.ask("configurationDone")
        with pytest.raises(Refusal, match="was not launched from here"):
            client.ask("terminate")
    finally:
        running.end()
    client.event("terminated")


def test_breakpoints_stay_over_a_reload(app: Path, running: Running, client: DapClient) -> None:
    address = running.until(r"listening on http://(\S+)\n")
    running.until(r"debugger at (\S+)\n")
    client.begin()
    client.ask("attach", program=str(app))
    client.breakpoints(app, line_of("let sums"))
    client.ask("configurationDone")
    changed, text = None, "# a line more\n" + app.read_text()
    while changed is None:  # files may not be watched yet
        app.write_text(text)
        with contextlib.suppress(AssertionError):
            changed = client.event("breakpoint", 2)
    assert changed["breakpoint"]["verified"]
    with connect(f"ws://{address}/ws/echo") as one:
        one.send("stop")
        thread = client.stopped()["threadId"]
        frame = client.stack(thread)[0]
        assert (frame["name"], frame["line"]) == ("handle", line_of('if text == "boom"') + 5)
        client.ask("continue", threadId=thread)
        one.recv(10)


def test_nothing_to_attach_to_is_said(client: DapClient, tmp_path: Path) -> None:
    client.begin()
    with pytest.raises(Refusal, match="start it with soli run --dev"):
        client.ask("attach", program=str(tmp_path))
    with pytest.raises(Refusal, match="token is missing"):
        client.ask("attach", port=5)
    with pytest.raises(Refusal, match=r"no debugger at 127\.0\.0\.1:1:"):
        client.ask("attach", port=1, token="x")
    with pytest.raises(Refusal, match="attach needs port and token, or program, or pid"):
        client.ask("attach")
    with pytest.raises(Refusal, match="is no soli run --dev"):
        client.ask("attach", pid=os.getpid())


def test_a_debugger_without_dev_is_refused(app: Path) -> None:
    command = [*SOLI, "run", str(app), "--debugger", "0"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert found.returncode == 64
    assert "it needs --dev" in found.stderr


SPEC = """\
describe("the echo") do
  test("answers") do
    let ws = ws_connect("/ws/echo")
    ws.send("spec")
    let answer = ws.receive
    assert_eq(answer, "got spec [3, 5, 7]")
  end
end
"""


@pytest.fixture
def spec(app: Path) -> Path:
    path = app.parent / "tests" / "echo_spec.soli"
    path.parent.mkdir()
    path.write_text(SPEC)
    return path


def walks_through_the_spec(client: DapClient, app: Path) -> None:
    """A handler stops for longer than the spec would wait, then the spec itself."""
    thread = client.stopped()["threadId"]
    frames = client.stack(thread)
    assert [one["name"] for one in frames] == ["handle"]
    client.evaluate("1 + 1", frames[0]["id"])
    time.sleep(6)  # longer than a spec waits
    client.ask("continue", threadId=thread)
    thread = client.stopped()["threadId"]
    frames = client.stack(thread)
    assert frames[0]["name"].startswith("block in")
    assert client.variables(frames[0]["id"])["answer"] == '"got spec [3, 5, 7]"'
    client.ask("continue", threadId=thread)


def test_specs_are_launched(client: DapClient, app: Path, spec: Path) -> None:
    client.begin()
    client.breakpoints(app, line_of("let sums"))
    client.breakpoints(spec, 6)
    client.ask("launch", program=str(spec), cwd=str(app.parent))
    client.ask("configurationDone")
    walks_through_the_spec(client, app)
    assert client.event("exited") == {"exitCode": 0}
    assert "1 passed" in client.output or "1 test" in client.output


def test_specs_wait_for_who_attaches(client: DapClient, app: Path, spec: Path) -> None:
    running = Running("test", "--debugger", str(spec), cwd=app.parent)
    try:
        running.until(r"debugger at (\S+)\n")
        running.until(r"(the tests begin when a debugger has attached)")
        client.begin()
        client.ask("attach", program=str(app.parent))
        client.breakpoints(app, line_of("let sums"))
        client.breakpoints(spec, 6)
        client.ask("configurationDone")
        walks_through_the_spec(client, app)
        assert running.process.wait(30) == 0
    finally:
        running.end()
