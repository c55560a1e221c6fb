"""Between an editor and the process that is debugged.

Editors differ in when they set breakpoints: before `launch`, after it, or meanwhile. So we say
`initialized` at once, keep what is set until there is a process, and hand it on then. The process
begins when it has been launched and the editor has said `configurationDone`, in whatever order.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

from ...debugging.framing import Message, Writer
from ...debugging.session import CAPABILITIES
from .backend import Backend, Failed, Process, attached
from .wanted import Unfit, launch_of, place_of

_KEPT = ("setBreakpoints", "setExceptionBreakpoints", "setFunctionBreakpoints")


class Adapter:
    """One editor, and at most one process."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._backend: Backend | None = None
        self._process: Process | None = None
        self._kept: dict[str, Message] = {}
        """What was set before there is a process, by what it sets."""
        self._is_configured = False
        self._stops = True
        """Whether anything may stop the program (`noDebug`)."""
        self._ids = itertools.count(1)
        self._client: Message = {}
        self._lock = threading.Lock()
        self._is_over = False

    # --- requests ---

    def handle(self, request: Message) -> bool:
        """Do what the editor asks for; False: it needs us no more."""
        command = str(request.get("command"))
        arguments = request.get("arguments")
        given: Message = arguments if isinstance(arguments, dict) else {}
        own = _OWN.get(command)
        if own is not None:
            own(self, request, given)
            return command != "disconnect"
        if command == "setBreakpoints":
            self._number(given)
        if self._backend is not None and (self._stops or command not in _KEPT):
            self._backend.forward(request)
        else:
            self._without_process(request, command, given)
        return True

    def _without_process(self, request: Message, command: str, given: Message) -> None:
        if command in _KEPT:
            self._kept[_what(command, given)] = {"command": command, "arguments": given}
            self._writer.answer(request, {"breakpoints": _unverified(command, given)})
        elif command == "threads":
            self._writer.answer(request, {"threads": []})
        else:
            self._writer.refuse(request, f"{command}: nothing is debugged yet; launch or attach")

    def _number(self, given: Message) -> None:
        """Give breakpoints their numbers: they are the same before and after the launch."""
        wanted = given.get("breakpoints")
        if wanted is None:
            wanted = [{"line": line} for line in given.get("lines") or ()]
            given["breakpoints"] = wanted
        for one in wanted if isinstance(wanted, list) else ():
            if isinstance(one, dict):
                one["id"] = next(self._ids)

    def _initialize(self, request: Message, given: Message) -> None:
        self._client = given
        self._writer.answer(request, CAPABILITIES)
        self._writer.event("initialized")

    def _launch(self, request: Message, given: Message) -> None:
        try:
            self._refuse_second()
            launch = launch_of(given)
            self._stops = not given.get("noDebug")
            self._process = process = Process(launch, self._said)
            body: Message = {"name": launch.arguments[-1], "systemProcessId": process.pid}
            body |= {"isLocalProcess": True, "startMethod": "launch"}
            self._writer.event("process", **body)
            threading.Thread(target=self._wait, args=(process,), daemon=True).start()
            backend = process.line(self._told, lambda: None)
            if backend is not None:
                self._begin(backend, {"stopOnEntry": launch.stops_on_entry and self._stops})
        except (Unfit, Failed) as error:
            self._writer.refuse(request, str(error))
            return
        self._writer.answer(request)

    def _attach(self, request: Message, given: Message) -> None:
        try:
            self._refuse_second()
            place = place_of(given)
            backend = attached(place, self._told, self._ended)
            self._begin(backend, {"token": place.token})
        except (Unfit, Failed) as error:
            self._writer.refuse(request, str(error))
            return
        self._writer.answer(request)

    def _refuse_second(self) -> None:
        if self._backend is not None or self._process is not None:
            raise Unfit("a program is debugged already")

    def _begin(self, backend: Backend, attach: Message) -> None:
        """There is a process: tell it all that was set. Raises Failed."""
        backend.follow()
        backend.ask("attach", {**self._client, **attach})
        for one in self._kept.values() if self._stops else ():
            found = backend.ask(one["command"], one["arguments"])
            if one["command"] == "setBreakpoints":
                for breakpoint_ in found.get("breakpoints", ()):
                    self._writer.event("breakpoint", reason="changed", breakpoint=breakpoint_)
        with self._lock:
            self._backend = backend
            is_configured = self._is_configured
        if is_configured:
            backend.ask("configurationDone", {})

    def _configured(self, request: Message, given: Message) -> None:
        with self._lock:
            self._is_configured = True
            backend = self._backend
        if backend is not None:
            backend.forward(request)
        else:
            self._writer.answer(request)

    def _terminate(self, request: Message, given: Message) -> None:
        if self._process is None:
            self._writer.refuse(request, "this program was not launched from here: disconnect")
            return
        self._writer.answer(request)
        self._process.end()

    def _disconnect(self, request: Message, given: Message) -> None:
        self.end()
        self._writer.answer(request)

    def end(self) -> None:
        """What was launched ends; what was attached to goes on."""
        self._is_over = True
        if self._backend is not None:
            self._backend.close()  # first: what stands would not hear that it is to end
        if self._process is not None:
            self._process.end()

    # --- what comes from the process ---

    def _told(self, message: Message) -> None:
        if message.get("event") != "initialized":
            self._writer.write(message)

    def _said(self, category: str, text: str) -> None:
        self._writer.event("output", category=category, output=text)

    def _wait(self, process: Process) -> None:
        status = process.wait()
        self._writer.event("exited", exitCode=status)
        self._ended()

    def _ended(self) -> None:
        if not self._is_over:
            self._writer.event("terminated")


Own = Callable[[Adapter, Message, Message], None]

_OWN: dict[str, Own] = {
    "initialize": Adapter._initialize,
    "launch": Adapter._launch,
    "attach": Adapter._attach,
    "configurationDone": Adapter._configured,
    "terminate": Adapter._terminate,
    "disconnect": Adapter._disconnect,
}


def _what(command: str, given: Message) -> str:
    """What a request sets anew each time."""
    source = given.get("source")
    return f"{command} {source.get('path') if isinstance(source, dict) else ''}"


def _unverified(command: str, given: Message) -> list[Any]:
    if command != "setBreakpoints":
        filters = given.get("filters")
        return [{"verified": True} for _ in filters] if isinstance(filters, list) else []
    message = "the program does not run yet"
    return [
        {"id": one.get("id"), "verified": False, "line": one.get("line"), "message": message}
        for one in given.get("breakpoints") or ()
        if isinstance(one, dict)
    ]
