"""The subcommand `soli test`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter

from ..project import ProjectError, find_project
from .discovery import PathMissing, default_paths, find_specs
from .machine_reports import json_report, junit_report
from .outcomes import FileReport, RunReport
from .reports import TextReport, skipped_lines
from .running import TEST_SECONDS, Options, SpecFile

FORMATS = ("text", "json", "junit")

EPILOG = """\
Files named *_spec.soli, *_test.soli (or .sl) below PATHS are run; a file named is run whatever its
name. Without PATHS: tests, spec or test. Exit status: 0 all passed, 1 something failed.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `soli test`."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files and folders")
    parser.add_argument(
        "--filter", default="", metavar="TEXT", help="only tests whose full name contains TEXT"
    )
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    parser.add_argument("--watch", action="store_true", help="run again when a file changes")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to report")
    parser.add_argument("--coverage", action="store_true", help="which lines of Soli were run")
    parser.add_argument(
        "--app", type=Path, metavar="PATH", help="the app that request specs are about"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=TEST_SECONDS,
        metavar="SECONDS",
        help=f"seconds of computing for one test (default {TEST_SECONDS:g})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `soli test`; the exit status."""
    paths = arguments.paths or default_paths(Path())
    return run_once(arguments, paths)


def run_once(arguments: argparse.Namespace, paths: list[Path]) -> int:
    """Find the spec files, run them, report. The exit status."""
    try:
        specs = find_specs(paths)
    except PathMissing as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if not specs:
        print("No test files found.")
        return 0
    try:
        options = _options(arguments)
    except ProjectError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if arguments.format == "text":
        report = _run_for_people(specs, options)
    else:
        report = collect(run_files(specs, options))
        write = json_report if arguments.format == "json" else junit_report
        sys.stdout.write(write(report))
    return 1 if report.has_failed else 0


def _options(arguments: argparse.Namespace) -> Options:
    options = {
        "filter": arguments.filter,
        "fail_fast": arguments.fail_fast,
        "seconds": arguments.timeout,
        "project": find_project(arguments.app) if arguments.app is not None else None,
    }
    if arguments.format != "text":
        options["output"] = sys.stderr.write
    return Options(**options)


def _run_for_people(specs: list[Path], options: Options) -> RunReport:
    text = TextReport(_write, specs, is_terminal=sys.stdout.isatty())
    started = perf_counter()
    report = RunReport()
    for path in specs:
        text.file_begins(path)
        file = run_file(path, options)
        report.files.append(file)
        text.file_ended(file)
        if options.fail_fast and file.failures:
            break
    report.seconds = perf_counter() - started
    for line in skipped_lines(report):
        _write(line + "\n")
    text.run_ended(report)
    return report


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def run_file(path: Path, options: Options) -> FileReport:
    """Run one spec file in a world of its own."""
    return asyncio.run(SpecFile(path, root_of(path), options).run())


def run_files(paths: Iterable[Path], options: Options) -> Iterator[FileReport]:
    """Run spec files one after another; stops early when told to."""
    for path in paths:
        report = run_file(path, options)
        yield report
        if options.fail_fast and report.failures:
            return


def collect(reports: Iterator[FileReport]) -> RunReport:
    """All of *reports*, and how long they took together."""
    started = perf_counter()
    files = list(reports)
    return RunReport(files, perf_counter() - started)


def root_of(path: Path) -> Path:
    """The folder a spec file may read and import from: where `soli test` was started, if that
    is around it, else its own."""
    here = Path.cwd()
    return here if path.resolve().is_relative_to(here) else path.resolve().parent
