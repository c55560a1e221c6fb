"""`soli check PATH…`: find what can be found without running anything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson

from soli_lang.tools.checker import ERROR, WARNING, Finding

from ..loading.project import ProjectError, find_project
from ..tools.checks import ProgramCheck
from .arguments import Parser, add_define, defined_of
from .exits import INVALID, OK
from .files import soli_files

DESCRIPTION = """\
Find errors without running the program: syntax, unknown names, wrong arguments, unreachable code,
unused variables, code that is easily misread. The exit status is 65 if there are errors, and 0 if
there are only warnings.
"""


def check(arguments: list[str]) -> int:
    """Check files and projects; report everything found. The exit status."""
    parser = Parser(prog="soli check", description=DESCRIPTION)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files or folders")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    add_define(parser)
    parsed = parser.parse_args(arguments)
    paths = [Path(text) for text in parsed.paths]
    files = soli_files(paths)
    program = ProgramCheck(defined_of(parsed))
    findings = program.check_files(files)
    if not any(one.code == "syntax" for one in findings):
        for path in paths:
            findings.extend(_routes(program, path))
    if parsed.format == "json":
        sys.stdout.write(_json(findings))
    else:
        _report(findings, len(files))
    return INVALID if any(one.severity == ERROR for one in findings) else OK


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
        sys.stdout.write(_text(finding) + "\n")
    files = f"{count} {'file' if count == 1 else 'files'}"
    errors = sum(1 for one in findings if one.severity == ERROR)
    warnings = sum(1 for one in findings if one.severity == WARNING)
    sys.stdout.write(f"{files}: {_number(errors, 'error')}, {_number(warnings, 'warning')}\n")


def _number(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _text(finding: Finding) -> str:
    line, column = finding.source.position(finding.span.start)
    lines = [
        f"{finding.source.name}:{line}:{column}: "
        f"{finding.severity}: {finding.message} [{finding.code}]"
    ]
    lines.extend("  " + text for text in finding.source.excerpt(finding.span).split("\n"))
    if finding.hint:
        lines.append(f"  hint: {finding.hint}")
    return "\n".join(lines)


def _json(findings: list[Finding]) -> str:
    """One array for editors; lines and columns from 1, ends exclusive."""
    return (
        orjson.dumps([_object(one) for one in findings], option=orjson.OPT_INDENT_2).decode() + "\n"
    )


def _object(finding: Finding) -> dict[str, Any]:
    start = finding.source.position(finding.span.start)
    end = finding.source.position(finding.span.end)
    return {
        "file": finding.source.name,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "hint": finding.hint,
    }
