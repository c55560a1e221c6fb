"""`--record FILE`: the events of an app, one JSON object a line.

The file is its owner's only. It holds no cookies, authorisations or tokens: for what stands under a
name of that kind, and under the keys of `--mask`, there are stand-ins (`masks`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from ..observing.traces import Trace
from .entries import Entries
from .masks import Masks
from .worlds import RecordedWorld

FORMAT = 2
MAX_BYTES = 256 * 1024 * 1024
"""Of one recording. Past it no more is kept, and the last line says so."""


class Recording:
    """A file that grows with every event."""

    def __init__(
        self, path: Path, app: Path, world: RecordedWorld, masked: Iterable[str] = ()
    ) -> None:
        """Begin the file anew; *world* stands before the program. Raises OSError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(descriptor, 0o600)  # also where it was there before
        self._file: TextIO = os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")
        self._world = world
        self._load: dict[str, Any] = {}
        masks = Masks(masked)
        self._entries = Entries(masks)
        self._left = MAX_BYTES
        self._write({"soli_recording": FORMAT, "app": str(app), "masked": list(masks.keys)})

    def begun(self, trace: Trace) -> None:
        """An event begins."""
        self._world.begun(trace)

    def told(self, trace: Trace) -> None:
        """The observer."""
        self._world.ended(trace)
        if self._world.load is not self._load:
            self._load = self._world.load
            masks = self._entries.masks
            self._write({"kind": LOAD, **(masks.entry(self._load) if masks else self._load)})
        if self._left > 0 and self._entries.is_kept(trace):
            self._write(self._entries.entry(trace))

    def _write(self, entry: object) -> None:
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        self._left -= len(line.encode("utf-8", "replace"))
        if self._left <= 0:
            line = json.dumps({"full": f"at most {MAX_BYTES} bytes are kept"}) + "\n"
        self._file.write(line)
        self._file.flush()

    def close(self) -> None:
        """No more."""
        self._file.close()


LOAD = "load"
"""The kind of entry that says what a program was told while it was loaded."""
