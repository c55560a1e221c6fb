"""Patterns of `match` arms (docs/spec §4.10)."""

from __future__ import annotations

from typing import Final

from ..scanner.tokens import Token
from .bodies import close_body
from .closers import end as close_end
from .closers import mismatched, missing
from .context import Context, Kind, State
from .operands import literal as literal_operand

_CLOSERS: Final = {"]": "ARRAY_END", "}": "HASH_END", ")": "PARAMS_END"}


def name(ctx: Context, token: Token) -> None:
    ahead = ctx.ahead
    token.value = ctx.source.text[token.start : token.end]
    if ahead.type == "COLON":
        ctx.next += 1
        ctx.emit(token, "KEY")
        return
    ctx.emit(token, "NAME")
    if ahead.type == "DOT":
        ctx.take()
        ctx.take_name()


def literal(ctx: Context, token: Token) -> None:
    literal_operand(ctx, token)
    ctx.state = State.PATTERN


def emit(ctx: Context, token: Token) -> None:
    ctx.emit(token)


def array(ctx: Context, token: Token) -> None:
    _open(ctx, token, "ARRAY", "]")


def hash_(ctx: Context, token: Token) -> None:
    _open(ctx, token, "HASH", "}")


def fields(ctx: Context, token: Token) -> None:
    _open(ctx, token, "PARAMS", ")")


def _open(ctx: Context, token: Token, kind: str, closer: str) -> None:
    ctx.emit(token, kind)
    ctx.push(Kind.PATTERN, token, closer=closer)


def close(ctx: Context, token: Token) -> None:
    frame = ctx.top
    sign = token.value
    if frame.kind == Kind.PATTERN and frame.closer == sign:
        ctx.frames.pop()
        ctx.emit(token, _CLOSERS[sign])
    elif frame.kind == Kind.MATCH and frame.closer == sign:
        ctx.emit(token, "CLOSE")
        close_body(ctx, frame)
    else:
        mismatched(ctx, token, sign)


def _end_pattern(ctx: Context, token: Token) -> None:
    """The whole pattern should be complete before `if` or `=>`."""
    if ctx.top.kind == Kind.PATTERN:
        missing(ctx, ctx.top, token)
        while ctx.top.kind == Kind.PATTERN:
            ctx.frames.pop()


def guard(ctx: Context, token: Token) -> None:
    _end_pattern(ctx, token)
    ctx.emit(token, "GUARD")
    ctx.operand()


def fat_arrow(ctx: Context, token: Token) -> None:
    _end_pattern(ctx, token)
    ctx.emit(token)
    ctx.operand()


def end(ctx: Context, token: Token) -> None:
    if ctx.top.kind == Kind.MATCH and ctx.top.closer == "end":
        close_end(ctx, token)
    else:
        mismatched(ctx, token, "end")
