"""`soli check PATH…`: find what can be found without running anything."""

from __future__ import annotations

import sys
from pathlib import Path

from soli_lang.tools.checker import ERROR, Finding

from ...loading.project import ProjectError, find_project
from ...tools.checks import ProgramCheck
from ..arguments import Parser, add_define, defined_of
from ..exits import INVALID, OK
from ..files import soli_files
from .fixing import fix_file, fix_routes
from .formats import FORMATS
from .shown import as_text, summary

DESCRIPTION = """\
Find errors without running the program: syntax, unknown names, wrong arguments, unreachable code,
unused variables, code that is easily misread. The exit status is 65 if there are errors, and 0 if
there are only warnings.
"""


def check(arguments: list[str]) -> int:
    """Check files and projects; report everything found. The exit status."""
    parser = Parser(prog="soli check", description=DESCRIPTION)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files or folders")
    parser.add_argument(
        "--format",
        choices=("text", *FORMATS),
        default="text",
        help="json for editors, sarif and github for code review (default text)",
    )
    parser.add_argument(
        "--fix", action="store_true", help="write what was certainly meant into the files"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 65 if there are warnings, too"
    )
    add_define(parser)
    parsed = parser.parse_args(arguments)
    paths = [Path(text) for text in parsed.paths]
    files = soli_files(paths)
    program = ProgramCheck(defined_of(parsed))
    if parsed.fix:
        _fix(program, files, paths)
    findings = _all(program, files, paths)
    if parsed.format in FORMATS:
        sys.stdout.write(FORMATS[parsed.format](findings))
    else:
        _report(findings, len(files))
    is_wrong = any(one.severity == ERROR for one in findings) or (parsed.strict and findings)
    return INVALID if is_wrong else OK


def _all(program: ProgramCheck, files: list[Path], paths: list[Path]) -> list[Finding]:
    findings = program.check_files(files)
    if not any(one.code == "syntax" for one in findings):
        for path in paths:
            findings.extend(_routes(program, path))
    return findings


def _fix(program: ProgramCheck, files: list[Path], paths: list[Path]) -> None:
    """Write what is certain; say on standard error what was written."""
    done = [line for path in files for line in fix_file(program, path)]
    program.forget()
    routes = fix_routes(program, _all(program, files, paths))
    program.forget()
    if routes:  # only now is it known what is called with an event
        done += [*routes, *(line for path in files for line in fix_file(program, path))]
        program.forget()
    sys.stderr.write("".join(f"{line}\n" for line in done))


def _routes(program: ProgramCheck, path: Path) -> list[Finding]:
    """What is wrong with the routes of the app in a folder, or in a file that declares some."""
    try:
        if path.is_dir() or program.declares_routes(path):
            return program.check_project(find_project(path))
        return []
    except ProjectError:
        return []


def _report(findings: list[Finding], count: int) -> None:
    for finding in findings:
        sys.stdout.write(as_text(finding) + "\n")
    sys.stdout.write(summary(findings, count) + "\n")
