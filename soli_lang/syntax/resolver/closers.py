"""Closing brackets, `end`, commas and the end of the source."""

from __future__ import annotations

from typing import Final

from ..scanner.tokens import Token
from .bodies import IFS, TRIES, close_body, else_clause, end_header, end_statement, handler_clause
from .context import INVISIBLE, Context, Frame, Kind, State, Value
from .operands import close_params

_BRACKETS: Final = frozenset({")", "]", "}"})
_LISTS: Final = frozenset({Kind.CALL, Kind.ARRAY, Kind.HASH, Kind.GROUP, Kind.INDEX, Kind.INTERP})
_END_TYPES: Final = {
    Kind.GROUP: "GROUP_END",
    Kind.CALL: "CALL_END",
    Kind.INDEX: "INDEX_END",
    Kind.ARRAY: "ARRAY_END",
    Kind.HASH: "HASH_END",
}
_NAMES: Final = {"lambda": "lambda", "block": "block", "braces": "`{`"}
_INLINE_LIMIT: Final = 1
"""Statements after which an inline lambda must be closed by `end` (docs/spec §6.2)."""


def pop_for_closer(ctx: Context, token: Token) -> Frame:
    """Close what may end without a sign of its own before *token*; the frame then on top."""
    while True:
        frame = ctx.pop_invisible()
        if not frame.is_inline:
            return frame
        if token.type == "EOF":
            if frame.count != _INLINE_LIMIT or _begins_later(ctx, frame):
                _report_open(ctx, frame, token)
        elif frame.count > _INLINE_LIMIT:
            missing(ctx, frame, token)
        ctx.mark("CLOSE")
        ctx.frames.pop()


def _begins_later(ctx: Context, frame: Frame) -> bool:
    """Does the body of an inline lambda begin on a line after its parameters?

    Then the end of the text does not end it: its `end` is missing, or still to be typed.
    """
    return ctx.tokens[frame.index].newline


def _opener(ctx: Context, frame: Frame) -> str:
    if frame.construct in _NAMES and frame.kind == Kind.BODY:
        return _NAMES[frame.construct]
    return f"`{ctx.shown(frame.token)}`"


def missing(
    ctx: Context,
    frame: Frame,
    token: Token,
    *,
    hint: str | None = None,
    incomplete: bool = False,
) -> None:
    """At *token* at the latest, what closes *frame* should have come."""
    closer = frame.closer or "end"
    line = ctx.line_of(frame.token)
    if hint is None and closer in _BRACKETS and token.newline:
        before = len(ctx.source.text[: token.start].rstrip())
        last = ctx.source.position(before).line
        hint = f"is a `{closer}` or a comma missing at the end of line {last}?"
    ctx.error(
        f"`{closer}` expected: the {_opener(ctx, frame)} opened on line {line} is still open",
        token,
        hint=hint,
        incomplete=incomplete,
    )


def round_bracket(ctx: Context, token: Token) -> None:
    frame = pop_for_closer(ctx, token)
    kind = frame.kind
    if kind == Kind.GROUP or kind == Kind.CALL:
        ctx.frames.pop()
        if kind == Kind.CALL:
            ctx.forget_trailing_comma("CALL")
        ctx.emit(token, _END_TYPES[kind])
        ctx.valued(Value.CALL if kind == Kind.CALL else Value.OTHER)
    elif kind == Kind.PARAMS and frame.closer == ")":
        close_params(ctx, token, frame)
    elif kind == Kind.FOR_GROUP:
        _close_for_group(ctx)
    else:
        mismatched(ctx, token, ")")


def _close_for_group(ctx: Context) -> None:
    ctx.frames.pop()
    end_statement(ctx)


def square_bracket(ctx: Context, token: Token) -> None:
    frame = pop_for_closer(ctx, token)
    if frame.kind == Kind.ARRAY or frame.kind == Kind.INDEX:
        ctx.frames.pop()
        ctx.emit(token, _END_TYPES[frame.kind])
        ctx.valued()
    else:
        mismatched(ctx, token, "]")


def curly_bracket(ctx: Context, token: Token) -> None:
    frame = pop_for_closer(ctx, token)
    if frame.kind == Kind.HASH:
        ctx.frames.pop()
        ctx.emit(token, "HASH_END")
        ctx.valued()
    elif frame.closer == "}" and frame.kind in (Kind.BODY, Kind.MATCH):
        ctx.emit(token, "CLOSE")
        close_body(ctx, frame)
    else:
        mismatched(ctx, token, "}")


