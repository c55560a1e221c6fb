"""The last events of an app under `--dev`: in memory, and in a file for the next process.

The file has the form of a recording, and may be read as one by whoever is told so; each entry also
has the scene before it. It is its owner's only, masked, and its folder ignores itself.
"""

from __future__ import annotations

import json
import os
from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ....observing.traces import REQUEST, Trace
from ....recordings.entries import Entries, Entry
from ....recordings.masks import Masks
from ....recordings.places import FOLDER, RECENT, VERDICT
from ....recordings.reading import NoRecording, is_entry, read
from ....recordings.worlds import RecordedWorld
from ....recordings.writing import FORMAT, LOAD

MOST_EVENTS = 200
MOST_ENTRY_BYTES = 256 * 1024
"""Of one event as text; a larger one is not kept."""
MOST_FILE_BYTES = 16 * 1024 * 1024
"""Of the file; what is older is left out."""
FLUSH_SECONDS = 0.5

Before = Callable[[Trace], dict[str, Any]]
"""What is kept of the world before an event: its scene, and variables."""


class RecentEvents:
    """The newest events last. `close` last."""

    def __init__(
        self, root: Path, world: RecordedWorld, before: Before, loop: AbstractEventLoop
    ) -> None:
        self.path = root / FOLDER / RECENT
        self._world = world
        self._before = before
        self._loop = loop
        self.entries = Entries()
        self._masks = Masks()
        self.events: deque[Entry] = deque(maxlen=MOST_EVENTS)
        """Those of this process are as they were; those of former ones are masked."""
        self._lines: deque[str] = deque(maxlen=MOST_EVENTS)
        self._new: deque[Entry] = deque(maxlen=MOST_EVENTS)
        """What the file does not have yet."""
        self._timer: TimerHandle | None = None
        self._number = 0
        """Of the last event."""
        self.fault = ""
        """Why nothing is written."""
        self._load()

    def _load(self) -> None:
        try:
            found = read(self.path).events if self.path.is_file() else []
        except NoRecording:
            found = []  # it is only ours: what cannot be read is begun anew
        for entry in found[-MOST_EVENTS:]:
            if isinstance(entry.get("scene"), dict):
                self.events.append(entry)
                self._lines.append(json.dumps(entry, ensure_ascii=False))
                number = entry.get("number")
                self._number = max(self._number, number if type(number) is int else 0)

    def begun(self, trace: Trace) -> None:
        """An event begins."""
        self._world.begun(trace)
        trace.tape.note(self._before(trace))

    def told(self, trace: Trace) -> None:
        """The observer."""
        self._world.ended(trace)
        tape = trace.tape
        if tape is None or trace.kind == REQUEST or not self.entries.is_kept(trace):
            return
        entry = self.entries.entry(trace)
        self._number += 1
        entry |= {"whose": trace.connection_id, "number": self._number}
        entry |= tape.before
        self.events.append(entry)
        self._new.append(entry)
        if self._timer is None:
            self._timer = self._loop.call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write down what is not yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._new:
            entry = self._new.popleft()
            line = json.dumps(self._masks.entry(entry), ensure_ascii=False)
            if len(line) > MOST_ENTRY_BYTES:
                self.events.remove(entry)
            else:
                self._lines.append(line)
        try:
            self._write()
        except OSError as error:
            self.fault = error.strerror or str(error)

    def _write(self) -> None:
        head = {"soli_recording": FORMAT, "recent": True}
        load = {"kind": LOAD, **self._masks.entry(self._world.load)}
        self._replace(RECENT, [json.dumps(head), json.dumps(load), *self._bounded()])

    def _replace(self, name: str, lines: list[str]) -> None:
        """A file anew, in one step: who reads it meanwhile reads the one before."""
        folder = self.path.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
        beside = folder / f"{name}.new"
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.writelines(line + "\n" for line in lines)
        beside.replace(folder / name)

    def masked(self, shown: dict[str, Any]) -> dict[str, Any]:
        """*shown* with stand-ins for the secrets that events had."""
        return self._masks.entry(shown)

    def leave(self, shown: dict[str, Any]) -> None:
        """Leave for editors what a save changes."""
        try:
            self._replace(VERDICT, [json.dumps(shown, ensure_ascii=False)])
        except OSError as error:
            self.fault = error.strerror or str(error)

    def _bounded(self) -> list[str]:
        size, kept = 0, []
        for line in reversed(self._lines):
            size += len(line)
            if size > MOST_FILE_BYTES:
                break
            kept.append(line)
        return kept[::-1]

    def close(self) -> None:
        """Write down the rest."""
        if self._new:
            self.flush()


__all__ = ["RecentEvents", "is_entry"]
