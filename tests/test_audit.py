"""Lower bounds of dependencies admit no version with a known hole, and the audit would notice."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from datetime import date
from types import ModuleType
from typing import Any

import pytest

from .support.live import ROOT


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit = loaded()
LISTED: dict[str, Any] = {"lowest": {"parser": {"version": "2.10.1", "because": "it hung"}}}


def test_no_lower_bound_admits_a_known_hole() -> None:
    """By the dated list of scripts/advisories.toml, which knows every dependency."""
    listed = tomllib.loads((ROOT / "scripts" / "advisories.toml").read_text("utf-8"))
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert list(audit.low_bounds(pyproject, listed)) == []
    assert isinstance(listed["looked"], date)


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("parser>=2.10.1", []),
        ("parser>=2.11,<3", []),
        ("ours[broker]", []),
        ("parser >= 2.9", ["parser 2.9 is allowed: before 2.10.1 it hung"]),
        ("parser>=2.10", ["parser 2.10 is allowed: before 2.10.1 it hung"]),
        ("Parser", ["parser of any version is allowed: before 2.10.1 it hung"]),
        (
            "other>=1; sys_platform == 'linux'",
            ["other is not in advisories.toml: look for its advisories and add it"],
        ),
    ],
)
def test_a_bound_that_is_too_low_is_told(line: str, faults: list[str]) -> None:
    """And so is a dependency that nobody looked at."""
    for project in (
        {"name": "ours", "dependencies": [line]},
        {
            "name": "ours",
            "dependencies": [],
            "optional-dependencies": {"broker": [line], "dev": ["x"]},
        },
    ):
        assert list(audit.low_bounds({"project": project}, LISTED)) == faults


def test_what_is_installed_is_looked_at_too() -> None:
    """At the version, and one before it."""
    assert list(audit.old_packages({"parser": "2.10.1"}, LISTED)) == []
    assert len(list(audit.old_packages({"parser": "2.10.0"}, LISTED))) == 1


def test_a_service_that_knows_nothing_was_not_asked() -> None:
    """An index without advisories must not pass for one that knows of no hole."""
    skipped = {"dependencies": [{"name": "parser", "skip_reason": "not found"}]}
    assert audit.service_answer(json.dumps(skipped)) is None
    assert audit.service_answer("") is None
    sound = {"dependencies": [{"name": "parser", "version": "2.9", "vulns": []}]}
    assert audit.service_answer(json.dumps(sound)) == []
    hole = {"id": "CVE-1", "fix_versions": ["2.10.1"]}
    holed = {"dependencies": [{"name": "parser", "version": "2.9", "vulns": [hole]}]}
    assert audit.service_answer(json.dumps(holed)) == ["parser 2.9: CVE-1, mended in 2.10.1"]


def test_an_old_list_is_said_to_be_old() -> None:
    """Nobody knows of holes that were found since."""
    assert audit.age_note(date(2026, 1, 1), date(2026, 4, 1)) == ""
    assert "91 days ago" in audit.age_note(date(2026, 1, 1), date(2026, 4, 2))
