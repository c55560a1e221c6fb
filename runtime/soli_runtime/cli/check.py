"""`soli check PATH…`: find what can be found without running anything."""

from __future__ import annotations

import sys
from pathlib import Path

from ..app import AppInvalid, parse_all
from ..project import EXTENSIONS, ProjectError, find_project
from .arguments import Parser
from .exits import INVALID, OK, UsageError
from .reports import report_invalid


def check(arguments: list[str]) -> int:
    """Parse the files or projects; report every syntax error. The exit status."""
    parser = Parser(prog="soli check", description="Look for errors without running anything.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files or folders")
    parsed = parser.parse_args(arguments)
    files: dict[Path, None] = {}
    for text in parsed.paths:
        files.update(dict.fromkeys(_files(Path(text))))
    try:
        parse_all(files)
    except AppInvalid as invalid:
        report_invalid(invalid)
        return INVALID
    sys.stdout.write(f"{len(files)} {'file' if len(files) == 1 else 'files'}: no errors\n")
    return OK


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = [file for suffix in EXTENSIONS for file in path.rglob(f"*{suffix}")]
        return sorted(file for file in found if not _is_hidden(file.relative_to(path)))
    try:
        main = find_project(path).main
    except ProjectError as error:
        raise UsageError(str(error)) from None
    return [main] if main is not None else []


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
