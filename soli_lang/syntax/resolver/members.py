"""Members of classes, enums and interfaces (docs/spec §2.1, §2.4)."""

from __future__ import annotations

from typing import Final

from ..scanner.tokens import Token
from .bodies import looks_like_hash, open_body
from .context import Context, Kind, State, Value
from .operands import open_params
from .statements import (
    after_declared_name,
    after_function_name,
    class_header,
    function_header,
    take_names,
)
from .values import open_command

_FIELD_SIGNS: Final = frozenset({"COLON", "EQ"})
_ENDS_CALL: Final = frozenset({"SEMI", "END", "RBRACE", "EOF"})
_OWN_BEGINNINGS: Final = frozenset({"LPAR", "DO", "BAR", "OROR"})
"""What a call in a class body shares with a call anywhere."""


def modifier(ctx: Context, token: Token) -> None:
    if not _after_modifier(ctx):
        ctx.begin()
    if token.type == "STATIC" and ctx.ahead.type == "LBRACE":
        ctx.emit(token, "STATIC_BLOCK")
        open_body(ctx, token, "static")
        return
    ctx.emit(token, "MODIFIER")


def _after_modifier(ctx: Context) -> bool:
    return bool(ctx.out) and ctx.out[-1].type == "MODIFIER"


def _begin(ctx: Context) -> None:
    if not _after_modifier(ctx):
        ctx.begin()


def method(ctx: Context, token: Token) -> None:
    _begin(ctx)
    function_header(ctx, token, "def")


def constructor(ctx: Context, token: Token) -> None:
    _begin(ctx)
    ctx.emit(token, "CONSTRUCTOR")
    after_function_name(ctx, token, "new")


def class_(ctx: Context, token: Token) -> None:
    """A nested class, or `class << self`."""
    _begin(ctx)
    if ctx.ahead.value != "<<":
        class_header(ctx, token)
        return
    ctx.emit(token, "SINGLETON")
    ctx.next += 1
    if ctx.ahead.type in ("SELF", "THIS"):
        ctx.next += 1
    open_body(ctx, token, "class")


def name(ctx: Context, token: Token) -> None:
    """A field, a mixin, a hook or a framework macro."""
    ahead = ctx.ahead
    if token.value in ("include", "extend") and ahead.type in ("NAME", "LPAR"):
        _mixin(ctx, token)
    elif token.value in ("included", "extended") and ahead.type in ("DO", "LBRACE"):
        _hook(ctx, token, "HOOK", State.START)
    elif token.value == "class_methods" and ahead.type in ("DO", "LBRACE"):
        _hook(ctx, token, "CLASS_METHODS", State.MEMBER)
    elif ahead.type in _FIELD_SIGNS:
        _field(ctx, token)
    else:
        _call(ctx, token, ahead)


def _call(ctx: Context, token: Token, ahead: Token) -> None:
    """`validates "name"`, `index ["a"]`, `audited`, `after_commit { ... }`: on the class itself.

    No operand ends here that an operator could continue, so whatever else stands on the line is
    the first argument.
    """
    _begin(ctx)
    ctx.emit(token, "NAME")
    is_block = ahead.type == "LBRACE" and not looks_like_hash(ctx, ctx.next)
    if ahead.newline or ahead.type in _ENDS_CALL:
        ctx.valued()
    elif is_block or ahead.type in _OWN_BEGINNINGS:
        ctx.valued(Value.CALL)
    else:
        open_command(ctx, ahead)


def _field(ctx: Context, token: Token) -> None:
    _begin(ctx)
    ctx.emit(token, "FIELD")
    token.value = ctx.source.text[token.start : token.end]
    after_declared_name(ctx)


def _mixin(ctx: Context, token: Token) -> None:
    ctx.begin()
    ctx.emit(token, "MIXIN")
    group = ctx.ahead.type == "LPAR"
    if group:
        ctx.next += 1
    take_names(ctx)
    if group and ctx.ahead.type == "RPAR":
        ctx.next += 1
    ctx.valued()


def _hook(ctx: Context, token: Token, kind: str, start: State) -> None:
    ctx.begin()
    ctx.emit(token, kind)
    closer = "end" if ctx.ahead.type == "DO" else "}"
    ctx.take("BODY")
    ctx.push(Kind.BODY, token, token.value, closer, start)
    ctx.state = start


def word(ctx: Context, token: Token) -> None:
    """A keyword in a class body: good as the name of a field only (docs/spec §1.4)."""
    if ctx.ahead.type in _FIELD_SIGNS:
        _field(ctx, token)
        return
    ctx.unexpected(token, "a field, a method or another member of the class")
    ctx.state = State.DONE


def variant(ctx: Context, token: Token) -> None:
    _begin(ctx)
    ctx.emit(token, "VARIANT")
    ahead = ctx.ahead
    if ahead.type == "LPAR" and not ahead.newline:
        ctx.next += 1
        open_params(ctx, ahead, ")", "variant", token)
    else:
        ctx.state = State.DONE


def signature(ctx: Context, token: Token) -> None:
    ctx.begin()
    function_header(ctx, token, "signature")


def separator(ctx: Context, token: Token) -> None:
    """`;` or, in an enum, `,` between members."""


def variant_comma(ctx: Context, token: Token) -> None:
    ctx.state = ctx.top.start
