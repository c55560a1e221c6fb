"""Where an operand is expected: literals, names, brackets, lambdas (docs/spec §2.5)."""

from __future__ import annotations

from typing import Final

from ..scanner.tokens import HEADED, WORD_TYPES, Token
from .bodies import end_statement, open_body, open_header, open_lambda_body
from .context import Context, Frame, Kind, State, Value

_SEPARATORS: Final = frozenset({"COLON", "FATARROW"})
_ITEM_STARTS: Final = frozenset({"CALL", "HASH", "COMMA"})
_BLOCK_STARTS: Final = HEADED | set(
    "LET CONST RETURN BREAK THROW TRY FN CLASS INTERFACE MATCH LBRACE".split()
)
"""What makes a `{` in an expression a block (docs/spec §2.6)."""
ASSIGNING: Final = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "||=", "&&=", "??="})


def literal(ctx: Context, token: Token) -> None:
    ctx.emit(token, "LITERAL")
    ctx.valued()


def atom(ctx: Context, token: Token) -> None:
    """A token that is an operand as it stands."""
    ctx.emit(token)
    ctx.valued()


def this(ctx: Context, token: Token) -> None:
    ctx.emit(token, "THIS")
    ctx.valued()


def name(ctx: Context, token: Token) -> None:
    if ctx.ahead.type in _SEPARATORS and _take_key(ctx, token):
        return
    ctx.emit(token, "NAME")
    ctx.valued(Value.NAME)


def word(ctx: Context, token: Token) -> None:
    """A keyword where an operand is expected: good only as a key or label (docs/spec §1.4)."""
    if ctx.ahead.type == "COLON" and _take_key(ctx, token):
        return
    ctx.unexpected(token, "expression")


def _take_key(ctx: Context, token: Token) -> bool:
    """Emit *token* as a hash key or argument label, without its separator, if it is one."""
    if not ctx.out or ctx.out[-1].type not in _ITEM_STARTS:
        return False
    kind = ctx.top.kind
    if kind == Kind.HASH:
        ctx.emit(token, "KEY")
    elif kind in (Kind.CALL, Kind.COMMAND) and ctx.ahead.type == "COLON":
        if kind == Kind.COMMAND and ctx.ahead.space and ctx.frames[-2].kind == Kind.TERNARY:
            return False  # `c ? print a : b`
        ctx.emit(token, "LABEL")
    else:
        return False
    token.value = ctx.source.text[token.start : token.end]
    ctx.next += 1
    return True


def unary(ctx: Context, token: Token) -> None:
    ctx.emit(token, "UNARY")
    ctx.link(token)


def group(ctx: Context, token: Token) -> None:
    ctx.emit(token, "GROUP")
    ctx.push(Kind.GROUP, token, closer=")")


def array(ctx: Context, token: Token) -> None:
    ctx.emit(token, "ARRAY")
    ctx.push(Kind.ARRAY, token, closer="]")


def brace(ctx: Context, token: Token) -> None:
    """`{` in an expression: a block or a hash (docs/spec §2.6)."""
    if _begins_block(ctx):
        ctx.emit(token, "BRACES")
        ctx.mark("BODY")
        ctx.push(Kind.BODY, token, "braces", "}")
        ctx.state = State.START
        return
    ctx.emit(token, "HASH")
    ctx.push(Kind.HASH, token, closer="}")


def _begins_block(ctx: Context) -> bool:
    first, second = ctx.ahead, ctx.tokens[min(ctx.next + 1, len(ctx.tokens) - 1)]
    if first.type in _BLOCK_STARTS:
        return second.type not in _SEPARATORS
    return first.type == "NAME" and second.type in ("EQ", "OP") and second.value in ASSIGNING


def interpolation(ctx: Context, token: Token) -> None:
    ctx.emit(token)
    ctx.push(Kind.INTERP, token, closer="}")


def emit(ctx: Context, token: Token) -> None:
    """Part of a string, or a sign before an operand."""
    ctx.emit(token)


def ampersand(ctx: Context, token: Token) -> None:
    """`&name`, `&:name`, `&{...}`, `&(params) body`: a block argument, or `&:name` alone."""
    is_argument = (
        ctx.out
        and ctx.out[-1].type in ("CALL", "COMMA")
        and ctx.top.kind
        in (
            Kind.CALL,
            Kind.COMMAND,
        )
    )
    if is_argument:
        ctx.emit(token, "AMP")
    ahead = ctx.ahead
    if ahead.type == "SYMBOL":
        ctx.take("SYMBOL_BLOCK")
        ctx.valued()
    elif ahead.type == "LBRACE":
        ctx.next += 1
        open_block(ctx, ahead, "}")
    elif ahead.type == "LPAR":
        ctx.next += 1
        ctx.mark("LAMBDA")
        open_params(ctx, ahead, ")", "lambda", ahead)
    elif not is_argument:
        ctx.emit(token, "AMP")


