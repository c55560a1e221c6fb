"""The Pygments lexer: every character once, and what the scanner says it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String, Token
from soli_runtime.cli.repl.terminal.highlighting import PromptLexer
from soli_runtime.tools.highlighting import SoliLexer

from ..support.corpus import ROOT, program_files, vector_programs
from ..support.examples import examples
from .categories import by_scanner

PSEUDO = Name.Builtin.Pseudo


def letters(text: str) -> str:
    """What the lexer says, in the letters of `categories`."""
    return "".join(_letter(kind) * len(part) for _, kind, part in pieces(text))


def pieces(text: str) -> list[tuple[int, Token, str]]:
    found = list(SoliLexer().get_tokens_unprocessed(text))
    assert "".join(part for _, _, part in found) == text
    at = 0
    for start, _, part in found:
        assert start == at
        at += len(part)
    return found


def _letter(kind: Token) -> str:
    for letter, kinds in {
        "i": (String.Interpol,),
        "y": (String.Symbol,),
        "s": (String,),
        "c": (Comment,),
        "k": (Keyword, Operator.Word, PSEUDO),
        "n": (Number,),
    }.items():
        if any(kind in one for one in kinds):
            return letter
    return "."


@pytest.mark.parametrize("path", program_files(), ids=str)
def test_files(path) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert letters(text) == by_scanner(text)
    if path.parts[:2] != ("tests", "errors"):
        assert not any(kind in Error for _, kind, _ in pieces(text))


def test_vectors() -> None:
    programs = vector_programs()
    assert len(programs) > 300
    for title, text in programs:
        assert letters(text) == by_scanner(text), title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a#{1}b', "ssiinis"),
        ('"a#{x', "ssii."),
        ("/* a /* b */ c */ 1", "ccccccccccccccccc.n"),
        ("/* open", "ccccccc"),
        ('"""open', "sssssss"),
        ("x.end end:1 end", "..........n.kkk".replace("..........n", ".........." + "n")),
        ("r'a\\'", "sssss"),
        ("@@ $ \\", "......"),
        ("1_000.5D :a {a:b}", "nnnnnnnn.yy......"),
        ("a ? b : c", "........."),
        ("%w[a b] `ls`", "sssssss.ssss"),
    ],
)
def test_pieces(text: str, expected: str) -> None:
    assert letters(text) == expected


@settings(max_examples=examples(100), deadline=None)
@given(st.text(alphabet="ab1 .:#{}[]()\"'\\/*r%w@`\n?!=éD_", max_size=40))
def test_any_text_is_covered(text: str) -> None:
    assert letters(text) == by_scanner(text) or "/*" in text


def test_pygments_finds_it() -> None:
    assert type(get_lexer_by_name("soli")).__name__ == "SoliLexer"
    assert type(get_lexer_for_filename("a.soli")).__name__ == "SoliLexer"


def test_prompt_commands() -> None:
    first, *rest = PromptLexer().get_tokens_unprocessed(".doc trim")
    assert first == (0, Name.Decorator, ".doc")
    assert "".join(part for _, _, part in rest) == " trim"
    assert rest[0][0] == 4


@pytest.mark.parametrize("unit", ["(", "[[", "@", "/*", '"#{', "a.", "\\", "#\n"])
def test_much_of_anything_takes_linear_time(unit: str) -> None:
    begun = time.process_time()
    pieces(unit * 50_000)
    assert time.process_time() - begun < 8
