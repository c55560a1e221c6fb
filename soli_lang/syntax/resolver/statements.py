"""The beginnings of statements (docs/spec §2.1-2.4)."""

from __future__ import annotations

from typing import Final

from ..scanner.tokens import HEADED, Token
from .bodies import end_statement, looks_like_hash, open_body, open_header
from .context import Context, Kind, State
from .operands import function_tail, keyed, no_params, open_params, take_type

_BARE_RETURN: Final = frozenset(
    "SEMI IF UNLESS END RBRACE ELSE ELSIF CATCH FINALLY RPAR RSQB COMMA EOF INTERP_END".split()
)
"""What follows a `return` without a value."""
_IMPORT_SIGNS: Final = {
    "LBRACE": "IMPORT_OPEN",
    "RBRACE": "IMPORT_CLOSE",
    "COMMA": "COMMA",
    "AS": "AS",
    "FROM": "FROM",
    "LITERAL": "LITERAL",
}


def expression(ctx: Context, token: Token) -> None:
    """Whatever begins no other statement."""
    ctx.begin()
    ctx.operand()
    ctx.unread()


def brace(ctx: Context, token: Token) -> None:
    """`{` at the beginning of a statement: a hash or a block (docs/spec §2.6)."""
    if looks_like_hash(ctx, ctx.next - 1):
        expression(ctx, token)
        return
    ctx.begin()
    ctx.emit(token, "BODY")
    ctx.push(Kind.BODY, token, "braces statement", "}")
    ctx.state = State.START


def headed(ctx: Context, token: Token) -> None:
    """`if`, `unless`, `while`: an expression, then a body."""
    ctx.begin()
    ctx.emit(token)
    open_header(ctx, token, token.value)


def for_loop(ctx: Context, token: Token) -> None:
    ctx.begin()
    ctx.emit(token)
    ctx.push(Kind.HEADER, token, "for")
    if ctx.ahead.type == "LPAR":
        group = ctx.ahead
        ctx.next += 1
        ctx.push(Kind.FOR_GROUP, group, closer=")")
    ctx.take_name()
    if ctx.ahead.type == "COMMA":
        ctx.take()
        ctx.take_name()
    if ctx.ahead.type == "IN":
        ctx.take()
    ctx.operand()


def binding(ctx: Context, token: Token) -> None:
    """`let` or `const`."""
    ctx.begin()
    ctx.emit(token)
    if not ctx.take_name():
        ctx.operand()
        return
    after_declared_name(ctx)


def after_declared_name(ctx: Context) -> None:
    """Type and initial value of a variable or field."""
    if ctx.ahead.type == "COLON":
        ctx.take()
        take_type(ctx)
    if ctx.ahead.type == "EQ":
        ctx.take()
        ctx.operand()
    else:
        ctx.valued()


def return_(ctx: Context, token: Token) -> None:
    ctx.begin()
    ctx.emit(token)
    ahead = ctx.ahead
    if ahead.newline or ahead.type in _BARE_RETURN:
        ctx.valued()
    else:
        ctx.operand()


def break_(ctx: Context, token: Token) -> None:
    ctx.begin()
    ctx.emit(token)
    ctx.valued()


def throw(ctx: Context, token: Token) -> None:
    ctx.begin()
    ctx.emit(token)
    ctx.operand()


def try_(ctx: Context, token: Token) -> None:
    ctx.begin()
    ctx.emit(token)
    open_body(ctx, token, "try")


def function(ctx: Context, token: Token) -> None:
    """`def name ...`; `fn(` at the beginning of a statement is a lambda all the same."""
    if ctx.ahead.type == "LPAR":
        expression(ctx, token)
        return
    ctx.begin()
    function_header(ctx, token, "def")


def function_header(ctx: Context, token: Token, construct: str) -> None:
    """Name and parameters, after `def`."""
    ctx.emit(token, "DEF")
    if ctx.ahead.type in ("SELF", "THIS") and ctx.type_after(ctx.next + 1) == "DOT":
        ctx.take("SELF_DOT")
        ctx.next += 1
    ctx.take_name()
    after_function_name(ctx, token, construct)


