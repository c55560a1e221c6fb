"""Decides at which statements and errors a program stops. What stopping is, the host says."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from ...base.errors import Cancelled, SoliError, Thrown
from ...base.source import Source
from ...evaluator.watching import SITES, Site
from ...machine.machine import Machine
from ...values.objects import Instance
from ...values.semantics import is_truthy
from ...values.values import Value
from . import frames
from .breakpoints import Breakpoint
from .evaluating import NAME, evaluate
from .files import ProgramFile
from .frames import Frame
from .showing import shown

IN, OVER, OUT = "in", "over", "out"
"""Steps."""
ALL, UNCAUGHT = "all", "uncaught"
"""Filters: the errors to stop at."""


class Step:
    """What one call is to run until it stops again."""

    __slots__ = ("depth", "kind", "local")

    def __init__(self, kind: str, depth: int, local: Any) -> None:
        self.kind = kind
        self.depth = depth
        self.local = local
        """`Machine.local` of the call: another one is not stepped through."""

    def is_over(self, machine: Machine, frame: FrameType) -> bool:
        """Whether the call stops here."""
        if machine.local is not self.local:
            return False
        if self.kind == IN:
            return True
        depth = frames.depth_of(frame)
        return depth < self.depth if self.kind == OUT else depth <= self.depth


class Thread(Protocol):
    """Whose code runs: a connection, a request, a job, the main program."""

    id: int
    step: Step | None
    pauses: str
    """Why it is to stop at its next statement; empty: it is not."""


class Stopped:
    """Where and why a program stands."""

    def __init__(
        self, thread: Any, machine: Machine, reason: str, found: list[Frame], text: str = ""
    ) -> None:
        self.thread = thread
        self.machine = machine
        self.local = machine.local
        self.reason = reason
        self.frames = found
        self.text = text
        self.hit: list[int] = []
        """Ids of breakpoints."""
        self.error: SoliError | None = None

    @property
    def depth(self) -> int:
        """How many Soli functions run."""
        return len(self.frames)


class Host(Protocol):
    """What a debugger asks of whoever runs the program."""

    def thread(self, machine: Machine) -> Thread:
        """Whose code runs now."""

    def stand(self, stopped: Stopped) -> None:
        """Stop here; return when it is to go on."""

    def said(self, text: str, frame: Frame | None) -> None:
        """Tell whoever debugs."""

    def placed(self, breakpoints: list[Breakpoint]) -> None:
        """Breakpoints have found a place, or lost it: their file was loaded."""


class Debugger:
    """Watches programs (`evaluator.watching`) for a *host*."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.files: dict[str, ProgramFile] = {}
        """By absolute path."""
        self._breakpoints: dict[str, list[Breakpoint]] = {}
        self._stepping: set[int] = set()
        """Ids of threads that step, or are to stop."""
        self._evaluating = 0
        """How much code of its own runs: what is evaluated may wait while more is."""
        self._last_error: Any = None
        self.filters: set[str] = set()
        self._ticks: Callable[[], bool | None] | None = None
        """Asked at every statement whether to stop there, whatever is set (None: as that says)."""

    # --- what a `Watcher` is asked ---

    def file(self, source: Source) -> ProgramFile:
        path = path_of(source.name)
        known = self.files.get(path)
        if known is not None and known.source is source:
            return known
        made = _LoadedFile(source, self._loaded)
        if path != NAME:
            self.files[path] = made
        return made

    def _loaded(self, file: ProgramFile) -> None:
        path = path_of(file.source.name)
        if self.files.get(path) is not file:
            return
        placed = self._breakpoints.get(path, [])
        for one in placed:
            one.place(file)
        self._watch(path)
        if placed:
            self._host.placed(placed)

    def reached(self, site: Site) -> None:
        """A `Watcher` is told of a statement."""
        if self._evaluating:
            return
        machine, frame = site.unit.machine, sys._getframe(1)
        thread = self._host.thread(machine)
        reason, hit = self._reason(thread, site, frame)
        if reason:
            found = frames.frames_of(frames.running(frame), site)
            stopped = Stopped(thread, machine, reason, found)
            stopped.hit = hit
            self.stop(stopped)

    def failed(self, error: SoliError, leaves: bool) -> None:
        """A `Watcher` is told of an error."""
        if not self.filters or self._evaluating or isinstance(error, Cancelled):
            return
        outer = sys._getframe(1)
        if self._last_error is error or not self._is_wanted(outer, leaves=leaves):
            return
        self._last_error = error
        site = next(iter(outer.f_globals.get(SITES, ())), None)
        if site is not None:
            self.stop(self._stopped_by(error, outer, site.unit.machine))

    def _is_wanted(self, outer: FrameType, *, leaves: bool) -> bool:
        """Whether an error that came to *outer* is one to stop at."""
        if ALL in self.filters:
            return True
        return leaves and UNCAUGHT in self.filters and frames.depth_of(outer) == 1

    def _stopped_by(self, error: SoliError, outer: FrameType, machine: Machine) -> Stopped:
        passed = frames.raised(error.__traceback__)
        running = [*passed, *frames.running(outer.f_back)]
        found = frames.frames_of(running, failed=(error.source, error.span))
        text = f"{kind_of(error)}: {error.message}"
        stopped = Stopped(self._host.thread(machine), machine, "exception", found, text)
        stopped.error = error
        return stopped

    def _reason(self, thread: Thread, site: Site, frame: FrameType) -> tuple[str, list[int]]:
        wanted = None if self._ticks is None else self._ticks()
        if wanted is not None:
            return ("step" if wanted else ""), []
        hit = self._hits(site, frame)
        if hit:
            return "breakpoint", hit
        if thread.pauses:
            return thread.pauses, []
        step = thread.step
        if step is not None and step.is_over(site.unit.machine, frame):
            return "step", []
        return "", []

    # --- breakpoints ---

    def set_breakpoints(self, path: str, wanted: list[Breakpoint]) -> None:
        """These, and no others, are those of the file at *path*."""
        path = path_of(path)
        self._breakpoints[path] = wanted
        for one in wanted:
            one.place(self.files.get(path))
        self._watch(path)

    def count_by(self, ticks: Callable[[], bool | None]) -> None:
        """Have *ticks* count all statements, and say of each whether to stop there."""
        self._ticks = ticks
        self.watch_all()

    def begin_again(self) -> None:
        """The program begins anew: nothing was hit yet."""
        for path in self._breakpoints:
            for one in self._breakpoints[path]:
                one.forget_hits()

    def set_filters(self, filters: set[str]) -> None:
        """Stop at such errors."""
        self.filters = filters

    def clear(self) -> None:
        """Stop nowhere any more."""
        self._breakpoints.clear()
        self._stepping.clear()
        self.filters.clear()
        for path in self.files:
            self._watch(path)

    def _watch(self, path: str) -> None:
        file = self.files.get(path)
        if file is not None:
            lines = {one.at for one in self._breakpoints.get(path, ()) if one.at is not None}
            file.watch(lines, all_lines=bool(self._stepping) or self._ticks is not None)

    def look_at_all(self, thread: Thread) -> None:
        """From now on look at every statement, until *thread* has stopped."""
        self._stepping.add(thread.id)
        self.watch_all()

    def watch_all(self) -> None:
        """Look where one wants to stop by now."""
        for path in self.files:
            self._watch(path)

    def _hits(self, site: Site, frame: FrameType) -> list[int]:
        path = path_of(site.unit.source.name)
        wanted = self._breakpoints.get(path)
        if not wanted:
            return []
        file = self.files[path]
        if file.source is not site.unit.source or file.first.get(site.line) != site.span.start:
            return []
        here = [one for one in wanted if one.at == site.line]
        return [one.id for one in here if self._applies(one, site, frame)]

    def _applies(self, one: Breakpoint, site: Site, frame: FrameType) -> bool:
        if one.condition:
            try:
                value = self._alone(one.condition, site, frame)
            except SoliError as error:
                self._host.said(f"the condition '{one.condition}' failed: {error.message}", None)
                return one.is_due()
            if not is_truthy(value):
                return False
        if not one.is_due():
            return False
        if one.log_message:
            found = frames.frames_of(frames.running(frame), site)[0]
            self._host.said(self._logged(one.log_message, site, frame), found)
            return False
        return True

    def _alone(self, text: str, site: Site, frame: FrameType) -> Value:
        """The value of *text* at *site*."""
        found = frames.frames_of(frames.running(frame), site)
        return self.evaluate(text, found[0])

    def _logged(self, message: str, site: Site, frame: FrameType) -> str:
        def value(found: re.Match[str]) -> str:
            try:
                result = self._alone(found[1], site, frame)
            except SoliError as error:
                return f"{{{found[1]}: {error.message}}}"
            return result if result.__class__ is str else shown(result)

        return re.sub(r"\{([^{}]+)\}", value, message)

    def evaluate(self, text: str, frame: Frame) -> Value:
        """The value of *text* in *frame*; nothing stops in it. Raises SoliError."""
        self._evaluating += 1
        try:
            return evaluate(text, frame)
        finally:
            self._evaluating -= 1

    # --- stopping ---

    def stop(self, stopped: Stopped) -> None:
        """Stop, until the host goes on."""
        thread = stopped.thread
        thread.step, thread.pauses = None, ""
        if thread.id in self._stepping:
            self._stepping.discard(thread.id)
            self.watch_all()
        self._host.stand(stopped)

    def step(self, stopped: Stopped, kind: str) -> None:
        """Have the thread of *stopped* stop again after a step."""
        stopped.thread.step = Step(kind, stopped.depth, stopped.local)
        self.look_at_all(stopped.thread)

    def pause(self, thread: Thread, reason: str = "pause") -> None:
        """Have *thread* stop at its next statement."""
        thread.pauses = reason
        self.look_at_all(thread)


def kind_of(error: SoliError) -> str:
    """The class of *error*, as programs name it."""
    thrown = error.value if isinstance(error, Thrown) else None
    return thrown.soli_class.name if isinstance(thrown, Instance) else error.kind


class _LoadedFile(ProgramFile):
    """A file that says when it is known."""

    def __init__(self, source: Source, told: Callable[[ProgramFile], None]) -> None:
        super().__init__(source)
        self._told = told

    def know(self, body: Any) -> None:
        super().know(body)
        self._told(self)


def path_of(name: str) -> str:
    """The absolute path of a file by the name that its source has; such names as `<repl>` stay."""
    if name.startswith("<"):
        return name
    known = _PATHS.get(name)
    if known is None:
        known = _PATHS[name] = str(Path(name).resolve())
    return known


_PATHS: dict[str, str] = {}
