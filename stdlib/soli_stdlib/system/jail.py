"""Files under one root folder that a program cannot leave (docs/spec §L22.2).

Every part of a path is opened relative to the folder before it and no symbolic link is followed,
so what was checked is what is opened: nobody can swap a folder for a link in between. When the
root is the whole file system there is nothing to leave, and links work as usual.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soli_lang.base.errors import SoliError, SoliIOError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine

MAX_PATH = 4096
"""Characters of a path: no system takes more, and resolving one takes time."""
HAS_DIR_FD = os.open in os.supports_dir_fd
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
# A named pipe would block the whole host until somebody writes to it.
_COMMON = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Jail:
    """The root folder; *user* in its methods is the builtin in whose name errors speak.

    With *guards_code* nothing is changed where code lives.
    """

    __slots__ = ("_given", "_guards_code", "_no_follow", "root")

    def __init__(self, root: Path, *, guards_code: bool = True) -> None:
        self._guards_code = guards_code
        self.root = Path(os.path.realpath(root))
        self._given = os.path.abspath(root)
        self._no_follow = 0 if self.root.parent == self.root else _NO_FOLLOW

    def parts(self, path: str, user: str) -> list[str]:
        """The names that lead from the root to *path*, `.` and `..` resolved.

        Raises SoliIOError for a path that leads out of the root.
        """
        if "\0" in path:
            raise failed(user, "path contains a NUL character")
        if len(path) > MAX_PATH:
            raise failed(user, "File name too long")
        whole = os.path.normpath(os.path.join(self._given, path))
        relative = os.path.relpath(whole, self._given)
        if relative.startswith(os.pardir):
            relative = os.path.relpath(whole, self.root)
        parts = [] if relative == os.curdir else relative.split(os.sep)
        if os.pardir in parts or os.path.isabs(relative):
            raise SoliIOError(f'{user}() path "{path}" escapes the app-root jail at {self.root}')
        return parts

    def open(self, path: str, flags: int, user: str) -> int:
        """A descriptor of the regular file *path*. Raises SoliIOError."""
        if flags & (os.O_WRONLY | os.O_RDWR):
            self._check_change(path, user)
        with self._reporting(path, user), self.folder_of(path, user) as (folder, name):
            descriptor = os.open(name, flags | _COMMON | self._no_follow, 0o666, dir_fd=folder)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise failed(user, f"not a regular file: {path}")
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor

    @contextmanager
    def folder_of(self, path: str, user: str) -> Iterator[tuple[int | None, str]]:
        """The open folder that *path* lies in and the last name, for calls with `dir_fd`."""
        *folders, name = self.parts(path, user) or ["."]
        if not HAS_DIR_FD:
            yield None, self._checked(os.path.join(self.root, *folders, name), path, user)
            return
        folder = self._open_folder(folders)
        try:
            yield folder, name
        finally:
            os.close(folder)

    def open_folder(self, path: str, user: str) -> int:
        """A descriptor of the folder *path*; needs `HAS_DIR_FD`."""
        with self._reporting(path, user):
            return self._open_folder(self.parts(path, user))

    def scanned(self, path: str, user: str) -> Iterator[os.DirEntry[str]]:
        """What lies in the folder *path*; nothing where it cannot be read."""
        try:
            place = self.open_folder(path, user) if HAS_DIR_FD else os.path.join(self.root, path)
        except SoliIOError:
            return
        try:
            with os.scandir(place) as entries:
                yield from entries
        except OSError:
            return
        finally:
            if isinstance(place, int):
                os.close(place)

    def _open_folder(self, names: list[str]) -> int:
        folder = os.open(self.root, os.O_RDONLY | _FOLDER)
        for name in names:
            try:
                inner = os.open(name, os.O_RDONLY | _FOLDER | self._no_follow, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
        return folder

    def _checked(self, whole: str, path: str, user: str) -> str:
        """*whole* where folders cannot be opened: refused when a link leads elsewhere."""
        if os.path.realpath(whole) != os.path.normpath(whole):
            raise SoliIOError(f'{user}() path "{path}" escapes the app-root jail at {self.root}')
        return whole

    def status(self, path: str, user: str) -> os.stat_result | None:
        """What the system knows of *path*; None when there is nothing (or a link)."""
        try:
            with self.folder_of(path, user) as (folder, name):
                found = os.stat(name, dir_fd=folder, follow_symlinks=not self._no_follow)
        except OSError:
            return None
        return None if stat.S_ISLNK(found.st_mode) else found

    @contextmanager
    def _reporting(self, path: str, user: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise os_failure(user, error, path) from None

    def _check_change(self, path: str, user: str) -> None:
        from .code_files import is_code  # here: most scripts change no file

        if self._guards_code and is_code(self.parts(path, user)):
            raise failed(user, f"programs cannot write code or settings: {path}")

    @contextmanager
    def changing(self, path: str, user: str) -> Iterator[tuple[int | None, str]]:
        """Like `folder_of`, to change something there; failures of the system as SoliIOError."""
        self._check_change(path, user)
        with self._reporting(path, user), self.folder_of(path, user) as place:
            yield place


STAND_IN: MachineKey[Jail] = MachineKey("jail")
"""Where `Machine.library` may hold a jail that stands in for the one of the root folder."""


def of(machine: Machine, user: str) -> Jail:
    """The jail of this interpreter. Raises CapabilityError when the host grants no files."""
    root = machine.capabilities.require("files", user)
    given = machine.library.get(STAND_IN)
    return Jail(root) if given is None else given


def writable(machine: Machine, user: str) -> Jail:
    """The same for builtins that change files."""
    root = machine.capabilities.require("files", user)
    machine.capabilities.require("files_writable", user)
    given = machine.library.get(STAND_IN)
    return (
        Jail(root, guards_code=not machine.capabilities.code_writable) if given is None else given
    )


def failed(user: str, reason: str) -> SoliError:
    return SoliIOError(f"{user}() failed: {reason}")


def os_failure(user: str, error: OSError, path: str) -> SoliError:
    """*error* in words. Never names folders above the root."""
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return failed(user, f"symbolic links are not followed: {path}")
    return failed(user, f"{error.strerror or error}: {path}")
