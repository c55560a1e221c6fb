"""`soli replay FILE [PATH]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from soli_lang.base.errors import SoliError

from ...loading.app import InvalidApp
from ...loading.launch import environment_of
from ...loading.project import ProjectError, find_project
from ...settings import Settings
from ..arguments import Parser, add_program_flags, denied_of
from ..debugged import STARTED_BY
from ..exits import FAILED, INVALID, OK, UsageError
from ..reports import report, report_invalid

if TYPE_CHECKING:
    from ...recordings.reading import Recorded
    from ..profiles import Profiling
    from ..repl.bench import BenchOptions, Judge
    from .replaying import Differences

DIFFERENT = 1
"""Exit status when the app does something else than it did."""


def main(arguments: list[str], judge: Judge | None = None) -> int:
    """Run a recording through today's code. The exit status. *judge* runs specs that are kept."""
    from ...recordings.reading import NoRecording, read
    from ..repl.bench import BenchOptions

    parser = Parser(
        prog="soli replay",
        description="Run the events of a recording (soli run --record FILE) through the current "
        "code, and show the differences. Status 1 if there are any.",
    )
    parser.add_argument("file", metavar="FILE", help="the recording")
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="the app")
    parser.add_argument(
        "--keep", metavar="N", type=int, help="write a spec of what led to event N, and of it"
    )
    parser.add_argument(
        "--profile", action="store_true", help="print where time and steps went, too"
    )
    parser.add_argument("--as", metavar="NAME", dest="name", help="the name of that spec")
    add_program_flags(parser)
    parsed = parser.parse_args(arguments)
    try:
        project = find_project(Path(parsed.path))
        recorded = read(Path(parsed.file))
    except (ProjectError, NoRecording) as error:
        raise UsageError(str(error)) from None
    profiling = _profiling() if parsed.profile else None
    root = project.root
    options = BenchOptions(
        root,
        project,
        Settings(),
        environment_of(os.environ, root),
        denied_of(parsed),
        parsed.private_network,
        judge=judge,
        watch=None if profiling is None else profiling.watch,
    )
    try:
        if parsed.keep is not None:
            return _keep(options, recorded, parsed.keep, parsed.name)
        if STARTED_BY in os.environ:
            from .debugged import debugged_differences

            return _told(debugged_differences(options, recorded, parsed.file), recorded)
        return _compare(options, recorded, profiling)
    except InvalidApp as invalid:
        report_invalid(invalid)
        return INVALID
    except SoliError as error:
        report(error)
        return FAILED


def _profiling() -> Profiling:
    from ..profiles import Profiling

    return Profiling()


def _keep(options: BenchOptions, recorded: Recorded, number: int, name: str | None) -> int:
    import asyncio

    from ..repl.saving import CannotSave, save
    from .keeping import inputs_of

    inputs = [(text, False) for text in inputs_of(recorded, number)]
    try:
        saved = asyncio.run(save(options, name or f"event_{number}", inputs))
    except CannotSave as error:
        raise UsageError(f"--keep {number}: {error}") from None
    sys.stdout.write(f"saved {saved.path} with {saved.expectations} expectations; it passes: ")
    sys.stdout.write(f"{saved.command}\n")
    return OK


def _compare(options: BenchOptions, recorded: Recorded, profiling: Profiling | None) -> int:
    import asyncio

    from .replaying import Replay

    follow = None if profiling is None else profiling.follow
    found = asyncio.run(Replay(options, recorded).differences(follow))
    if profiling is not None:
        profiling.report("replay")
    return _told(found, recorded)


def _told(found: Differences, recorded: Recorded) -> int:
    """Write what differs. The exit status."""
    events = len(recorded.events)
    count = f"{events} event{'s' * (events != 1)}"
    masked = f"; {found.masked} depend on masked values" if found.masked else ""
    sys.stdout.write("".join(line + "\n" for line in found.lines))
    sys.stdout.write(f"{count}, {'not as recorded' if found.real else 'no difference'}{masked}\n")
    return DIFFERENT if found.real else OK
