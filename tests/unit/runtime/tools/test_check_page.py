"""docs/check.md names every kind of finding."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
SOURCES = (
    *(ROOT / "soli_lang" / "tools" / "checking").glob("*.py"),
    *(ROOT / "soli_lang" / "tools" / "inference").glob("*.py"),
    *(ROOT / "runtime" / "soli_runtime" / "tools").glob("*.py"),
)
CODE = re.compile(
    r"(?:\.(?:warning|error|_report)|\breport)\(\s*\"([a-z-]+)\"|Finding\(\s*\w+,\s*\"([a-z-]+)\""
)


def test_every_code_stands_on_the_page() -> None:
    """As it stands in the sources, in the table of errors or of warnings."""
    codes = {
        one or other
        for path in SOURCES
        for one, other in CODE.findall(path.read_text("utf-8"))
    }  # fmt: skip
    page = (ROOT / "docs" / "check.md").read_text("utf-8")

    assert len(codes) > 30
    assert {one for one in codes if f"`{one}`" not in page} == set()
