"""Characters to tokens (docs/spec §1, §1.3, §1.8, §1.7)."""

from __future__ import annotations

import pytest

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.scanner.scanner import Scanner
from soli_lang.syntax.scanner.tokens import Token


def scan(text: str) -> tuple[list[Token], list[SoliSyntaxError]]:
    scanner = Scanner(Source("test.soli", text))
    return scanner.run()[:-1], scanner.errors


def kinds(text: str) -> str:
    """Types of the tokens of *text*."""
    return " ".join(token.type for token in scan(text)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x!=y", "NAME OP NAME"),
        ("a??b", "NAME OP NAME"),
        ("ok?", "NAME"),
        ("go!()", "NAME LPAR RPAR"),
        ("new?", "NAME"),
        ("if", "IF"),
        ("@x", "AT"),
        ("1.abs", "LITERAL DOT NAME"),
        ("1..4", "LITERAL OP LITERAL"),
        ("1e5", "LITERAL NAME"),
        ("a // b", "NAME"),
        ("a # b\nc", "NAME NAME"),
        ("a /* b /* c */ d */ e", "NAME NAME"),
        ("a /* b", "NAME"),
        ("a &. b", "NAME DOT NAME"),
        ("%w[a b] % c", "PERCENT OP NAME"),
    ],
)
def test_the_longest_match_wins(text: str, expected: str) -> None:
    """Comments go, suffixes stay with their name unless an operator begins there."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a:b}", "LBRACE NAME COLON NAME RBRACE"),
        ("{a: :b}", "LBRACE NAME COLON SYMBOL RBRACE"),
        ("run :fast", "NAME SYMBOL"),
        ("x ? 1 : 2", "NAME QUESTION LITERAL COLON LITERAL"),
        ('{"a":b}', "LBRACE LITERAL COLON NAME RBRACE"),
        ("{if:b}", "LBRACE IF COLON NAME RBRACE"),
        ("a::b", "NAME SCOPE NAME"),
        ("f(:a)", "NAME LPAR SYMBOL RPAR"),
        ("x[1]:y", "NAME LSQB LITERAL RSQB COLON NAME"),
    ],
)
def test_a_colon_is_a_symbol_or_a_separator(text: str, expected: str) -> None:
    """What stands before it, and white space, decide (docs/spec §1.6)."""
    assert kinds(text) == expected


def test_tokens_know_where_they_stand() -> None:
    """Offsets, and whether a line break or white space comes before."""
    first, second, third = scan("a b\n# c\nd")[0]
    assert (first.start, first.end, first.newline, first.space) == (0, 1, False, False)
    assert (second.start, second.newline, second.space) == (2, False, True)
    assert (third.start, third.newline, third.space) == (8, True, True)


@pytest.mark.parametrize(
    ("text", "message", "span"),
    [
        ('x = "open', "Unterminated string", (4, 9)),
        ('x = "open\ny', "Unterminated string", (4, 9)),
        ('"a#{b', "Unterminated string", (0, 5)),
        ('"a#{b\n}', "Unterminated string", (0, 5)),
        ("r'abc", "Unterminated string", (0, 5)),
        ('"""abc', "Unterminated string", (0, 6)),
        ("`ls", "Unterminated string", (0, 3)),
        (r'"a\qb"', r"Invalid escape sequence '\q'", (2, 4)),
        (r'"a#{b}\q"', r"Invalid escape sequence '\q'", (6, 8)),
        ("9223372036854775808", "Invalid number '9223372036854775808'", (0, 19)),
        ("a $ b", "Unexpected character '$'", (2, 3)),
        ("a ^ b", "Unexpected character '^'", (2, 3)),
    ],
)
def test_a_wrong_literal_is_reported_where_it_stands(
    text: str, message: str, span: tuple[int, int]
) -> None:
    """Messages of docs/spec §9.2, with the span of what is wrong."""
    _, errors = scan(text)
    assert [(error.message, tuple(error.span or ())) for error in errors] == [(message, span)]
    assert errors[0].stage == "Lexer error"


def test_a_number_of_many_digits_is_refused_at_once() -> None:
    """Python's own limit on digits never shows."""
    _, (error,) = scan("9" * 100_000)
    assert error.message.startswith("Invalid number '999")
    assert len(error.message) < 80


def test_leading_zeros_do_not_count_against_the_size() -> None:
    """Only the value matters."""
    (token,), errors = scan("0" * 30 + "7")
    assert (token.value, errors) == (7, [])


def test_the_scanner_goes_on_after_an_error() -> None:
    """Several errors are found in one run."""
    _, errors = scan('"\\q"\n$\n5D')
    assert len(errors) == 3


def test_an_at_sign_alone_has_its_own_message() -> None:
    """Class variables do not exist, and the message says so (docs/spec §1.3)."""
    _, (error,) = scan("@@count")
    assert error.message.startswith("expected identifier after `@`")


def test_a_text_that_breaks_off_inside_a_raw_string_is_incomplete() -> None:
    """More lines could close it; a quoted string must close on its line."""
    assert [scan(text)[1][0].incomplete for text in ('"""a', 'r"a', '"a')] == [
        True,
        True,
        False,
    ]
