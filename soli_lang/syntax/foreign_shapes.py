"""Shapes of other languages in a text that is no program, and what stands for them in Soli.

Only looked for once the text was refused: a shape is a hint, never an error of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ..base.errors import SoliSyntaxError
from ..base.foreign_words import (
    CHOICE,
    CONDITION,
    COUNTING,
    FOREIGN_WORDS,
    FUNCTION,
    HASH,
    IMPORT,
    LOOP,
    MODULE,
    TEXT,
    THROW,
    WAITING,
    text_in_brackets,
)
from ..base.source import Source, Span
from .misspelt import line_span, misspelt, misspelt_handler
from .scanner.scanner import Scanner
from .scanner.tokens import HEADED, Token

ONE_LINE: Final = "a function on one line is `def f(x) x * 2 end`, without `=`"
SETTER: Final = "there are no setters: fields are public, `thing.name = 1`; else `def set_name(v)`"
LAMBDA: Final = (
    "a function without a name is `fn(x) { x + 1 }`, a block after a call `|x| x + 1`; "
    "`=>` stands in hashes and in the arms of a `match`"
)
MIXED: Final = (
    "`->` after parameters is followed by a type, as in `fn(x) -> Int { x + 1 }`; a function "
    "without a name is `fn(x) { … }`, `-> (x) { … }` or, after a call, `|x| …`: one is enough"
)
BODY: Final = "no `:` before a body: the line ends there, and the body with `end`"
VALUES: Final = "a loop over values is `for x in values ... end`"
CHOICE_OF_VALUES: Final = "a value by a condition is `condition ? 1 : 2`"
UNION: Final = "a type is one name: `Int?` is Int or null, and what may be anything is `Any`"
GENERIC: Final = "an array of Ints is `Int[]`; of what is in a Hash, the type says nothing: `Hash`"
RETURN_TWO: Final = "several values are returned as an array: `return [1, 2]`"
TAKEN_APART: Final = 'values are not taken apart: `a = pair[0]`, `name = user["name"]`'
HEAD: Final = "the first and the rest: `match items { [first, ...rest] => first }`"
BRACES: Final = "a lambda stands in braces, `|x| { x * 2 }`, or ends with `end` like other bodies"
DOLLAR: Final = "a variable is its name alone: `name = 1`; in a text `#{name}`"
TUPLE: Final = 'there are no tuples: an array is `[1, 2]`, a hash `{ "ok": 1 }`'
CONTAINS: Final = "whether an array has a value: `values.includes?(x)`"
SLICE: Final = "a part of an array is `items.slice(0, 2)`: from 0 up to, not including, 2"
ONE_MORE: Final = "`x += 1` adds to a variable, `x -= 1` takes from it: there is no `++x`"
WHOLE: Final = "`//` begins a comment; a whole number is `(a / b).floor`"
ELSE_IF: Final = "an `if` below `else` has an `end` of its own; a choice goes on with `elsif`"
NAMED: Final = "every parameter may be named in a call, `f(b: 2)`; a default is `def f(a, b = 2)`"
_BODIES: Final = HEADED | {"FN", "ELSIF", "ELSE", "CLASS", "TRY"}
_OPENERS: Final = frozenset(
    {
        UNION,
        FUNCTION,
        CONDITION,
        WAITING,
        LOOP,
        COUNTING,
        BODY,
        ONE_LINE,
        CHOICE,
        THROW,
        TUPLE,
        ELSE_IF,
        MODULE,
        MIXED,
        LAMBDA,
    }
)
_PAIRS: Final[dict[tuple[str, str], str]] = {
    ("==", "="): "`==` compares values and types: there is no `===`",
    ("!=", "="): "`!=` compares values and types: there is no `!==`",
    ("*", "*"): "a power is `2.pow(3)`",
    ("<", ">"): "unequal is `!=`; two texts are joined by `+`",
    ("<=", ">"): "there is no `<=>`: compare with `<`, sort with `items.sort_by { |x| x.name }`",
    (".", "("): "a function in a variable is called by its name: `f(x)`",
    ("rescue", "=>"): "the error is named right after the word: `rescue e`",
    ("&&", "then"): "`and` alone is enough: `a and b`",
    ("||", "else"): "`or` alone is enough: `a or b`",
    (":", "="): "an assignment is `x = 1`",
    ("=", "+"): "`x += 1` adds to a variable",
    ("export", "default"): "there is no default: export by name, `export def name() ... end`",
    ("do", "while"): LOOP,
    ("%", "{"): HASH,
}
_WORDY: Final = frozenset({_PAIRS["&&", "then"], _PAIRS["||", "else"]})
_OPENING: Final = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSING: Final = frozenset({"RPAR", "RSQB", "RBRACE"})
_SYMBOLS: Final = frozenset({"SYMBOL", "LITERAL"})
LONGEST_TEXT: Final = 20_000
"""Characters of a text that is read once more for its hints: nobody pays for that."""
_LONGEST_PARAMETERS: Final = 40
"""Tokens before a `=>` that are looked at for their opening parenthesis."""
_DIVIDED: Final = re.compile(r"[\w)\]] ?// ?[\w(]+ ?[\])}]")
_BODY_WORD: Final = re.compile(
    r"[ \t]*(defmodule|defp|function|func|fun|sub|proc|switch|with|cond)\b"
)
_WHOLE_BODIES: Final = "there is no `case`"
_COMMANDS: Final = frozenset({"NAME", "LITERAL", "STR_BEGIN", "LPAR", "FN", "CONSTANT", "NEW"})


def explain(source: Source, errors: Sequence[SoliSyntaxError]) -> None:
    """Give *errors* the hints of the foreign shapes that they stand in."""
    shapes = _shapes(source) if len(source.text) <= LONGEST_TEXT else {}
    for error in errors:
        if error.span is None:
            continue
        error.hint = text_in_brackets(source.text, error.span.start) or error.hint
        if len(source.text) > LONGEST_TEXT:
            continue
        line = source.position(error.span.start).line
        hint = shapes.get(line)
        if hint is None and _is_about_end(error):
            hint = _opener_before(source, error, shapes, line) or misspelt(source, error, line)
        if hint is None and "` expected: the `(`" in error.message:
            hint = _commented_out(source, line)
        if hint is None and error.hint is None and "the lambda opened on" in error.message:
            hint = BRACES
        if hint is None and error.message.startswith("Unexpected character '$'"):
            hint = DOLLAR
        if hint is None and error.message.startswith("`try` without"):
            hint = THROW if THROW in shapes.values() else misspelt_handler(source, error, line)
        if hint is not None:
            error.hint = hint
    _begin_at_word(source, errors[0], shapes)


def without_followers(errors: Sequence[SoliSyntaxError]) -> list[SoliSyntaxError]:
    """*errors* without an `end` too many or too few below a body in another language's words."""
    bodies = ((one.hint or "").startswith(_WHOLE_BODIES) or one.hint in _OPENERS for one in errors)
    found = next((at for at, is_body in enumerate(bodies) if is_body), len(errors))
    return [one for at, one in enumerate(errors) if at <= found or not _is_about_end(one)]


