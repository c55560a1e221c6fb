"""After a complete operand: operators, calls, blocks, and the end of the statement."""

from __future__ import annotations

from typing import Final

from ..scanner.tokens import HEADED, KEYWORDS, LOOP_WORDS, SAFE_DOTS, Token
from .bodies import TRIES, end_statement, looks_like_hash
from .bound_names import BoundNames, begins_statement
from .closers import missing, pop_for_closer
from .context import INVISIBLE, LINES, TAKES_BLOCK, Context, Frame, Kind, State, Value, is_word
from .operands import close_params, open_block, open_params

_CONTINUES: Final = frozenset({"DOT", "SCOPE", "OP", "OROR", "AND", "OR", "EQ", "QUESTION"})
"""Tokens at the start of a line that continue the statement before (docs/spec §1.9)."""
_COMMAND_STARTS: Final = frozenset(
    "LITERAL CONSTANT SYMBOL STR_BEGIN SHELL NAME AT THIS FROM AS".split()
)
"""What a command call's first argument begins with (docs/spec §6.4)."""
_MORE_COMMAND_STARTS: Final = frozenset("SELF NEW SUPER MATCH NOT BANG PERCENT".split())
"""Further beginnings, where nothing else could be meant: not in headers."""
_STATEMENT_WORDS: Final = HEADED | set(
    "FN CLASS MODULE INTERFACE ENUM IMPORT EXPORT LET CONST RETURN BREAK THROW TRY".split()
)


def line_break(ctx: Context, token: Token) -> bool:
    """*token* begins a line: does that end the statement before it? (docs/spec §1.9)

    Then the statement has been ended, and *token* is to be read again.
    """
    frame = ctx.visible()
    if frame.kind not in LINES:
        return False
    if ctx.state == State.VALUE and _continues(ctx, token, frame):
        return False
    ctx.unread()
    if ctx.state == State.DONE:
        ctx.state = ctx.top.start
    else:
        end_statement(ctx)
    return True


def _continues(ctx: Context, token: Token, frame: Frame) -> bool:
    kind = token.type
    if kind in _CONTINUES:
        return True
    if kind == "MINUS":
        return ctx.ahead.space
    if kind == "RESCUE":  # docs/spec §1.9
        return not (frame.construct in TRIES and frame.closer == "end")
    return kind == "COLON" and ctx.top.kind == Kind.TERNARY


# --- operators ----------------------------------------------------------------------------------


_FLAT: Final = frozenset("+ - * / % << < <= > >= .. == != && || ??".split())


def operator(ctx: Context, token: Token) -> None:
    ctx.emit(token, "OP")
    if token.value in _FLAT:
        ctx.chain_flat(token)
    else:
        ctx.chain(token)
    ctx.operand()


def assign(ctx: Context, token: Token) -> None:
    ctx.emit(token)
    ctx.chain(token)
    ctx.operand()


def step(ctx: Context, token: Token) -> None:
    ctx.emit(token)
    ctx.link(token)
    ctx.valued()


def question(ctx: Context, token: Token) -> None:
    ctx.emit(token)
    ctx.chain(token)
    ctx.push(Kind.TERNARY, token)
    ctx.operand()


def colon(ctx: Context, token: Token) -> None:
    frames = ctx.frames
    while True:
        frame = frames[-1]
        if frame.kind == Kind.COMMAND:
            ctx.mark("CALL_END")
        elif frame.is_inline and frame.count <= 1:
            ctx.mark("CLOSE")
        else:
            break
        frames.pop()
    if frame.kind == Kind.TERNARY:
        frames.pop()
        ctx.emit(token, "TERNARY_COLON")
    else:
        ctx.emit(token)
    ctx.operand()


def fat_arrow(ctx: Context, token: Token) -> None:
    frame = ctx.pop_invisible()
    ctx.emit(token, "COLON" if frame.kind == Kind.HASH else "FATARROW")
    ctx.operand()


def symbol(ctx: Context, token: Token) -> None:
    """`x ? 1 :two`: there the colon is the ternary's (wider than docs/spec §1.6)."""
    if ctx.top.kind != Kind.TERNARY or ctx.value == Value.NAME:
        juxtaposed(ctx, token)
        return
    word = token.value.name
    kind, value = KEYWORDS.get(word, ("NAME", word))
    rest = Token(kind, value, token.start + 1, token.end, False, False)
    ctx.tokens[ctx.next - 1] = rest
    ctx.unread()
    ctx.emit(Token("TERNARY_COLON", ":", token.start, token.start + 1, token.newline, True))
    ctx.frames.pop()
    ctx.operand()


# --- members, calls -----------------------------------------------------------------------------


def member(ctx: Context, token: Token) -> None:
    """`.name`, `&.name`, `x()?.name`; any word is a name here (docs/spec §1.4)."""
    ctx.emit(token)
    ctx.link(token)
    if not ctx.take_name():
        ctx.operand()
        return
    ctx.valued(Value.SAFE_MEMBER if token.value in SAFE_DOTS else Value.MEMBER)
    if not ctx.ahead.newline and _is_label(ctx, ctx.next):
        open_command(ctx, ctx.ahead)