# --- lambdas -----------------------------------------------------------------------------------


def open_params(ctx: Context, token: Token, closer: str, construct: str, opener: Token) -> None:
    """Parameters begin with *token*, for the function that *opener* begins."""
    ctx.emit(token, "PARAMS")
    ctx.push(Kind.PARAMS, opener, construct, closer)
    ctx.state = State.PARAM


def no_params(ctx: Context) -> None:
    ctx.mark("PARAMS")
    ctx.mark("PARAMS_END")


def function(ctx: Context, token: Token) -> None:
    """`fn(...)` where an operand is expected."""
    if ctx.ahead.type != "LPAR":
        misplaced_function(ctx, token)
        return
    ctx.emit(token, "LAMBDA")
    ctx.next += 1
    open_params(ctx, ctx.tokens[ctx.next - 1], ")", "lambda", token)


def misplaced_function(ctx: Context, token: Token) -> None:
    """`def name` where an expression is expected."""
    if token.newline and ctx.visible().kind in (Kind.FILE, Kind.BODY):
        ctx.unexpected(token, "expression", hint="the line before is not complete")
        ctx.unread()
        end_statement(ctx)
    else:
        ctx.unexpected(token, "expression", hint="a lambda is written `fn(x) x + 1`")


def bar(ctx: Context, token: Token) -> None:
    ctx.mark("LAMBDA")
    open_params(ctx, token, "|", "lambda", token)


def empty_bars(ctx: Context, token: Token) -> None:
    ctx.emit(token, "LAMBDA")
    no_params(ctx)
    lambda_tail(ctx, token, "lambda")


def arrow(ctx: Context, token: Token) -> None:
    """`->` with any kind of parameters, or none."""
    ctx.emit(token, "LAMBDA")
    ahead = ctx.ahead
    if ahead.type in ("LPAR", "BAR"):
        ctx.next += 1
        open_params(ctx, ahead, ")" if ahead.type == "LPAR" else "|", "lambda", token)
        return
    if ahead.type == "OROR":
        ctx.next += 1
        no_params(ctx)
    elif ahead.type == "NAME" and _bare_params(ctx):
        _take_bare_params(ctx)
    else:
        no_params(ctx)
    lambda_tail(ctx, token, "lambda")


def _bare_params(ctx: Context) -> bool:
    """`-> a, b { ... }`: are the names that follow parameters, rather than a body?"""
    return ctx.type_after(ctx.next + 1) in ("COMMA", "COLON", "LBRACE", "ARROW")


def _take_bare_params(ctx: Context) -> None:
    ctx.mark("PARAMS")
    while ctx.ahead.type == "NAME":
        ctx.take()
        if ctx.ahead.type == "COLON":
            ctx.take()
            take_type(ctx)
        if ctx.ahead.type != "COMMA":
            break
        ctx.take()
    ctx.mark("PARAMS_END")


def lambda_tail(ctx: Context, token: Token, construct: str) -> None:
    """Return type and body, after the parameters."""
    take_return_type(ctx)
    open_lambda_body(ctx, token, construct)


def take_return_type(ctx: Context) -> None:
    if ctx.ahead.type == "ARROW":
        ctx.take("RETURNS")
        take_type(ctx)


def open_block(ctx: Context, token: Token, closer: str) -> None:
    """`{` or `do` after a call: a trailing block, whose parameters may follow."""
    ctx.emit(token, "BLOCK")
    ctx.link(token)
    ahead = ctx.ahead
    if ahead.type == "BAR":
        ctx.next += 1
        open_params(ctx, ahead, "|", "block" + closer, token)
        return
    if ahead.type == "OROR":
        ctx.next += 1
        no_params(ctx)
    open_block_body(ctx, token, closer)


def open_block_body(ctx: Context, token: Token, closer: str) -> None:
    ctx.mark("BODY")
    ctx.push(Kind.BODY, token, "block", closer)
    ctx.state = State.START