def _begin_at_word(source: Source, error: SoliSyntaxError, shapes: dict[int, str]) -> None:
    """Move *error* up to the word of another language that began the body it is in."""
    if error.span is None:
        return
    line = source.position(error.span.start).line
    for at in sorted(shapes):
        begun = _BODY_WORD.match(source.line(at))
        if at < line and begun is not None and shapes[at] == FOREIGN_WORDS[begun[1]]:
            start = line_span(source, at).start
            error.move(Span(start, start + len(begun[1])), f"`{begun[1]}` begins no body")
            error.hint = shapes[at]
            return


def _is_about_end(error: SoliSyntaxError) -> bool:
    return (
        "`end` expected" in error.message
        or "`|` expected" in error.message
        or (error.hint is not None and "that `end` could close" in error.hint)
    )


def _commented_out(source: Source, line: int) -> str | None:
    """The hint for a `)` that is missing because `//` made a comment of it: `f(7 // 2)`."""
    found = _DIVIDED.search(source.line(line)) or _DIVIDED.search(source.line(max(1, line - 1)))
    return WHOLE if found is not None else None


def _opener_before(
    source: Source, error: SoliSyntaxError, shapes: dict[int, str], line: int
) -> str | None:
    """The hint of the foreign shape that opened a body, where the error is from then on."""
    before = [at for at, hint in shapes.items() if at <= line and hint in _OPENERS]
    if not before:
        return None
    # A `:` behind a condition is nothing here, while what follows may just be its next branch.
    opener = max([at for at in before if shapes[at] == BODY] or before)
    hint = shapes[opener]
    if hint in (BODY, ONE_LINE, UNION, MIXED, LAMBDA):
        error.move(line_span(source, opener), error.message)
    if hint == TUPLE:
        error.move(line_span(source, opener), "`{` begins a hash, and its first item is no pair")
    return hint


