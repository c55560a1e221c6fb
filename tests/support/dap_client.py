"""A client of `soli dap`, or of a debugger's port, that speaks the protocol by itself."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Body = dict[str, Any]
SECONDS = 20.0


class Refusal(Exception):
    """The answer to a request says that it was not done."""


class DapClient:
    """Sends requests; keeps what comes until it is asked for."""

    def __init__(self, reader: Any, writer: Any) -> None:
        self._reader, self._writer = reader, writer
        self._seq = 0
        self._answers: dict[int, Body] = {}
        self._events: list[Body] = []
        self._came: queue.SimpleQueue[Body | None] = queue.SimpleQueue()
        self.process: subprocess.Popen[bytes] | None = None
        self.line: socket.socket | None = None
        self.output = ""
        self.thread = 0
        """The thread that stopped last, for who keeps it."""
        self.is_over = False
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @classmethod
    def stdio(cls, cwd: Path | None = None) -> DapClient:
        """A client of a `soli dap` of its own."""
        command = [sys.executable, "-m", "soli_runtime.cli", "dap"]
        process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        client = cls(process.stdout, process.stdin)
        client.process = process
        return client

    @classmethod
    def port(cls, port: int) -> DapClient:
        """A client of a debugger that listens."""
        line = socket.create_connection(("127.0.0.1", port), SECONDS)
        line.settimeout(None)
        client = cls(line.makefile("rb"), line.makefile("wb"))
        client.line = line
        return client

    def _read(self) -> None:
        while True:
            length = None
            while True:
                try:
                    line = self._reader.readline()
                except OSError:
                    line = b""
                if not line:
                    self._came.put(None)
                    return
                text = line.decode().strip()
                if not text:
                    break
                name, _, value = text.partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            assert length is not None
            self._came.put(json.loads(self._reader.read(length)))

    def _take(self, until: float) -> bool:
        try:
            message = self._came.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return False
        if message is None:
            self.is_over = True
            return False
        if message["type"] == "response":
            self._answers[message["request_seq"]] = message
        else:
            if message["event"] == "output":
                self.output += message["body"]["output"]
            self._events.append(message)
        return True

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request, its number."""
        self._seq += 1
        request = {"seq": self._seq, "type": "request", "command": command}
        if arguments:
            request["arguments"] = arguments
        body = json.dumps(request).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._writer.flush()
        return self._seq

    def answer(self, number: int, seconds: float = SECONDS) -> Body:
        """The body of the answer to a request. Raises Refusal."""
        until = time.monotonic() + seconds
        while number not in self._answers:
            if not self._take(until):
                raise AssertionError(f"no answer to {number}; events: {self._events[-5:]}")
        found = self._answers.pop(number)
        if not found["success"]:
            raise Refusal(found.get("message", ""))
        return found.get("body", {})

    def ask(self, command: str, **arguments: Any) -> Body:
        """Send a request; the body of its answer. Raises Refusal."""
        return self.answer(self.send(command, **arguments))

    def event(
        self,
        name: str,
        seconds: float = SECONDS,
        wanted: Callable[[Body], bool] = lambda body: True,
    ) -> Body:
        """The body of the next event of that name."""
        until = time.monotonic() + seconds
        while True:
            for index, one in enumerate(self._events):
                if one["event"] == name and wanted(one.get("body", {})):
                    del self._events[index]
                    return one.get("body", {})
            if not self._take(until):
                raise AssertionError(f"no event {name}; there are {self._events[-8:]}")

    def said(self, text: str, seconds: float = SECONDS) -> str:
        """All output, once *text* is in it."""
        until = time.monotonic() + seconds
        while text not in self.output:
            if not self._take(until):
                raise AssertionError(f"nobody said {text!r}: {self.output!r}")
        return self.output

    def is_closed(self, seconds: float) -> bool:
        """Whether the other side ends the line in time."""
        until = time.monotonic() + seconds
        while not self.is_over and time.monotonic() < until:
            self._take(until)
        return self.is_over

    # --- what most tests do ---

    def begin(self) -> Body:
        """Initialize; what the debugger can do."""
        found = self.ask(
            "initialize",
            clientID="test",
            adapterID="soli",
            linesStartAt1=True,
            columnsStartAt1=True,
            pathFormat="path",
        )
        self.event("initialized")
        return found

    def breakpoints(self, path: Path, *wanted: int | Body) -> list[Body]:
        """Set these, lines or more, in a file."""
        given = [{"line": one} if isinstance(one, int) else one for one in wanted]
        found = self.ask("setBreakpoints", source={"path": str(path)}, breakpoints=given)
        return list(found["breakpoints"])

    def launched(self, program: Path, *lines: int, **arguments: Any) -> None:
        """Launch *program* with breakpoints at *lines*."""
        self.begin()
        number = self.send("launch", program=str(program), **arguments)
        self.breakpoints(program, *lines)
        self.ask("configurationDone")
        self.answer(number)

    def stopped(self, **wanted: Any) -> Body:
        """The next stop."""
        return self.event(
            "stopped", wanted=lambda body: all(body.get(k) == v for k, v in wanted.items())
        )

    def stack(self, thread: int) -> list[Body]:
        """The frames of a thread."""
        return list(self.ask("stackTrace", threadId=thread)["stackFrames"])

    def variables(self, frame: int, scope: str = "Locals") -> dict[str, str]:
        """The variables of a frame as they are shown."""
        return {one["name"]: one["value"] for one in self.listed(frame, scope)}

    def listed(self, frame: int, scope: str = "Locals") -> list[Body]:
        """The variables of a frame."""
        scopes = self.ask("scopes", frameId=frame)["scopes"]
        number = next(one["variablesReference"] for one in scopes if one["name"] == scope)
        return list(self.ask("variables", variablesReference=number)["variables"])

    def evaluate(self, text: str, frame: int, context: str = "repl") -> str:
        """The value of *text* in a frame."""
        return str(self.ask("evaluate", expression=text, frameId=frame, context=context)["result"])

    def end(self) -> None:
        """Disconnect, and see that the adapter ends."""
        if self.line is not None:
            with contextlib.suppress(OSError):
                self.line.shutdown(socket.SHUT_RDWR)
            self._reading.join(SECONDS)
            for one in (self._writer, self._reader, self.line):
                with contextlib.suppress(OSError):
                    one.close()
        if self.process is None:
            return
        if self.process.poll() is None:
            try:
                self.send("disconnect", terminateDebuggee=True)
                self.process.wait(SECONDS)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.process.wait()
