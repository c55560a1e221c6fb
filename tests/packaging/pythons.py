"""Every Python on this machine that we claim to run on."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

OLDEST = (3, 11)
"""`requires-python` of pyproject.toml."""

_QUESTION = "import ensurepip, sys, venv; print(sys.version.split()[0], sys.prefix)"


class Python(NamedTuple):
    """An interpreter that can make virtual environments."""

    version: str
    path: Path

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split(".")[:2])


def _folders() -> list[Path]:
    """Where interpreters are: PATH, Debian's places, and what pyenv built."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    named = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    return [
        *named,
        Path("/usr/bin"),
        Path("/usr/local/bin"),
        *sorted(pyenv.glob("versions/*/bin")),
    ]


def _ask(path: Path) -> tuple[Python, str] | None:
    """What *path* is and where it is installed, or None if it does not run or lacks `venv`."""
    command = [str(path), "-I", "-c", _QUESTION]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if result.returncode != 0:
        return None
    version, _, prefix = result.stdout.strip().partition(" ")
    found = Python(version, path)
    return (found, prefix) if version.replace(".", "").isdigit() else None


@cache
def pythons() -> list[Python]:
    """One per installation, oldest first; pre-releases and virtual environments left out."""
    found: dict[str, Python] = {}
    for folder in _folders():
        if (folder.parent / "pyvenv.cfg").exists():
            continue
        for path in sorted(folder.glob("python3.*")):
            minor = path.name.removeprefix("python3.")
            if not minor.isdigit() or int(minor) < OLDEST[1]:  # asking takes a process
                continue
            answer = _ask(path)
            if answer and answer[0].number >= OLDEST:
                found.setdefault(answer[1] + answer[0].version, answer[0])
    return sorted(found.values(), key=lambda one: (one.number, one.version))
