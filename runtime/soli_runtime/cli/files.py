"""The Soli files that a command is told to look at."""

from __future__ import annotations

from pathlib import Path

from ..loading.project import EXTENSIONS
from .exits import UsageError


def soli_files(paths: list[Path]) -> list[Path]:
    """The files among *paths*, and all Soli files below the folders, each once.

    Raises UsageError for a path that is neither.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_below(path)))
        elif path.is_file():
            found[path] = None
        elif path.exists():
            raise UsageError(f"'{path}' is neither a file nor a folder")
        else:
            raise UsageError(f"there is no file or folder '{path}'")
    return list(found)


def _below(folder: Path) -> list[Path]:
    found = [path for suffix in EXTENSIONS for path in folder.rglob(f"*{suffix}")]
    return sorted(path for path in found if not _is_hidden(path.relative_to(folder)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "node_modules" for part in path.parts)
