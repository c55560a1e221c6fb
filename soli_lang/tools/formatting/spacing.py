"""How many spaces stand between two pieces on one line."""

from __future__ import annotations

from typing import Final

from ...syntax.scanner.tokens import WORD_TYPES
from .pieces import COMMENT, Piece

OPENERS: Final = frozenset({"GROUP", "CALL", "INDEX", "ARRAY", "PARAMS", "LPAR", "LSQB"})
"""Nothing stands between these and what they open."""
CLOSERS: Final = frozenset(
    {"GROUP_END", "CALL_END", "INDEX_END", "ARRAY_END", "PARAMS_END", "RPAR", "RSQB"}
)
BRACES: Final = frozenset("HASH BRACES BLOCK BODY MATCH_BODY LBRACE IMPORT_OPEN".split())

_TIGHT_BEFORE: Final = frozenset({"COMMA", "SEMI", "CALL", "INDEX", "DOT", "SCOPE", "STEP"})
_TIGHT_AFTER: Final = frozenset({"DOT", "SCOPE", "AMP", "SPREAD"})
_SPACED: Final = frozenset(
    "OP EQ QUESTION TERNARY_COLON FATARROW RETURNS OROR AND OR EXTENDS IMPLEMENTS".split()
)


def space_between(left: Piece, right: Piece) -> str:
    """The white space between two pieces of one line."""
    if COMMENT in (left.role, right.role):
        return _before_comment(left, right)
    return " " if _is_spaced(left, right) else ""


def _before_comment(left: Piece, right: Piece) -> str:
    if left.role == COMMENT:
        return " " if right.space else ""
    return " "


def _is_spaced(left: Piece, right: Piece) -> bool:
    for rule in (_brackets, _signs, _words):
        found = rule(left, right)
        if found is not None:
            return found
    return right.space


def _brackets(left: Piece, right: Piece) -> bool | None:
    if right.role in CLOSERS or left.role in OPENERS:
        return False
    if left.text == "{" and left.role in BRACES:
        return right.text != "}"
    if right.text == "}":
        return True
    return None


def _signs(left: Piece, right: Piece) -> bool | None:
    if right.role in _TIGHT_BEFORE or left.role in _TIGHT_AFTER:
        return False
    if left.text in (",", ";"):
        return True
    if right.text == ".." or left.text == "..":
        return right.space
    if left.role == "UNARY":
        # `--` and `->` are tokens of their own.
        return left.text == "not" or (left.text == "-" and right.text[:1] in ("-", ">"))
    if right.role in _SPACED or left.role in _SPACED or "=>" in (left.text, right.text):
        return True
    if right.text == ":":
        return False
    if left.text == ":":
        return True
    return None


def _words(left: Piece, right: Piece) -> bool | None:
    if right.role == "PARAMS" and right.text == "(":
        return right.space if left.text == "->" else False
    if left.role in WORD_TYPES and right.role == "GROUP":
        return True
    if left.role == "PARAMS_END" or right.text == "{" or right.text == "|":
        return True
    return None
