"""What stands before the cursor: found in the tokens, for what is being typed is no program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from soli_lang.syntax.scanner.tokens import WORD_TYPES, Token
from soli_lang.values.values import Symbol

from .scanning import scan

_OPENING: Final = frozenset({"LPAR", "LSQB", "LBRACE", "INTERP"})
_CLOSING: Final = frozenset({"RPAR", "RSQB", "RBRACE", "INTERP_END"})
_VALUE_ENDS: Final = frozenset(
    "NAME AT LITERAL CONSTANT SYMBOL STR_END THIS SELF RPAR RSQB RBRACE".split()
)

MAX_FOLLOWED: Final = 5
"""Variables of which one was given the next."""
MAX_LOOKED_AT: Final = 2000
"""Tokens before the cursor in which what is open, and what a variable is, is looked for."""


class Cursor:
    """The tokens before one place of a text; *tokens* are those, with `EOF`, if they are known."""

    def __init__(self, text: str, offset: int, tokens: list[Token] | None = None) -> None:
        self.text = text[:offset]
        self.tokens = (scan(self.text) if tokens is None else tokens)[:-1]
        self.string = self._open_string()
        """What is written so far of the string that the place is in; None outside of strings."""
        if self.string is not None:
            while self.tokens and self.tokens[-1].type != "STR_BEGIN":
                self.tokens.pop()
            self.tokens = self.tokens[:-1]
        self.word = ""
        """What is written so far of the name that ends here."""
        last = self.tokens[-1] if self.tokens else None
        if self.string is None and last is not None and last.end == offset and _is_word(last):
            self.word = self.text[last.start :]
            self.tokens = self.tokens[:-1]

    def _open_string(self) -> str | None:
        last = self.tokens[-1] if self.tokens else None
        if last is None or last.type != "STR_END" or last.start != last.end:
            return None
        before = self.tokens[-2]
        if before.type == "STR_BEGIN":
            return ""
        is_plain = before.type == "STR_TEXT" and self.tokens[-3].type == "STR_BEGIN"
        return self.text[before.start : before.end] if is_plain else None

    @property
    def is_in_comment(self) -> bool:
        """Whether a line comment stands before the place, on its line."""
        start = self.tokens[-1].end if self.tokens else 0
        line = self.text[max(start, self.text.rfind("\n") + 1) :].lstrip()
        return self.string is None and line.startswith(("#", "//")) and not self.word

    def type_before(self, count: int) -> str:
        """Type of the token *count* places before the cursor; 1 is the last one."""
        return self.tokens[-count].type if len(self.tokens) >= count else ""

    def value_before(self, count: int) -> Any:
        return self.tokens[-count].value if len(self.tokens) >= count else None

    def key_before(self, brace: int) -> str | None:
        """The key whose value the hash that opens at *brace* is; None for a hash of its own."""
        if brace < 2 or self.tokens[brace - 1].type not in ("COLON", "FATARROW"):
            return None
        return str(self.tokens[brace - 2].value)

    def opened(self) -> tuple[int, int] | None:
        """Index of the innermost bracket that is open, and how many commas follow it."""
        depth, commas = 0, 0
        first = max(0, len(self.tokens) - MAX_LOOKED_AT)
        for index in range(len(self.tokens) - 1, first - 1, -1):
            kind = self.tokens[index].type
            if kind in _CLOSING:
                depth += 1
            elif kind in _OPENING:
                if depth == 0:
                    return index, commas
                depth -= 1
            elif kind == "COMMA" and depth == 0:
                commas += 1
        return None

    def call(self) -> tuple[int, int] | None:
        """Index of the name that is called around the place, and the number of the argument.

        Written with parentheses, or as a command: `get "/", "home#in`.
        """
        opened = self.opened()
        if opened is not None and self.tokens[opened[0]].type == "LPAR":
            name = opened[0] - 1
            if name >= 0 and self.tokens[name].type == "NAME":
                return name, opened[1]
            return None
        return self._command() if opened is None else None

    def _command(self) -> tuple[int, int] | None:
        commas = 0
        for index in range(len(self.tokens) - 1, -1, -1):
            token = self.tokens[index]
            if token.type == "COMMA":
                commas += 1
            if token.newline or index == 0:
                return (index, commas) if token.type == "NAME" else None
        return None


def _is_word(token: Token) -> bool:
    return token.type == "NAME" or token.type in WORD_TYPES


# --- receivers -----------------------------------------------------------------------------------


def receiver_type(tokens: Sequence[Token], end: int, seen: int = 0) -> str | None:
    """The title of the type of the value that ends before token *end*; None when nobody knows.

    Told by how it is written: literals, builtin classes, and variables that are given one.
    """
    if end <= 0:
        return None
    last = tokens[end - 1]
    if last.type == "LITERAL":
        return _of_value(last.value)
    if last.type in ("STR_END", "SHELL"):
        return "String"
    if last.type in ("SYMBOL", "PERCENT"):
        return "Symbol" if last.type == "SYMBOL" else "Array"
    if last.type == "CONSTANT":
        return "Null" if last.value is None else "Bool"
    if last.type in ("RSQB", "RBRACE"):
        return _of_brackets(tokens, end - 1)
    if last.type == "NAME" and not _is_member(tokens, end - 1):
        return _of_name(tokens, end - 1, seen)
    return None


def indexed(tokens: Sequence[Token], end: int) -> tuple[str, tuple[str, ...]] | None:
    """The variable and the keys of the value that ends before token *end*: `event["a"]["b"]`,
    also where a variable was given a part of another; None where it is written otherwise."""
    keys: tuple[str, ...] = ()
    for _ in range(MAX_FOLLOWED):
        name, those = _written_keys(tokens, end)
        if name is None:
            return None
        keys = those + keys
        given = _last_given(tokens, name)
        if given is None or _written_keys(tokens, given[1])[0] != given[0]:
            return str(tokens[name].value), keys
        end = given[1]
    return None


def _written_keys(tokens: Sequence[Token], end: int) -> tuple[int | None, tuple[str, ...]]:
    """Index of the variable, and the keys after it, of what ends before token *end*."""
    keys: tuple[str, ...] = ()
    while end > 3 and [one.type for one in tokens[end - 3 : end]] == ["LSQB", "LITERAL", "RSQB"]:
        keys = (str(tokens[end - 2].value), *keys)
        end -= 3
    is_name = end > 0 and tokens[end - 1].type == "NAME"
    return (end - 1 if is_name and not _is_member(tokens, end - 1) else None), keys


def _is_member(tokens: Sequence[Token], at: int) -> bool:
    return at > 0 and tokens[at - 1].type in ("DOT", "SCOPE", "AT")


def _of_value(value: Any) -> str:
    if isinstance(value, Symbol):
        return "Symbol"
    names = {"str": "String", "int": "Int", "float": "Float", "bool": "Bool"}
    return names.get(type(value).__name__, "Decimal")


def _of_brackets(tokens: Sequence[Token], close: int) -> str | None:
    depth = 0
    for index in range(close, max(-1, close - MAX_LOOKED_AT), -1):
        kind = tokens[index].type
        if kind in _CLOSING:
            depth += 1
        elif kind in _OPENING:
            depth -= 1
            if depth == 0:
                is_literal = index == 0 or tokens[index - 1].type not in _VALUE_ENDS
                title = {"LSQB": "Array", "LBRACE": "Hash"}.get(kind)
                return title if is_literal or tokens[index].newline else None
    return None


def _of_name(tokens: Sequence[Token], at: int, seen: int) -> str | None:
    """The type of a variable: that of what it was last given, as far as that is written there."""
    name = tokens[at].value
    if name[:1].isupper():
        return str(name)
    given = _last_given(tokens, at)
    return None if given is None else _of_made(tokens, *given, seen)


def _last_given(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """Where the expression stands that the variable at token *at* was last given."""
    name = tokens[at].value
    for index in range(at - 1, max(0, at - MAX_LOOKED_AT), -1):
        is_assignment = tokens[index].type == "EQ" and tokens[index - 1].value == name
        if not is_assignment or (index > 1 and tokens[index - 2].type == "DOT"):
            continue
        end = index + 1
        depth = 0
        while end < len(tokens):
            kind = tokens[end].type
            if depth == 0 and end > index + 1 and tokens[end].newline:
                break
            depth += (kind in _OPENING) - (kind in _CLOSING)
            end += 1
        return index + 1, end
    return None


def _of_made(tokens: Sequence[Token], start: int, end: int, seen: int) -> str | None:
    """The type of an expression: `Name.new(...)`, `new Name(...)`, or one that ends plainly."""
    kinds = [token.type for token in tokens[start : start + 3]]
    if kinds[:1] == ["NEW"] and kinds[1:2] == ["NAME"]:
        return str(tokens[start + 1].value)
    if kinds == ["NAME", "DOT", "NEW"]:
        return str(tokens[start].value)
    first = tokens[start].type if start < end else ""
    whole = end - start == 1
    if first in ("STR_BEGIN", "LSQB", "LBRACE") and _closes_at_end(tokens, start, end):
        whole = True
    return receiver_type(tokens, end, seen + 1) if whole and seen < MAX_FOLLOWED else None


def _closes_at_end(tokens: Sequence[Token], start: int, end: int) -> bool:
    depth = 0
    for index in range(start, end):
        kind = tokens[index].type
        depth += (kind in _OPENING or kind == "STR_BEGIN") - (kind in _CLOSING or kind == "STR_END")
        if depth == 0:
            return index == end - 1
    return False
