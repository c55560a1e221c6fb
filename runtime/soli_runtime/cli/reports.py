"""What goes wrong, told to a person: on standard error, never as a Python traceback."""

from __future__ import annotations

import sys

from soli_lang.base.errors import SoliError, render

from ..loading.app import InvalidApp


def report(error: SoliError) -> None:
    """Print one error with its place, source line and Soli backtrace."""
    sys.stdout.flush()
    sys.stderr.write(render(error) + "\n")


def report_invalid(invalid: InvalidApp) -> None:
    """Print all that is wrong with an app."""
    for problem in invalid.problems:
        report(problem)
