"""Findings for editors and for code review: JSON, SARIF 2.1.0, annotations of GitHub.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from soli_lang.tools.checker import Finding

from .shown import as_json, as_object

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(findings: Sequence[Finding]) -> str:
    """One run of a tool, with a result for each finding."""
    codes = sorted({one.code for one in findings})
    driver = {"name": "soli check", "rules": [{"id": code} for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, codes.index(one.code)) for one in findings],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    found = as_object(finding)
    region = {
        "startLine": found["line"],
        "startColumn": found["column"],
        "endLine": found["end_line"],
        "endColumn": found["end_column"],
    }
    location = {"artifactLocation": {"uri": _uri(found["file"])}, "region": region}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": _whole(finding)},
        "locations": [{"physicalLocation": location}],
    }


def _whole(finding: Finding) -> str:
    return f"{finding.message}\nhint: {finding.hint}" if finding.hint else finding.message


def _uri(name: str) -> str:
    """A path as a relative reference, or as a URI of a file elsewhere."""
    path = Path(name)
    if not path.is_absolute():
        return quote(path.as_posix())
    near = Path(os.path.relpath(path))
    return path.as_uri() if ".." in near.parts else quote(near.as_posix())


def as_github(findings: Sequence[Finding]) -> str:
    """A workflow command for each finding: an annotation beside the line."""
    return "".join(map(_annotation, findings))


def _annotation(finding: Finding) -> str:
    found = as_object(finding)
    properties = {
        "file": os.path.relpath(found["file"]),
        "line": found["line"],
        "endLine": found["end_line"],
        "col": found["column"],
        "endColumn": found["end_column"],
        "title": finding.code,
    }
    if found["line"] != found["end_line"]:  # GitHub takes columns of one line only
        del properties["col"], properties["endColumn"]
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{finding.severity} {shown}::{_data(_whole(finding))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")


FORMATS: Final[Mapping[str, Callable[[Sequence[Finding]], str]]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
