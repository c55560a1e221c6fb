"""The files that a name may be used in: as the editor has them, or as they are on disk."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..documents import MAX_CHARACTERS, Document
from ..projects import Projects

MAX_FILES: Final = 2000
"""Files of one folder that are looked at."""
_ENDINGS: Final = (".soli", ".sl")
_NOT_LOOKED_INTO: Final = frozenset({"node_modules", "__pycache__", "vendor", "tmp"})


class Workspace:
    """Documents by path. *opened* gives those of the editor."""

    def __init__(self, projects: Projects, opened: Callable[[], Iterable[Document]]) -> None:
        self.projects = projects
        self._opened = opened
        self._read: dict[Path, tuple[tuple[int, int], Document]] = {}
        self._folders: tuple[Path, ...] = ()

    def open(self, folders: Iterable[Path]) -> None:
        """Folders that the editor has opened."""
        self._folders = tuple(folders)

    def document(self, path: Path) -> Document | None:
        """The file at *path*; None for what is no file, no text, or huge."""
        for one in self._opened():
            if one.path == path:
                return None if one.is_huge else one
        return self._of_disk(path)

    def _of_disk(self, path: Path) -> Document | None:
        try:
            state = path.stat()
            version = (state.st_mtime_ns, state.st_size)
            known = self._read.get(path)
            if known is not None and known[0] == version:
                return known[1]
            text = path.read_text("utf-8") if state.st_size <= 4 * MAX_CHARACTERS else ""
        except (OSError, UnicodeDecodeError):
            return None
        document = Document(path, text)
        if document.is_huge or not text:
            return None
        self._read[path] = (version, document)
        return document

    def around(self, path: Path) -> Iterator[Document]:
        """The documents of the folder or app that *path* is in, itself first."""
        project = self.projects.around(path)
        roots = [folder for folder in self._folders if path.is_relative_to(folder)]
        root = roots[0] if roots else project.root if project is not None else None
        files = dict.fromkeys([path, *(project.files if project is not None else ())])
        found = _beside(path) if root is None else _soli_files(root)
        files.update(dict.fromkeys(found))
        for file in files:
            document = self.document(file)
            if document is not None:
                yield document

    def mentioning(self, path: Path, name: str) -> Iterator[Document]:
        """Those of `around` that have *name* as a word: the others need not be parsed."""
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        return (one for one in self.around(path) if word.search(one.text))

    def all(self) -> Iterator[Document]:
        """Everything that the editor has opened, and what is around that."""
        seen: set[Path] = set()
        starts = [folder / "app.soli" for folder in self._folders]
        for start in [*starts, *(one.path for one in self._opened())]:
            for document in self.around(start) if start not in seen else ():
                if document.path not in seen:
                    seen.add(document.path)
                    yield document

    def shares(self, home: Path, path: Path) -> bool:
        """Whether what *home* defines at its top level is visible in *path*."""
        project = self.projects.around(home)
        if project is None or home not in project.shared or path == home:
            return False
        there = self.projects.around(path)
        return there is not None and there.root == project.root and path in there.files


def _beside(path: Path) -> Iterator[Path]:
    """Of a file that belongs to nothing: those of its own folder."""
    with suppress(OSError):
        for one in sorted(path.parent.iterdir())[:MAX_FILES]:
            if one.name.endswith(_ENDINGS):
                yield one


def _soli_files(root: Path) -> Iterator[Path]:
    count = 0
    for folder, inside, names in os.walk(root):
        inside[:] = sorted(
            one for one in inside if one not in _NOT_LOOKED_INTO and not one.startswith(".")
        )
        for name in sorted(names):
            if name.endswith(_ENDINGS):
                count += 1
                if count > MAX_FILES:
                    return
                yield Path(folder) / name
