"""Where each line begins, and the text put together again."""

from __future__ import annotations

from typing import Final

from ...syntax.resolver.context import INVISIBLE, Frame, Kind, State
from .pieces import COMMENT, Piece
from .spacing import space_between

INDENT: Final = "  "
MAX_BLANK_LINES: Final = 1

_CLAUSES: Final = frozenset({"ELSE", "ELSIF", "CATCH", "FINALLY", "RESCUE"})
_STARTS: Final = frozenset({State.START, State.MEMBER, State.VARIANT, State.SIGNATURE})
_LIST_OPENERS: Final = frozenset("CALL ARRAY HASH GROUP INDEX PARAMS MATCH_BODY COMMA".split())


def laid_out(pieces: list[Piece]) -> str:
    """The pieces as text: line breaks as they were, everything else in order."""
    return _Layout(pieces).text()


def last_level(pieces: list[Piece]) -> int | None:
    """The level of the last line; None where there is none."""
    layout = _Layout(pieces)
    layout.text()
    return layout.level_of_last_line


class _Layout:
    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._by_start = {piece.start: piece for piece in pieces}
        self._first_of: dict[int, Piece] = {}
        """Start of a piece -> the first piece of its line."""
        self._levels: dict[int, int] = {}
        """Start of the first piece of a line -> its level."""
        self._bases: dict[int, int] = {}
        """Id of a frame -> the level of the line that it belongs to."""
        self.level_of_last_line: int | None = None

    def text(self) -> str:
        out: list[str] = []
        left: Piece | None = None
        first: Piece | None = None
        for index, piece in enumerate(self._pieces):
            if left is None or piece.breaks:
                first = piece
                out.append("\n" * min(piece.breaks, 1 + MAX_BLANK_LINES) if left else "")
                self._first_of[piece.start] = piece
                level = self._levels[piece.start] = self._level(index)
                self.level_of_last_line = level
                out.append(INDENT * level)
            else:
                assert first is not None
                self._first_of[piece.start] = first
                out.append(space_between(left, piece))
            out.append(piece.text)
            left = piece
        return "".join(out) + "\n" if out else ""

    # --- levels ----------------------------------------------------------------------------------

    def _level(self, index: int) -> int:
        """The level of the line that begins with piece *index*."""
        piece = self._pieces[index]
        if piece.role == COMMENT:
            return self._comment_level(index)
        closed = self._closed_by(piece)
        if closed is not None:
            return self._base(closed, piece.frames)
        if piece.opened is not None:
            return self._base(piece.opened, piece.frames)
        return self._inside(piece) + self._continuation(index)

    def _comment_level(self, index: int) -> int:
        """That of the code below it; in a body, what closes the body does not count."""
        for at in range(index + 1, len(self._pieces)):
            piece = self._pieces[at]
            if piece.role != COMMENT:
                ends = self._closed_by(piece) is not None or piece.opened is not None
                return self._inside(piece) + (0 if ends else self._continuation(at))
        return 0

    def _inside(self, piece: Piece) -> int:
        """The level of what stands in the innermost open construct."""
        frame = _visible(piece.frames)
        if frame is None or frame.kind == Kind.FILE:
            return 0
        return self._base(frame, piece.frames) + 1

    def _continuation(self, index: int) -> int:
        """1 when the line only goes on with what the line before began."""
        piece = self._pieces[index]
        if piece.state in _STARTS or piece.state == State.DONE:
            return 0
        frame = _visible(piece.frames)
        if frame is None or piece.state is None:
            return 1
        if frame.kind == Kind.MATCH and piece.state == State.PATTERN:
            return 0
        previous = self._before(index)
        if previous is None:
            return 0
        if frame.kind in (Kind.FILE, Kind.BODY, Kind.HEADER):
            return 1
        return 0 if previous.role in _LIST_OPENERS else 1

    def _before(self, index: int) -> Piece | None:
        while index and self._pieces[index - 1].role == COMMENT:
            index -= 1
        return self._pieces[index - 1] if index else None

    def _closed_by(self, piece: Piece) -> Frame | None:
        """The construct that *piece* closes, or goes on with (`else`)."""
        if piece.role in _CLAUSES and piece.state is not None and piece.state in _STARTS:
            return _innermost(piece.frames, ("end", ""))
        if piece.text == "end" and piece.role in ("CLOSE", "END"):
            return _innermost(piece.frames, ("end", ""))
        if piece.text in (")", "]", "}"):
            return _innermost(piece.frames, (piece.text,))
        return None

    def _base(self, frame: Frame, frames: tuple[Frame, ...]) -> int:
        """The level of the line on which *frame* was opened, or of the line that one belongs to."""
        known = self._bases.get(id(frame))
        if known is None:
            known = self._bases[id(frame)] = self._find_base(frame, frames)
        return known

    def _find_base(self, frame: Frame, frames: tuple[Frame, ...]) -> int:
        opener = self._by_start.get(frame.token.start)
        first = self._first_of.get(frame.token.start) if opener is not None else None
        if first is None:
            return 0
        around = {id(one) for one in frames[: frames.index(frame)]} if frame in frames else set()
        for outer in first.frames:
            if outer.kind in INVISIBLE or outer.kind == Kind.FILE or id(outer) in around:
                continue
            if outer is frame or outer.token is frame.token:
                break
            # That one was closed on the same line: what follows belongs to where it began.
            return self._base(outer, first.frames)
        return self._levels.get(first.start, 0)  # 0: on the very line that is being laid out


def _visible(frames: tuple[Frame, ...]) -> Frame | None:
    return next((frame for frame in reversed(frames) if frame.kind not in INVISIBLE), None)


def _innermost(frames: tuple[Frame, ...], closers: tuple[str, ...]) -> Frame | None:
    kinds = (Kind.BODY, Kind.MATCH) if "end" in closers else None
    for frame in reversed(frames):
        if frame.closer in closers and (kinds is None or frame.kind in kinds):
            return frame
    return None
