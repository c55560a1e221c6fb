"""The subcommand `soli test`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from soli_lang.tools.coverage import Coverage

from ..loading.project import ProjectError, find_project
from ..settings import SettingError, Settings
from ..words.worlds import TEST_SECONDS
from .coverage_report import coverage_lines, coverage_object
from .debugged import debugged
from .discovery import PathMissing, default_paths, find_specs
from .machine_reports import json_report, junit_report
from .one_file import run_file, stop_at_once
from .outcomes import FileReport, RunReport
from .parallel import run_in_processes
from .reports import TextReport, skipped_lines
from .rerunning import changes, run_again
from .running import Options

if TYPE_CHECKING:
    from ..debugging.starting import Debugging

FORMATS = ("text", "json", "junit")
FAILED = 1

EPILOG = """\
Files named *_spec.soli, *_test.soli (or .sl) below PATH run; a file given as PATH runs under any
name. Without PATH: tests, spec or test. Exit status: 0 if all tests passed, 1 if one failed.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `soli test`."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("paths", nargs="*", type=Path, metavar="PATH", help="files and folders")
    add("--filter", default="", metavar="TEXT", help="only tests whose full name contains TEXT")
    add("--fail-fast", action="store_true", help="stop at the first failure")
    add("--watch", action="store_true", help="run again when a file changes")
    add("--format", choices=FORMATS, default="text", help="format of the report")
    add("--coverage", action="store_true", help="list the lines of Soli that did not run")
    add("--jobs", type=int, default=1, metavar="N", help="processes to run files in (default 1)")
    add("--app", type=Path, metavar="PATH", help="the app that request specs test")
    add("--explore", action="store_true", help="let made-up clients look for faults of an app")
    add("--seed", type=int, metavar="N", help="with --explore: begin with N (default: any)")
    add(
        "--seconds",
        type=float,
        default=60.0,
        metavar="S",
        help="with --explore: for so long (default 60)",
    )
    add(
        "--check-types",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="check declared types wherever they stand (SOLI_CHECK_TYPES; default off)",
    )
    add(
        "--debugger",
        type=int,
        metavar="[PORT]",
        help="wait for a debugger on this port of 127.0.0.1 (default: a free one) before running",
    )
    add(
        "--timeout",
        type=float,
        default=TEST_SECONDS,
        metavar="SECONDS",
        help=f"seconds that one test may compute (default {TEST_SECONDS:g})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `soli test`; the exit status."""
    stop_at_once()
    if arguments.explore:
        from .exploring.command import explore  # loads aiohttp

        return explore(arguments)
    if arguments.watch:
        return run_again(lambda: run_once(arguments), changes(Path()), write)
    return run_once(arguments)


def run_once(arguments: argparse.Namespace) -> int:
    """Find the spec files, run them, report. The exit status."""
    with debugged(arguments) as debugging:
        return _run_once(arguments, debugging)


def _run_once(arguments: argparse.Namespace, debugging: Debugging | None) -> int:
    try:
        specs = find_specs(arguments.paths or default_paths(Path()))
        options = _options(arguments, debugging)
    except (PathMissing, ProjectError, SettingError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return FAILED
    if not specs:
        write("No test files found.\n")
        return 0
    if arguments.format == "text":
        report = _run_for_people(specs, options)
    else:
        report = run_files(specs, options)
        write(_for_programs(arguments.format, report, options.coverage))
    return FAILED if report.has_failed else 0


def _options(arguments: argparse.Namespace, debugging: Debugging | None) -> Options:
    """How to run. Raises ProjectError."""
    given = {
        "filter": arguments.filter,
        "fail_fast": arguments.fail_fast,
        "seconds": arguments.timeout,
        "project": find_project(arguments.app) if arguments.app is not None else None,
        "jobs": arguments.jobs,
        "check_types": _checks_types(arguments.check_types),
        "coverage": Coverage() if arguments.coverage else None,
        "debugged": None if debugging is None else debugging.watch,
    }
    if arguments.format != "text":
        given["output"] = write_aside
    return Options(**given)


def _checks_types(written: bool | None) -> bool:
    """What the command line says, else the environment, as for `soli run`."""
    return Settings.from_environment(os.environ).check_types if written is None else written


def _run_for_people(specs: list[Path], options: Options) -> RunReport:
    is_terminal = sys.stdout.isatty()
    has_colors = is_terminal and not os.environ.get("NO_COLOR")  # https://no-color.org
    text = TextReport(write, specs, is_terminal=is_terminal, has_colors=has_colors)
    try:
        report = run_files(specs, options, begins=text.file_begins, ended=text.file_ended)
    except KeyboardInterrupt:
        text.interrupted()
        raise
    for line in skipped_lines(report):
        write(line + "\n")
    if options.coverage is not None:
        write("\n" + "\n".join(coverage_lines(options.coverage)) + "\n")
    text.run_ended(report)
    return report


def _for_programs(form: str, report: RunReport, coverage: Coverage | None) -> str:
    if form == "junit":
        return junit_report(report)
    return json_report(report, None if coverage is None else coverage_object(coverage))


def write(text: str) -> None:
    """Write to standard output, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def write_aside(text: str) -> None:
    """Write to standard error: standard output is for the report alone."""
    sys.stderr.write(text)


def run_files(
    paths: list[Path],
    options: Options,
    *,
    begins: Callable[[Path], None] = lambda path: None,
    ended: Callable[[FileReport], None] = lambda report: None,
) -> RunReport:
    """Run spec files one after another; stops early when told to."""
    started = perf_counter()
    files: list[FileReport] = []
    for file in _reports(paths, options, begins):
        files.append(file)
        ended(file)
        if options.fail_fast and file.failures:
            break
    return RunReport(files, perf_counter() - started)


def _reports(
    paths: list[Path], options: Options, begins: Callable[[Path], None]
) -> Iterator[FileReport]:
    if options.jobs > 1 and len(paths) > 1 and not options.fail_fast:
        yield from run_in_processes(paths, options, options.jobs)
        return
    for path in paths:
        begins(path)
        yield run_file(path, options)
