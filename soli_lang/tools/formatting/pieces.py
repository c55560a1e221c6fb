"""The pieces of a source: tokens that know what they are, and the comments between them."""

from __future__ import annotations

import re
from typing import Final

from ...base.source import Source
from ...syntax.resolver.context import Context, Frame, State, TooDeep
from ...syntax.resolver.resolver import TABLES
from ...syntax.resolver.values import line_break
from ...syntax.scanner.scanner import Scanner
from ...syntax.scanner.tokens import Token

COMMENT: Final = "COMMENT"

_COMMENT: Final = re.compile(r"(?:#|//)[^\n]*|/\*")
_EDGE: Final = re.compile(r"/\*|\*/")


class Piece:
    """A token, a run of tokens that is left as it is (a string, a type), or a comment."""

    __slots__ = ("breaks", "end", "frames", "opened", "role", "space", "start", "state", "text")

    def __init__(self, role: str, text: str, start: int) -> None:
        self.role = role
        """What the resolver took the token for: `CALL`, `INDEX`, `UNARY`, …; `COMMENT`."""
        self.text = text
        self.start = start
        self.end = start + len(text)
        self.breaks = 0
        """Line breaks between this piece and the one before."""
        self.space = False
        """White space stands before it."""
        self.frames: tuple[Frame, ...] = ()
        """What is open before it."""
        self.state: State | None = None
        """What it was looked at as; None when another token's handler took it."""
        self.opened: Frame | None = None
        """The body that it opens, when it was taken to do so."""


class _Seen:
    """What the resolver knew at a token."""

    __slots__ = ("frames", "opened", "state")

    def __init__(
        self, frames: tuple[Frame, ...], state: State | None, opened: Frame | None
    ) -> None:
        self.frames = frames
        self.state = state
        self.opened = opened


def read_pieces(source: Source) -> list[Piece]:
    """All pieces of a valid program in order."""
    context = Context(source, Scanner(source).run())
    seen = _resolve(context)
    emitted = {token.start: token for token in context.out if token.end > token.start}
    tokens = [token for token in Scanner(source).run() if token.type != "EOF"]
    return _with_comments(source.text, _pieces(source.text, tokens, emitted, seen))


def _resolve(ctx: Context) -> dict[int, _Seen]:
    """Resolve, and note what was known at each token; by its start."""
    seen: dict[int, _Seen] = {}
    tokens = ctx.tokens
    size = len(tokens)
    try:
        while ctx.next < size:
            at = ctx.next
            token = tokens[at]
            ctx.next += 1
            if token.newline:
                ctx.last_break = ctx.next
                if ctx.state >= State.VALUE and line_break(ctx, token):
                    _note_taken(ctx, at, seen)
                    continue
            seen.setdefault(token.start, _Seen(tuple(ctx.frames), ctx.state, None))
            table, other = TABLES[ctx.state]
            table.get(token.type, other)(ctx, token)
            _note_taken(ctx, at + 1, seen)
    except TooDeep:
        pass
    return seen


def _note_taken(ctx: Context, first: int, seen: dict[int, _Seen]) -> None:
    """Tokens from *first* on were read by a handler on behalf of an earlier one."""
    for token in ctx.tokens[first : ctx.next]:
        opened = ctx.top if token.type in ("BODY", "MATCH_BODY") else None
        around = tuple(frame for frame in ctx.frames if frame.token.start < token.start)
        seen.setdefault(token.start, _Seen(around, None, opened))


def _pieces(
    text: str, tokens: list[Token], emitted: dict[int, Token], seen: dict[int, _Seen]
) -> list[Piece]:
    pieces: list[Piece] = []
    reached = 0
    for index, token in enumerate(tokens):
        if token.start < reached:
            continue  # inside a string or a type that is one piece
        resolved = emitted.get(token.start)
        role, end = token.type, token.end
        if token.type == "STR_BEGIN":
            end = _string_end(tokens, index)
        elif resolved is not None:
            role = resolved.type
            end = max(end, resolved.end)
        piece = Piece(role, text[token.start : end], token.start)
        known = seen.get(token.start)
        if known is not None:
            piece.frames, piece.state, piece.opened = known.frames, known.state, known.opened
        reached = end
        pieces.append(piece)
    return pieces


def _string_end(tokens: list[Token], begin: int) -> int:
    """Where the string that begins with token *begin* ends; strings nest in `#{}`."""
    depth = 0
    for token in tokens[begin:]:
        if token.type == "STR_BEGIN":
            depth += 1
        elif token.type == "STR_END":
            depth -= 1
            if depth == 0:
                return token.end
    return tokens[-1].end


def _with_comments(text: str, pieces: list[Piece]) -> list[Piece]:
    """*pieces* with the comments between them, and the white space before each noted."""
    found: list[Piece] = []
    reached = 0
    for piece in [*pieces, None]:
        end = piece.start if piece is not None else len(text)
        while (comment := _comment(text, reached, end)) is not None:
            _note_space(text, reached, comment)
            found.append(comment)
            reached = comment.end
        if piece is not None:
            _note_space(text, reached, piece)
            found.append(piece)
            reached = piece.end
    return found


def _comment(text: str, start: int, end: int) -> Piece | None:
    match = _COMMENT.search(text, start, end)
    if match is None:
        return None
    if match[0] != "/*":
        return Piece(COMMENT, match[0].rstrip(), match.start())
    depth, at = 1, match.end()
    while depth:
        edge = _EDGE.search(text, at)
        if edge is None:
            at = len(text)
            break
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return Piece(COMMENT, text[match.start() : at].rstrip(), match.start())


def _note_space(text: str, start: int, piece: Piece) -> None:
    between = text[start : piece.start]
    piece.breaks = between.count("\n")
    piece.space = bool(between)
