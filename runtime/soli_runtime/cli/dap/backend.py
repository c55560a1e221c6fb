"""The process that is debugged, and the line to its debugger."""

from __future__ import annotations

import contextlib
import hmac
import itertools
import json
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from ...debugging.framing import BrokenFraming, Message, Writer, read_message
from ...debugging.listener import HOST
from .wanted import Launch, Place

START_SECONDS = 30.0
"""In which a process has to report."""
ANSWER_SECONDS = 10.0
END_SECONDS = 5.0
"""In which it has to end when it is asked to."""
FIRST_OWN = 1_000_000_000
"""Numbers of requests of ours; those of editors are smaller."""

Told = Callable[[Message], None]


class Failed(Exception):
    """It could not be started or reached. The text says why."""


class Backend:
    """The line to a debugger."""

    def __init__(self, line: socket.socket, told: Told, gone: Callable[[], None]) -> None:
        """*told* gets what comes and is no answer to us, *gone* is called at the end."""
        self._line = line
        self._reader = cast(BinaryIO, line.makefile("rb"))
        self._writer = Writer(cast(BinaryIO, line.makefile("wb")))
        self._told = told
        self._gone = gone
        self._numbers = itertools.count(FIRST_OWN)
        self._asked: dict[int, Any] = {}

    def follow(self) -> None:
        """Read from now on."""
        threading.Thread(target=self._read, daemon=True).start()

    def hello(self) -> str:
        """The token that a process which we started says first; empty: something else came."""
        with contextlib.suppress(BrokenFraming, OSError):
            message = read_message(self._reader)
            if message is not None and message.get("event") == "soli/here":
                return str(message["body"].get("token", ""))
        return ""

    def forward(self, request: Message) -> None:
        """Hand a request of the client on."""
        self._writer.write_as_is(request)

    def ask(self, command: str, arguments: Message) -> Message:
        """The answer to a request of our own. Raises Failed."""
        number = next(self._numbers)
        answered, found = threading.Event(), Message()
        self._asked[number] = (answered, found)
        request = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        self._writer.write_as_is(request)
        if not answered.wait(ANSWER_SECONDS):
            raise Failed("the debugger does not answer")
        if not found.get("success"):
            raise Failed(str(found.get("message", "the line is gone")))
        body = found.get("body")
        return body if isinstance(body, dict) else {}

    def _read(self) -> None:
        try:
            while (message := read_message(self._reader)) is not None:
                self._got(message)
        except (BrokenFraming, OSError):
            pass
        for answered, _ in list(self._asked.values()):
            answered.set()
        self._gone()

    def _got(self, message: Message) -> None:
        number = message.get("request_seq")
        if message["type"] == "response" and isinstance(number, int) and number in self._asked:
            answered, found = self._asked.pop(number)
            found.update(message)
            answered.set()
        else:
            self._told(message)

    def close(self) -> None:
        """No more."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)


def attached(place: Place, told: Told, gone: Callable[[], None]) -> Backend:
    """A line to a debugger that listens. Raises Failed."""
    try:
        line = socket.create_connection((HOST, place.port), ANSWER_SECONDS)
    except OSError as error:
        why = error.strerror or str(error)
        raise Failed(f"no debugger at {HOST}:{place.port}: {why}") from None
    line.settimeout(None)
    return Backend(line, told, gone)


class Process:
    """A `soli` that we start."""

    def __init__(self, launch: Launch, said: Callable[[str, str], None]) -> None:
        """*said* gets (stdout or stderr, text) of it. Raises Failed."""
        self._meeting = socket.create_server((HOST, 0), backlog=1)
        self._token = secrets.token_urlsafe(32)
        where = {"port": self._meeting.getsockname()[1], "token": self._token}
        environment = {
            **launch.environment,
            "SOLI_DEBUGGER": json.dumps(where),
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "soli_runtime.cli", *launch.arguments]
        try:
            self._process = subprocess.Popen(
                command,
                cwd=launch.cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise Failed(f"soli cannot be started: {error.strerror}") from None
        self._said = said
        self._readers = [self._follow(name) for name in ("stdout", "stderr")]

    def _follow(self, name: str) -> threading.Thread:
        stream = cast(BinaryIO, getattr(self._process, name))

        def read() -> None:
            for line in iter(stream.readline, b""):
                self._said(name, line.decode("utf-8", "replace"))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    @property
    def pid(self) -> int:
        return self._process.pid

    def line(self, told: Told, gone: Callable[[], None]) -> Backend | None:
        """The line that it opens to us; None: it ended first. Raises Failed."""
        self._meeting.settimeout(0.2)
        for _ in range(int(START_SECONDS / 0.2)):
            try:
                line, _ = self._meeting.accept()
            except TimeoutError:
                if self._process.poll() is not None:
                    return None
                continue
            line.settimeout(ANSWER_SECONDS)
            backend = Backend(line, told, gone)
            if hmac.compare_digest(backend.hello(), self._token):
                line.settimeout(None)
                self._meeting.close()
                return backend
            backend.close()
        raise Failed("the program did not report within half a minute")

    def wait(self) -> int:
        """Its exit status, once it has ended and all that it said was told."""
        status = self._process.wait()
        for reader in self._readers:
            reader.join(END_SECONDS)
        return status

    def end(self) -> None:
        """End it: it is asked to, and then not asked."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