def scope(ctx: Context, token: Token) -> None:
    ctx.emit(token)
    ctx.link(token)
    if ctx.take_name():
        ctx.valued()
    else:
        ctx.operand()


def cast(ctx: Context, token: Token) -> None:
    """`value as Float`; after a bare name `as` may begin an argument, which is no type."""
    wanted = ctx.ahead
    is_type = wanted.type == "NAME" and not wanted.newline and wanted.value[:1].isupper()
    if token.newline or not is_type:
        juxtaposed(ctx, token)
        return
    ctx.emit(token)
    ctx.link(token)
    ctx.take()
    ctx.valued()


def call(ctx: Context, token: Token) -> None:
    if token.newline:
        juxtaposed(ctx, token)
        return
    ctx.emit(token, "CALL")
    ctx.link(token)
    ctx.push(Kind.CALL, token, closer=")")
    ctx.operand()


def index(ctx: Context, token: Token) -> None:
    if token.newline:
        juxtaposed(ctx, token)
        return
    ctx.emit(token, "INDEX")
    ctx.link(token)
    ctx.push(Kind.INDEX, token, closer="]")
    ctx.operand()


def _is_label(ctx: Context, at: int) -> bool:
    """Is the token at *at* a word directly before a separating colon?"""
    token, after = ctx.tokens[at], ctx.tokens[min(at + 1, len(ctx.tokens) - 1)]
    if after.type != "COLON" or not is_word(ctx, token):
        return False
    if token.type == "CONSTANT":
        return False
    return not after.space or ctx.top.kind != Kind.TERNARY


def open_command(ctx: Context, token: Token) -> None:
    """*token*, which is to be read next, begins the arguments of a call without parentheses."""
    ctx.mark("CALL", "command")
    ctx.push(Kind.COMMAND, token)
    ctx.operand()


def _starts_command(ctx: Context, token: Token) -> bool:
    """Does *token*, on the line of the bare name before it, begin a command call's arguments?"""
    kind = token.type
    if kind in _COMMAND_STARTS:
        return True
    if kind == "FN":
        return ctx.ahead.type == "LPAR"
    if kind == "CLASS":
        return ctx.ahead.type != "NAME"
    if _is_label(ctx, ctx.next - 1):
        return True
    if ctx.visible().kind == Kind.HEADER:
        return False
    if kind == "ARROW":
        return ctx.ahead.type in ("LPAR", "BAR", "OROR", "LBRACE", "NAME")
    return kind in _MORE_COMMAND_STARTS


def juxtaposed(ctx: Context, token: Token) -> None:
    """*token* can neither continue the operand before it nor does it begin a line."""
    if not token.newline:
        if ctx.value == Value.NAME and _starts_command(ctx, token):
            ctx.unread()
            open_command(ctx, token)
            return
        frame = ctx.visible()
        on_one_line = frame.kind == Kind.BODY and frame.index > ctx.last_break
        if frame.kind == Kind.HEADER or on_one_line:
            ctx.unread()
            end_statement(ctx)
            return
    elif ctx.visible().suspicion is None:
        ctx.visible().suspicion = token
    if token.type in _STATEMENT_WORDS:
        _misplaced_statement(ctx, token)
        return
    ctx.unread()
    ctx.operand()


def _misplaced_statement(ctx: Context, token: Token) -> None:
    """A statement begins where the one before it, or a bracket, is not complete."""
    frame = ctx.visible()
    if frame.kind in (Kind.FILE, Kind.BODY):
        hint = "start a new line, or write `;` between two statements on one line"
        if token.type == "WHILE":
            hint = "there is no `while` after a statement"
        ctx.unexpected(token, "end of line", hint=hint)
    elif token.newline:
        missing(ctx, frame, token)
        while ctx.top.kind not in (Kind.FILE, Kind.BODY):
            ctx.frames.pop()
    else:
        ctx.unread()
        ctx.operand()
        return
    ctx.unread()
    end_statement(ctx)


# --- blocks -------------------------------------------------------------------------------------


def brace(ctx: Context, token: Token) -> None:
    """`{` after an operand: a trailing block, or the body of the header it ends (§6.5)."""
    frame = ctx.visible()
    if frame.kind == Kind.HEADER:
        if ctx.value in TAKES_BLOCK and ctx.ahead.type == "BAR":
            open_block(ctx, token, "}")
        else:
            ctx.unread()
            end_statement(ctx)
        return
    is_hash = looks_like_hash(ctx, ctx.next - 1) and ctx.ahead.type != "RBRACE"
    if token.newline:
        juxtaposed(ctx, token)
    elif is_hash:
        _hash(ctx, token, frame)
    elif ctx.value in TAKES_BLOCK or _calls(ctx):
        open_block(ctx, token, "}")
    elif ctx.top.kind == Kind.COMMAND:
        ctx.mark("CALL_END")
        ctx.frames.pop()
        open_block(ctx, token, "}")
    elif ctx.value == Value.NAME and frame.index <= ctx.last_break:
        ctx.unexpected(token, "end of line", hint="a block goes after a call: `name() { ... }`")
        open_block(ctx, token, "}")
    else:
        juxtaposed(ctx, token)


