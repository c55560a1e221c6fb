"""Opening and closing of bodies: everything that `end`, `}` or nothing at all terminates."""

from __future__ import annotations

from typing import Final

from ..scanner.tokens import WORD_TYPES, Token
from .context import Context, Frame, Kind, State, Value

IFS: Final = frozenset({"if", "elsif", "unless"})
TRIES: Final = frozenset({"try", "catch"})
FUNCTIONS: Final = frozenset({"def", "new"})
_ALWAYS_BRACES: Final = frozenset({"class", "enum", "interface", "try", "finally", "static"})
"""Bodies that a `{` opens whatever follows it."""
_VALUES: Final = frozenset({"lambda", "block", "braces"})
"""Bodies that are part of an expression."""
_STARTS: Final = {
    "class": State.MEMBER,
    "enum": State.VARIANT,
    "interface": State.SIGNATURE,
}

_KEYS: Final = frozenset({"LITERAL", "NAME", "SYMBOL", "CONSTANT", "AT"})
_SEPARATORS: Final = frozenset({"COLON", "FATARROW"})


def looks_like_hash(ctx: Context, brace: int) -> bool:
    """Does the `{` at index *brace* begin a hash? (docs/spec §2.6)

    First keys may also be symbols, keywords, interpolated strings, `@x`, `(x)`
    and `x[i]`.
    """
    first = ctx.tokens[brace + 1]
    if first.type == "RBRACE":
        return True
    after = brace + 2
    if first.type == "STR_BEGIN":
        after = first.value if isinstance(first.value, int) else after
    elif first.type == "LPAR":
        after = _after_brackets(ctx, brace + 1)
    elif first.type not in _KEYS and first.type not in WORD_TYPES:
        return False
    elif first.type == "NAME" and ctx.type_after(after) == "LSQB":
        after = _after_brackets(ctx, after)
    return ctx.type_after(after) in _SEPARATORS


_MAX_KEY: Final = 50
"""Tokens of a bracketed key that are looked at."""


def _after_brackets(ctx: Context, at: int) -> int:
    """Index after the brackets that open at index *at*, or where looking was given up."""
    depth = 0
    for index in range(at, min(at + _MAX_KEY, len(ctx.tokens))):
        kind = ctx.tokens[index].type
        if kind in ("LPAR", "LSQB", "LBRACE"):
            depth += 1
        elif kind in ("RPAR", "RSQB", "RBRACE"):
            depth -= 1
            if depth == 0:
                return index + 1
    return len(ctx.tokens)


def open_body(ctx: Context, token: Token, construct: str) -> None:
    """Open the body of *construct*, whose header has just ended; what follows shows its form.

    *token* is what an error would name: the `if` of an `else`.
    """
    ahead = ctx.ahead
    if ahead.type == "THEN" and construct in IFS:
        ctx.next += 1
        ahead = ctx.ahead
    start = _STARTS.get(construct, State.START)
    if ahead.type == "DO" and construct in FUNCTIONS:
        ctx.take("BODY")
        closer = "end"
    elif ahead.type == "LBRACE" and _opens_body(ctx, ahead, construct):
        ctx.take("BODY")
        closer = "}"
    else:
        ctx.mark("BODY")
        closer = "end"
    ctx.push(Kind.BODY, token, construct, closer, start)
    ctx.state = start


def _opens_body(ctx: Context, brace: Token, construct: str) -> bool:
    if construct in _ALWAYS_BRACES:
        return True
    if ctx.type_after(ctx.next + 1) == "RBRACE":
        return not brace.newline  # docs/spec §2.6: `{}` on the header's own line is an empty body
    return not looks_like_hash(ctx, ctx.next)


def open_lambda_body(ctx: Context, token: Token, construct: str) -> None:
    """Open the body of a lambda or of a block written `|x| ...` (docs/spec §6.2)."""
    ahead = ctx.ahead
    if ahead.type == "LBRACE":
        if not looks_like_hash(ctx, ctx.next):
            ctx.take("BODY")
            ctx.push(Kind.BODY, token, construct, "}")
            ctx.state = State.START
            return
        if ctx.type_after(ctx.next + 1) == "RBRACE" and not ahead.newline:
            _empty_hash_body(ctx)
            return
    ctx.mark("BODY")
    ctx.push(Kind.BODY, token, construct, "")
    ctx.state = State.START


