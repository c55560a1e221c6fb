"""A live `soli run` server in a process of its own, and what tests need to talk to it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_websocket

ROOT = Path(__file__).resolve().parents[2]
SOLI = Path(sys.executable).with_name("soli")
PATIENCE_SECONDS = 20.0
"""How long a test waits for what must come. Never awaited in full when all is well."""

T = TypeVar("T")


class LiveServer:
    """A server in a process of its own. Use `serve()`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.output: list[str] = []
        """Every line that the server has printed so far, on either stream."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self._wait_for_address()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output.append(line.rstrip("\n"))
            self._lines.put(line)
        self._lines.put(None)

    def _wait_for_address(self) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            if line is None:
                raise AssertionError("the server ended:\n" + "\n".join(self.output))
            found = re.search(r"(?:listening|[Rr]unning) on (http://[^\s/]+)", line)
            if found:
                return found.group(1).replace("0.0.0.0", "127.0.0.1")

    @property
    def pid(self) -> int:
        return self._process.pid

    def websocket_url(self, path: str) -> str:
        return self.url.replace("http://", "ws://") + path

    def connect(self, path: str, **options: Any) -> ClientConnection:
        """A client of the independent `websockets` package; a context manager."""
        return connect_websocket(self.websocket_url(path), open_timeout=PATIENCE_SECONDS, **options)

    def get(self, path: str) -> Any:
        """The JSON that a GET of *path* answers."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_SECONDS) as response:
            return json.loads(response.read())

    def get_text(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_SECONDS) as response:
            return str(response.read().decode())

    def content_type(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_SECONDS) as response:
            return str(response.headers["Content-Type"])

    def wait_for_output(self, text: str) -> str:
        """The first line printed that holds *text*, waiting for it."""
        return eventually(
            lambda: next((line for line in tuple(self.output) if text in line), None),
            f"the server never printed {text!r}",
        )

    def stop(self) -> int:
        """End the server as Ctrl-C does, and return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(PATIENCE_SECONDS)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._reader.join(PATIENCE_SECONDS)
            assert self._process.stdout is not None
            self._process.stdout.close()
        return status


@contextmanager
def serve(path: Path | str, *flags: str, soli: Path = SOLI) -> Iterator[LiveServer]:
    """Serve *path* with `soli run`, on a free port, for the length of a block."""
    with answering([str(soli), "run", str(path), "--port", "0", *flags]) as server:
        yield server


@contextmanager
def answering(command: list[str]) -> Iterator[LiveServer]:
    """Run a server for the length of a block; it must print its address.

    Whatever the test did, the server must then stop by itself with status 0 and must not have
    shown a Python traceback to anybody.
    """
    with starting(command) as started:
        yield started()


@contextmanager
def starting(command: list[str]) -> Iterator[Callable[[], LiveServer]]:
    """As `answering`, without waiting for the address before what is given is called."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    servers: list[LiveServer] = []

    def started() -> LiveServer:
        try:
            servers.append(LiveServer(process))
        except BaseException:
            process.kill()
            process.communicate()
            raise
        return servers[0]

    try:
        yield started
    finally:
        if servers:
            status = servers[0].stop()
        else:
            process.kill()
            process.communicate()
    shown = "\n".join(servers[0].output if servers else ())
    assert "Traceback (most recent call last)" not in shown, shown
    assert not servers or status == 0, f"exit status {status}:\n{shown}"


def receive(client: ClientConnection) -> str:
    """The next text message."""
    message = client.recv(PATIENCE_SECONDS)
    assert isinstance(message, str)
    return message


def receive_json(client: ClientConnection) -> Any:
    """The next message, decoded from JSON."""
    return json.loads(receive(client))


def eventually(
    probe: Callable[[], T | None], complaint: str, *, seconds: float = PATIENCE_SECONDS
) -> T:
    """The first result of *probe* that is neither None nor False, asked again and again."""
    deadline = time.monotonic() + seconds
    while True:
        result = probe()
        if result is not None and result is not False:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(complaint)
        time.sleep(0.01)
