"""`soli fmt [--check] PATH…`: programs in their usual shape."""

from __future__ import annotations

import os
import sys
from difflib import unified_diff
from pathlib import Path

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.tools.formatting import MeaningChanged, format_source

from ..loading.app import InvalidApp, read_sources
from .arguments import Parser
from .exits import INVALID, OK, UsageError
from .files import soli_files
from .reports import report, report_invalid

UNFORMATTED = 1
"""Exit status of `--check` when a file is not formatted."""


def main(arguments: list[str]) -> int:
    """Format files in place; with `--check` only tell which are not. The exit status."""
    parser = Parser(
        prog="soli fmt",
        description="Format programs: indentation, spaces, blank lines. It keeps comments "
        "and your line breaks.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files or folders; - is stdin")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; status 1 if files differ"
    )
    parser.add_argument("--diff", action="store_true", help="show what would change")
    parsed = parser.parse_args(arguments)
    if parsed.paths == ["-"]:
        return _standard_input()
    changed, status = 0, OK
    for path in soli_files([Path(text) for text in parsed.paths]):
        outcome = _format(path, write=not (parsed.check or parsed.diff), show=parsed.diff)
        if outcome is None:
            status = INVALID
        elif outcome:
            changed += 1
            if not parsed.diff:
                sys.stdout.write(f"{'would reformat' if parsed.check else 'reformatted'} {path}\n")
    if status == OK and parsed.check and changed:
        return UNFORMATTED
    return status


def _format(path: Path, *, write: bool, show: bool) -> bool | None:
    """Whether the file changed, or would; None when it cannot be formatted."""
    try:
        source = read_sources([path])[path]
    except InvalidApp as invalid:
        report_invalid(invalid)
        return None
    text = _formatted(source)
    if text is None or text == source.text:
        return None if text is None else False
    if show:
        lines = unified_diff(
            source.text.splitlines(True), text.splitlines(True), str(path), f"{path} (formatted)"
        )
        sys.stdout.writelines(lines)
    if write:
        _replace(path, text)
    return True


def _formatted(source: Source) -> str | None:
    try:
        return format_source(source)
    except SoliSyntaxError as error:
        report(error)
    except MeaningChanged:
        sys.stderr.write(
            f"soli fmt: {source.name}: left as it is; formatting it would change its meaning, "
            "which is a bug in soli fmt\n"
        )
    return None


def _replace(path: Path, text: str) -> None:
    """Write *text* so that the file is never half written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(text, "utf-8", newline="")
        beside.chmod(path.stat().st_mode)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"'{path}' cannot be written: {error.strerror}") from None


def _standard_input() -> int:
    text = _formatted(Source("<stdin>", sys.stdin.read()))
    if text is None:
        return INVALID
    sys.stdout.write(text)
    return OK
