"""The wheel that the tests install, and the Pythons in which they do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .environments import Workshop
from .pythons import Python, pythons

RAN = pytest.StashKey[list[Python]]()


@pytest.fixture(scope="session", autouse=True)
def authorities() -> None:
    """Packages may come from elsewhere: whom this machine trusts is trusted again."""
    os.environ["SSL_CERT_FILE"] = os.environ["TESTS_AUTHORITIES"]
    if not os.environ["SSL_CERT_FILE"]:
        del os.environ["SSL_CERT_FILE"]


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """One for all processes of pytest-xdist, whose own folders have one parent."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    (folder / "packaging").mkdir(exist_ok=True)
    return Workshop(folder / "packaging")


@pytest.fixture
def wheel(workshop: Workshop) -> Path:
    return workshop.wheel()


@pytest.fixture(scope="session", params=pythons(), ids=lambda python: python.version)
def python(request: pytest.FixtureRequest) -> Python:
    """Each Python of this machine that we claim, one after the other."""
    tried: Python = request.param
    request.config.stash.setdefault(RAN, []).append(tried)
    return tried


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in which Pythons the wheel was tried."""
    ran = config.stash.get(RAN, [])
    if ran:
        shown = ", ".join(f"{one.version} ({one.path})" for one in ran)
        terminalreporter.write_line(f"tried the wheel with Python {shown}")
