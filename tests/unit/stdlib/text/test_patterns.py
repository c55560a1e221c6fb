"""Regular expressions (docs/spec §L14): dialect, limits, replacement."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from soli_stdlib.text import patterns
from soli_stdlib.text.pattern_syntax import MAX_GROUP_NESTING

from soli_lang.base.errors import LimitError, SoliTypeError
from soli_lang.base.limits import Limits
from soli_lang.machine.machine import Machine

from ..conftest import Call
from ..installed import Library

SCANS: list[tuple[str, str, list[str]]] = [
    (r"\w+", "héllo wörld_1", ["héllo", "wörld_1"]),
    (r"\d+", "٣4 x", ["٣4"]),
    (r"[\d.]+", "1.5 x", ["1.5"]),
    (r"\s", "a\u2003b", ["\u2003"]),
    (r"\S+", "a\u2003b", ["a", "b"]),
    (r"\W", "é-", ["-"]),
    (r"\D", "1a", ["a"]),
    (r"(?x) a \s b  # comment", "a b", ["a b"]),
    (r"(?x)(a (?-x: )b)", "a b", ["a b"]),
    (r"(?i)É", "é", ["é"]),
    (r"(?iu)x", "X", ["X"]),
    (r"\u0041\u{42}", "AB", ["AB"]),
    (r"[\u0041-C]", "ABCD", ["A", "B", "C"]),
    (r"[[:alpha:]]+", "ab1", ["ab"]),
    (r"[]a]", "]a", ["]", "a"]),
    (r"a*", "baaa", ["", "aaa"]),
    (r"", "é", ["", ""]),
    (r"(?m)^.", "a\nb", ["a", "b"]),
    (r"b$", "b\n", []),
    (r"\p{L}", "1é", ["é"]),
    (r"\bfoo\b", "a foo.", ["foo"]),
]


@pytest.mark.parametrize(("regex", "text", "found"), SCANS)
def test_scan_finds(send: Call, regex: str, text: str, found: list[str]) -> None:
    """Classes know Unicode; flags and escapes are Soli's."""
    assert send(text, "scan", regex) == found


REPLACEMENTS: list[tuple[str, str, str, str]] = [
    ("a1", "([a-z])([0-9])", "$2$1", "1a"),
    ("a1", "([a-z])([0-9])", "${2}x$0", "1xa1"),
    ("a1", "(?P<l>[a-z])(?<d>[0-9])", "$d-$l", "1-a"),
    ("a1", "([a-z])", "$1a", "1"),
    ("a1", "([a-z])", "${1}a", "aa1"),
    ("a1", "([a-z])", "$$1", "$11"),
    ("a1", "[a-z]", "$7", "1"),
    ("a1", "[a-z]", "$", "$1"),
    ("a1", "[a-z]", "${", "${1"),
    ("ac", "(a)|(b)", "[$2]", "[]c"),
    ("aaa", "", "-", "-a-a-a-"),
    ("éa", "a", "ü", "éü"),
]


@pytest.mark.parametrize(("text", "regex", "replacement", "result"), REPLACEMENTS)
def test_gsub_writes(send: Call, text: str, regex: str, replacement: str, result: str) -> None:
    """References stand for groups; unknown groups are empty."""
    assert send(text, "gsub", regex, replacement) == result


def test_match_leaves_out_groups_that_took_no_part(send: Call) -> None:
    """Positions shift, as in Soli."""
    assert send("b", "match", "(a)?(b)") == ["b", "b"]


@pytest.mark.parametrize("regex", ["(", "[a", "a{2,1}", "(?=a)", r"(a)\1", "[a[b]]", r"\p{Nope}"])
def test_a_pattern_that_does_not_compile_is_a_type_error(send: Call, regex: str) -> None:
    """Look-around and backreferences are outside the language."""
    with pytest.raises(SoliTypeError, match=r"^Type error: invalid regex: "):
        send("a", "scan", regex)


def nested(depth: int) -> str:
    return "(" * depth + "a" + ")" * depth


