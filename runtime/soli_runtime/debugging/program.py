"""The program that is debugged, for its client: where it stands, its threads, its breakpoints."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from soli_lang.machine.machine import Machine
from soli_lang.tools.debugging.breakpoints import Breakpoint
from soli_lang.tools.debugging.debugger import Debugger, Stopped, path_of
from soli_lang.tools.debugging.frames import Frame
from soli_lang.values.values import Value

from .event_frames import EventFrame
from .standing import Standing
from .threads import Thread, Threads

FIRST_ID = 1_000_001
"""Of breakpoints to which the client gives no number: above those of `soli dap`."""


class Client(Protocol):
    """Who is told what happens."""

    def stopped(self, standing: Standing) -> None: ...
    def said(self, text: str, frame: Frame | None) -> None: ...
    def placed(self, breakpoints: list[Breakpoint]) -> None: ...
    def thread(self, number: int, reason: str) -> None: ...


class Past(Protocol):
    """A recording that is run: it can be gone back in."""

    def passes(self) -> bool:
        """Whether it is on its way to somewhere, and stops nowhere else."""

    def goes_on(self) -> None:
        """What stood goes on. Raises Cancelled where it is left behind."""

    def begin(self, *, stops_on_entry: bool) -> None:
        """The client is about to say what it wants."""

    def events(self) -> list[dict[str, Any]]:
        """What was recorded."""

    @property
    def current(self) -> int:
        """The number of the event that runs, or is about to."""

    def scopes(self) -> list[tuple[str, Value]]:
        """How the world was before the current event and after it."""

    def back(self) -> None:
        """Go to the statement before."""

    def reverse(self) -> None:
        """Go to where it would have stopped last."""

    def go_to(self, number: int) -> None:
        """Go to the begin of an event."""

    def step(self) -> None:
        """Go to the next statement, whoever runs it."""


class DebuggedProgram:
    """What runs in this process, and one client at a time (a `Host` of `tools.debugging`)."""

    def __init__(self, *, all_wait: bool = False) -> None:
        """*all_wait*: when one stops, everything does."""
        self.debugger = Debugger(self)
        self._all_wait = all_wait
        self._threads = Threads()
        self._standing: dict[int, Standing] = {}
        """By the number of the thread, in the order in which they stopped."""
        self._client: Client | None = None
        self._configured = threading.Event()
        self._ids = itertools.count(FIRST_ID)
        self.past: Past | None = None
        """Of a recording: how to go back in it."""

    # --- the program ---

    def thread(self, machine: Machine) -> Thread:
        return self._threads.current(machine)

    def stand(self, stopped: Stopped) -> None:
        past = self.past
        if self._client is None or (past is not None and past.passes()):
            return
        standing = Standing(stopped)
        number = stopped.thread.id
        before = self._standing.get(number)
        self._standing[number] = standing
        stopped.thread.be_standing(True)
        try:
            standing.stand(self._tell, waits_alone=not self._all_wait)
        finally:
            stopped.thread.be_standing(False)
            if self._standing.get(number) is standing:
                del self._standing[number]
            if before is not None and not before.is_over:
                self._standing[number] = before
        if past is not None:
            past.goes_on()

    def _tell(self, standing: Standing) -> None:
        client = self._client
        if client is None:
            standing.go_on()
        else:
            client.stopped(standing)

    def said(self, text: str, frame: Frame | None) -> None:
        if self._client is not None:
            self._client.said(text, frame)

    def placed(self, breakpoints: list[Breakpoint]) -> None:
        if self._client is not None:
            self._client.placed(breakpoints)

    def serve(self, connections: Callable[[], Iterable[Any]]) -> None:
        """From now on there are connections."""
        self._threads.serve(connections)

    def came(self, connection: Any) -> None:
        """A connection was opened."""
        if self._client is not None:
            self._client.thread(self._threads.of_connection(connection).id, "started")

    def went(self, connection_id: str) -> None:
        """A connection is gone."""
        found = self._threads.forget(connection_id)
        if found is not None and self._client is not None:
            self._client.thread(found.id, "exited")

    def wait_until_configured(self, seconds: float | None = None) -> bool:
        """Wait for a client that is ready; False: it was not in time."""
        return self._configured.wait(seconds)

    # --- its client ---

    def belong_to(self, client: Client) -> bool:
        """Let *client* debug; False: somebody else does."""
        if self._client is not None:
            return False
        self._client = client
        return True

    def begin(self, *, stops_on_entry: bool) -> None:
        """The client is about to say what it wants."""
        if self.past is not None:
            self.past.begin(stops_on_entry=stops_on_entry)
        elif stops_on_entry:
            self.debugger.pause(self._threads.main, "entry")

    def remember(self, past: Past) -> None:
        """What runs is a recording."""
        self.past = past

    def main_thread(self) -> Thread:
        """That of what belongs to nobody."""
        return self._threads.main

    def configured(self) -> None:
        """The client has said what it wants."""
        self._configured.set()

    def let_go(self) -> None:
        """Nobody debugs any more: all goes on."""
        self.debugger.clear()
        self._client = None
        self._configured.set()
        for standing in list(self._standing.values()):
            standing.go_on()

    def next_id(self) -> int:
        """A number for a breakpoint."""
        return next(self._ids)

    def threads(self) -> list[Thread]:
        """Whose code may run."""
        return self._threads.listed()

    def standing(self, number: Any) -> Standing | None:
        """Where the thread of that number stands; None: it runs."""
        found = self._standing.get(number) if isinstance(number, int) else None
        return None if found is None or found.is_over else found

    def last_stop(self) -> Standing | None:
        """What stopped last, and stands."""
        found = [one for one in list(self._standing.values()) if not one.is_over]
        return found[-1] if found else None

    def go_on(self, standing: Standing) -> None:
        """Have the program go on."""
        standing.go_on()

    def pause(self, number: Any) -> None:
        """Have a thread stop at its next statement; one that is not there: any."""
        thread = self._threads.by_id(number)
        if thread is not None and not thread.stands:
            self.debugger.pause(thread)

    def function_of(self, frame: Frame) -> str:
        """The name of the function that runs in *frame*."""
        if isinstance(frame, EventFrame):
            return frame.title
        file = self.debugger.files.get(path_of(frame.source.name))
        if file is None or frame.site is None:
            return "program"
        return file.function_at(frame.site.span.start)

    def evaluate(self, standing: Standing, frame: Frame, text: str) -> Value:
        """The value of *text* there. Raises SoliError."""
        machine, stopped = standing.stopped.machine, standing.stopped
        local, machine.local = machine.local, stopped.local
        try:
            return self.debugger.evaluate(text, frame)
        finally:
            machine.local = local
