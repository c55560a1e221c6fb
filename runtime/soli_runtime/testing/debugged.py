"""`soli test` with a debugger: it waits for one, and everything stands when a test does."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..words.worlds import project_around

if TYPE_CHECKING:
    from ..debugging.starting import Debugging

STARTED_BY = "SOLI_DEBUGGER"


@contextmanager
def debugged(arguments: argparse.Namespace) -> Iterator[Debugging | None]:
    """Meanwhile a debugger is attached; None: nobody asked for one."""
    port = getattr(arguments, "debugger", None)
    if port is None and STARTED_BY not in os.environ:
        yield None
        return
    from ..debugging.starting import Debugging

    debugging = Debugging(all_wait=True)
    try:
        if not debugging.report(os.environ):
            say = _say if arguments.format == "text" else _say_aside
            if debugging.listen(_folder(arguments), port or 0, say):
                say("the tests begin when a debugger has attached")
                debugging.program.wait_until_configured()
        yield debugging
    finally:
        debugging.end()


def _folder(arguments: argparse.Namespace) -> Path:
    """The folder of the app that is tested."""
    project = project_around(Path(next(iter(arguments.paths), ".")) / "_")
    return Path() if project is None else project.root


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _say_aside(text: str) -> None:
    """Standard output is for the report alone."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