def test_groups_nest_up_to_the_limit(send: Call) -> None:
    """Ten groups inside each other still compile."""
    assert send("a", "scan", nested(MAX_GROUP_NESTING)) == ["a"]


def test_groups_do_not_nest_beyond_the_limit(send: Call) -> None:
    """Eleven do not."""
    with pytest.raises(SoliTypeError, match="nested deeper than 10"):
        send("a", "scan", nested(MAX_GROUP_NESTING + 1))


@pytest.mark.parametrize("regex", [r"(\w{200}){5}", "a" * 10_001])
def test_a_pattern_that_is_too_large_is_refused(send: Call, regex: str) -> None:
    """Neither the text nor the compiled form of a pattern is unbounded."""
    with pytest.raises(SoliTypeError, match="invalid regex"):
        send("a", "scan", regex)


def test_a_pattern_that_hurts_backtracking_engines_takes_linear_time(send: Call) -> None:
    """The classic example, on a text for which a backtracking engine would need centuries."""
    assert send("a" * 5000, "match", "^(a+)+$b") is None


def test_compiled_patterns_are_kept(machine: Machine) -> None:
    """The same source gives the same compiled pattern."""
    assert patterns.compiled(machine, "a+") is patterns.compiled(machine, "a+")


def test_no_more_than_the_maximum_of_patterns_is_kept(machine: Machine) -> None:
    """A program that makes up patterns does not fill the memory."""
    first = patterns.compiled(machine, "x0")
    for number in range(1, patterns.MAX_CACHED_PATTERNS + 1):
        patterns.compiled(machine, f"x{number}")

    assert patterns.compiled(machine, "x0") is not first


def test_offsets_of_a_match_are_characters() -> None:
    """docs/spec §3.8."""
    match = patterns.Pattern("l+").search("héllo")

    assert match is not None
    offsets: Any = (match.start(), match.end())
    assert offsets == (2, 4)


def test_every_match_costs_steps(machine: Machine, send: Call) -> None:
    """A text full of matches is worth more than its length."""
    before = machine.fuel = 1_000_000

    send("a" * 200, "scan", "a")

    assert machine.fuel < before - 1000


LITERAL_PARTS = st.sampled_from(["a", "b", "ab", "ü", "aa", "\n", " ", "#", "-", "]"])


@given(
    st.lists(LITERAL_PARTS, max_size=40).map("".join),
    st.lists(LITERAL_PARTS, min_size=1, max_size=2).map("".join),
    st.sampled_from(["", "x", "$0$0", "$$", "${0}", "$1", "$", "ünd"]),
)
@example("aaa", "aa", "$0b")
@example("aXa", "X", "a")
def test_a_text_that_stands_for_itself_is_replaced_as_a_pattern_is(
    text: str, old: str, new: str
) -> None:
    """A group around it makes it one that does not."""
    soli = Library()
    grouped = "(?:" + old.replace("]", "\\]") + ")"
    expected = soli.send(text, "gsub", grouped, new)
    assert soli.send(text, "gsub", old, new) == expected
    assert soli.call("Regex.replace_all", old, text, new) == expected
    assert soli.send(text, "scan", old) == soli.send(text, "scan", grouped)


@pytest.mark.parametrize(
    ("limits", "text", "new"),
    [
        (Limits.off(max_steps=2000), "ab" * 500, "x"),
        (Limits.off(max_value_bytes=3000), "ab" * 1000, "xyz"),
        (Limits.off(max_value_bytes=3000), "a" * 1000, "x"),
        (Limits.off(max_call_bytes=5000), "ab" * 3000, "x"),
        (Limits.off(max_call_bytes=5000), "a" + "b" * 9000, "x"),
    ],
)
def test_a_text_that_stands_for_itself_costs_what_a_pattern_costs(
    limits: Limits, text: str, new: str
) -> None:
    said = []
    for pattern in ("a", "(?:a)"):
        soli = Library(limits=limits)
        soli.machine.start_budget()
        try:
            soli.send(text, "gsub", pattern, new)
            said.append("")
        except LimitError as error:
            said.append(error.message)
    assert said[0] == said[1]
