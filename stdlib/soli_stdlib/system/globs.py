"""`File.glob`: paths that match a pattern, inside the host's root folder (docs/spec §L22.2)."""

from __future__ import annotations

import os
from collections.abc import Iterator

from soli_lang.machine.machine import Machine
from soli_lang.native.native import String, static

from ..text.wildcards import matches
from . import jail

MAX_ENTRIES = 100_000
"""Files and folders looked at by one call."""
MAX_DEPTH = 64
"""Folders that a `**` goes down."""
_Pattern = String(message="File.{name}() expects string pattern")


class _Walk:
    """One call: the jail, and how many entries it may still look at."""

    def __init__(self, machine: Machine, user: str) -> None:
        self.machine = machine
        self.user = user
        self.jail = jail.of(machine, user)
        self.left = MAX_ENTRIES

    def entries(self, folder: str) -> list[tuple[str, bool]]:
        """Names in *folder* and whether each is a folder, sorted; links are left out."""
        found = [
            (entry.name, entry.is_dir(follow_symlinks=False))
            for entry in self._scanned(folder)
            if not entry.is_symlink() and _is_text(entry.name)
        ]
        return sorted(found)

    def _scanned(self, folder: str) -> Iterator[os.DirEntry[str]]:
        for entry in self.jail.scanned(folder, self.user):
            self._count()
            yield entry

    def _count(self) -> None:
        self.left -= 1
        self.machine.spend(1)
        if self.left < 0:
            raise jail.failed(self.user, f"more than {MAX_ENTRIES} files to look at")

    def matching(self, folder: str, names: list[str], depth: int = 0) -> Iterator[str]:
        """Paths under *folder* that the pattern's remaining *names* describe."""
        first, *rest = names
        if first == "**":
            yield from self._any_depth(folder, rest, depth)
            return
        for name, is_folder in self.entries(folder):
            if not _fits(first, name):
                continue
            path = f"{folder}/{name}" if folder else name
            if not rest:
                yield path
            elif is_folder:
                yield from self.matching(path, rest, depth)

    def _any_depth(self, folder: str, rest: list[str], depth: int) -> Iterator[str]:
        yield from self.matching(folder, rest or ["*"], depth)
        if depth >= MAX_DEPTH:
            return
        for name, is_folder in self.entries(folder):
            if is_folder and not name.startswith("."):
                path = f"{folder}/{name}" if folder else name
                yield from self._any_depth(path, rest, depth + 1)


def _is_text(name: str) -> bool:
    """Whether a name is UTF-8: lone surrogates stand for other bytes, and no String holds them."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _fits(pattern: str, name: str) -> bool:
    """As shells do it: `*` finds hidden files only when the pattern begins with a dot."""
    if name.startswith(".") and not pattern.startswith("."):
        return False
    return matches(pattern, name)


def _found(machine: Machine, pattern: str, user: str, anywhere: bool) -> list[str]:
    walk = _Walk(machine, user)
    names = walk.jail.parts(pattern, user)
    if not names:
        return []
    if anywhere and "**" not in names:
        names.insert(-1, "**")
    paths = sorted(set(walk.matching("", names)))
    machine.check_length(8 * len(paths))
    return paths


@static("File", "glob", _Pattern)
def glob(machine: Machine, pattern: str) -> list[str]:
    """Paths below the root that match; `*` and `?` stay within a name, `**` spans folders."""
    return _found(machine, pattern, "File.glob", anywhere=False)


@static("File", "glob_recursive", _Pattern)
def glob_recursive(machine: Machine, pattern: str) -> list[str]:
    """Paths below the root that match, with the last name looked for in all folders below."""
    return _found(machine, pattern, "File.glob_recursive", anywhere=True)