def interpolation_end(ctx: Context, token: Token) -> None:
    frame = pop_for_closer(ctx, token)
    if frame.kind != Kind.INTERP:
        mismatched(ctx, token, "}")
        return
    ctx.frames.pop()
    ctx.emit(token)
    ctx.operand()


def end(ctx: Context, token: Token) -> None:
    frame = ctx.pop_invisible()
    if _ends_header(ctx, frame):
        return
    closable = frame.kind in (Kind.BODY, Kind.MATCH) and frame.closer in ("end", "")
    if _belongs_to_brace_if(ctx, token, frame, closable):
        return
    if not closable:
        mismatched(ctx, token, "end")
        return
    _suspect(ctx, token, frame)
    ctx.emit(token, "CLOSE")
    close_body(ctx, frame)


def _ends_header(ctx: Context, frame: Frame) -> bool:
    """`if c end`, `if c else ...`: the header is complete, its body empty."""
    if frame.kind != Kind.HEADER or ctx.state != State.VALUE:
        return False
    ctx.unread()
    end_header(ctx, frame)
    return True


def _belongs_to_brace_if(ctx: Context, token: Token, frame: Frame, closable: bool) -> bool:
    """`if c { ... } end`: once that `end` was needed.

    It is the `if`'s only when nothing else can want it, or when it stands below the `if` and
    not below what encloses it (docs/spec §2.3).
    """
    if ctx.brace_if is None or ctx.brace_if[0] != len(ctx.out):
        return False
    if not closable:
        ctx.brace_if = None
        return True
    own = ctx.brace_if[1].token
    if ctx.line_of(own) == ctx.line_of(frame.token):
        return False
    if token.newline:
        indent = _indent(ctx, own)
        if _indent(ctx, token) != indent or _indent(ctx, frame.token) == indent:
            return False
    ctx.brace_if = None
    return True


def _indent(ctx: Context, token: Token) -> int:
    """Width of the white space that begins the line of *token*."""
    text = ctx.source.text
    start = text.rfind("\n", 0, token.start) + 1
    at = start
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return at - start


def _suspect(ctx: Context, token: Token, frame: Frame) -> None:
    """Remember an `end` that stands further left than the line it is paired with."""
    if token.newline and len(ctx.suspects) < 50 and _indent(ctx, token) < _indent(ctx, frame.token):
        ctx.suspects.append((frame, token))


def else_(ctx: Context, token: Token) -> None:
    frame = pop_for_closer(ctx, token)
    if _ends_header(ctx, frame):
        return
    if frame.kind == Kind.BODY and frame.closer == "end" and frame.construct in IFS:
        ctx.mark("CLOSE")
        ctx.frames.pop()
        else_clause(ctx, token, frame)
    else:
        _unmatched_clause(ctx, token, frame, "if")


def handler(ctx: Context, token: Token) -> None:
    """`catch`, `finally`, or a `rescue` that begins a line of a `try`."""
    frame = pop_for_closer(ctx, token)
    if frame.kind == Kind.BODY and frame.closer == "end" and frame.construct in TRIES:
        ctx.mark("CLOSE")
        ctx.frames.pop()
        handler_clause(ctx, token, frame)
    else:
        _unmatched_clause(ctx, token, frame, "try")


def _unmatched_clause(ctx: Context, token: Token, frame: Frame, wanted: str) -> None:
    expected = "end of line" if ctx.state >= State.VALUE else "expression"
    hint = f"there is no open `{wanted}` that it could belong to"
    if frame.kind not in (Kind.FILE, Kind.BODY):
        missing(ctx, frame, token)
    else:
        ctx.unexpected(token, expected, hint=hint)


def comma(ctx: Context, token: Token) -> None:
    frames = ctx.frames
    if ctx.state == State.DONE and ctx.top.construct == "enum":
        ctx.state = ctx.top.start
        return
    if frames[-1].kind == Kind.COMMAND and _separates_outer_items(ctx):
        ctx.pop_invisible()
    while True:
        frame = frames[-1]
        if frame.kind == Kind.TERNARY:
            frames.pop()
        elif frame.is_inline and frame.count <= _INLINE_LIMIT and _in_list(ctx):
            ctx.mark("CLOSE")
            frames.pop()
        else:
            break
    ctx.emit(token)
    ctx.next_item()
    if frame.kind == Kind.PARAMS:
        ctx.state = State.PARAM
    elif frame.kind == Kind.MATCH:
        ctx.state = State.PATTERN
    else:
        ctx.operand()


