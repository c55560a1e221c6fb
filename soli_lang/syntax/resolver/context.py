"""What the resolver keeps in mind: the tokens, what is open, and what may come next.

A *frame* is an open construct. Some frames are brackets that the author wrote; some are
invisible, such as the arguments of a command call. The resolver closes the latter with tokens of
no width, so that the grammar only ever sees plain, bracketed structure (docs: design, part 2).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

from ...base.errors import SoliSyntaxError
from ...base.source import Source, Span
from ..scanner.tokens import Token

MAX_NESTING: Final = 512
"""How deep the tree of nodes may become, about: brackets, bodies, links of a chain.

docs/spec §2.8 asks for at least 64 of whatever the author nests; a block in the arguments of
a call is eight levels. Whoever walks the tree recurses, so more is no gift.
"""

FLAT_LEVELS: Final = 8
"""Operators of a sum, a product, a comparison, `&&` and the like that count as nesting: as many as
there are levels among them (docs/spec §2.7)."""

MAX_ERRORS: Final = 20
"""Errors reported for one source; more would only repeat the first ones."""


class State(IntEnum):
    """What the next token is looked at as."""

    START = 0
    """The beginning of a statement."""
    MEMBER = 1
    """The beginning of a member of a class."""
    VARIANT = 2
    """The beginning of a member of an enum."""
    SIGNATURE = 3
    """The beginning of a method of an interface."""
    PARAM = 4
    PATTERN = 5
    OPERAND = 6
    VALUE = 7
    """After a complete operand: an operator, or the end."""
    DONE = 8
    """After a complete compound statement."""


class Kind(IntEnum):
    """Kinds of frames."""

    FILE = 0
    BODY = 1
    HEADER = 2
    """The condition of `if`, `while`; the iterable of `for`; the subject of `match`."""
    GROUP = 3
    CALL = 4
    PARAMS = 5
    INDEX = 6
    ARRAY = 7
    HASH = 8
    INTERP = 9
    MATCH = 10
    PATTERN = 11
    FOR_GROUP = 12
    """The parentheses of `for (x in xs)`."""
    COMMAND = 13
    """Arguments of a call without parentheses."""
    TERNARY = 14
    """Between `?` and `:`."""


WEIGHTS: Final = {
    Kind.BODY: 3,
    Kind.CALL: 2,
    Kind.COMMAND: 2,
    Kind.MATCH: 2,
    Kind.PARAMS: 3,
}
"""Levels that a construct adds to the tree, where it is not one."""

INVISIBLE: Final = frozenset({Kind.COMMAND, Kind.TERNARY})
"""Frames without a closing bracket of their own."""
LINES: Final = frozenset({Kind.FILE, Kind.BODY, Kind.HEADER})
"""Frames in which a line break can end something."""


class Value(IntEnum):
    """What the operand just read is; some may be followed by a block or by arguments."""

    OTHER = 0
    NAME = 1
    MEMBER = 2
    SAFE_MEMBER = 3
    CALL = 4


TAKES_BLOCK: Final = frozenset({Value.MEMBER, Value.CALL})


class Frame:
    """An open construct."""

    __slots__ = (
        "closer",
        "comprehension",
        "construct",
        "count",
        "flat",
        "floor",
        "index",
        "kind",
        "links",
        "operators",
        "start",
        "suspicion",
        "token",
    )

    def __init__(
        self, kind: Kind, token: Token, construct: str, closer: str, start: State, index: int
    ) -> None:
        self.kind = kind
        self.token = token
        """Where it was opened; for a later branch of an `if`, the `if`."""
        self.construct = construct
        """`if`, `def`, `lambda`, `block`, …: what a body or header belongs to."""
        self.closer = closer
        """`end`, `}`, `)`, `]`, `|`, or empty for the body of an inline lambda."""
        self.start = start
        """State at the beginning of each statement in it."""
        self.index = index
        """Index of the token that was to be read when it was opened."""
        self.count = 0
        """Statements begun in it."""
        self.floor = 0
        """Levels of the tree from the top to this construct."""
        self.operators = 0
        """Operators in the current item: each may add a level."""
        self.flat = 0
        """Those of them that are of `FLAT_LEVELS`."""
        self.links = 0
        """Members, calls, indexes and signs of the current operand: each adds a level."""
        self.comprehension = False
        """`for` was seen in this array or hash."""
        self.suspicion: Token | None = None
        """The first token that looked as if this bracket should have been closed before it."""

    @property
    def is_inline(self) -> bool:
        return self.kind == Kind.BODY and not self.closer


class TooDeep(Exception):
    """The limit of nesting, or of errors, was passed; nothing after that is looked at."""


class Context:
    """The resolver's state, and the few things that all its handlers do with it."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.next = 0
        """Index of the next token to read."""
        self.out: list[Token] = []
        self.errors: list[SoliSyntaxError] = []
        self.state = State.START
        self.value = Value.OTHER
        self.last_end = 0
        """End of the last token that has a width."""
        self.last_break = 0
        """Index of the last token read that begins a line."""
        self.brace_if: tuple[int, Frame] | None = None
        """Length of `out` when a brace `if` was last closed, and its frame."""
        self.bound: Any = None
        """The names bound so far, once somebody asked for them."""
        self.suspects: list[tuple[Frame, Token]] = []
        """Bodies that were closed by an `end` further left than what opened them."""
        self.frames = [Frame(Kind.FILE, tokens[0], "", "", State.START, 0)]

    # --- reading --------------------------------------------------------------------------------

    @property
    def ahead(self) -> Token:
        """The next token to read."""
        return self.tokens[self.next]

    def unread(self) -> None:
        """Look at the current token again, in the state set since."""
        self.next -= 1

    def type_after(self, index: int) -> str:
        """Type of the token at *index*, `EOF` past the end."""
        return self.tokens[index].type if index < len(self.tokens) else "EOF"

    # --- writing --------------------------------------------------------------------------------

    def emit(self, token: Token, kind: str = "") -> None:
        """Hand *token* to the grammar, as a *kind* when given."""
        if kind:
            token.type = kind
        self.out.append(token)
        self.last_end = token.end

    def mark(self, kind: str, value: Any = None) -> None:
        """Hand a token without width to the grammar."""
        at = self.last_end
        self.out.append(Token(kind, value, at, at, False, False))

    def take(self, kind: str = "") -> Token:
        """Read and emit the next token."""
        token = self.tokens[self.next]
        self.next += 1
        self.emit(token, kind)
        return token

    def take_name(self) -> bool:
        """Read the next token as a name if it is a word, keyword or not."""
        token = self.ahead
        if token.type != "NAME" and not is_word(self, token):
            return False
        self.take("NAME")
        token.value = self.source.text[token.start : token.end]
        return True

    # --- frames ---------------------------------------------------------------------------------

    @property
    def top(self) -> Frame:
        return self.frames[-1]

    def push(
        self,
        kind: Kind,
        token: Token,
        construct: str = "",
        closer: str = "",
        start: State = State.START,
    ) -> Frame:
        """Open a construct.

        Raises:
            TooDeep: at the nesting limit.
        """
        frame = Frame(kind, token, construct, closer, start, self.next)
        outer = self.frames[-1]
        frame.floor = outer.floor + outer.operators + outer.links + WEIGHTS.get(kind, 1)
        if frame.floor > MAX_NESTING:
            self._too_deep("pattern" if kind == Kind.PATTERN else "expression", token)
        self.frames.append(frame)
        return frame

    def link(self, token: Token) -> None:
        """A member, call, index or sign makes the current operand deeper.

        Raises:
            TooDeep: at the nesting limit.
        """
        frame = self.frames[-1]
        frame.links += 1
        if frame.floor + frame.operators + frame.links > MAX_NESTING:
            self._too_deep("expression", token)

    def chain(self, token: Token, levels: int = 1) -> None:
        """An operator, or an `elsif`, makes what it continues deeper.

        Raises:
            TooDeep: at the nesting limit.
        """
        frame = self.frames[-1]
        frame.operators += levels
        frame.links = 0
        if frame.floor + frame.operators > MAX_NESTING:
            self._too_deep("expression", token)

    def chain_flat(self, token: Token) -> None:
        """An operator that takes what is before it as its left side: the tree grows to the left,
        where whoever walks it goes on without recursing. What follows stands no deeper than there
        are levels of operators.

        Raises:
            TooDeep: at the nesting limit.
        """
        frame = self.frames[-1]
        if frame.flat < FLAT_LEVELS:
            frame.flat += 1
            self.chain(token)
        frame.links = 0

    def _too_deep(self, what: str, token: Token) -> None:
        self.errors.clear()
        self.error(f"{what} nested too deeply (max depth {MAX_NESTING})", token)
        raise TooDeep

    def next_item(self) -> None:
        """The construct on top goes on with another statement or item: a fresh chain."""
        frame = self.frames[-1]
        frame.operators = frame.links = frame.flat = 0

    def visible(self) -> Frame:
        """The innermost frame that is not invisible."""
        frames = self.frames
        at = -1
        while frames[at].kind in INVISIBLE:
            at -= 1
        return frames[at]

    def pop_invisible(self) -> Frame:
        """Close command calls and forget open ternaries; the frame then on top."""
        frames = self.frames
        while (frame := frames[-1]).kind in INVISIBLE:
            if frame.kind == Kind.COMMAND:
                self.mark("CALL_END")
            frames.pop()
        return frame

    def forget_trailing_comma(self, opener: str) -> None:
        """A comma may stand behind the last of several things in brackets (docs/spec §2.1)."""
        if self.out[-1].type == "COMMA" and self.out[-2].type != opener:
            self.out.pop()

    # --- states ---------------------------------------------------------------------------------

    def operand(self) -> None:
        self.state = State.OPERAND

    def valued(self, value: Value = Value.OTHER) -> None:
        self.state = State.VALUE
        self.value = value

    def begin(self) -> None:
        """A statement or member begins in the body on top."""
        frame = self.frames[-1]
        if frame.count:
            self.mark("SEP")
        frame.count += 1
        frame.operators = frame.links = frame.flat = 0

    # --- errors ---------------------------------------------------------------------------------

    def error(
        self, message: str, token: Token, *, hint: str | None = None, incomplete: bool = False
    ) -> None:
        span = Span(token.start, token.end)
        error = SoliSyntaxError(message, span, self.source, hint=hint, incomplete=incomplete)
        self.errors.append(error)
        if len(self.errors) >= MAX_ERRORS:
            raise TooDeep

    def unexpected(self, token: Token, expected: str, *, hint: str | None = None) -> None:
        message = f"Unexpected token '{self.shown(token)}', expected {expected}"
        self.error(message, token, hint=hint, incomplete=token.type == "EOF")

    def shown(self, token: Token) -> str:
        """*token* as it stands in the source, for messages."""
        if token.type in ("EOF", "$END"):
            return "EOF"
        text = self.source.text[token.start : token.end]
        return text if len(text) <= 40 else text[:37] + "..."

    def line_of(self, token: Token) -> int:
        return self.source.position(token.start).line


def is_word(ctx: Context, token: Token) -> bool:
    """Is *token* spelled like a name? Every keyword is."""
    char = ctx.source.text[token.start : token.start + 1]
    return (char.isalpha() or char == "_") and token.type not in ("LITERAL", "EOF", "STR_TEXT")