def _shapes(source: Source) -> dict[int, str]:
    """Line -> the hint of the first foreign shape in it."""
    tokens = list(Scanner(source).run())
    shapes: dict[int, str] = {}
    first = 0
    for at, token in enumerate(tokens):
        if token.newline:
            first = at
        hint = _shape(source, tokens, at, first)
        if hint is not None:
            shapes.setdefault(source.position(token.start).line, hint)
    return shapes


def _shape(source: Source, tokens: list[Token], at: int, first: int) -> str | None:
    """The hint of a foreign shape that begins at *at*, in the line that begins at *first*."""
    token = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else token
    if following.newline or following is token:
        return _at_end(source, token, following, tokens[first])
    if token.type == "RPAR" and tokens[first].type == "FN" and _text(source, following) == "=":
        return ONE_LINE
    if token.type == "FN" and [_text(source, one) for one in tokens[at + 2 : at + 4]] == ["=", "("]:
        return SETTER
    whole = _of_line(tokens, at, first)
    if whole is not None:
        return whole
    pair = _PAIRS.get((_text(source, token), _text(source, following)))
    if pair == _PAIRS["*", "*"] and tokens[first].type == "FN":
        pair = None  # `def f(**options)`
    if pair is not None and (token.type != "OP" or token.end == following.start or pair in _WORDY):
        return pair
    if token.type == "NAME":
        return _after_name(source, token, following, is_first=at == first)
    if token.type == "FATARROW" and at:
        return LAMBDA if _is_lambda(tokens, at) else None
    if token.type == "ARROW" and following.type in ("LPAR", "LBRACE") and at:
        return MIXED if _ends_parameters(tokens, at) else None
    fourth = tokens[at + 4].value if at + 4 < len(tokens) else None
    return _after_keyword(token, following, tokens[at + 2 : at + 3], fourth)


def _at_end(source: Source, token: Token, following: Token, start: Token) -> str | None:
    """The hint of a shape that ends the line which begins with *start*."""
    if token.type == "ELSE" and following.type == "IF":
        return ELSE_IF if _column(source, token) == _column(source, following) else None
    return BODY if token.type == "COLON" and start.type in _BODIES else None


def _of_line(tokens: list[Token], at: int, first: int) -> str | None:
    """The hint of a shape for which the whole line before *at* counts."""
    token, start = tokens[at], tokens[first]
    before = tokens[at - 1] if at > first else token
    following = tokens[at + 1]
    if token.type == "ELSE" and at > first:
        kinds = [one.type for one in tokens[first:at]]
        is_choice = "IF" in kinds[1:] and "THEN" not in kinds and "EQ" in kinds
        return CHOICE_OF_VALUES if is_choice else None
    if token.type == "STEP" and following.type == "NAME" and at == first:
        return ONE_MORE
    if token.type == "COMMA":
        return _of_comma(tokens, at, first)
    if token.type == "COLON" and "RSQB" in [one.type for one in tokens[at + 1 : at + 3]]:
        return SLICE if "LSQB" in [one.type for one in tokens[max(first, at - 2) : at]] else None
    if token.type == "IN" and start.type != "FOR" and not before.newline:
        return CONTAINS
    if token.type == "NAME" and before.type in ("COLON", "ARROW") and following.start == token.end:
        return GENERIC if following.value == "<" else None
    if token.type == "BAR" and start.type == "LSQB" and at - first == 2:
        return HEAD
    if token.type == "BAR" and at - first > 1 and tokens[at - 2].type in ("COLON", "ARROW"):
        return UNION
    if token.type == "COLON" and start.type == "FN" and following.type in ("COMMA", "LITERAL"):
        return NAMED
    return None


