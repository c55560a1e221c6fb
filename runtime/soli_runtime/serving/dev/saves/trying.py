"""Runs the last events through the code of before and of now, in a process of their own.

That process is a copy of the server's (fork), in which both versions are loaded already. Whatever
handlers do there changes nothing here, holds up nobody, and can be ended.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterable
from difflib import ndiff
from typing import Any

from soli_lang.base.records import Record

from ....loading.app import App
from ....recordings.entries import Entry, lines_of
from ....recordings.masks import reaches
from ....recordings.tapes import PlayedTape
from ....recordings.worlds import PlayedWorld, RecordedWorld
from ....settings import Settings
from ....stores.waited import forget_store
from .rehearsal import FAULTS, NotThere, Rehearsal
from .scenes import Variables

BUDGET_SECONDS = 0.2
"""Of computing, for all events of one save."""
PATIENCE_SECONDS = 10.0
"""By the clock of the wall; then the copy is ended."""
MOST_ANSWER = 16 * 1024 * 1024
CAN_COPY = hasattr(os, "fork")


class Version(Record, frozen=True):
    """A loaded app, and the variables that it was loaded with."""

    app: App
    variables: Variables


class Change(Record, frozen=True):
    """An event that another version answers otherwise."""

    number: int
    """Of the event, by which `soli replay --keep` finds it."""
    head: str
    lines: list[str]
    is_masked: bool
    """Whether stand-ins reached it: what differs may come of that."""

    def text(self) -> str:
        """All of it."""
        return "\n".join((self.head, *(f"  {line}" for line in self.lines)))


class Verdict(Record, frozen=True):
    """What a save changes."""

    tried: int
    of: int
    changes: list[Change]

    def headline(self) -> str:
        """`this save changes 3 of 200`"""
        real = sum(not change.is_masked for change in self.changes)
        masked = len(self.changes) - real
        text = f"this save changes {real} of {self.tried}"
        if masked:
            text += f"; {masked} more depend on masked values"
        if self.tried < self.of:
            text += f" ({self.tried} of {self.of} tried)"
        return text


class Trial:
    """One run of the last events, under way. *done* gets the verdict, or why there is none."""

    def __init__(self, done: Callable[[Verdict | str], None]) -> None:
        self._done = done
        self._loop = asyncio.get_running_loop()
        self._data = b""
        self._pid = 0
        self._fd = -1
        self._timer: asyncio.TimerHandle | None = None

    def start(
        self,
        versions: tuple[Version, Version],
        settings: Settings,
        events: list[Entry],
        names: dict[str, str],
        world: RecordedWorld,
    ) -> None:
        """Begin. *world* is what stands before both versions."""
        self._fd, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
            pid = os.fork()
        if pid == 0:
            _in_copy(writing, lambda: _verdict(versions, settings, events, names, world))
        os.close(writing)
        self._pid = pid
        os.set_blocking(self._fd, False)
        self._loop.add_reader(self._fd, self._read)
        self._timer = self._loop.call_later(PATIENCE_SECONDS, self._end_late)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 1 << 20)
        except BlockingIOError:
            return
        self._data += data
        if not data or len(self._data) > MOST_ANSWER:
            self._finish(self._outcome())

    def _outcome(self) -> Verdict | str:
        try:
            found = json.loads(self._data)
        except ValueError:
            return "the copy of the server failed"
        if isinstance(found, str):
            return found
        changes = [Change(**change) for change in found["changes"]]
        return Verdict(found["tried"], found["of"], changes)

    def _end_late(self) -> None:
        self._finish(f"it took more than {PATIENCE_SECONDS:g} s")

    def _finish(self, outcome: Verdict | str) -> None:
        self.stop()
        self._done(outcome)

    def stop(self) -> None:
        """End the copy, if it still runs."""
        if self._fd < 0:
            return
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        self._fd = -1
        if self._timer is not None:
            self._timer.cancel()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _in_copy(writing: int, work: Callable[[], Any]) -> None:
    """Do *work* in the copy, write what comes of it, and end."""
    try:
        gc.disable()  # to look at all objects would copy their pages
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(writing, 0)
        os.closerange(1, 65_536)  # a line that the server closes must not live on here
        os.open(os.devnull, os.O_RDWR)
        os.dup2(1, 2)
        try:
            found = work()
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        data = json.dumps(found, default=str).encode("utf-8", "replace")
        while data:
            data = data[os.write(0, data) :]
    finally:
        os._exit(0)


def _verdict(
    versions: tuple[Version, Version],
    settings: Settings,
    events: list[Entry],
    names: dict[str, str],
    world: RecordedWorld,
) -> dict[str, Any]:
    """What is written: the fields of a `Verdict`."""
    world.play(PlayedWorld(_tape_of, {}))
    for version in versions:
        forget_store(version.app.interpreter.machine)
    loop = asyncio.SelectorEventLoop()
    changes: list[dict[str, Any]] = []
    tried = 0
    for index in range(-1, -len(events) - 1, -1):
        if tried and time.process_time() > BUDGET_SECONDS:
            break
        entry = events[index]
        found = [_lines(loop, version, settings, entry, names) for version in versions]
        tried += 1
        if found[0] != found[1]:
            changes.append(_change(entry, *found))
    return {"tried": tried, "of": len(events), "changes": changes}


def _tape_of(trace: Any) -> PlayedTape | None:
    tape: PlayedTape | None = trace.tape
    return tape


def _lines(
    loop: asyncio.AbstractEventLoop,
    version: Version,
    settings: Settings,
    entry: Entry,
    names: dict[str, str],
) -> list[str]:
    async def run() -> Entry:
        return await Rehearsal(version.app, settings, entry, names).run(version.variables)

    try:
        return lines_of(loop.run_until_complete(run()), is_whole=True)
    except NotThere as error:
        return [f"cannot happen: {error}"]
    except FAULTS as error:
        return [f"cannot happen: {type(error).__name__}: {error}"]


def _change(entry: Entry, before: list[str], now: list[str]) -> dict[str, Any]:
    return {
        "number": entry.get("number", 0),
        "head": head_of(entry),
        "lines": list(_difference(before, now)),
        "is_masked": _is_masked(entry),
    }


def _is_masked(entry: Entry) -> bool:
    """Whether a stand-in reaches the handler. Headers are left out: few look at masked ones."""
    scene = entry.get("scene") or {}
    own = [one for one in scene.get("connections", ()) if one["id"] == entry.get("whose")]
    seen = [[one["user"], one["query"], one["params"]] for one in own]
    return reaches(entry, [scene.get("states"), seen])


def _difference(before: list[str], now: list[str]) -> Iterable[str]:
    return (line for line in ndiff(before, now) if line[0] in "-+")


def head_of(entry: Entry) -> str:
    """An event in few words."""
    whose = entry["connection"] or entry["handler"]
    message = entry.get("message")
    where = f", {entry['path']}" if entry["path"] else ""
    shown = f"   {message[:200]}" if isinstance(message, str) else ""
    return f"{entry['kind']} of {whose}{where}{shown}"
