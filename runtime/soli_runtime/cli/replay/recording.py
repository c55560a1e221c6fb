"""`--record FILE`: the events of every connection, one JSON object a line.

The file is its owner's only. It holds no cookies, authorisations or tokens: what stands under a
name of that kind is redacted, in headers, queries, users and messages.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TextIO

from ...observing.traces import Trace
from .entries import KINDS, Entries

FORMAT = 1
MAX_BYTES = 256 * 1024 * 1024
"""Of one recording. Past it no more is kept, and the last line says so."""


class Recording:
    """A file that grows with every event."""

    def __init__(self, path: Path, app: Path) -> None:
        """Begin the file anew. Raises OSError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(descriptor, 0o600)  # also where it was there before
        self._file: TextIO = os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")
        self._entries = Entries()
        self._left = MAX_BYTES
        self._write({"soli_recording": FORMAT, "app": str(app)})

    def told(self, trace: Trace) -> None:
        """The observer."""
        if trace.kind in KINDS and self._left > 0:
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
