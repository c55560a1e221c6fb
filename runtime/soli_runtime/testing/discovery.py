"""Which files are spec files (docs/spec §L25.1)."""

from __future__ import annotations

from pathlib import Path

from ..loading.project import SPEC_ENDINGS

BROWSER = "browser"
"""Folders of this name hold tests for a browser; they are run only when named."""
DEFAULT_FOLDERS = ("tests", "spec", "test")


class PathMissing(Exception):
    """A path given to `soli test` does not exist."""


def find_specs(paths: list[Path]) -> list[Path]:
    """The spec files at and below *paths*, each once. A file named is taken as it is.

    Raises PathMissing.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise PathMissing(f"Test path '{path}' does not exist")
        for spec in [path] if path.is_file() else _below(path):
            found.setdefault(spec.resolve(), spec)
    return list(found.values())


def default_paths(root: Path) -> list[Path]:
    """Where the specs of a project usually are; `tests` when there is none of the folders."""
    there = [root / name for name in DEFAULT_FOLDERS if (root / name).is_dir()]
    return there or [root / DEFAULT_FOLDERS[0]]


def _below(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.name.endswith(SPEC_ENDINGS)
        and path.is_file()
        and not _hidden(path.relative_to(folder))
    )


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) or part == BROWSER for part in path.parts[:-1])
