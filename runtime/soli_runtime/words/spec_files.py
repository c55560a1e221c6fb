"""The files that a spec and its app see: the real ones, until they are written to.

What is written, renamed or deleted is so in a folder of the spec file's own, which is gone when
its tests are done. The files of the project stay as they are, whatever a test does to them.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soli_stdlib.system.jail import Jail

WRITING = os.O_WRONLY | os.O_RDWR


class SpecFiles(Jail):
    """A jail over two folders: the project's, which is only read, and the spec file's own."""

    __slots__ = ("_folder", "_hidden", "_own")

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._own: Jail | None = None
        """None until something is written."""
        self._hidden: set[str] = set()
        """Paths of the project that were taken over: what they are now, the own folder says."""

    def close(self) -> None:
        """Forget what was written."""
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = self._own = None
        self._hidden.clear()

    def open(self, path: str, flags: int, user: str) -> int:
        name = self._name(path, user)
        if flags & WRITING:
            return self._taking_over(name, user, not flags & os.O_TRUNC).open(name, flags, user)
        if self._own is None or self._is_the_projects(name, user):
            return super().open(name or path, flags, user)
        return self._own.open(name, flags, user)

    def status(self, path: str, user: str) -> os.stat_result | None:
        if self._own is None:
            return super().status(path, user)
        name = self._name(path, user)
        found = self._own.status(name, user)
        if found is not None or self._is_hidden(name):
            return found
        return super().status(name, user)

    @contextmanager
    def changing(self, path: str, user: str) -> Iterator[tuple[int | None, str]]:
        name = self._name(path, user)
        with self._taking_over(name, user, True).changing(name, user) as place:
            yield place

    def scanned(self, path: str, user: str) -> Iterator[os.DirEntry[str]]:
        name = self._name(path, user)
        seen: set[str] = set()
        if self._own is not None:
            for entry in self._own.scanned(name, user):
                seen.add(entry.name)
                yield entry
        for entry in super().scanned(name, user):
            inner = f"{name}/{entry.name}" if name else entry.name
            if entry.name not in seen and not self._is_hidden(inner):
                yield entry

    def _name(self, path: str, user: str) -> str:
        """*path* from the root, as both folders know it. Raises SoliIOError."""
        return "/".join(self.parts(path, user))

    def _is_hidden(self, name: str) -> bool:
        parts = name.split("/")
        return any("/".join(parts[:count]) in self._hidden for count in range(1, len(parts) + 1))

    def _is_the_projects(self, name: str, user: str) -> bool:
        """Whether *name* still is what the project has under it."""
        assert self._own is not None
        return not self._is_hidden(name) and self._own.status(name, user) is None

    def _taking_over(self, name: str, user: str, with_content: bool) -> Jail:
        """The own folder, in which *name* and the folders above it are now as they were."""
        if self._own is None:
            self._folder = tempfile.TemporaryDirectory(prefix="soli-spec-files-")
            self._own = Jail(Path(self._folder.name))
        if name and not self._is_hidden(name):
            above = os.path.dirname(name)
            outer = super().status(above, user) if above else None
            if outer is not None and stat.S_ISDIR(outer.st_mode) and not self._is_hidden(above):
                os.makedirs(self._own.root / above, exist_ok=True)
            found = super().status(name, user)
            if found is not None:
                if with_content:
                    self._copy(name, found)
                self._hidden.add(name)
        return self._own

    def _copy(self, name: str, found: os.stat_result) -> None:
        assert self._own is not None
        source, target = self.root / name, self._own.root / name
        if stat.S_ISDIR(found.st_mode):
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        elif stat.S_ISREG(found.st_mode):
            shutil.copyfile(source, target)
