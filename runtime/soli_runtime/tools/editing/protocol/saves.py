"""What a save changes, for the editor: `soli run --dev` leaves it beside the app.

After a save the file is looked at until it is new, for some seconds: there may be no server.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from ....recordings.places import FOLDER, VERDICT

if TYPE_CHECKING:
    from .server import SoliServer

NOTIFICATION = "soli/saved"
LOOK_SECONDS = 0.2
PATIENCE_SECONDS = 8.0
AGE_NS = 3_000_000_000
"""How old what a save changes may be when we hear of the save: we may be slow."""
MOST_BYTES = 4 * 1024 * 1024
MOST_LEVELS = 8
"""Folders above a file in which its app is looked for."""


class SaveNews:
    """Waits for what a save changes."""

    def __init__(self, server: SoliServer) -> None:
        self._server = server
        self._task: asyncio.Task[None] | None = None
        self._told: dict[Path, int] = {}
        """Of when what was told is, by file."""

    def saved(self, path: Path) -> None:
        """The file at *path* was saved."""
        self.stop()
        since = time.time_ns() - AGE_NS
        seen = {place: max(since, self._told.get(place, 0)) for place in _places(path)}
        self._task = asyncio.get_running_loop().create_task(self._look(seen))

    def stop(self) -> None:
        """Wait for nothing more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _look(self, seen: dict[Path, int]) -> None:
        for _ in range(int(PATIENCE_SECONDS / LOOK_SECONDS)):
            await asyncio.sleep(LOOK_SECONDS)
            for place, before in seen.items():
                now = _time_of(place)
                if now > before:
                    self._told = {place: now}
                    self._tell(place)
                    return

    def _tell(self, place: Path) -> None:
        found = _verdict(place)
        if found is None:
            return
        self._server.protocol.notify(NOTIFICATION, found)
        headline = str(found.get("headline"))
        if found.get("changes"):
            kind = types.MessageType.Info
            self._server.window_show_message(types.ShowMessageParams(kind, headline))
        else:
            kind = types.MessageType.Log
            self._server.window_log_message(types.LogMessageParams(kind, headline))


def _places(path: Path) -> list[Path]:
    return [folder / FOLDER / VERDICT for folder in [*path.parents][:MOST_LEVELS]]


def _time_of(place: Path) -> int:
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0


def _verdict(place: Path) -> dict[str, Any] | None:
    try:
        if place.stat().st_size > MOST_BYTES:
            return None
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "headline" in found else None
