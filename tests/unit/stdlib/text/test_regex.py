"""The class Regex (docs/spec §L14)."""

from __future__ import annotations

import pytest

from soli_lang.base.limits import Limits

from ..installed import Library


@pytest.fixture
def soli() -> Library:
    return Library()


def test_matching_anywhere(soli: Library) -> None:
    """A pattern is not anchored unless it says so."""
    assert soli.call("Regex.matches", "b", "abc") is True
    assert soli.call("Regex.matches", "^b", "abc") is False


def test_offsets_count_characters(soli: Library) -> None:
    """docs/spec §3.8: characters, not bytes."""
    expected = [
        {"match": "b", "start": 1, "end": 2},
        {"match": "bb", "start": 3, "end": 5},
    ]
    assert soli.call("Regex.find", "b+", "ébébb") == expected[0]
    assert soli.call("Regex.find_all", "b+", "ébébb") == expected
    assert soli.call("Regex.find", "z", "abc") is None
    assert soli.call("Regex.find_all", "z", "abc") == []


def test_replacing(soli: Library) -> None:
    """The first match or all; groups by number and name."""
    assert soli.call("Regex.replace", "a", "aaa", "b") == "baa"
    assert soli.call("Regex.replace_all", "a", "aaa", "b") == "bbb"
    swapped = soli.call("Regex.replace_all", r"(?<x>\w)(\w)", "abcd", "$2${x}$$$9")
    assert swapped == "ba$dc$"


@pytest.mark.parametrize(
    ("pattern", "text", "parts"),
    [
        ("[,;]", "a,b;c", ["a", "b", "c"]),
        (",", ",a,,b,", ["", "a", "", "b", ""]),
        (",", "", [""]),
        ("", "ab", ["", "a", "b", ""]),
    ],
)
def test_splitting_keeps_empties(soli: Library, pattern: str, text: str, parts: list[str]) -> None:
    """Every match separates two parts."""
    assert soli.call("Regex.split", pattern, text) == parts


def test_capturing_named_groups(soli: Library) -> None:
    """Groups that took part, by name; unnamed ones do not show."""
    pattern = "(?P<y>[0-9]{4})(-(?<m>[0-9]{2}))?"
    found = soli.call("Regex.capture", pattern, "in 2024")
    assert found == {"match": "2024", "start": 3, "end": 7, "y": "2024"}
    assert soli.call("Regex.capture", pattern, "2024-05")["m"] == "05"
    assert soli.call("Regex.capture", pattern, "none") is None


def test_escaped_text_matches_itself(soli: Library) -> None:
    """escape takes the meaning from every metacharacter."""
    text = ".+*?()|[]{}^$#&-~\\ é"
    escaped = soli.call("Regex.escape", text)
    assert escaped == r"\.\+\*\?\(\)\|\[\]\{\}\^\$\#\&\-\~\\ é"
    assert soli.call("Regex.find", escaped, f"x{text}x")["match"] == text


def test_wrong_types(soli: Library) -> None:
    """Patterns and texts are Strings."""
    assert soli.failure("Regex.matches", 1, "a") == "Regex.matches requires (string, string)"
    three = "Regex.replace requires (string, string, string)"
    assert soli.failure("Regex.replace", "a", "b", 1) == three
    assert soli.failure("Regex.escape", 1) == "Regex.escape requires (string)"


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "[z-a]", "(" * 500])
def test_invalid_patterns(soli: Library, pattern: str) -> None:
    """What does not compile is an error of the builtin."""
    assert soli.failure("Regex.find", pattern, "x").startswith("Invalid regex pattern: ")


def test_results_are_bounded() -> None:
    """Many matches count by the dozen."""
    soli = Library(limits=Limits(max_value_bytes=640))
    assert len(soli.call("Regex.find_all", "a", "a" * 10)) == 10
    assert "value too large" in soli.failure("Regex.find_all", "a", "a" * 11)


def test_a_stranger_pattern_takes_linear_time(soli: Library) -> None:
    """What makes backtracking engines hang is answered at once."""
    assert soli.call("Regex.matches", "^(a+)+$", "a" * 50_000 + "b") is False