_SIMPLE_ITEMS: Final = frozenset({"LITERAL", "CONSTANT", "SYMBOL", "STR_BEGIN", "NAME"})


def _separates_outer_items(ctx: Context) -> bool:
    """Does a comma after the arguments of a command call separate pairs of a hash, or arms?

    It does when what follows can only be a pair or an arm: `{"a": f x, "b": 2}`,
    `match x { 1 => print "a", _ => print "b" }`. A label goes on with the arguments unless it
    begins a line.
    """
    outer, ahead = ctx.visible().kind, ctx.ahead
    if outer not in (Kind.HASH, Kind.MATCH) or ahead.type not in _SIMPLE_ITEMS:
        return False
    after = ctx.next + 1
    if ahead.type == "STR_BEGIN" and isinstance(ahead.value, int):
        after = ahead.value
    kind = ctx.type_after(after)
    if kind == "FATARROW":
        return True
    is_label = ahead.type == "NAME" and not ahead.newline
    return outer == Kind.HASH and kind == "COLON" and not is_label


def _in_list(ctx: Context) -> bool:
    """Is the inline lambda on top an item of something that commas separate?"""
    for frame in reversed(ctx.frames):
        if not frame.is_inline and frame.kind != Kind.TERNARY:
            return frame.kind in _LISTS or frame.kind in (Kind.COMMAND, Kind.MATCH, Kind.PARAMS)
    return False


def mismatched(ctx: Context, token: Token, sign: str) -> None:
    """A closing sign that does not fit what is open: report, and go on with what it fits."""
    for at in range(len(ctx.frames) - 1, -1, -1):
        if _fits(ctx.frames[at], sign):
            _close_up_to(ctx, at, token)
            return
    frame = ctx.visible()
    is_bracket = frame.closer in (")", "]", "}", "|")
    if is_bracket or (frame.closer == "end" and sign == "}" and token.newline):
        missing(ctx, frame, token)
        while ctx.frames.pop() is not frame:
            pass
        ctx.valued()
        return
    expected = "end of line" if ctx.state >= State.VALUE else "expression"
    ctx.unexpected(token, expected, hint=f"nothing is open that `{sign}` could close")
    if ctx.state == State.OPERAND:
        ctx.valued()


def _fits(frame: Frame, sign: str) -> bool:
    return frame.closer == sign and not (frame.kind == Kind.INTERP and sign != "}")


def _close_up_to(ctx: Context, at: int, token: Token) -> None:
    """Report the innermost open frame, and close all frames down to the one at index *at*."""
    innermost = next(f for f in reversed(ctx.frames) if f.kind not in INVISIBLE)
    if innermost is ctx.frames[at]:  # its sign, but in a state where it cannot close anything
        ctx.unexpected(token, "expression")
        del ctx.frames[at:]
        ctx.valued()
        return
    missing(ctx, innermost, token)
    del ctx.frames[at + 1 :]
    ctx.valued()
    ctx.unread()


def end_of_source(ctx: Context, token: Token) -> None:
    while True:
        frame = pop_for_closer(ctx, token)
        if frame.kind == Kind.FILE:
            return
        if not ctx.errors:
            _report_open(ctx, frame, token)
        ctx.frames.pop()


def _report_open(ctx: Context, frame: Frame, token: Token) -> None:
    """*frame* is open at the end: name it, or what its closing sign was spent on."""
    for suspect, place in ctx.suspects:
        if suspect.index > frame.index:
            line = ctx.line_of(place)
            hint = f"the `end` on line {line} stands further left than the {_opener(ctx, suspect)}"
            missing(ctx, suspect, place, hint=hint, incomplete=True)
            return
    if frame.kind == Kind.HEADER:
        frame.closer = "end"
    if frame.suspicion is not None:
        missing(ctx, frame, frame.suspicion)
        return
    at = ctx.last_end
    missing(ctx, frame, Token("EOF", None, at, at, False, False), incomplete=True)
