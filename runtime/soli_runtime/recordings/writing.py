"""`--record FILE`: the events of an app, one JSON object a line.

The file is its owner's only. It holds no cookies, authorisations or tokens: for what stands under a
name of that kind, and under the keys of `--mask`, there are stand-ins (`masks`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from ..observing.traces import Trace
from .entries import Entries
from .masks import Masks
from .worlds import RecordedWorld

FORMAT = 2
MAX_BYTES = 256 * 1024 * 1024
"""Of one recording. Past it no more is kept, and the last line says so."""


class Recording:
    """A file that grows with every event."""

    def __init__(self, path: Path, app: Path, masked: Iterable[str] = ()) -> None:
        """Begin the file anew. Raises OSError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(descriptor, 0o600)  # also where it was there before
        self._file: TextIO = os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")
        self.world = RecordedWorld()
        """What the program reaches outside, before it is loaded."""
        masks = Masks(masked)
        self._entries = Entries(masks)
        self._left = MAX_BYTES
        self._write({"soli_recording": FORMAT, "app": str(app), "masked": list(masks.keys)})

    def begun(self, trace: Trace) -> None:
        """An event begins."""
        self.world.begun(trace)

    def told(self, trace: Trace) -> None:
        """The observer."""
        self.world.ended(trace)
        self._write_loads()
        if self._left > 0 and self._entries.is_kept(trace):
            self._write(self._entries.entry(trace))

    def _write_loads(self) -> None:
        """What the program was told while it was loaded, if it was since the last event."""
        for load in self.world.taken_loads():
            masks = self._entries.masks
            self._write({"kind": LOAD, **(load if masks is None else masks.entry(load))})

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
