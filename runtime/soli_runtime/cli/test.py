"""`soli test [PATH…]`."""

from __future__ import annotations

from ..testing.command import configure, run
from .arguments import Parser


def main(arguments: list[str]) -> int:
    """Run spec files. The exit status: 0, or 1 when anything failed."""
    parser = Parser(prog="soli test", description="Run tests written in Soli.")
    configure(parser)
    return run(parser.parse_args(arguments))