def _calls(ctx: Context) -> bool:
    """Is the operand a name at the beginning of a statement that no variable has?"""
    if ctx.value != Value.NAME or not begins_statement(ctx):
        return False
    if ctx.bound is None:
        ctx.bound = BoundNames()
    return not ctx.bound.has(ctx, ctx.out[-1].value)


def _hash(ctx: Context, token: Token, frame: Frame) -> None:
    """`{ key: ...` after an operand: the last argument of a call without parentheses."""
    if ctx.top.kind == Kind.COMMAND:
        ctx.mark("COMMA")
        ctx.next_item()
        ctx.unread()
        ctx.operand()
    elif frame.index <= ctx.last_break and _calls(ctx):
        ctx.unread()
        open_command(ctx, token)
    else:
        juxtaposed(ctx, token)


def do_block(ctx: Context, token: Token) -> None:
    """`do`: the block of the outermost command call, or of the call just read (docs/spec §6.4)."""
    command = _outermost_command(ctx)
    if command is not None:
        while ctx.frames[-1] is not command:
            if ctx.frames.pop().kind == Kind.COMMAND:
                ctx.mark("CALL_END")
        ctx.frames.pop()
        ctx.mark("CALL_END")
        open_block(ctx, token, "end")
        return
    frame = ctx.visible()
    loop = frame.kind == Kind.HEADER and frame.construct.upper() in LOOP_WORDS
    # `loop do` is another language's: it gets its hint.
    is_name = ctx.value == Value.NAME and ctx.out[-1].value != "loop"
    if (is_name and frame.kind in (Kind.FILE, Kind.BODY)) or (
        ctx.value in TAKES_BLOCK and not (loop and ctx.ahead.type != "BAR")
    ):
        open_block(ctx, token, "end")
    elif loop:
        ctx.unexpected(token, "a new line", hint=f"`{frame.construct}` takes no `do`")
        end_statement(ctx)
    else:
        ctx.unexpected(token, "end of line", hint="a block goes after a call: `name() do ... end`")
        open_block(ctx, token, "end")


def _outermost_command(ctx: Context) -> Frame | None:
    found = None
    for frame in reversed(ctx.frames):
        if frame.kind not in INVISIBLE:
            break
        if frame.kind == Kind.COMMAND:
            found = frame
    return found


def bar(ctx: Context, token: Token) -> None:
    """`|`: the end of parameters with a default, or a trailing block `|x| ...`."""
    frame = ctx.visible()
    if frame.kind == Kind.PARAMS and frame.closer == "|":
        ctx.pop_invisible()
        close_params(ctx, token, frame)
    elif ctx.value in TAKES_BLOCK and not token.newline:
        ctx.mark("BLOCK")
        open_params(ctx, token, "|", "block", token)
    else:
        juxtaposed(ctx, token)


# --- `if`, `for`, `;` after an operand ----------------------------------------------------------


def postfix_if(ctx: Context, token: Token) -> None:
    frame = ctx.visible()
    if frame.kind in (Kind.ARRAY, Kind.HASH) and frame.comprehension:
        ctx.pop_invisible()
        ctx.emit(token, "COMPREHENSION_IF")
        ctx.operand()
    elif frame.kind in (Kind.FILE, Kind.BODY):
        ctx.pop_invisible()
        ctx.emit(token, "POSTFIX_IF")
        ctx.operand()
    else:
        juxtaposed(ctx, token)


def comprehension(ctx: Context, token: Token) -> None:
    frame = ctx.visible()
    if frame.kind not in (Kind.ARRAY, Kind.HASH):
        juxtaposed(ctx, token)
        return
    ctx.pop_invisible()
    frame.comprehension = True
    ctx.emit(token, "COMPREHENSION")
    ctx.take_name()
    if ctx.ahead.type == "IN":
        ctx.take()
    ctx.operand()


def then(ctx: Context, token: Token) -> None:
    if ctx.visible().kind == Kind.HEADER:
        ctx.unread()
        end_statement(ctx)
        if ctx.ahead is token:  # a header that takes no `then`
            ctx.unexpected(token, "a new line")
            ctx.next += 1
    else:
        juxtaposed(ctx, token)


def semicolon(ctx: Context, token: Token) -> None:
    frame = pop_for_closer(ctx, token) if ctx.state == State.OPERAND else ctx.visible()
    if frame.kind in LINES:
        end_statement(ctx)
    else:
        ctx.emit(token)
        ctx.operand()
