"""The reference is generated from the declarations of builtins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from soli_runtime.cli.doc import main
from soli_runtime.tools.reference import Reference, entry_text, pages

from ....support.corpus import ROOT

FOLDER = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


@pytest.fixture(scope="module")
def texts(reference: Reference) -> dict[str, str]:
    """The pages of the reference by file name."""
    return pages(reference)


def test_the_committed_overview_is_up_to_date(texts: dict[str, str]) -> None:
    """`soli doc --markdown docs/reference` would not change it."""
    assert (FOLDER / "README.md").read_text("utf-8") == texts["README.md"]


def test_the_overview_links_every_page(texts: dict[str, str]) -> None:
    """`make docs` generates them."""
    linked = set(re.findall(r"\]\(([\w-]+\.md)", texts["README.md"]))

    assert linked == set(texts) - {"README.md"}


def test_the_command_writes_the_reference(texts: dict[str, str], tmp_path: Path) -> None:
    """Every page, and nothing else."""
    assert main(["--markdown", str(tmp_path)]) == 0

    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == texts


def test_a_method_is_found_by_its_name(reference: Reference) -> None:
    assert [entry.title for entry in reference.find("trim")] == ["String.trim"]


def test_an_alias_finds_it_too(reference: Reference) -> None:
    assert [entry.title for entry in reference.find("strip")] == ["String.trim"]


def test_a_static_is_found_by_class_and_name(reference: Reference) -> None:
    assert [entry.heading for entry in reference.find("Math.floor")] == [
        "Math.floor(number: number)"
    ]


def test_a_type_gives_all_its_methods(reference: Reference) -> None:
    titles = {entry.title for entry in reference.find("string")}

    assert {"String.trim", "String.upcase", "String.gsub"} <= titles


def test_a_wrong_name_has_suggestions(reference: Reference) -> None:
    assert "trim" in reference.suggestions("trimm")
    assert "Math.floor" in reference.suggestions("Math.flor")


def test_an_entry_says_how_it_is_called(reference: Reference) -> None:
    (entry,) = reference.find("Array.join")

    assert entry_text(entry).split("\n")[0] == "Array.join(separator: string)"
    assert "Gives String." in entry_text(entry)


def test_no_entry_speaks_of_internals(reference: Reference) -> None:
    assert [entry for entry in reference.entries if entry.names[0].startswith("__")] == []


def test_the_reference_points_at_nothing_that_its_readers_do_not_have(
    texts: dict[str, str],
) -> None:
    """No paragraph of a specification."""
    assert [name for name, text in texts.items() if "§" in text or "spec/" in text] == []


def test_every_function_that_the_reference_calls_is_in_it(texts: dict[str, str]) -> None:
    """In backticks: `name(...)` has a heading somewhere."""
    headings = [
        line for text in texts.values() for line in text.splitlines() if line.startswith("#")
    ]
    known = set(re.findall(r"[\w?!]+", " ".join(headings)))
    spans = [span for text in texts.values() for span in re.findall(r"`([^`\n]+)`", text)]
    called = {name for span in spans for name in re.findall(r"\b([a-z_]\w*[?!]?)\(", span)}

    assert called - known == set()


def test_every_entry_says_something(reference: Reference) -> None:
    """But for names that are only here to be refused."""
    silent = [entry.title for entry in reference.entries if not entry.text]

    assert [
        title for title in silent if "not supported" not in entry_text_of(reference, title)
    ] == []


def entry_text_of(reference: Reference, title: str) -> str:
    return "\n".join(entry_text(entry) for entry in reference.entries if entry.title == title)
