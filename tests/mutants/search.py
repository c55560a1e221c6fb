"""Mutants as `mutants.txt` lists them, and the search for the test that finds each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
SECONDS = 600
"""After which a mutant counts as not found: its tests hang, or are too many."""
LEFT_OUT = (
    ".git", ".venv*", "node_modules", "__pycache__", ".*_cache", ".hypothesis", "build", "dist"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: *old* becomes *new* in the one module of *room* in which it stands.

    It names no module, so that it survives when its module is moved or renamed.
    """

    room: str
    """A folder of the source, as dotted names from the root of the tree."""
    name: str
    tests: tuple[str, ...]
    """Files, folders or `FILE::TEST` below `tests/`; they run in this order until one fails."""
    old: str
    new: str


def _read() -> tuple[Mutant, ...]:
    found = []
    text = Path(__file__).with_name("mutants.txt").read_text("utf-8")
    for part in re.split(r"^== ", text, flags=re.M)[1:]:
        title, *lines = part.rstrip("\n").split("\n")
        room, _, name = title.partition(": ")
        by_mark = {mark: [one[2:] for one in lines if one[:1] == mark] for mark in "?-+"}
        tests = tuple(" ".join(by_mark["?"]).split())
        found.append(Mutant(room, name, tests, "\n".join(by_mark["-"]), "\n".join(by_mark["+"])))
    return tuple(found)


MUTANTS = _read()


class Place:
    """Where a mutant goes in a tree."""

    def __init__(self, mutant: Mutant, root: Path) -> None:
        """Raises LookupError when its text stands in none of the modules, or in several places."""
        folder = root.joinpath(*mutant.room.split("."))
        texts = {path: path.read_text("utf-8") for path in sorted(folder.rglob("*.py"))}
        count = sum(text.count(mutant.old) for text in texts.values())
        if count != 1:
            raise LookupError(
                f"{mutant.name}: its text stands {count} times in {mutant.room}, not once"
            )
        self.path = next(path for path, text in texts.items() if mutant.old in text)
        self.before = texts[self.path]
        self.after = self.before.replace(mutant.old, mutant.new)

    @classmethod
    def faults(cls, mutant: Mutant) -> list[str]:
        """Why *mutant* has no place in this tree, if it has none."""
        try:
            cls(mutant, ROOT)
        except LookupError as error:
            return [str(error)]
        return []


def tests_that_are_missing(mutant: Mutant) -> list[str]:
    """Files of tests that *mutant* names and that are not there."""
    paths = [one.partition("::")[0] for one in mutant.tests]
    missing = [one for one in paths if not (ROOT / "tests" / one).exists()]
    return [f"{mutant.name}: there is no tests/{one}" for one in missing]


@dataclass(frozen=True, slots=True)
class Found:
    """How the search for a mutant ended."""

    mutant: Mutant
    test: str | None
    """Below `tests/`, without its parameters; None: all passed, or it took too long."""
    seconds: float
    """By the wall clock, the start of pytest included."""

    def __str__(self) -> str:
        how = f"found by {self.test}" if self.test else "NOT FOUND"
        return f"{self.seconds:6.1f} s  {self.mutant.room}: {self.mutant.name}: {how}"

    def row(self) -> str:
        """The row of README.md."""
        mutant, test = self.mutant, f"`{self.test}`" if self.test else "**not found**"
        return f"| `{mutant.room}` | {mutant.name} | {test} | {self.seconds:.0f} |"


class Tree:
    """A copy of the tree, in which mutants live one at a time."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="soli-mutants-"))
        self.root = self._folder / "soli"
        self._writes = 0

    def __enter__(self) -> Self:
        shutil.copytree(ROOT, self.root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for name in (".venv", "tests/node/node_modules"):
            if (ROOT / name).exists():
                (self.root / name).symlink_to(ROOT / name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def search(self, mutant: Mutant) -> Found:
        """Run its tests over *mutant* until one fails. Raises LookupError without a place."""
        place = Place(mutant, self.root)
        began = time.monotonic()
        self._write(place.path, place.after)
        try:
            test = self._first_failure(mutant.tests)
        finally:
            self._write(place.path, place.before)
        return Found(mutant, test, time.monotonic() - began)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        # Python takes compiled code for fresh when size and second of the source are the same.
        self._writes += 2
        moment = time.time() + self._writes
        os.utime(path, (moment, moment))

    def _first_failure(self, tests: tuple[str, ...]) -> str | None:
        packages = (self.root, self.root / "runtime", self.root / "stdlib")
        command = [
            sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider",
            *(f"tests/{one}" for one in tests),
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, packages))}
        try:
            done = subprocess.run(
                command, cwd=self.root, env=environment, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False, timeout=SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
        failed = re.search(r"^(?:FAILED|ERROR) tests/([^\s\[]+)", done.stdout, re.M)
        if failed:
            return failed[1]
        return "pytest itself" if done.returncode not in (0, 1, 5) else None