def close_params(ctx: Context, token: Token, frame: Frame) -> None:
    """`)` or `|` after parameters; *frame* is on top. What comes next depends on whose they are."""
    ctx.forget_trailing_comma("PARAMS")
    ctx.emit(token, "PARAMS_END")
    ctx.frames.pop()
    construct = frame.construct
    if construct in ("lambda", "block"):
        lambda_tail(ctx, frame.token, construct)
    elif construct.startswith("block"):
        open_block_body(ctx, frame.token, construct.removeprefix("block"))
    elif construct == "variant":
        ctx.state = State.DONE
    else:
        function_tail(ctx, frame.token, construct)


def function_tail(ctx: Context, token: Token, construct: str) -> None:
    """Return type and body of a function, method or constructor."""
    take_return_type(ctx)
    if construct == "signature":
        ctx.state = State.DONE
    else:
        open_body(ctx, token, construct)


# --- types -------------------------------------------------------------------------------------


def take_type(ctx: Context) -> None:
    """Join the tokens of a type annotation to one; leave them if they make no type (§7.1)."""
    begin = ctx.next
    end = _type_end(ctx, begin)
    if end == begin:
        return
    first, last = ctx.tokens[begin], ctx.tokens[end - 1]
    token = Token("TYPE", None, first.start, last.end, first.newline, first.space)
    token.value = ctx.source.text[first.start : last.end]
    ctx.next = end
    ctx.emit(token)


_IN_FUNCTION_TYPE: Final = frozenset(
    {"NAME", "COMMA", "LPAR", "RPAR", "ARROW", "LSQB", "RSQB", "QUESTION", "FN", "VOID"}
)


def _type_end(ctx: Context, begin: int) -> int:
    """Index after the type at *begin*, or *begin* if there is none."""
    tokens, at = ctx.tokens, begin
    while True:
        token = tokens[at]
        is_function = token.type == "FN" or token.value == "Fn"
        if is_function and ctx.type_after(at + 1) == "LPAR":
            at += 1
            token = tokens[at]
        if token.type == "LPAR":
            at = _after_parentheses(ctx, at)
            if at < 0 or ctx.type_after(at) != "ARROW":
                return begin
            at += 1
            continue
        if token.type != "NAME" and token.type not in WORD_TYPES:
            return begin
        return _after_suffixes(tokens, at + 1)


def _after_parentheses(ctx: Context, at: int) -> int:
    depth = 0
    while ctx.type_after(at) in _IN_FUNCTION_TYPE:
        kind = ctx.tokens[at].type
        at += 1
        if kind == "LPAR":
            depth += 1
        elif kind == "RPAR":
            depth -= 1
            if depth == 0:
                return at
    return -1


def _after_suffixes(tokens: list[Token], at: int) -> int:
    while tokens[at].type == "LSQB" and not tokens[at].space and tokens[at + 1].type == "RSQB":
        at += 2
    if tokens[at].type == "QUESTION" and not tokens[at].space:
        at += 1
    return at


# --- match, new, super --------------------------------------------------------------------------


def match(ctx: Context, token: Token) -> None:
    if ctx.ahead.type == "COLON" and _take_key(ctx, token):
        return
    ctx.emit(token)
    open_header(ctx, token, "match")


def new(ctx: Context, token: Token) -> None:
    if ctx.ahead.type == "COLON" and _take_key(ctx, token):
        return
    ctx.emit(token)
    while ctx.ahead.type == "NAME":
        ctx.take()
        if ctx.ahead.type != "SCOPE":
            break
        ctx.take()
    ctx.valued()


def super_(ctx: Context, token: Token) -> None:
    if ctx.ahead.type == "COLON" and _take_key(ctx, token):
        return
    ctx.emit(token)
    ctx.valued()


def keyed(ctx: Context, token: Token) -> bool:
    """Emit a keyword as key or label if it stands as one."""
    return ctx.ahead.type == "COLON" and _take_key(ctx, token)


# --- parameters ---------------------------------------------------------------------------------


def param_name(ctx: Context, token: Token) -> None:
    ctx.emit(token, "NAME")
    token.value = ctx.source.text[token.start : token.end]


def param_type(ctx: Context, token: Token) -> None:
    ctx.emit(token)
    take_type(ctx)


def param_default(ctx: Context, token: Token) -> None:
    ctx.emit(token)
    ctx.operand()


def param_end(ctx: Context, token: Token) -> None:
    frame = ctx.top
    if frame.closer == ctx.source.text[token.start : token.end]:
        close_params(ctx, token, frame)
    else:
        ctx.unexpected(token, f"'{frame.closer}'")
