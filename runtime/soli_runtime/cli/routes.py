"""`soli routes [PATH]`: what an app answers, and where the functions are."""

from __future__ import annotations

import sys

from .arguments import Parser, add_program_flags
from .exits import OK
from .launching import loaded_app
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
    rows = route_rows(loaded_app(parsed))
    sys.stdout.write(columns(rows) if rows else "the app has no routes\n")
    return OK
