"""Deliberate faults in copies of the language: each must be found, and soon.

    python -m tests.oracle --faults              # all of them, with the seconds that each took
    python -m tests.oracle --faults scopes       # those whose name has `scopes` in it

A judge that lets a fault pass has a gap, or the faulty line says nothing: see `FAULTS`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 20
"""CPU within which each is found."""
SEED = 1
"""The first program that a fault is shown."""


README = Path(__file__).with_name("README.md")


@dataclass(frozen=True)
class Fault:
    """A patch: in *file* of `soli_lang`, *old* becomes *new*."""

    name: str
    file: str
    old: str
    new: str

    def applied_to(self, text: str) -> str:
        """*text* with the fault in it. Raises when the place is gone: then look for another."""
        count = text.count(self.old)
        if count != 1:
            raise LookupError(f"{self.name}: {self.file} has its text {count} times, not once")
        return text.replace(self.old, self.new)


def _read(name: str) -> tuple[Fault, ...]:
    """Faults as `faults.txt` has them."""
    found = []
    text = (Path(__file__).parent / name).read_text("utf-8")
    for part in re.split(r"^== ", text, flags=re.M)[1:]:
        title, *lines = part.rstrip("\n").split("\n")
        file, _, what = title.partition(": ")
        old = "\n".join(line[2:] for line in lines if line.startswith("- "))
        new = "\n".join(line[2:] for line in lines if line.startswith("+ "))
        found.append(Fault(f"{file}: {what}", file, old, new))
    return tuple(found)


FAULTS = _read("faults.txt")


@contextmanager
def faulty_copy(fault: Fault | None) -> Iterator[Path]:
    """A folder with `soli_lang` and its grammar, with *fault* in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "soli_lang", folder / "soli_lang", ignore=ignored)
        shutil.copytree(ROOT / "grammar", folder / "grammar", ignore=ignored)
        if fault is not None:
            path = folder / "soli_lang" / fault.file
            path.write_text(fault.applied_to(path.read_text("utf-8")), "utf-8")
        yield folder


@dataclass(frozen=True)
class Search:
    """How the search for a fault ended."""

    fault: Fault | None
    seconds: float | None
    """Of CPU until it was found; None when it was not."""
    report: str

    def __str__(self) -> str:
        name = self.fault.name if self.fault is not None else "no fault"
        return f"{'not found' if self.seconds is None else f'{self.seconds:9.1f}'}  {name}"


def search(fault: Fault | None, seconds: float = SECONDS, seed: int = SEED) -> Search:
    """Judge a copy with *fault* in it, in a process of its own, until something is found."""
    with faulty_copy(fault) as folder:
        command = [
            sys.executable, "-P", "-m", "tests.oracle", "--seed", str(seed),
            "--seconds", str(seconds), "--failures", "1", "--as-they-are",
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode == 0:
        return Search(fault, None, done.stdout)
    spent = re.search(r"([\d.]+) s of CPU", done.stdout)
    # Without a summary the copy did not even begin: a fault that nobody can miss.
    return Search(fault, float(spent[1]) if spent else 0.0, done.stdout + done.stderr)


def chosen(day: int, count: int = 3) -> list[Fault]:
    """Some of them, others each *day*: all have their turn."""
    return [FAULTS[(day * count + at) % len(FAULTS)] for at in range(count)]


def measurements() -> dict[str, str]:
    """The table of README.md: what stands there for each fault, by its name with its file."""
    rows = (line.split("|") for line in README.read_text("utf-8").splitlines())
    cells = ([cell.strip() for cell in row[1:-1]] for row in rows if len(row) == 5)
    return {f"{file.strip('`')}: {what}": seconds for file, what, seconds in cells}
