"""Debugging of the program of this process: for who started it, or who attaches to it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, MutableMapping
from pathlib import Path

from soli_lang.evaluator.watching import WATCHER
from soli_lang.interpreter import Interpreter

from .listener import HOST, Listener, Talk
from .places import DebuggerFile
from .program import DebuggedProgram

STARTED_BY = "SOLI_DEBUGGER"
"""In the environment of a process that `soli dap` starts: where to report."""
REPORT_SECONDS = 10.0


class Debugging:
    """The debugger of this process, and how clients come to it."""

    def __init__(self, *, all_wait: bool = False) -> None:
        self.program = DebuggedProgram(all_wait=all_wait)
        self.is_started = False
        """Whether a debugger started this process."""
        self._listener: Listener | None = None
        self._file: DebuggerFile | None = None

    def watch(self, interpreter: Interpreter) -> None:
        """Debug what *interpreter* runs."""
        interpreter.machine.library[WATCHER] = self.program.debugger

    def report(self, environment: MutableMapping[str, str]) -> bool:
        """If a debugger started this process, go there and wait until it is ready; whether it is.

        What runs in here starts others without it.
        """
        text = environment.pop(STARTED_BY, None)
        if text is None:
            return False
        where = json.loads(text)
        line = socket.create_connection((HOST, int(where["port"])), REPORT_SECONDS)
        line.settimeout(None)
        talk = Talk(self.program, line)
        talk.greet(str(where["token"]))
        self.is_started = True
        threading.Thread(target=talk.serve, name="soli-debugger", daemon=True).start()
        self.program.wait_until_configured()
        return True

    def listen(self, app: Path, port: int, say: Callable[[str], None]) -> bool:
        """Have clients attach; False: the port cannot be had."""
        try:
            self._listener = Listener(self.program, port)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            say(f"debugger: cannot listen on {HOST}:{port}: {why}")
            return False
        self._listener.start()
        self._file = DebuggerFile(app)
        try:
            self._file.leave(self._listener.port, self._listener.token)
        except OSError as error:
            say(f"debugger: .soli/debugger.json cannot be written: {error.strerror}")
            say(f"debugger: the token is {self._listener.token}")
        say(f"debugger at {HOST}:{self._listener.port}")
        return True

    def end(self) -> None:
        """Nobody debugs any more."""
        self.program.let_go()
        if self._listener is not None:
            self._listener.stop()
        if self._file is not None:
            self._file.take_away()
