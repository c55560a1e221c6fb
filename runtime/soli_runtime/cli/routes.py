"""`soli routes [PATH]`: what an app answers, and where the functions are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from soli_lang.base.errors import SoliError

from ..loading.app import InvalidApp
from ..loading.launch import Launch, launch
from ..loading.project import ProjectError
from ..settings import Settings
from .arguments import Parser, add_program_flags, denied_of
from .exits import FAILED, INVALID, OK, UsageError
from .reports import report, report_invalid
from .tables import columns, route_rows


def main(arguments: list[str]) -> int:
    """List the routes of an app. The exit status."""
    parser = Parser(
        prog="soli routes",
        description="List the routes of an app: method, path, controller#action, its place, and "
        "the functions that run before it, in order. Runs the app's files, but does not serve.",
    )
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="an app")
    add_program_flags(parser)
    parsed = parser.parse_args(arguments)
    how = Launch(
        Path(parsed.path),
        Settings(),
        environment=os.environ,
        denied=denied_of(parsed),
        private_network=parsed.private_network,
    )
    try:
        launched = launch(how)
    except ProjectError as error:
        raise UsageError(str(error)) from None
    except InvalidApp as invalid:
        report_invalid(invalid)
        return INVALID
    except SoliError as error:
        report(error)
        return FAILED
    launched.waiting.close()
    rows = route_rows(launched.app)
    sys.stdout.write(columns(rows) if rows else "the app has no routes\n")
    return OK
