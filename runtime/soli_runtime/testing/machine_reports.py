"""A run for programs: JSON and JUnit XML."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from .outcomes import FileReport, Outcome, RunReport, Status


def json_report(report: RunReport, coverage: list[dict[str, Any]] | None = None) -> str:
    """The whole run as one JSON object."""
    value: dict[str, Any] = {
        "passed": report.count(Status.PASSED),
        "failed": report.count(Status.FAILED),
        "skipped": report.count(Status.SKIPPED),
        "assertions": report.assertions,
        "seconds": round(report.seconds, 6),
        "files": [_file(one) for one in report.files],
    }
    if coverage is not None:
        value["coverage"] = coverage
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"


def _file(report: FileReport) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "assertions": report.assertions,
        "seconds": round(report.seconds, 6),
        "tests": [_test(outcome) for outcome in report.outcomes],
    }


def _test(outcome: Outcome) -> dict[str, Any]:
    value: dict[str, Any] = {
        "name": outcome.full_name,
        "status": outcome.status.value,
        "seconds": round(outcome.seconds, 6),
        "line": outcome.line,
    }
    if outcome.message:
        value["message"] = outcome.message
    if outcome.detail:
        value["detail"] = outcome.detail
    return value


def junit_report(report: RunReport) -> str:
    """The run as the XML that continuous-integration services read."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{_sums(report.files)}>"]
    for file in report.files:
        lines.append(f"  <testsuite name={quoteattr(str(file.path))}{_sums([file])}>")
        lines.extend(_case(file, outcome) for outcome in file.outcomes)
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _sums(files: list[FileReport]) -> str:
    tests = sum(len(file.outcomes) for file in files)
    failures = sum(file.count(Status.FAILED) for file in files)
    skipped = sum(file.count(Status.SKIPPED) for file in files)
    seconds = sum(file.seconds for file in files)
    return (
        f' tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}"'
        f' time="{seconds:.3f}"'
    )


def _case(file: FileReport, outcome: Outcome) -> str:
    head = (
        f"    <testcase classname={_attribute(file.path.as_posix())}"
        f' name={_attribute(outcome.full_name)} time="{outcome.seconds:.3f}"'
    )
    if outcome.status is Status.PASSED:
        return head + "/>"
    if outcome.status is Status.SKIPPED:
        return f"{head}><skipped message={_attribute(outcome.message)}/></testcase>"
    text = escape(_printable(outcome.detail))
    return f"{head}><failure message={_attribute(outcome.message)}>{text}</failure></testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_printable(text), {"\n": "&#10;"})


def _printable(text: str) -> str:
    """XML 1.0 has no place for control characters."""
    return "".join(
        char if char >= " " or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
