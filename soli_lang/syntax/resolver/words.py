"""Keywords as names, where no other reading is possible (docs/decisions/0031)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..scanner.tokens import Token
from . import closers, operands, statements
from .context import Context, Frame, Kind, Value

_Handler = Callable[[Context, Token], None]

AFTER_PARAM: Final = frozenset({"COMMA", "COLON", "EQ", "RPAR", "BAR"})
"""What follows the name of a parameter."""
_OPERATORS: Final = frozenset({"OP", "AND", "OR", "OROR", "QUESTION"})
_MEMBERS: Final = frozenset({"DOT", "LSQB"})
_VALUES: Final = frozenset({"lambda", "block", "braces"})


def name(ctx: Context, token: Token) -> None:
    """`from` or `as` where an operand is expected."""
    if operands.keyed(ctx, token):
        return
    ctx.emit(token, "NAME")
    token.value = ctx.source.text[token.start : token.end]
    ctx.valued(Value.NAME)


def end(ctx: Context, token: Token) -> None:
    """`end` where an operand is expected: a name, unless it begins a line."""
    if token.newline and ctx.ahead.type != "COLON":
        closers.end(ctx, token)
    else:
        name(ctx, token)


def class_(ctx: Context, token: Token) -> None:
    """`class` where an operand is expected: a name, unless it begins a declaration."""
    if ctx.ahead.type == "NAME" and not ctx.ahead.newline:
        statements.misplaced(ctx, token)
    else:
        name(ctx, token)


def unless_name(handler: _Handler) -> _Handler:
    """*handler*, except where `end` or `class` begins a statement as a name: `end = 1`."""

    def handle(ctx: Context, token: Token) -> None:
        if _begins_statement(ctx, token):
            ctx.begin()
            name(ctx, token)
        else:
            handler(ctx, token)

    return handle


def _begins_statement(ctx: Context, token: Token) -> bool:
    """What follows can only operate on a name: neither `end` nor `class` leaves a value there."""
    ahead = ctx.ahead
    if ahead.newline:
        return False
    if ahead.type == "STEP" or (ahead.type in ("EQ", "OP") and ahead.value in operands.ASSIGNING):
        return True
    if token.type == "CLASS" and ahead.type in _MEMBERS:
        return True
    if ahead.type == "MINUS":
        operates = ctx.tokens[ctx.next + 1].space
    else:
        operates = ahead.type in _OPERATORS and ahead.value != "<<"
    return operates and (token.type == "CLASS" or _has_no_value(ctx.top))


def _has_no_value(frame: Frame) -> bool:
    return frame.kind == Kind.BODY and frame.construct not in _VALUES


def unless_param(handler: _Handler) -> _Handler:
    """*handler*, except where a closing word is the name of a parameter: `def f(from, end)`."""

    def handle(ctx: Context, token: Token) -> None:
        if ctx.ahead.type in AFTER_PARAM:
            operands.param_name(ctx, token)
        else:
            handler(ctx, token)

    return handle