def after_function_name(ctx: Context, token: Token, construct: str) -> None:
    ahead = ctx.ahead
    if ahead.type == "LPAR" and not ahead.newline:
        ctx.next += 1
        open_params(ctx, ahead, ")", construct, token)
        return
    no_params(ctx)
    function_tail(ctx, token, construct)


def class_(ctx: Context, token: Token) -> None:
    """`class` or `module`."""
    ctx.begin()
    class_header(ctx, token)


def class_header(ctx: Context, token: Token) -> None:
    ctx.emit(token, "CLASS")
    ctx.take_name()
    ahead = ctx.ahead
    if ahead.type == "EXTENDS" or ahead.value == "<":
        ctx.take("EXTENDS")
        ctx.take_name()
    if ctx.ahead.type in ("IMPLEMENTS", "TILDE"):
        ctx.take("IMPLEMENTS")
        take_names(ctx)
    open_body(ctx, token, "class")


def take_names(ctx: Context) -> None:
    """`A, B, C`"""
    while ctx.ahead.type == "NAME":
        ctx.take()
        if ctx.ahead.type != "COMMA":
            break
        ctx.take()


def interface(ctx: Context, token: Token) -> None:
    ctx.begin()
    ctx.emit(token)
    ctx.take_name()
    open_body(ctx, token, "interface")


def enum(ctx: Context, token: Token) -> None:
    _top_level_only(ctx, token)
    ctx.begin()
    ctx.emit(token)
    ctx.take_name()
    open_body(ctx, token, "enum")


def _top_level_only(ctx: Context, token: Token) -> None:
    if ctx.top.kind != Kind.FILE:
        hint = f"`{token.value}` is only allowed at the top level of a file"
        ctx.unexpected(token, "statement", hint=hint)


def export(ctx: Context, token: Token) -> None:
    _top_level_only(ctx, token)
    ctx.begin()
    ctx.emit(token)
    ctx.top.count = 0  # what is exported begins no statement of its own
    ctx.state = State.START


def import_(ctx: Context, token: Token) -> None:
    """`import "p"`, `import {a, b as c} from "p"`, `import * as m from "p"`."""
    _top_level_only(ctx, token)
    ctx.begin()
    ctx.emit(token)
    while True:
        ahead = ctx.ahead
        if ahead.value == "*" and ahead.type == "OP":
            ctx.take("STAR")
        elif ahead.type in _IMPORT_SIGNS:
            if ahead.type == "RBRACE":
                ctx.forget_trailing_comma("IMPORT_OPEN")
            ctx.take(_IMPORT_SIGNS[ahead.type])
            if ahead.type == "LITERAL":
                break
        elif not ctx.take_name():
            break
    ctx.valued()


def absent(ctx: Context, token: Token) -> None:
    """`case`, `when`: reserved, and good for nothing (docs/spec §1.4)."""
    hint = "there is no `case`; write `match value { pattern => result, ... }`"
    ctx.unexpected(token, "statement", hint=hint)
    if token.type == "CASE":
        ctx.push(Kind.BODY, token, "case", "end")
    ctx.operand()


def misplaced(ctx: Context, token: Token) -> None:
    """A statement where an expression is expected: report it, but keep its `end` in pairs."""
    if keyed(ctx, token):
        return
    if token.newline and ctx.visible().kind in (Kind.FILE, Kind.BODY):
        ctx.unexpected(token, "expression", hint="the line before is not complete")
        ctx.unread()
        end_statement(ctx)
        return
    hint = f"`{ctx.shown(token)}` is a statement and has no value"
    if token.type in ("IF", "UNLESS"):
        hint += "; use `condition ? a : b`"
    elif token.type == "WHEN":
        hint = "there is no `case`; use `match`"
    ctx.unexpected(token, "expression", hint=hint)
    if token.type == "TRY":
        open_body(ctx, token, "try")
    elif token.type in HEADED:
        open_header(ctx, token, token.value)
    elif token.type == "CASE":
        ctx.push(Kind.BODY, token, "case", "end")


def separator(ctx: Context, token: Token) -> None:
    """`;` where a statement could begin."""


def finish_line(ctx: Context, token: Token) -> None:
    """`;` after a compound statement."""
    end_statement(ctx)
