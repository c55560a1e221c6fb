"""`soli replay FILE [PATH]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from soli_lang.base.errors import SoliError

from ...loading.app import InvalidApp
from ...loading.launch import environment_of
from ...loading.project import ProjectError, find_project
from ...settings import Settings
from ..arguments import Parser, add_program_flags, denied_of
from ..exits import FAILED, INVALID, OK, UsageError
from ..reports import report, report_invalid

DIFFERENT = 1
"""Exit status when the app does something else than it did."""


def main(arguments: list[str]) -> int:
    """Run a recording through today's code. The exit status."""
    import asyncio

    from ...recordings.reading import NoRecording, read
    from ..repl.bench import BenchOptions
    from .replaying import Replay

    parser = Parser(
        prog="soli replay",
        description="Run the events of a recording (soli run --record FILE) through the current "
        "code, and show the differences. Status 1 if there are any.",
    )
    parser.add_argument("file", metavar="FILE", help="the recording")
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="the app")
    add_program_flags(parser)
    parsed = parser.parse_args(arguments)
    try:
        project = find_project(Path(parsed.path))
        recorded = read(Path(parsed.file))
    except (ProjectError, NoRecording) as error:
        raise UsageError(str(error)) from None
    root = project.root
    options = BenchOptions(
        root,
        project,
        Settings(),
        environment_of(os.environ, root),
        denied_of(parsed),
        parsed.private_network,
    )
    try:
        lines = asyncio.run(Replay(options, recorded).differences())
    except InvalidApp as invalid:
        report_invalid(invalid)
        return INVALID
    except SoliError as error:
        report(error)
        return FAILED
    events = len(recorded.events)
    count = f"{events} event{'s' * (events != 1)}"
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.write(f"{count}, {'not as recorded' if lines else 'no difference'}\n")
    return DIFFERENT if lines else OK
