"""Finding the files that `import` names."""

from __future__ import annotations

import os
from pathlib import Path

from .project import EXTENSIONS


class ModuleLoader:
    """Loads modules from below *root* only: a program's own files."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def __call__(self, written: str, importer: str) -> tuple[str, str] | None:
        """Name and text of the module *written* in the source called *importer*; None: no such.

        Paths are relative to the importing file, then to the root.
        """
        for folder in (Path(importer).parent, self._root):
            for path in _candidates(folder / written):
                found = path.resolve()
                if found.is_file() and found.is_relative_to(self._root):
                    return os.path.relpath(found), found.read_text("utf-8")
        return None


def _candidates(path: Path) -> list[Path]:
    if path.suffix in EXTENSIONS:
        return [path]
    return [path.with_name(path.name + extension) for extension in EXTENSIONS]
