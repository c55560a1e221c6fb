"""What to tell a person when the grammar refuses a token. No name of the grammar gets out."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from ..base.errors import SoliSyntaxError
from ..base.records import Record
from ..base.source import Source, Span
from .scanner.tokens import Token

_OPENERS: Final = {
    "BODY": "CLOSE",
    "MATCH_BODY": "CLOSE",
    "CALL": "CALL_END",
    "GROUP": "GROUP_END",
    "ARRAY": "ARRAY_END",
    "INDEX": "INDEX_END",
    "HASH": "HASH_END",
    "PARAMS": "PARAMS_END",
    "INTERP": "INTERP_END",
    "QUESTION": "TERNARY_COLON",
    "IMPORT_OPEN": "IMPORT_CLOSE",
}
_CLOSERS: Final = frozenset(_OPENERS.values())
_AFTER_ITEM: Final = {
    "CALL": "',' or ')'",
    "GROUP": "')'",
    "ARRAY": "',' or ']'",
    "INDEX": "']'",
    "HASH": "',' or '}'",
    "PARAMS": "',' or ')'",
    "INTERP": "'}'",
    "QUESTION": "':'",
    "MATCH_BODY": "','",
    "IMPORT_OPEN": "',' or '}'",
}
_TAKING: Final = frozenset({"PARAMS", "CALL"})
_SPECIFIC: Final = {
    "TYPE": "type",
    "FATARROW": "'=>'",
    "IN": "'in'",
    "FROM": "'from'",
    "AS": "'as'",
    "MATCH_BODY": "'{'",
    "CALL": "'('",
    "EQ": "'='",
    "MEMBER": "identifier",
}


class Place(Record, frozen=True):
    """Where in the resolved tokens an error is."""

    opener: Token | None
    """The innermost bracket or body around it."""
    has_colon: bool
    """A pair with its colon has begun in that hash."""
    is_first: bool
    """No item of that hash is before this one."""
    is_arm: bool
    """It is the whole of what an arm of a `match` gives."""
    start: int
    """Index of the first token of the statement around it."""
    end: int
    """Index after the last token of that statement."""


class _Open:
    __slots__ = ("depth", "has_colon", "is_arm", "is_first", "start", "token")

    def __init__(self, token: Token | None, start: int) -> None:
        self.token = token
        self.start = start
        self.has_colon = False
        self.is_first = True
        self.is_arm = False
        self.depth = 0


def locate(tokens: list[Token], at: int) -> Place:
    """What surrounds the token at index *at*; one pass over *tokens*."""
    stack = [_Open(None, 0)]
    for index in range(min(at, len(tokens))):
        _step(stack, tokens[index], index)
        if tokens[index].type == "HASH" and index and tokens[index - 1].type == "FATARROW":
            stack[-1].is_arm = True  # pairs of a hash have a COLON, whatever was written
    inner = stack[-1]
    has_colon, is_first = inner.has_colon, inner.is_first
    depth = len(stack) - 1
    while stack[depth].token is not None and _type(stack[depth]) != "BODY":
        depth -= 1
    start = stack[depth].start
    end = at
    while end < len(tokens):
        kind = tokens[end].type
        if kind == "$END" or (len(stack) == depth + 1 and kind in ("SEP", "CLOSE")):
            break
        _step(stack, tokens[end], end)
        end += 1
    return Place(inner.token, has_colon, is_first, inner.is_arm, start, end)


def _type(entry: _Open) -> str:
    return entry.token.type if entry.token is not None else ""


def _step(stack: list[_Open], token: Token, index: int) -> None:
    kind = token.type
    top = stack[-1]
    if kind in _OPENERS:
        stack.append(_Open(token, index + 1))
    elif kind in _CLOSERS:
        if len(stack) > 1 and _OPENERS[_type(top)] == kind:
            stack.pop()
    elif kind == "SEP":
        top.start = index + 1
    elif kind == "COLON" or kind == "KEY":
        top.has_colon = True
    elif kind == "COMMA":
        top.has_colon = top.is_first = False


def describe(
    source: Source, tokens: list[Token], at: int, expected: Set[str], place: Place
) -> SoliSyntaxError:
    """The error for the token at index *at*, where the grammar could go on with *expected*."""
    kind = tokens[at].type if at < len(tokens) else "$END"
    shown = at
    while shown < len(tokens) and tokens[shown].start == tokens[shown].end:
        shown += 1
    wanted = _wanted(expected, place)
    if shown >= len(tokens):
        end = tokens[at - 1].end if at else 0
        span = Span(end, end)
        message = f"Unexpected token 'EOF', expected {wanted}"
        return SoliSyntaxError(message, span, source, hint=_AT_END.get(wanted), incomplete=True)
    token = tokens[shown]
    if kind == "SEP" or (kind == "CLOSE" and token.newline):
        last = tokens[at - 1] if at else token
        message = f"Unexpected end of line, expected {wanted}"
        hint = _AT_END.get(wanted)
        return SoliSyntaxError(message, last.span, source, hint=hint)
    text = source.text[token.start : token.end]
    text = text if len(text) <= 40 else text[:37] + "..."
    message = f"Unexpected token '{text}', expected {wanted}"
    hint = _hint(text, wanted, place) or _hint_before(tokens, at, wanted)
    if wanted == "'=>' or ':'":
        hint = _hint_in_hash(text, place, is_next=text == ";" or token.newline) or hint
    return SoliSyntaxError(message, token.span, source, hint=hint)


def _wanted(expected: Set[str], place: Place) -> str:
    """What could stand there, in words."""
    if "GROUP" in expected and "LITERAL" in expected:
        return "expression"
    if "LITERAL" in expected:
        return "pattern" if "NAME" in expected else "string path"
    if "DEF" in expected and "OP" not in expected:
        return "declaration"
    if "OP" in expected or "DOT" in expected or "PARAMS_END" in expected:
        return _after_item(expected, place)
    for kind, words in _SPECIFIC.items():
        if kind in expected:
            return words
    if "NAME" in expected:
        return "identifier"
    return _after_item(expected, place)


def _after_item(expected: Set[str], place: Place) -> str:
    opener = place.opener
    if opener is None or opener.type == "BODY":
        return "end of line"
    if opener.type == "HASH" and not place.has_colon:
        return "'=>' or ':'"
    if opener.type == "MATCH_BODY" and "FATARROW" in expected and "COMMA" not in expected:
        return "'=>'"
    if opener.value == "command":
        return "',' or end of line"
    return _AFTER_ITEM.get(opener.type, "end of line")


_AT_END: Final = {
    "'('": "write `new Name()`",
    "':'": "a choice in one line has both values: `x = condition ? a : b`",
}
_COMMA_HINTS: Final = {
    "']'": "a `[` after a name indexes it; an array is passed as `name([...])`",
    "')'": "several values in one are an array: `[1, 2]`",
    "end of line": "there is no multiple assignment: write one on each line",
}


def _hint(text: str, wanted: str, place: Place) -> str | None:
    if text == "...":
        return "`...` spreads arrays, inside array literals and patterns only"
    if text in ("*", "**") and place.opener is not None and place.opener.type in _TAKING:
        return "there are no arguments without number: take an Array or a Hash, and pass one"
    if wanted == "type":
        return "a type is one name: `Int`, `Int[]` for an array, `Int?` with null, `Any`"
    if text == ",":
        return _COMMA_HINTS.get(wanted)
    if text in (")", "]", "}") and wanted == "expression":
        return f"an expression is missing before `{text}`, or there is a comma too many"
    if wanted == "pattern" and text == "-":
        return "a negative number is no pattern: a guard, `n if n == -1 => ...`, says it"
    if wanted == "','":
        return "the arms of a `match` are separated by commas"
    if wanted.startswith("','"):
        return "is a comma missing?"
    return None


def _hint_in_hash(text: str, place: Place, *, is_next: bool) -> str | None:
    """A hint where a first item is no pair: it was probably meant as a statement."""
    if not place.is_first or not (text == "}" or is_next or place.is_arm):
        return None
    if place.is_arm:
        return (
            "in an arm, `{` begins a hash: leave the braces out around one expression; "
            "a block begins with a statement such as `let` or `if`"
        )
    return "this `{` begins a hash; a block begins with a statement such as `let` or `if`"


def _hint_before(tokens: list[Token], at: int, wanted: str) -> str | None:
    """A hint from what stands before the refused token."""
    if wanted != "end of line" or not at:
        return None
    token, before = tokens[at], tokens[at - 1]
    if token.type == "COLON" and before.type == "NAME":
        return f"a variable with a type is declared: `let {before.value}: Int = 1`"
    if token.type == "ELSE":
        return "a choice in one line is `x = condition ? a : b`"
    if token.type in ("NAME", "CALL") and before.type == "LITERAL" and before.end == token.start:
        if token.value == "d":
            return "a Decimal ends in a capital letter, `1.5D`"
        return "there are no hexadecimal numbers and no exponents"
    if before.type == "NAME" and at > 1 and tokens[at - 2].type == "DOT":
        return f"a method takes its arguments in parentheses: `{before.value}(...)`"
    if token.type in ("NAME", "LITERAL", "THIS", "AT", "STR_BEGIN", "GROUP", "ARRAY", "HASH"):
        return "start a new line, or write `;` between two statements on one line"
    return None