def _empty_hash_body(ctx: Context) -> None:
    """`fn() {}` returns an empty hash and needs no `end` (docs/spec §2.6), but may have one."""
    ctx.mark("BODY")
    ctx.take("HASH")
    ctx.take("HASH_END")
    ahead = ctx.ahead
    if ahead.type == "END" and not ahead.newline:
        ctx.take("CLOSE")
    else:
        ctx.mark("CLOSE")
    ctx.valued()


def open_header(ctx: Context, token: Token, construct: str) -> None:
    """A condition, an iterable or the subject of a `match` comes next."""
    ctx.push(Kind.HEADER, token, construct)
    ctx.operand()


def end_statement(ctx: Context) -> None:
    """The statement, or the header, that the innermost body or header holds is complete."""
    frame = ctx.pop_invisible()
    if frame.kind == Kind.HEADER:
        end_header(ctx, frame)
    else:
        ctx.state = frame.start


def end_header(ctx: Context, frame: Frame) -> None:
    ctx.frames.pop()
    if frame.construct == "match":
        _open_match(ctx, frame.token)
    else:
        open_body(ctx, frame.token, frame.construct)


def _open_match(ctx: Context, token: Token) -> None:
    if ctx.ahead.type == "LBRACE":
        ctx.take("MATCH_BODY")
        closer = "}"
    else:
        ctx.mark("MATCH_BODY")
        closer = "end"
    ctx.push(Kind.MATCH, token, "match", closer)
    ctx.state = State.PATTERN


def close_body(ctx: Context, frame: Frame) -> None:
    """The body or `match` on top has been closed, its `CLOSE` emitted."""
    ctx.frames.pop()
    is_value = frame.kind == Kind.MATCH or frame.construct in _VALUES
    if is_value or ctx.top.kind not in (Kind.FILE, Kind.BODY):
        ctx.valued(Value.CALL if frame.construct == "block" else Value.OTHER)
    else:
        ctx.state = State.DONE
    if frame.closer == "}":
        _continue_after_brace(ctx, frame)


def _continue_after_brace(ctx: Context, frame: Frame) -> None:
    ahead = ctx.ahead
    if frame.construct in IFS:
        if ahead.type in ("ELSE", "ELSIF"):
            ctx.next += 1
            else_clause(ctx, ahead, frame)
        else:
            ctx.brace_if = (len(ctx.out), frame)
    elif frame.construct == "else":
        ctx.brace_if = (len(ctx.out), frame)
    elif frame.construct in TRIES and ahead.type in ("CATCH", "RESCUE", "FINALLY"):
        ctx.next += 1
        handler_clause(ctx, ahead, frame)


def else_clause(ctx: Context, token: Token, frame: Frame) -> None:
    """`else`, `elsif` or `else if` after a branch, which has been closed."""
    ahead = ctx.ahead
    if token.type == "ELSE" and not (ahead.type == "IF" and not ahead.newline):
        ctx.emit(token, "ELSE")
        open_body(ctx, frame.token, "else")
        return
    ctx.emit(token, "ELSIF")
    ctx.chain(token, 2)
    if token.value == "else":
        ctx.next += 1  # docs/spec §2.3: `else if` is `elsif`
    open_header(ctx, frame.token, "elsif")


def handler_clause(ctx: Context, token: Token, frame: Frame) -> None:
    """`catch`, `rescue` or `finally` after the body of a `try`, which has been closed."""
    if token.type == "FINALLY":
        ctx.emit(token)
        open_body(ctx, frame.token, "finally")
        return
    ctx.emit(token, "CATCH")
    if ctx.ahead.type == "LPAR" and not ctx.ahead.newline:
        ctx.next += 1
        while ctx.ahead.type == "NAME":
            ctx.take()
        if ctx.ahead.type == "RPAR":
            ctx.next += 1
    else:
        _handler_names(ctx)
    open_body(ctx, frame.token, "catch")


def _handler_names(ctx: Context) -> None:
    """`e` or `Type e`, on the line of the `catch` (docs/spec §1.9)."""
    first = ctx.ahead
    if first.type != "NAME" or first.newline:
        return
    ctx.take()
    second = ctx.ahead
    if second.type != "NAME" or second.newline:
        return
    after = ctx.tokens[ctx.next + 1]
    ends = after.newline or after.type in ("LBRACE", "SEMI", "END", "EOF")
    if ends or first.value[:1].isupper():
        ctx.take()
