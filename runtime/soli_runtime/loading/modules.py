"""Finding the files that `import` names."""

from __future__ import annotations

import os
from pathlib import Path

from soli_lang.base.errors import not_text

from .project import EXTENSIONS


class ModuleLoader:
    """Loads modules: those below *root*, and with *anywhere* any that the importer can name."""

    def __init__(self, root: Path, *, anywhere: bool = False) -> None:
        self._root = root.resolve()
        self._anywhere = anywhere

    def __call__(self, written: str, importer: str) -> tuple[str, str] | None:
        """Name and text of the module *written* in the source called *importer*; None: no such.

        Paths are relative to the importing file, then to the root.

        Raises SoliSyntaxError for a file that is not UTF-8 text.
        """
        for folder in (Path(importer).parent, self._root):
            for path in _candidates(folder / written):
                found = path.resolve()
                if found.is_file() and self._allows(found):
                    return os.path.relpath(found), _text_of(found)
        return None

    def _allows(self, path: Path) -> bool:
        return self._anywhere or path.is_relative_to(self._root)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise not_text(os.path.relpath(path), path.read_bytes(), error) from None


def _candidates(path: Path) -> list[Path]:
    if path.suffix in EXTENSIONS:
        return [path]
    return [path.with_name(path.name + extension) for extension in EXTENSIONS]
