"""The page's tests, behind another kind of server than theirs."""

from __future__ import annotations

import os
import subprocess
import sys

from ..support.live import ROOT

PATIENCE = 840
"""Seconds: a hundred tests, each with a server of its own, whoever else wants the machine."""


def all_of_the_page_is_true(server: str) -> None:
    """Run tests/page behind that *server*, in a process of their own. Raises AssertionError."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/page"],
        cwd=ROOT,
        env={**os.environ, "SOLI_PAGE_SERVER": server},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-4000:]
