"""Environments to try the wheel in: each is made once in a run, by the process that comes first."""

from __future__ import annotations

import fcntl
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..support.live import ROOT
from .pythons import Python, pythons

UV = Path(sys.executable).with_name("uv")
TOOLS = ("pytest", "pytest-timeout", "hypothesis", "websockets")

AS_PIP = {
    "PIP_CERT": "SSL_CERT_FILE",
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
}
"""What pip was told about this machine, and what uv calls it."""


def run(*command: str | Path, cwd: Path) -> str:
    """What *command* prints; it must end with status 0."""
    told = {theirs: os.environ[ours] for ours, theirs in AS_PIP.items() if ours in os.environ}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**told, **os.environ},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """*folder*, made by the first process of several that asks for it."""
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_name(f"{folder.name}.done")
        if not done.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            done.touch()
    return folder


def own() -> Python:
    """The Python that runs the tests."""
    version = platform.python_version()
    known = (python for python in pythons() if python.version == version)
    return next(known, Python(version, Path(sys.executable)))


class Workshop:
    """Makes the wheel and environments that have it, in a folder of this run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wheel(self) -> Path:
        """The wheel, built from an sdist as an installer would build it."""
        (built,) = once(self._folder / "dist", _build).glob("*.whl")
        return built

    def binaries(self, python: Python) -> Path:
        """`bin` of an environment that holds the wheel, its dependencies and nothing else."""

        def make(folder: Path) -> None:
            run(python.path, "-m", "venv", "--without-pip", folder, cwd=self._folder)
            _install(folder, self.wheel())

        return once(self._folder / f"Söli für {python.version}", make) / "bin"

    def tested_binaries(self, python: Python) -> Path:
        """The same with what the tests need."""
        found = self.binaries(python)
        once(self._folder / f"tools {python.version}", lambda _: _install(found.parent, *TOOLS))
        return found


def _build(folder: Path) -> None:
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)


def _install(environment: Path, *what: str | Path) -> None:
    """With uv, which takes a second of CPU where pip takes twelve."""
    python = environment / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--python", python, *what, cwd=environment)
