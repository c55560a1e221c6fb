"""Tokens to tokens that a context-free grammar can read.

One pass with a stack of open constructs. Each token is handed to the handler that the current
state has for its type; the handler emits it, perhaps under another type, and sets the next state.
Linear: a token is read again only after something was opened or closed, and what is looked ahead
is bounded or consumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..scanner.tokens import HEADED, Token
from . import closers, members, operands, patterns, statements, values, words
from .context import MAX_NESTING, Context, State, TooDeep, Value

_MAX_READS: Final = 4 * MAX_NESTING
"""A token is read again each time it has closed something; a bound, so that no loop can hang."""

Handler = Callable[[Context, Token], None]
_Table = Mapping[str, Handler]

_CLOSERS: Final[_Table] = {
    "RPAR": closers.round_bracket,
    "RSQB": closers.square_bracket,
    "RBRACE": closers.curly_bracket,
    "INTERP_END": closers.interpolation_end,
    "END": closers.end,
    "ELSE": closers.else_,
    "ELSIF": closers.else_,
    "CATCH": closers.handler,
    "FINALLY": closers.handler,
    "COMMA": closers.comma,
    "EOF": closers.end_of_source,
}


def _unless_key(handler: Handler) -> Handler:
    """*handler*, except where a closing word is a key or a label: `{end: 1}` (docs/spec §1.4)."""

    def handle(ctx: Context, token: Token) -> None:
        if not operands.keyed(ctx, token):
            handler(ctx, token)

    return handle


def _unless_label(handler: Handler) -> Handler:
    """*handler*, except where a word after a bare name is a label: `f if: 1` (§1.4)."""

    def handle(ctx: Context, token: Token) -> None:
        ahead = ctx.ahead
        if ctx.value == Value.NAME and ahead.type == "COLON" and not ahead.space:
            values.juxtaposed(ctx, token)
        else:
            handler(ctx, token)

    return handle


def _unless_field(handler: Handler) -> Handler:
    """*handler*, except where a word is the name of a field: `class: Int`, `end = 1`."""

    def handle(ctx: Context, token: Token) -> None:
        if ctx.ahead.type in ("COLON", "EQ"):
            members.word(ctx, token)
        else:
            handler(ctx, token)

    return handle


_CLOSING_WORDS: Final = ("END", "ELSE", "ELSIF", "CATCH", "FINALLY")

_STATEMENTS: Final[_Table] = {
    **_CLOSERS,
    "END": words.unless_name(closers.end),
    "RESCUE": closers.handler,
    "SEMI": statements.separator,
    "LBRACE": statements.brace,
    **dict.fromkeys(HEADED, statements.headed),
    "FOR": statements.for_loop,
    "LET": statements.binding,
    "CONST": statements.binding,
    "FN": statements.function,
    "CLASS": words.unless_name(statements.class_),
    "MODULE": statements.class_,
    "INTERFACE": statements.interface,
    "ENUM": statements.enum,
    "IMPORT": statements.import_,
    "EXPORT": statements.export,
    "RETURN": statements.return_,
    "BREAK": statements.break_,
    "THROW": statements.throw,
    "TRY": statements.try_,
    "CASE": statements.absent,
    "WHEN": statements.absent,
}

_MEMBERS: Final[_Table] = {
    **_CLOSERS,
    "SEMI": members.separator,
    "PUBLIC": _unless_field(members.modifier),
    "PRIVATE": _unless_field(members.modifier),
    "PROTECTED": _unless_field(members.modifier),
    "STATIC": _unless_field(members.modifier),
    "CONST": _unless_field(members.modifier),
    "FN": _unless_field(members.method),
    "NEW": _unless_field(members.constructor),
    "CLASS": _unless_field(members.class_),
    "MODULE": _unless_field(members.class_),
    "END": _unless_field(closers.end),
    "NAME": members.name,
}

_VARIANTS: Final[_Table] = {
    **_CLOSERS,
    "SEMI": members.separator,
    "COMMA": members.separator,
    "PUBLIC": members.modifier,
    "PRIVATE": members.modifier,
    "PROTECTED": members.modifier,
    "STATIC": members.modifier,
    "FN": members.method,
    "NAME": members.variant,
}

_SIGNATURES: Final[_Table] = {**_CLOSERS, "SEMI": members.separator, "FN": members.signature}

_PARAMS: Final[_Table] = {
    **_CLOSERS,
    **{word: words.unless_param(_CLOSERS[word]) for word in _CLOSING_WORDS},
    "NAME": operands.param_name,
    "AMP": operands.emit,
    "COLON": operands.param_type,
    "EQ": operands.param_default,
    "RPAR": operands.param_end,
    "BAR": operands.param_end,
}

_PATTERNS: Final[_Table] = {
    **_CLOSERS,
    "NAME": patterns.name,
    "LITERAL": patterns.literal,
    "CONSTANT": patterns.literal,
    "LSQB": patterns.array,
    "LBRACE": patterns.hash_,
    "LPAR": patterns.fields,
    "RPAR": patterns.close,
    "RSQB": patterns.close,
    "RBRACE": patterns.close,
    "COMMA": patterns.emit,
    "SPREAD": patterns.emit,
    "IF": patterns.guard,
    "FATARROW": patterns.fat_arrow,
    "END": patterns.end,
}

_OPERANDS: Final[_Table] = {
    **_CLOSERS,
    **{word: _unless_key(_CLOSERS[word]) for word in _CLOSING_WORDS},
    "END": words.end,
    "LITERAL": operands.literal,
    "CONSTANT": operands.literal,
    "SYMBOL": operands.literal,
    "NAME": operands.name,
    "AT": operands.atom,
    "SHELL": operands.atom,
    "PERCENT": operands.atom,
    "UNSUPPORTED": operands.atom,
    "STR_BEGIN": operands.emit,
    "STR_TEXT": operands.emit,
    "STR_END": operands.atom,
    "INTERP": operands.interpolation,
    "THIS": operands.this,
    "SELF": operands.this,
    "SUPER": operands.super_,
    "NEW": operands.new,
    "MATCH": operands.match,
    "MINUS": operands.unary,
    "BANG": operands.unary,
    "NOT": operands.unary,
    "SPREAD": operands.emit,
    "LPAR": operands.group,
    "LSQB": operands.array,
    "LBRACE": operands.brace,
    "FN": operands.function,
    "BAR": operands.bar,
    "OROR": operands.empty_bars,
    "ARROW": operands.arrow,
    "AMP": operands.ampersand,
    "SEMI": values.semicolon,
    **dict.fromkeys(HEADED, statements.misplaced),
    **dict.fromkeys(
        "TRY CASE WHEN LET CONST RETURN BREAK THROW MODULE INTERFACE ENUM  IMPORT EXPORT".split(),
        statements.misplaced,
    ),
    "CLASS": words.class_,
    **dict.fromkeys(("AS", "FROM"), words.name),
    **dict.fromkeys(
        "AND DO EXTENDS IMPLEMENTS IN OR PRIVATE PROTECTED PUBLIC RESCUE STATIC THEN VOID".split(),
        operands.word,
    ),
}

_VALUES: Final[_Table] = {
    **_CLOSERS,
    "OP": values.operator,
    "MINUS": values.operator,
    "OROR": values.operator,
    "AND": values.operator,
    "OR": values.operator,
    "RESCUE": values.operator,
    "EQ": values.assign,
    "STEP": values.step,
    "QUESTION": values.question,
    "COLON": values.colon,
    "FATARROW": values.fat_arrow,
    "SYMBOL": values.symbol,
    "DOT": values.member,
    "SCOPE": values.scope,
    "AS": values.cast,
    "LPAR": values.call,
    "LSQB": values.index,
    "LBRACE": values.brace,
    "DO": _unless_label(values.do_block),
    "BAR": values.bar,
    "IF": _unless_label(values.postfix_if),
    "UNLESS": _unless_label(values.postfix_if),
    "FOR": _unless_label(values.comprehension),
    "THEN": _unless_label(values.then),
    "END": _unless_label(closers.end),
    "SEMI": values.semicolon,
}

_DONE: Final[_Table] = {**_CLOSERS, "SEMI": statements.finish_line}


def _next_statement(ctx: Context, token: Token) -> None:
    """After a compound statement: another one begins, on the same line."""
    ctx.state = ctx.top.start
    ctx.unread()


def _member_word(ctx: Context, token: Token) -> None:
    members.word(ctx, token)


def _param_word(ctx: Context, token: Token) -> None:
    if token.type in ("NEW", "MATCH", "CLASS") or ctx.ahead.type in words.AFTER_PARAM:
        operands.param_name(ctx, token)
    else:
        ctx.emit(token)


def _pattern_word(ctx: Context, token: Token) -> None:
    if ctx.ahead.type == "COLON":
        patterns.name(ctx, token)
    else:
        ctx.emit(token)


TABLES: Final[dict[State, tuple[_Table, Handler]]] = {
    State.START: (_STATEMENTS, statements.expression),
    State.MEMBER: (_MEMBERS, _member_word),
    State.VARIANT: (_VARIANTS, operands.emit),
    State.SIGNATURE: (_SIGNATURES, operands.emit),
    State.PARAM: (_PARAMS, _param_word),
    State.PATTERN: (_PATTERNS, _pattern_word),
    State.OPERAND: (_OPERANDS, operands.atom),
    State.VALUE: (_VALUES, values.juxtaposed),
    State.DONE: (_DONE, _next_statement),
}
"""For each state the handlers by token type, and the handler of all others."""


def resolve(ctx: Context) -> None:
    """Fill `ctx.out`, and `ctx.errors` with whatever is wrong in the pairing of constructs."""
    tokens, tables = ctx.tokens, TABLES
    size = len(tokens)
    try:
        for _ in range(_MAX_READS * size):
            if ctx.next >= size:
                return
            token = tokens[ctx.next]
            ctx.next += 1
            if token.newline:
                ctx.last_break = ctx.next
                if ctx.state >= State.VALUE and values.line_break(ctx, token):
                    continue
            table, other = tables[ctx.state]
            table.get(token.type, other)(ctx, token)
    except TooDeep:
        return
    raise AssertionError("each token is read a few times only")
