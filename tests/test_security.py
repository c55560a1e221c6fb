"""docs/security.md names, for each expectation, tests that exist."""

from __future__ import annotations

import re

from soli_runtime.settings import SETTINGS

from .support.live import ROOT

PAGE = ROOT / "docs" / "security.md"


def test_every_expectation_has_tests() -> None:
    """All twenty-five, in order."""
    text = PAGE.read_text("utf-8").partition("<!-- expectations")[2]
    rows = re.findall(r"^\| (S\d+) \| [^|]+ \| ([^|]+) \|$", text, re.M)
    there = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("**/test_*.py"))
    assert [number for number, _ in rows] == [f"S{number}" for number in range(1, 26)]
    for number, tests in rows:
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, number
        assert [name for name in named if f"def {name}(" not in there] == [], number


def test_the_settings_that_the_page_names_exist() -> None:
    """In its running text, in backticks with dashes."""
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGE.read_text("utf-8")))
    assert named
    assert named <= {setting.flag.removeprefix("--") for setting in SETTINGS}
