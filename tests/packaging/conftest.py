"""The wheel that the tests install, and the Pythons in which they do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ..support.live import ROOT
from .pythons import Python, pythons

RAN = pytest.StashKey[list[Python]]()


def run(*command: str | Path, cwd: Path) -> str:
    """What *command* prints; it must end with status 0."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from an sdist as an installer would build it."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session", params=pythons(), ids=lambda one: one.version)
def python(request: pytest.FixtureRequest) -> Python:
    """Each Python of this machine that we claim, one after the other."""
    found: Python = request.param
    request.config.stash.setdefault(RAN, []).append(found)
    return found


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in which Pythons the wheel was tried."""
    ran = config.stash.get(RAN, [])
    if ran:
        shown = ", ".join(f"{one.version} ({one.path})" for one in ran)
        terminalreporter.write_line(f"tried the wheel with Python {shown}")
