"""The page's tests, behind another kind of server than theirs."""

from __future__ import annotations

import os
import subprocess
import sys

from ..support.live import ROOT

PAGE = ("tests/page", "--ignore=tests/page/test_verbatim.py")
"""All tests of the page that ask a server."""
ONE_CLIENT = "--ignore=tests/page/test_handlers.py"
"""What a handler is given and returns: it means the same in whichever process it runs."""
PATIENCE = 840
"""Seconds: a hundred tests, each with a server of its own, whoever else wants the machine."""


def all_of_the_page_is_true(server: str, *flags: str) -> None:
    """Run tests/page behind that *server*, in a process of their own. Raises AssertionError."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *PAGE, *flags],
        cwd=ROOT,
        env={**os.environ, "SOLI_PAGE_SERVER": server},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-4000:]
