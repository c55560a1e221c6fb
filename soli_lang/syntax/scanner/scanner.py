"""Characters to tokens: one master regular expression and a stack of open strings.

The scanner knows nothing of grammar. What it does decide are the lexical rules of
docs/spec §1: name suffixes (§1.3), symbol or separator `:` (§1.6).
It never gives up: what is wrong is noted and scanned over, so that one run reports several errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from ...base.errors import SoliSyntaxError
from ...base.source import Source, Span
from ...values.values import symbol
from ..resolver.context import MAX_NESTING
from .literals import BadLiteral, decode_escapes, read_decimal, read_int, read_percent_number
from .tokens import KEYWORDS, SIGNS, WORD_TYPES, Token

MAX_OPEN: Final = 2 * MAX_NESTING
"""Open brackets at which scanning stops: the resolver's limit is lower and reports it."""

MAX_ERRORS: Final = 100
"""Wrong characters and literals at which scanning stops."""

_SUFFIX = r"(?:\?(?!\?))?(?:!(?!=))?"  # `!=` and `??` win (docs/spec §1.3)
_NAME = rf"[^\W\d]\w*{_SUFFIX}"

# What must not be tried again is in atomic groups: possessive quantifiers (`(?:…)*+`) go past the
# end of a match on CPython 3.11.2, which Debian 12 has.
_TOKEN: Final = re.compile(
    rf"""
    (?P<blank>[ \t\r\f\v\ufeff\xa0]+)
  | (?P<newline>\n\s*)
  | (?P<raw>r(?:"[^"]*"?|'[^']*'?))
  | (?P<name>{_NAME})
  | (?P<comment>(?:\#|//)[^\n]*)
  | (?P<comment_block>/\*)
  | (?P<decimal>[0-9][0-9_]*\.[0-9][0-9_]*D)
  | (?P<float>[0-9][0-9_]*\.[0-9][0-9_]*)
  | (?P<bad_decimal>[0-9][0-9_]*D(?!\w))
  | (?P<int>[0-9][0-9_]*)
  | (?P<triple>\"\"\")
  | (?P<string>"(?>(?:[^"\\\n\#]+|\\.|\#(?!\{{))*)"|'(?>(?:[^'\\\n\#]+|\\.|\#(?!\{{))*)')
  | (?P<quote>["'])
  | (?P<symbol>:{_NAME})
  | (?P<query>@sdb?ql\s*\{{)
  | (?P<at>@{_NAME})
  | (?P<percent>%[win]\[)
  | (?P<shell>`[^`\n]*`?)
  | (?P<open>[(\[{{])
  | (?P<close>[)\]}}])
  | (?P<sign>\.\.\.|\|\|=|&&=|\?\?=|[-+*/%]=|==|!=|<=|>=|<<|&&|\|\||\?\?|\|>|=>|->|::
        |\.\.|\+\+|--|&\.|\?\.(?!\.)|[-+*/%=<>!?:.|&~,;])
  | (?P<inner_quote>\\(?P<inner>["'])(?P<inner_text>[^"'\\\n\#]*)\\(?P=inner))
    """,
    re.VERBOSE,
)
_STRING_TEXT: Final = {
    quote: re.compile(rf"(?>(?:[^{quote}\\\n#]+|\\.|#(?!\{{))*)") for quote in "\"'"
}
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")
_BRACE: Final = re.compile(r"[{}]")

_ENDS_VALUE: Final = frozenset(
    "NAME AT LITERAL CONSTANT SYMBOL STR_END THIS SELF RPAR RSQB RBRACE PERCENT SHELL".split()
)
"""Tokens after which a `:` without white space is a separator (docs/spec §1.6)."""
_KEY_PLACE: Final = frozenset({"LBRACE", "COMMA", "LPAR"})

_AT_MESSAGE: Final = (
    "expected identifier after `@` (class variables `@@x` are not supported; use a static field)"
)


class _OpenString:
    """A string literal inside whose `#{}` the scanner is."""

    __slots__ = ("begin", "braces", "quote")

    def __init__(self, quote: str, begin: Token) -> None:
        self.quote = quote
        self.begin = begin
        self.braces = 0
        """Braces opened inside the interpolation and not closed yet."""


