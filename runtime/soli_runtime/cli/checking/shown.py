"""Findings as text for people and as JSON for editors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from soli_lang.tools.checker import ERROR, WARNING, Finding


def as_text(finding: Finding) -> str:
    """Place, severity, message and code; the line with carets; the hint."""
    line, column = finding.source.position(finding.span.start)
    lines = [
        f"{finding.source.name}:{line}:{column}: "
        f"{finding.severity}: {finding.message} [{finding.code}]"
    ]
    lines.extend("  " + text for text in finding.source.excerpt(finding.span).split("\n"))
    if finding.hint:
        lines.append(f"  hint: {finding.hint}")
    return "\n".join(lines)


def summary(findings: Iterable[Finding], count: int) -> str:
    """How many errors and warnings there are in *count* files."""
    severities = [one.severity for one in findings]
    errors, warnings = severities.count(ERROR), severities.count(WARNING)
    return f"{counted(count, 'file')}: {_some(errors, 'error')}, {_some(warnings, 'warning')}"


def counted(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _some(count: int, noun: str) -> str:
    return counted(count, noun) if count else f"no {noun}s"


def as_json(findings: Iterable[Finding]) -> str:
    """One array for editors; lines and columns from 1, ends exclusive."""
    listed = [as_object(one) for one in findings]
    return orjson.dumps(listed, option=orjson.OPT_INDENT_2).decode() + "\n"


def as_object(finding: Finding) -> dict[str, Any]:
    """A finding as data: the names are stable."""
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
