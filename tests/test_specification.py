"""Lists in docs/spec are those of the code: words, signs, error classes, capabilities, actions."""

from __future__ import annotations

import re

import pytest
from soli_runtime.core.actions import ACTIONS
from soli_runtime.tools.editing.vocabulary import EVENT, REQUEST
from soli_stdlib.types.error_classes import SUBCLASSES

from soli_lang import Capabilities
from soli_lang.syntax.builder.expressions import MAX_PARTS
from soli_lang.syntax.scanner.tokens import KEYWORDS, SIGNS, TYPE_NAMES

from .support import citations


def section(number: str) -> str:
    """The text of a section of docs/spec, up to the next heading."""
    for page in citations.SPECIFICATION.glob("*.md"):
        found = re.search(
            rf"^#+ {re.escape(number)}\.? [^\n]*\n(.*?)(?=^#+ |\Z)",
            page.read_text("utf-8"),
            re.MULTILINE | re.DOTALL,
        )
        if found is not None:
            return found[1]
    raise AssertionError(number)


def first_block(text: str) -> list[str]:
    """The words of the first fenced block."""
    found = re.search(r"^```\n(.*?)^```", text, re.M | re.S)
    assert found is not None
    return found[1].split()


def codes(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


@pytest.mark.parametrize("number", sorted(citations.sections()))
def test_a_section_says_something(number: str) -> None:
    """Itself, or in sections of its own."""
    parts = [other for other in citations.sections() if other.startswith(f"{number}.")]

    assert section(number).strip() or parts


def test_the_keywords() -> None:
    assert set(first_block(section("1.4"))) == set(KEYWORDS) | TYPE_NAMES


def test_the_signs() -> None:
    assert set(first_block(section("1.10"))) == set(SIGNS)


def test_the_classes_of_errors() -> None:
    rows = re.findall(r"^\| (`.+?) \|", section("9.1"), re.M)

    assert set().union(*map(codes, rows)) == {*SUBCLASSES, "Error"}


def test_the_capabilities() -> None:
    """All but how far `files` and `network` go, and what hosts hand over for their own builtins."""
    rows = re.findall(r"^\| (`.+?) \|", section("L23"), re.M)
    further = {"files_writable", "code_writable", "private_network", "suspend", "services"}
    granted = set(Capabilities.__annotations__) - further

    assert set().union(*map(codes, rows)) | {"clock", "random"} == granted


def test_the_order_of_actions() -> None:
    """`history` and `volatile` go with others."""
    order = section("W4").partition("in this order:")[2].partition(".")[0]
    named = [word for word in re.findall(r"`(\w+)`", order) if word != "history"]

    assert named == [action for action in ACTIONS if action not in ("history", "volatile")]


def test_the_keys_of_events() -> None:
    rows = re.findall(r"^\| (`.+?) \|", section("W3"), re.M)

    assert set().union(*map(codes, rows)) == set(EVENT)


def test_the_keys_of_requests() -> None:
    """What the language server knows, and what the section lists."""
    listed = section("L24.2").partition("gets a Hash:")[2].partition(".")[0]

    assert set(re.findall(r"`(\w+)`", listed)) == set(REQUEST)


def test_the_number_of_arguments() -> None:
    assert f"at most {MAX_PARTS:,} arguments, a string {MAX_PARTS:,} parts" in section("2.8")
