"""`soli check --fix`: writes what findings leave no doubt about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from soli_lang.base.source import Source
from soli_lang.tools.checker import ERROR, Finding
from soli_lang.tools.fixes import Fix, applied, fix_of

from ...loading.app import InvalidApp, read_sources
from ...tools.checks import ProgramCheck
from ..exits import UsageError

MOST_ROUNDS = 10
"""A syntax error hides what stands behind it, so that fixes are looked for again."""


def fix_file(program: ProgramCheck, path: Path) -> list[str]:
    """Fix the file at *path*; what was written, a line each. Raises UsageError."""
    try:
        source = read_sources([path])[path]
    except InvalidApp:
        return []  # no text: what is wrong with it is reported
    first, done = source, list[str]()
    for _ in range(MOST_ROUNDS):
        findings = program.check_source(path, source)
        fixed, fixes = _better(program, path, source, findings)
        if not fixes:
            break
        done += [_line(source, fix) for fix in fixes]
        source = fixed
    return _written(path, first, source, done)


def fix_routes(program: ProgramCheck, findings: Sequence[Finding]) -> list[str]:
    """Fix the targets of routes among *findings*, which are of whole apps."""
    done: list[str] = []
    by_file: dict[str, list[Finding]] = {}
    for one in findings:
        if one.code == "route":
            by_file.setdefault(one.source.name, []).append(one)
    for name, those in by_file.items():
        source = those[0].source
        fixes = [fix for fix in map(fix_of, those) if fix is not None]
        if fixes:
            fixed = Source(name, applied(source.text, fixes))
            lines = [_line(source, fix) for fix in fixes]
            done += _written(Path(name), source, fixed, lines)
    return done


def _better(
    program: ProgramCheck, path: Path, source: Source, findings: Sequence[Finding]
) -> tuple[Source, list[Fix]]:
    """*source* with such fixes as make nothing wrong, all or one of them, and the fixes."""
    found = [fix_of(one, program.builtins) for one in findings]
    fixes = sorted({fix.span: fix for fix in found if fix is not None}.values(), key=_start)
    for chosen in (fixes, *([one] for one in fixes)):
        if not chosen:
            break
        fixed = Source(source.name, applied(source.text, chosen))
        if _is_better(findings, program.check_source(path, fixed), chosen):
            return fixed, chosen
    return source, []


def _is_better(before: Sequence[Finding], after: Sequence[Finding], fixes: Sequence[Fix]) -> bool:
    """Whether nothing is wrong where *fixes* stand; elsewhere, more may come to light."""
    if _syntax_errors(after) > _syntax_errors(before):
        return False
    known = {(one.code, one.message) for one in before}
    new = [one for one in after if one.severity == ERROR and (one.code, one.message) not in known]
    moved = 0
    for fix in fixes:
        start = fix.span.start + moved
        end = start + len(fix.text)
        moved += len(fix.text) - (fix.span.end - fix.span.start)
        if any(one.span.start < end and start < one.span.end for one in new):
            return False
    return True


def _syntax_errors(findings: Sequence[Finding]) -> int:
    return sum(one.code == "syntax" for one in findings)


def _start(fix: Fix) -> int:
    return fix.span.start


def _line(source: Source, fix: Fix) -> str:
    line, column = source.position(fix.span.start)
    was = source.text[fix.span.start : fix.span.end]
    return f"{source.name}:{line}:{column}: fixed: '{was}' is '{fix.text}' now"


def _written(path: Path, before: Source, after: Source, done: list[str]) -> list[str]:
    """Write the text of *after*, with the line ends of the file. Raises UsageError."""
    if not done:
        return []
    try:
        data = path.read_bytes()
        plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if plain.decode() != before.text:
            raise UsageError(f"'{path}' was changed meanwhile; nothing is written")
        fixed = after.text.encode()
        path.write_bytes(fixed.replace(b"\n", b"\r\n") if b"\r\n" in data else fixed)
    except OSError as error:
        raise UsageError(f"'{path}' cannot be written: {error.strerror}") from None
    return done
