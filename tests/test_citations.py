"""What code, tests and documents cite is there (`support/citations.py` says how one cites)."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import citations
from .support.corpus import ROOT

MINE = {Path(__file__), Path(citations.__file__)}


def test_every_citation_leads_somewhere() -> None:
    """To a section of docs/spec, a record, a page."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {fault}"
        for path in citations.files()
        if path not in MINE
        for line, fault in citations.faults(
            path.read_text("utf-8"), is_specification=citations.SPECIFICATION in path.parents
        )
    ]

    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("(docs/spec §99.1)", "no §99.1"),
        ("(docs/spec §4.6-4.77)", "no §4.77"),
        ("(docs/spec §4.6, §L99)", "no §L99"),
        ("(§4.6)", "of what?"),
        ("(spec §4.6)", "write docs/spec"),
        ("(docs/spec §2.6, H1)", "cite a section"),
        ("as decision 12 has it", "write docs/decisions/NNNN"),
        ("Rules 3 and 5", "cite the section"),
        ("(decision record 30)", "write docs/decisions/NNNN"),
        ("as record 30 has it", "write docs/decisions/NNNN"),
        ("docs/decisions/9999", "no record 9999"),
        ("[decision 2](docs/decisions/0003-closures.md)", "2 leads to 0003"),
        ("docs/nowhere.md", "no docs/nowhere.md"),
        ("spec/language.md", "no such text"),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text: str, fault: str) -> None:
    """Otherwise the test above proved nothing."""
    assert [found for _, found in citations.faults(text) if fault in found]


@pytest.mark.parametrize(
    "text",
    [
        "(docs/spec §4.6)",
        "(docs/spec §L4, §6.5) and later (§W5.9)",
        "(docs/spec §L1.3-L1.4)",
        "RFC 4226 §5.3",
        "docs/decisions/0046",
        "[decision 46](docs/decisions/0046-one-python-function-each.md)",
    ],
)
def test_a_citation_that_leads_somewhere_passes(text: str) -> None:
    assert list(citations.faults(text)) == []


def test_the_files_that_cite_are_found() -> None:
    """A folder that is looked for under a wrong name would pass everything."""
    found = {path.relative_to(ROOT).parts[0] for path in citations.files()}

    assert {"soli_lang", "stdlib", "runtime", "tests", "docs", "grammar", "README.md"} <= found


def test_sections_are_numbered_once() -> None:
    """So a number alone says which section is meant."""
    pages = sorted(citations.SPECIFICATION.glob("*.md"))
    numbers = [number for page in pages for number in citations.numbers(page)]

    assert len(numbers) > 100
    assert sorted({number for number in numbers if numbers.count(number) > 1}) == []
