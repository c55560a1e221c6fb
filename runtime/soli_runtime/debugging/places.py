"""`.soli/debugger.json`: where the debugger of an app is, for whoever may read the app's folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FOLDER = ".soli"
NAME = "debugger.json"


def own_folder(app: Path) -> Path:
    """The folder for what is ours in that of an app, made where it is missing, and kept out of git.
    Raises OSError."""
    folder = app / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", "utf-8")
    return folder


class DebuggerFile:
    """The file of one process."""

    def __init__(self, app: Path) -> None:
        self._app = app

    def leave(self, port: int, token: str) -> None:
        """Write it. Raises OSError."""
        path = own_folder(self._app) / NAME
        text = json.dumps({"port": port, "token": token, "pid": os.getpid()})
        beside = path.with_name(f"{NAME}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)
            file.write(text + "\n")
        os.replace(beside, path)

    def take_away(self) -> None:
        """The process ends: nobody is to look for it."""
        path = self._app / FOLDER / NAME
        found = read_place(path)
        if found is not None and found.get("pid") == os.getpid():
            path.unlink(missing_ok=True)


def read_place(path: Path) -> dict[str, Any] | None:
    """What such a file says; None: there is none, or something else."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    is_one = isinstance(found.get("port"), int) and isinstance(found.get("token"), str)
    return found if is_one else None