class Scanner:
    """One pass over one source. `tokens` ends with an `EOF` token."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.tokens: list[Token] = []
        self.errors: list[SoliSyntaxError] = []
        self._at = 0
        self._newline = False
        self._space = False
        self._open = 0
        self._strings: list[_OpenString] = []
        self._handlers: dict[str, Callable[[re.Match[str]], None]] = {
            "newline": self._line_break,
            "raw": self._raw,
            "comment_block": self._comment_block,
            "decimal": self._decimal,
            "float": self._float,
            "bad_decimal": self._bad_decimal,
            "int": self._int,
            "triple": self._triple,
            "string": self._string,
            "quote": self._quote,
            "symbol": self._symbol,
            "query": self._query,
            "at": self._at_name,
            "percent": self._percent,
            "shell": self._shell,
            "open": self._opening,
            "close": self._closing,
            "inner_quote": self._inner_quote,
        }

    def run(self) -> list[Token]:
        """Scan everything; errors are in `errors`, in order."""
        text, size, match = self.text, len(self.text), _TOKEN.match
        tokens, handlers = self.tokens, self._handlers
        while self._at < size:
            found = match(text, self._at)
            if found is None:
                self._stray()
                continue
            kind: Any = found.lastgroup
            start, end = found.span()
            if kind == "blank" or kind == "comment":
                self._space = True
                self._at = end
                continue
            if kind == "name":
                value = found[0]
                word = KEYWORDS.get(value)
                type_, value = word if word else ("NAME", value)
            elif kind == "sign":
                value = found[0]
                type_ = SIGNS[value]
            else:
                self._at = end
                handlers[kind](found)
                continue
            tokens.append(Token(type_, value, start, end, self._newline, self._space))
            self._newline = self._space = False
            self._at = end
        while self._strings:
            self._unterminated(self._strings.pop().begin.start, size, incomplete=False)
        self._add("EOF", None, size, size)
        return tokens

    def _add(self, kind: str, value: Any, start: int, end: int) -> Token:
        token = Token(kind, value, start, end, self._newline, self._space)
        self._newline = self._space = False
        self.tokens.append(token)
        return token

    def _error(self, message: str, start: int, end: int, **more: Any) -> None:
        if len(self.errors) >= MAX_ERRORS:
            self._at = len(self.text)
            return
        span = Span(start, end)
        self.errors.append(SoliSyntaxError(message, span, self.source, stage="Lexer error", **more))

    def _unterminated(self, start: int, end: int, *, incomplete: bool) -> None:
        line_end = self.text.find("\n", start, end)
        self._error(
            "Unterminated string",
            start,
            end if line_end < 0 else line_end,
            incomplete=incomplete,
            hint="a text ends with the quote that it began with",
        )

    def _stray(self) -> None:
        start = self._at
        char = self.text[start]
        self._at = start + 1
        if char == "@":
            error = SoliSyntaxError(_AT_MESSAGE, Span(start, start + 1), self.source)
            self.errors.append(error)
            while self._at < len(self.text) and self.text[self._at] == "@":
                self._at += 1
            return
        if char.isspace():
            self._space = True
            return
        self._error(f"Unexpected character '{char}'", start, start + 1)

    # --- white space and comments ---------------------------------------------------------------

    def _line_break(self, found: re.Match[str]) -> None:
        self._newline = self._space = True
        if self._strings:
            # A quoted string must end on its line, whatever is inside its `#{}` (docs/spec §1.7).
            first = self._strings[0].begin
            self._unterminated(first.start, found.start(), incomplete=False)
            self._close_strings(found.start())

    def _close_strings(self, at: int) -> None:
        newline, space = self._newline, self._space
        self._newline = self._space = False
        while self._strings:
            opened = self._strings.pop()
            self._add("INTERP_END", "}", at, at)
            self._end_string(opened, at, at)
        self._newline, self._space = newline, space

    def _comment_block(self, found: re.Match[str]) -> None:
        depth, at = 1, found.end()
        while depth:
            edge = _COMMENT_EDGE.search(self.text, at)
            if edge is None:
                at = len(self.text)  # runs silently to the end (docs/spec §1.2)
                break
            depth += 1 if edge[0] == "/*" else -1
            at = edge.end()
        if "\n" in self.text[found.start() : at]:
            self._newline = True
        self._space = True
        self._at = at

    # --- numbers --------------------------------------------------------------------------------

    def _int(self, found: re.Match[str]) -> None:
        self._number(found, read_int, found[0])

    def _number(self, found: re.Match[str], read: Callable[[str], Any], text: str) -> None:
        value: Any = 0
        try:
            value = read(text)
        except BadLiteral as bad:
            self._error(bad.message, *found.span())
        self._add("LITERAL", value, *found.span())

    def _float(self, found: re.Match[str]) -> None:
        self._add("LITERAL", float(found[0].replace("_", "")), *found.span())

    def _decimal(self, found: re.Match[str]) -> None:
        self._number(found, read_decimal, found[0][:-1])

    def _bad_decimal(self, found: re.Match[str]) -> None:
        message = "Decimal literals require decimal places (e.g., 19.99D)"
        self._error(f"Invalid number '{found[0]} - {message}'", *found.span())
        self._add("LITERAL", 0, *found.span())

    # --- strings --------------------------------------------------------------------------------

    def _decode(self, text: str, start: int) -> str:
        if "\\" not in text:
            return text
        try:
            return decode_escapes(text)
        except BadLiteral as bad:
            end = len(text) if bad.end is None else bad.end
            self._error(bad.message, start + bad.start, start + end)
            return text

    def _string(self, found: re.Match[str]) -> None:
        start, end = found.span()
        self._add("LITERAL", self._decode(found[0][1:-1], start + 1), start, end)

    def _inner_quote(self, found: re.Match[str]) -> None:
        """`\\"text\\"` inside an interpolation, where older programs escape the quotes."""
        if not self._strings:
            self._at = found.start()
            self._stray()
            return
        self._add("LITERAL", found["inner_text"], *found.span())

    def _raw(self, found: re.Match[str]) -> None:
        text = found[0]
        start, end = found.span()
        if len(text) < 3 or text[-1] != text[1]:
            self._unterminated(start, end, incomplete=True)
        self._add("LITERAL", text[2:-1], start, end)

    def _triple(self, found: re.Match[str]) -> None:
        start, body = found.span()
        end = self.text.find('"""', body)
        if end < 0:
            end = self._at = len(self.text)
            self._unterminated(start, end, incomplete=True)
        else:
            self._at = end + len('"""')
        self._add("LITERAL", self.text[body:end], start, self._at)

    def _quote(self, found: re.Match[str]) -> None:
        begin = self._add("STR_BEGIN", None, *found.span())
        self._string_text(_OpenString(found[0], begin))

    def _string_text(self, opened: _OpenString) -> None:
        """Text up to the closing quote, the next `#{`, or the end of the line."""
        start = self._at
        found = _STRING_TEXT[opened.quote].match(self.text, start)
        end = found.end() if found else start
        if end > start:
            self._add("STR_TEXT", self._decode(self.text[start:end], start), start, end)
        if self.text.startswith("#{", end):
            self._add("INTERP", "#{", end, end + 2)
            self._at = end + 2
            self._strings.append(opened)
            self._count_open()
        elif self.text.startswith(opened.quote, end):
            self._at = end + 1
            self._end_string(opened, end, end + 1)
        else:
            line_end = self.text.find("\n", end)
            self._at = len(self.text) if line_end < 0 else line_end
            begin = self._strings[0].begin if self._strings else opened.begin
            self._unterminated(begin.start, self._at, incomplete=False)
            self._end_string(opened, self._at, self._at)
            self._close_strings(self._at)

    def _end_string(self, opened: _OpenString, start: int, end: int) -> None:
        self._add("STR_END", None, start, end)
        opened.begin.value = len(self.tokens)  # index of the token after the string

    def _shell(self, found: re.Match[str]) -> None:
        text = found[0]
        closed = len(text) > 1 and text.endswith("`")
        if not closed:
            self._unterminated(*found.span(), incomplete=False)
        self._add("SHELL", text[1:-1] if closed else text[1:], *found.span())

    def _query(self, found: re.Match[str]) -> None:
        depth, at = 1, found.end()
        while depth:
            edge = _BRACE.search(self.text, at)
            if edge is None:
                at = len(self.text)
                self._unterminated(found.start(), at, incomplete=True)
                break
            depth += 1 if edge[0] == "{" else -1
            at = edge.end()
        self._at = at
        self._add("UNSUPPORTED", "query literals need a database", found.start(), at)

    # --- names with a sign in front -------------------------------------------------------------

    def _at_name(self, found: re.Match[str]) -> None:
        self._add("AT", found[0][1:], *found.span())

    def _symbol(self, found: re.Match[str]) -> None:
        start, end = found.span()
        if not self._space and self._separates():
            self._at = start + 1
            self._add("COLON", ":", start, start + 1)
            return
        self._add("SYMBOL", symbol(found[0][1:]), start, end)

    def _separates(self) -> bool:
        """Is the `:` that follows the last token a separator?"""
        if not self.tokens:
            return False
        last = self.tokens[-1].type
        if last in _ENDS_VALUE:
            return True
        # `{class:c}`: a keyword as a key or label (docs/spec §1.4)
        return last in WORD_TYPES and len(self.tokens) > 1 and self.tokens[-2].type in _KEY_PLACE

    # --- brackets -------------------------------------------------------------------------------

    def _opening(self, found: re.Match[str]) -> None:
        sign = found[0]
        if sign == "{" and self._strings:
            self._strings[-1].braces += 1
        self._add(SIGNS[sign], sign, *found.span())
        self._count_open()

    def _count_open(self) -> None:
        self._open += 1
        if self._open > MAX_OPEN:
            self._strings.clear()
            self._at = len(self.text)

    def _closing(self, found: re.Match[str]) -> None:
        sign = found[0]
        self._open = max(0, self._open - 1)
        if sign == "}" and self._strings:
            opened = self._strings[-1]
            if opened.braces == 0:
                self._strings.pop()
                self._add("INTERP_END", sign, *found.span())
                self._string_text(opened)
                return
            opened.braces -= 1
        self._add(SIGNS[sign], sign, *found.span())

    def _percent(self, found: re.Match[str]) -> None:
        start, body = found.span()
        end = self.text.find("]", body)
        if end < 0:
            end = len(self.text)
            self._unterminated(start, end, incomplete=True)
        self._at = min(end + 1, len(self.text))
        words = self.text[body:end].split()
        items: list[Any] = words
        if found[0][1] == "i":
            items = [symbol(word) for word in words]
        elif found[0][1] == "n":
            items = [read_percent_number(word) for word in words]
        self._add("PERCENT", items, start, self._at)
