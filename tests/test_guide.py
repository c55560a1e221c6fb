"""Every program of docs/guide and docs/spec runs and prints what its page says, word for word."""

from __future__ import annotations

import re

import pytest
from soli_runtime.tools.reference import Reference, pages

from .support import guide
from .support.corpus import ROOT

EXAMPLES = [example for page in guide.PAGES for example in guide.examples(page)]
SPECIFIED = [example for page in guide.SPECIFICATION for example in guide.examples(page)]


@pytest.mark.parametrize("example", [*EXAMPLES, *SPECIFIED], ids=lambda example: example.name)
def test_a_program_of_the_guide_does_what_the_page_says(example: guide.Example) -> None:
    """Word for word."""
    guide.check(example)


def test_the_guide_has_programs() -> None:
    """A pattern that finds nothing would pass everything."""
    assert len(EXAMPLES) > 50
    assert len(SPECIFIED) > 40


@pytest.mark.parametrize("kind", ["array", "hash"])
def test_the_table_of_what_changes_its_receiver_is_that_of_the_declarations(kind: str) -> None:
    """docs/guide/collections.md against the reference, which is made from the declarations."""
    text = pages(Reference())[f"{kind}.md"]
    sections = re.findall(r"^## `\.([\w?!]+)(.*?)(?=^## |\Z)", text, re.M | re.S)
    declared = {name for name, text in sections if "Changes the receiver." in text}
    page = (ROOT / "docs" / "guide" / "collections.md").read_text("utf-8")
    row = re.search(rf"^\| {kind.capitalize()} \| (.*) \|$", page, re.M)

    assert row is not None
    assert set(re.findall(r"`(\w+)`", row[1])) == declared


def test_every_page_of_the_guide_is_listed() -> None:
    """In its README, which says what each teaches."""
    listed = set(
        re.findall(r"\]\(([\w-]+\.md)\)", (guide.PAGES[0].parent / "README.md").read_text())
    )

    assert {page.name for page in guide.PAGES} - {"README.md"} == listed
