"""Finding the files that `import` names."""

from __future__ import annotations

import os
from pathlib import Path

from .project import EXTENSIONS


class ModuleLoader:
    """Loads modules: those below *root*, and with *anywhere* any that the importer can name."""

    def __init__(self, root: Path, *, anywhere: bool = False) -> None:
        self._root = root.resolve()
        self._anywhere = anywhere

    def __call__(self, written: str, importer: str) -> tuple[str, str] | None:
        """Name and text of the module *written* in the source called *importer*; None: no such.

        Paths are relative to the importing file, then to the root.
        """
        for folder in (Path(importer).parent, self._root):
            for path in _candidates(folder / written):
                found = path.resolve()
                if found.is_file() and self._allows(found):
                    return os.path.relpath(found), found.read_text("utf-8")
        return None

    def _allows(self, path: Path) -> bool:
        return self._anywhere or path.is_relative_to(self._root)


def _candidates(path: Path) -> list[Path]:
    if path.suffix in EXTENSIONS:
        return [path]
    return [path.with_name(path.name + extension) for extension in EXTENSIONS]
