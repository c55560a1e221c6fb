"""docs/decisions/README.md lists every record, with the title and the status that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .support.citations import RECORDS

PAGES = sorted(RECORDS.glob("[0-9]*.md"))
ROW = re.compile(r"^\| \[(\d+)\]\(([\w-]+\.md)\) \| (.+) \| (\d{4}-\d\d-\d\d) \| (.+) \|$", re.M)
ROWS = {
    file: (int(number), title, status)
    for number, file, title, _, status in ROW.findall((RECORDS / "README.md").read_text("utf-8"))
}


def status(page: Path) -> str:
    """What the record says of itself in its second line."""
    found = re.match(r"# .+\n\nStatus: (.+)\.\n", page.read_text("utf-8"))
    return found[1] if found else "in force"


def test_every_record_is_in_the_table() -> None:
    """In the order of the numbers, and nothing that is no record."""
    assert list(ROWS) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name[:4])
def test_a_record_has_the_number_title_and_status_of_its_row(page: Path) -> None:
    """The title line is `# N. Title`."""
    number, title, row_status = ROWS[page.name]
    first = page.read_text("utf-8").partition("\n")[0]

    assert number == int(page.name[:4])
    assert first == f"# {number}. {title}"
    assert status(page) == row_status


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name[:4])
def test_a_record_that_supersedes_another_is_named_there(page: Path) -> None:
    """`Supersedes records 3 and 11.` has its counterpart in both."""
    said = re.search(r"^Supersedes records? (.+)\.$", page.read_text("utf-8"), re.M)
    for number in re.findall(r"\d+", said[1]) if said else ():
        (other,) = RECORDS.glob(f"{int(number):04d}-*.md")
        assert f"({page.name})" in status(other)