def _of_comma(tokens: list[Token], at: int, first: int) -> str | None:
    kinds = [one.type for one in tokens[first:at]]
    depth = sum((kind in _OPENING) - (kind in _CLOSING) for kind in kinds)
    if kinds[:1] == ["RETURN"] and depth == 0:
        return RETURN_TWO
    return TUPLE if kinds[-2:-1] == ["LBRACE"] and tokens[at - 1].type in _SYMBOLS else None


def _after_name(source: Source, token: Token, following: Token, *, is_first: bool) -> str | None:
    if token.value in ("f", "F") and following.start == token.end:
        if following.type in ("LITERAL", "STR_BEGIN"):
            return TEXT
        return None
    if token.value == "except" and is_first:
        return THROW
    if token.value in ("elif", "elseif") and is_first:
        return CONDITION
    if token.value == "switch" and following.type == "LPAR":
        return CHOICE
    if token.value in ("loop", "cond") and following.type == "DO":
        return FOREIGN_WORDS[str(token.value)]
    if following.type in _COMMANDS and (following.type != "LPAR" or token.value == "function"):
        return FOREIGN_WORDS.get(token.value)
    return None


def _after_keyword(
    token: Token, following: Token, third: list[Token], fourth: object
) -> str | None:
    if token.type in ("LET", "CONST") and following.type in ("LBRACE", "LSQB"):
        return TAKEN_APART
    if token.type == "FOR" and following.type == "LPAR" and third:
        if fourth in ("of", "in"):
            return VALUES
        return COUNTING if third[0].type in ("LET", "SEMI") or third[0].value == "var" else None
    if token.type == "IMPORT" and following.type == "NAME":
        return IMPORT
    if token.type == "FROM" and following.type == "NAME":
        return IMPORT
    return None


def _is_lambda(tokens: list[Token], at: int) -> bool:
    """Whether `x =>`, `(x) =>` or `|x| =>` stands where a value is expected."""
    if tokens[at - 1].type not in ("RPAR", "NAME", "BAR"):
        return False
    start = _parenthesis(tokens, at)
    before = tokens[start - 1] if start > 0 else None
    return tokens[at - 1].type == "BAR" or (
        before is not None
        and (before.type in ("EQ", "LPAR", "RETURN") or before.value in ("async", "default"))
    )


def _ends_parameters(tokens: list[Token], at: int) -> bool:
    """Whether `|x|`, `fn(x)` or `-> (x)` stands before *at*."""
    if tokens[at - 1].type == "BAR":
        return True
    start = _parenthesis(tokens, at)
    return tokens[start].type == "LPAR" and start > 0 and tokens[start - 1].type in ("FN", "ARROW")


def _parenthesis(tokens: list[Token], at: int) -> int:
    """Where the parenthesis begins that ends before *at*; where no such one is, what is there."""
    start, depth = at - 1, 0
    while start > 0 and at - start < _LONGEST_PARAMETERS:
        depth += {"RPAR": 1, "LPAR": -1}.get(tokens[start].type, 0)
        if depth == 0:
            break
        start -= 1
    return start


def _column(source: Source, token: Token) -> int:
    return source.position(token.start).column


def _text(source: Source, token: Token) -> str:
    text = source.text[token.start : token.end]
    return {"and": "&&", "or": "||"}.get(text, text)
