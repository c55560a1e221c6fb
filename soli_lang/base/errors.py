"""One family of errors: whatever the author of a Soli program can cause.

Messages are worded as docs/spec §9.2 and §L0.4 give them. A raised error is an object with a
message, a place and a backtrace (§9.1); as text it reads `MESSAGE at LINE:COL`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .null_hints import error_hint
from .records import Record
from .source import OF_HOST, Source, Span


class Frame(Record, frozen=True):
    """One line of a Soli backtrace: a function, and the place in it that was running."""

    function: str
    source: Source
    span: Span

    def __str__(self) -> str:
        line, column = self.source.position(self.span.start)
        return f"  in {self.function} at {self.source.name}:{line}:{column}"


LONGEST_PIECE = 200
"""Characters of a piece of program that is looked at for what was null in it."""
MAX_FRAMES = 100
"""Frames kept of one backtrace, counted from the innermost."""


class PlacesOfFunction:
    """What a Python function made of a Soli function has as its global `places`."""

    __slots__ = ()

    def passed(self, error: SoliError, line: int, frame: Any) -> None:
        """Note that *error* came through *line* of *frame*."""
        raise NotImplementedError


class SoliError(Exception):
    """Base of all errors that a Soli program can cause.

    `kind` is the Soli class that a program sees (`TypeError`, ...). `source` and `span` say
    where it happened and are filled in by whoever knows first; `hint` says what to do about it.
    `backtrace` lists Soli frames, innermost first.
    """

    kind = "Error"
    prefix = ""

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        source: Source | None = None,
        *,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = self.prefix + message
        self._span = span
        self._source = source
        self._hint = hint
        self._backtrace: list[Frame] = []
        self.instance: Any = None
        """The Soli object that a program caught, made when it is first caught."""
        self._reached: tuple[Source, Span] | None = None
        self._settled: Any = None
        """The traceback when it was looked at."""
        self._through: Any = None
        """The outermost place in it of a program."""
        if span is not None and source is not None:
            self._explain_null(span, source)

    @property
    def span(self) -> Span | None:
        if self.__traceback__ is not self._settled:
            self.settle()
        return self._span

    @property
    def source(self) -> Source | None:
        if self.__traceback__ is not self._settled:
            self.settle()
        return self._source

    @property
    def backtrace(self) -> list[Frame]:
        if self.__traceback__ is not self._settled:
            self.settle()
        return self._backtrace

    @property
    def hint(self) -> str | None:
        """What to do about it."""
        if self.__traceback__ is not self._settled:
            self.settle()
        return self._hint

    @hint.setter
    def hint(self, hint: str | None) -> None:
        self._hint = hint

    def settle(self) -> None:
        """Learn from the traceback through which places of programs the error came."""
        traceback = self._settled = self.__traceback__
        found: list[tuple[Any, Any]] = []
        while traceback is not None and traceback is not self._through:
            places = traceback.tb_frame.f_globals.get("places")
            if isinstance(places, PlacesOfFunction):
                found.append((places, traceback))
            traceback = traceback.tb_next
        for places, one in reversed(found):
            self._through = one
            places.passed(self, one.tb_lineno, one.tb_frame)

    def locate(self, span: Span, source: Source) -> None:
        """Say where the error happened, unless something nearer to it has said so; in what a host
        wrote in Soli, that is where the program called it."""
        if self._span is None and source.name != OF_HOST:
            self._span = span
            self._source = source
            self._explain_null(span, source)

    def _explain_null(self, span: Span, source: Source) -> None:
        if self._hint is None and span.end - span.start <= LONGEST_PIECE:
            self._hint = error_hint(self.message, source.text[span.start : span.end])

    def leave(self, function: str, source: Source, span: Span) -> None:
        """Note that the error leaves *function*, which was called at *span* of *source*."""
        if len(self._backtrace) < MAX_FRAMES:
            reached = self._reached or (self._source or source, self._span or span)
            self._backtrace.append(Frame(function, *reached))
        self._reached = (source, span)

    def leave_program(self, name: str) -> None:
        """Note that the error leaves the top level of a file: the last line of the backtrace."""
        self.settle()
        if self._reached is not None and self._backtrace:
            self._backtrace.append(Frame(name, *self._reached))

    @property
    def place(self) -> tuple[int, int]:
        """Line and column, (0, 0) when nobody knows."""
        if self.source is None or self.span is None:
            return (0, 0)
        return self.source.position(self.span.start)

    def text(self) -> str:
        """What the error reads as where a program uses it as text: `MESSAGE at LINE:COL`."""
        line, column = self.place
        return f"{self.message} at {line}:{column}"

    headline = "Runtime error"

    def __str__(self) -> str:
        return self.message


class SoliTypeError(SoliError):
    """A value of the wrong type; its text begins `Type error: `."""

    kind = "TypeError"
    prefix = "Type error: "


class SoliPlainTypeError(SoliError):
    """A wrong type reported by a global function or class method: no `Type error: ` before it."""

    kind = "TypeError"


class SoliValueError(SoliError):
    kind = "ValueError"


class SuggestingError(SoliError):
    """Its hint is looked for when somebody reads it: a program may catch thousands of them."""

    _near: Callable[[], str | None] | None = None

    def suggest(self, near: Callable[[], str | None]) -> None:
        """Let *near* give the hint, once somebody wants it."""
        self._near = near

    @property
    def hint(self) -> str | None:
        """What to write instead, None when nothing is near."""
        if self._near is not None:
            near, self._near = self._near, None
            self._hint = self._hint or near()
            if self.span is not None and self.source is not None:
                self._explain_null(self.span, self.source)
        return super().hint

    @hint.setter
    def hint(self, hint: str | None) -> None:
        self._hint = hint

    def _explain_null(self, span: Span, source: Source) -> None:
        if self._near is None:
            super()._explain_null(span, source)


class SoliNameError(SuggestingError):
    kind = "NameError"


class SoliAttributeError(SuggestingError):
    """An unknown member: `Cannot access property 'x' on T`."""

    kind = "NameError"


class SoliArgumentError(SoliError):
    kind = "ArgumentError"


class SoliIndexError(SoliError):
    kind = "IndexError"


class SoliKeyError(SoliError):
    kind = "KeyError"
    prefix = "Type error: "


class SoliZeroDivisionError(SoliError):
    kind = "ZeroDivisionError"


class SoliOverflowError(SoliError):
    kind = "OverflowError"


class SoliIOError(SoliError):
    kind = "IOError"


class CapabilityError(SoliError):
    """The host did not grant what a builtin needs; the message names the capability."""

    kind = "CapabilityError"


class LimitError(SoliError):
    """A program ran out of steps, time, depth or size; it cannot catch that (docs/spec §9.4)."""

    kind = "LimitError"


class Cancelled(SoliError):
    """The host took the call back (a connection went away). Programs cannot catch it."""

    kind = "Cancelled"


class Thrown(SoliError):
    """A value thrown by `throw`; `value` is that very value."""

    kind = "Thrown"

    def __init__(self, value: Any, text: str, span: Span, source: Source) -> None:
        super().__init__(text, span, source)
        self.value = value


class SoliSyntaxError(SoliError):
    """A text that is not a program. `also` holds further errors found in the same text.

    `stage` is `Lexer error` (a character or literal is wrong) or `Parser error`.
    """

    kind = "ParseError"

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        source: Source | None = None,
        *,
        hint: str | None = None,
        stage: str = "Parser error",
        incomplete: bool = False,
    ) -> None:
        super().__init__(message, span, source, hint=hint)
        self.stage = stage
        self.incomplete = incomplete
        """True when the text only stops too early: more lines could make it a program."""
        self.also: list[SoliSyntaxError] = []

    def move(self, span: Span, message: str) -> None:
        """Tell it where its cause stands, in other words."""
        self._span = span
        self.message = message
        self.args = (message,)

    @property
    def all(self) -> list[SoliSyntaxError]:
        """This error and the others found with it, in source order."""
        return [self, *self.also]


def not_text(name: str, data: bytes, error: UnicodeDecodeError) -> SoliSyntaxError:
    """What is said of *data*, the bytes of the file *name*, which *error* says is no UTF-8."""
    at = len(data[: error.start].decode("utf-8", "replace"))
    source = Source(name, data.decode("utf-8", "replace"))
    message = f"not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})"
    return SoliSyntaxError(message, Span(at, at + 1), source, hint="save the file as UTF-8")


def let_go(error: BaseException) -> None:
    """Free what *error* keeps alive: the variables of every frame that it came through.

    For whoever holds on to an error that was handled. Its traceback leads to its holder's own
    frame, so the two would keep each other, and all that the failed call had built, until Python
    looks for cycles, which a server does rarely.
    """
    if isinstance(error, SoliError):
        error.settle()
        error._settled = error._through = None
    error.__traceback__ = error.__context__ = error.__cause__ = None


LONGEST_MESSAGE = 2000
"""Characters of a message that people are shown; a program can throw megabytes."""


def render(error: SoliError) -> str:
    """The whole of what a person is shown: headline, place, source line, hint, backtrace."""
    if isinstance(error, SoliSyntaxError):
        return "\n".join(_render_one(one, one.stage) for one in error.all)
    return _render_one(error, error.headline)


def _render_one(error: SoliError, headline: str) -> str:
    line, column = error.place
    message = error.message
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE] + "…"
    if isinstance(error, Thrown):
        message = f"Unhandled exception: {message}"
    lines = [f"Error: {headline}: {message} at {line}:{column}"]
    if error.source is not None and error.span is not None:
        lines.append(f"  --> {error.source.name}:{line}:{column}")
        lines.extend("  " + text for text in error.source.excerpt(error.span).split("\n"))
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    lines.extend(_shortened([str(frame) for frame in error.backtrace]))
    return "\n".join(lines)


def _shortened(frames: list[str], keep: int = 20) -> list[str]:
    if len(frames) <= keep:
        return frames
    half = keep // 2
    left_out = f"  ... {len(frames) - 2 * half} more"
    return [*frames[:half], left_out, *frames[-half:]]
