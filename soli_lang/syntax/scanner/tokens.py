"""Tokens, and the words and signs that make them (docs/spec §1.4, §1.10)."""

from __future__ import annotations

from typing import Any, Final

from ...base.source import Span


class Token:
    """A piece of the source. The scanner makes it, the resolver may give it another `type`.

    The grammar looks at `type` only. A token made up by the resolver (an invisible bracket) has
    no width: `start == end`.
    """

    __slots__ = ("end", "newline", "space", "start", "type", "value")

    def __init__(
        self, type: str, value: Any, start: int, end: int, newline: bool, space: bool
    ) -> None:
        self.type = type
        self.value = value
        """Name, operator or keyword as text; the value of a literal."""
        self.start = start
        self.end = end
        self.newline = newline
        """A line break stands between this token and the one before it."""
        self.space = space
        """White space or a comment stands before it."""

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    def __repr__(self) -> str:
        return f"Token({self.type}, {self.value!r}, {self.start}..{self.end})"


KEYWORDS: Final[dict[str, tuple[str, Any]]] = {
    word: (word.upper(), word)
    for word in (
        "as break case catch class const do else elsif enum export extends for from if "
        "implements import in interface let match module new rescue return self static super "
        "then this throw unless when while end public private protected Void"
    ).split()
} | {
    "fn": ("FN", "fn"),
    "def": ("FN", "def"),
    "try": ("TRY", "try"),
    "begin": ("TRY", "begin"),
    "finally": ("FINALLY", "finally"),
    "ensure": ("FINALLY", "ensure"),
    "not": ("NOT", "!"),
    "and": ("AND", "&&"),
    "or": ("OR", "||"),
    "true": ("CONSTANT", True),
    "false": ("CONSTANT", False),
    "null": ("CONSTANT", None),
    "nil": ("CONSTANT", None),
}
"""Reserved words: token type and value. Synonyms share a type."""

LOOP_WORDS: Final = frozenset({"WHILE", "FOR"})
HEADED: Final = LOOP_WORDS | {"IF", "UNLESS"}
"""Token types of words that begin a statement with a header and a body: `while x ... end`."""

TYPE_NAMES: Final = frozenset({"Int", "Float", "Bool", "Decimal", "String", "Void"})
"""Read as names, except that they begin type patterns."""

WORD_TYPES: Final = frozenset(kind for kind, _ in KEYWORDS.values())
"""Token types of reserved words."""

SAFE_DOTS: Final = frozenset({"&.", "?."})
"""Values of `DOT` tokens before a member that null does not have."""

SIGNS: Final[dict[str, str]] = {
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    "{": "LBRACE",
    "}": "RBRACE",
    ",": "COMMA",
    ";": "SEMI",
    ":": "COLON",
    "::": "SCOPE",
    ".": "DOT",
    "&.": "DOT",
    "?.": "DOT",
    "...": "SPREAD",
    "?": "QUESTION",
    "=": "EQ",
    "=>": "FATARROW",
    "->": "ARROW",
    "++": "STEP",
    "--": "STEP",
    "-": "MINUS",
    "!": "BANG",
    "&": "AMP",
    "|": "BAR",
    "||": "OROR",
    "~": "TILDE",
} | dict.fromkeys("+ * / % == != < <= > >= << && ?? |> .. += -= *= /= %= ||= &&= ??=".split(), "OP")
"""Operators and punctuation: token types. Whatever is `OP` only ever stands between operands."""
