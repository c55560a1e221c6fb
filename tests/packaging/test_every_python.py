"""The installed wheel works on every Python that we claim and that this machine has.

What differs between two releases of CPython, a bug of `re` for instance, is met here and not by a
stranger: the quick start of the page, the vectors and the examples run in each.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ..support.live import ROOT, receive, serve
from .environments import Workshop, run
from .pythons import OLDEST, Python, pythons

QUICK_START = ROOT / "tests" / "page" / "samples" / "quick_start"
TESTED = ("tests/language", "tests/stdlib")
EXAMPLES = "tests/test_examples.py"
DEBIAN = Path("/usr/bin/python3")

pytestmark = pytest.mark.timeout(900)


def test_debians_python_is_among_them() -> None:
    """What `scripts/setup.sh` tells people to install is tried."""
    if not DEBIAN.exists():
        pytest.skip("no python3 in /usr/bin")
    version = run(DEBIAN, "-c", "import sys; print(sys.version.split()[0])", cwd=ROOT).strip()

    assert version in [one.version for one in pythons()]


def test_pyproject_claims_the_oldest() -> None:
    """The search begins where `requires-python` does."""
    claimed = re.search(
        r'requires-python = ">=(\d+)\.(\d+)"', (ROOT / "pyproject.toml").read_text()
    )

    assert claimed is not None
    assert (int(claimed[1]), int(claimed[2])) == OLDEST


def test_the_quick_start_answers(workshop: Workshop, python: Python, tmp_path: Path) -> None:
    """The first app of the page, in a folder with a space and an umlaut in its name."""
    soli = workshop.binaries(python) / "soli"
    app = tmp_path / "mein Eché"
    shutil.copytree(QUICK_START, app)
    with serve(app, soli=soli) as server, server.connect("/ws/echo") as client:
        client.send("hello")

        assert receive(client) == "echo: hello"


def test_the_vectors_and_the_examples_pass(
    workshop: Workshop, python: Python, tmp_path: Path
) -> None:
    """Our tests of language and library, far from our packages' sources.

    The examples, which start forty processes, run in the newest.
    """
    if python.version == platform.python_version() and len(pythons()) > 1:
        pytest.skip("all tests run on this one, and the wheel is tried on the others")
    binaries = workshop.tested_binaries(python)
    tree = tmp_path / "Söli für Fremde"
    for name in ("tests", "examples"):
        left_out = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", tree)

    tested = [*TESTED, EXAMPLES] if python == pythons()[-1] else TESTED
    result = subprocess.run(
        [binaries / "pytest", "-q", "-x", "-p", "no:cacheprovider", *tested],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr
    where = run(binaries / "python", "-c", "import soli_lang; print(soli_lang.__file__)", cwd=tree)
    assert Path(where.strip()).is_relative_to(binaries.parent)
