"""Soli for Pygments: what the scanner reads, in Pygments' words.

The scanner never gives up, so half-written text has its colours too. What it skips over between
two tokens is white space, comments, and characters that no token begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from pygments.lexer import Lexer  # type: ignore[import-untyped]
from pygments.token import (  # type: ignore[import-untyped]
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

from soli_lang.base.source import Source
from soli_lang.syntax.scanner.scanner import Scanner
from soli_lang.syntax.scanner.tokens import WORD_TYPES, Token

_GAP: Final = re.compile(r"(?P<space>\s+|\ufeff)|(?P<line>(?:#|//)[^\n]*)|(?P<block>/\*)|.", re.S)
_EDGE: Final = re.compile(r"/\*|\*/")
_ESCAPE: Final = re.compile(r"\\(?:u\{[0-9A-Fa-f]*\}|u[0-9A-Fa-f]{4}|.)", re.S)

_KINDS: Final[dict[str, Any]] = {
    "STR_BEGIN": String,
    "STR_END": String,
    "INTERP": String.Interpol,
    "INTERP_END": String.Interpol,
    "SYMBOL": String.Symbol,
    "PERCENT": String.Other,
    "SHELL": String.Backtick,
    "UNSUPPORTED": String.Other,
    "AT": Name.Variable.Instance,
    "CONSTANT": Keyword.Constant,
    "THIS": Name.Builtin.Pseudo,
    "SELF": Name.Builtin.Pseudo,
    "SUPER": Name.Builtin.Pseudo,
}
"""Token type of the scanner -> what Pygments calls it. The rest is decided by more than that."""

_PUNCTUATION: Final = frozenset("LPAR RPAR LSQB RSQB LBRACE RBRACE COMMA SEMI COLON DOT".split())
_DECLARES: Final = {"FN": Name.Function, "CLASS": Name.Class, "MODULE": Name.Class}


class SoliLexer(Lexer):  # type: ignore[misc]  # Pygments ships no types
    """Tokens of a Soli program, or of what is written of one so far."""

    name = "Soli"
    aliases: ClassVar[list[str]] = ["soli"]
    filenames: ClassVar[list[str]] = ["*.soli", "*.sl"]
    mimetypes: ClassVar[list[str]] = ["text/x-soli"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """(offset, type, text) of all of *text*, without a gap."""
        tokens = Scanner(Source("", text)).run()
        at = 0
        for index, token in enumerate(tokens):
            yield from gap(text, at, token.start)
            at = max(at, token.start)
            if token.end > at:
                yield from _pieces(text, tokens, index, at)
                at = token.end
        if at < len(text):
            yield at, Text, text[at:]  # where the scanner stopped for too much that is wrong


def gap(text: str, start: int, end: int) -> Iterator[tuple[int, Any, str]]:
    """What stands between two tokens: white space, comments, stray characters."""
    while start < end:
        found = _GAP.match(text, start, end)
        assert found is not None
        kind, stop = Error, found.end()
        if found["space"]:
            kind = Whitespace
        elif found["line"]:
            kind = Comment.Single
        elif found["block"]:
            kind, stop = Comment.Multiline, _block_end(text, stop, end)
        yield start, kind, text[start:stop]
        start = stop


def _block_end(text: str, at: int, end: int) -> int:
    """Where the block comment ends whose opening ends at *at*; they nest."""
    depth = 1
    while depth:
        edge = _EDGE.search(text, at, end)
        if edge is None:
            return end
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at


def _pieces(
    text: str, tokens: list[Token], index: int, start: int
) -> Iterator[tuple[int, Any, str]]:
    token = tokens[index]
    written = text[start : token.end]
    if token.type == "LITERAL":
        yield from _literal(start, written)
    elif token.type == "STR_TEXT":
        yield from _escaped(start, written)
    else:
        yield start, _kind(text, tokens, index), written


def _literal(start: int, written: str) -> Iterator[tuple[int, Any, str]]:
    first = written[0]
    if first.isdigit():
        yield start, _number(written), written
    elif first in "\"'" and not written.startswith('"""'):
        yield from _escaped(start, written)
    else:  # r"…" and \"\"\"…\"\"\" have no escapes
        yield start, String, written


def _number(written: str) -> Any:
    return Number.Float if "." in written or written.endswith("D") else Number.Integer


def _escaped(start: int, written: str) -> Iterator[tuple[int, Any, str]]:
    at = 0
    for escape in _ESCAPE.finditer(written):
        if escape.start() > at:
            yield start + at, String, written[at : escape.start()]
        yield start + escape.start(), String.Escape, escape[0]
        at = escape.end()
    if at < len(written):
        yield start + at, String, written[at:]


def _kind(text: str, tokens: list[Token], index: int) -> Any:
    token = tokens[index]
    before = tokens[index - 1].type if index else ""
    if token.type in WORD_TYPES and is_name(text, tokens, index):
        return Name.Attribute
    if token.type in _KINDS:
        return _KINDS[token.type]
    if token.type == "NAME":
        return _name(token, before)
    if token.type in WORD_TYPES and text[token.start].isalpha():
        return Operator.Word if token.type in ("AND", "OR", "NOT") else Keyword
    return Punctuation if token.type in _PUNCTUATION else Operator


def is_name(text: str, tokens: list[Token], index: int) -> bool:
    """Whether a reserved word is read as a name: a member, `x.end`, or a key, `end: 1`."""
    if index and tokens[index - 1].type == "DOT":
        return True
    after = text[tokens[index].end : tokens[index].end + 2]
    return after.startswith(":") and after != "::" and tokens[index].type != "CONSTANT"


def _name(token: Token, before: str) -> Any:
    if before == "DOT":
        return Name.Attribute
    if before in _DECLARES:
        return _DECLARES[before]
    return Name.Class if str(token.value)[:1].isupper() else Name
