"""The builder's part for expressions: what Lark reduces becomes nodes at once.

Each method is named after a rule or alias of the grammar and gets the list of its children.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ...base.errors import SoliSyntaxError
from ...base.source import Source, Span
from ...tree import nodes
from ..scanner.tokens import SAFE_DOTS, TYPE_NAMES, Token
from .precedence import BadTarget, assignable, climb

Children = list[Any]

MAX_PARTS: Final = 2000
"""Arguments of one call, parts of one string: what is compiled in one go."""

_CASTS: Final = {"Int": "to_i", "Float": "to_f", "String": "to_s"}
"""Type after `as` -> the method that converts to it."""

_TYPE_NAME: Final = re.compile(r"[^\W\d]\w*")


class BlockArgument:
    """`&block` among the arguments of a call."""

    __slots__ = ("block", "span")

    def __init__(self, span: Span, block: nodes.Expr) -> None:
        self.span = span
        self.block = block


def start(part: Any) -> int:
    """Where a token or node begins."""
    return part.start if type(part) is Token else part.span[0]


def end(part: Any) -> int:
    """Where a token or node ends."""
    return part.end if type(part) is Token else part.span[1]


def around(children: Children) -> Span:
    """The span from the first to the last of *children*."""
    return Span(start(children[0]), end(children[-1]))


class ExpressionBuilder:
    """Nodes of expressions. Errors that the grammar cannot see are collected in `errors`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.errors: list[SoliSyntaxError] = []

    def error(self, message: str, span: Span, *, hint: str | None = None) -> None:
        self.errors.append(SoliSyntaxError(message, span, self.source, hint=hint))

    # --- operators ------------------------------------------------------------------------------

    def chain(self, children: Children) -> Children:
        return children

    def operators(self, children: Children) -> nodes.Expr:
        first, chain = children
        try:
            return climb(first, chain)
        except BadTarget as bad:
            self._bad_target(bad.target)
            return first  # type: ignore[no-any-return]

    def _bad_target(self, target: nodes.Expr) -> None:
        hint = "only a name, a member or an index can be assigned to"
        self.error("Invalid assignment target", target.span, hint=hint)

    def unary(self, children: Children) -> nodes.Expr:
        return nodes.Unary(around(children), children[0].value, children[1])

    def step(self, children: Children) -> nodes.Expr:
        try:
            target = assignable(children[0])
        except BadTarget as bad:
            self._bad_target(bad.target)
            target = children[0]
        return nodes.Increment(around(children), target, 1 if children[1].value == "++" else -1)

    # --- atoms ----------------------------------------------------------------------------------

    def literal(self, children: Children) -> nodes.Expr:
        token = children[0]
        return nodes.Literal(Span(token.start, token.end), token.value)

    def name(self, children: Children) -> nodes.Expr:
        token = children[0]
        span = Span(token.start, token.end)
        return nodes.Next(span) if token.value == "next" else nodes.Name(span, token.value)

    def at_name(self, children: Children) -> nodes.Expr:
        token = children[0]
        span = Span(token.start, token.end)
        return nodes.Member(span, nodes.This(span), token.value)

    def this(self, children: Children) -> nodes.Expr:
        return nodes.This(children[0].span)

    def shell(self, children: Children) -> nodes.Expr:
        return nodes.ShellCommand(children[0].span, (children[0].value,))

    def percent(self, children: Children) -> nodes.Expr:
        span = children[0].span
        items = tuple(nodes.Literal(span, item) for item in children[0].value)
        return nodes.ArrayLiteral(span, items)

    def unsupported(self, children: Children) -> nodes.Expr:
        return nodes.Unsupported(children[0].span, children[0].value)

    def error_expression(self, children: Children) -> nodes.Expr:
        return nodes.Literal(children[0].span, None)

    def symbol_block(self, children: Children) -> nodes.Expr:
        """`&:name` is `|it| it.name`."""
        span = children[0].span
        it = nodes.Member(span, nodes.Name(span, "it"), children[0].value.name)
        params = (nodes.Param(span, "it"),)
        function = nodes.FunctionNode(span, "<lambda>", params, None, nodes.Body(span, (it,)))
        return nodes.Lambda(span, function)

    def string(self, children: Children) -> nodes.Expr:
        parts = tuple(children[1:-1])
        if len(parts) > MAX_PARTS:
            message = f"too many parts in one string: {len(parts)} (limit {MAX_PARTS})"
            self.error(message, around(children))
            parts = parts[:MAX_PARTS]
        return nodes.Interpolation(around(children), parts)

    def string_part(self, children: Children) -> str:
        return children[0].value  # type: ignore[no-any-return]

    def interpolated(self, children: Children) -> nodes.Expr:
        return children[1]  # type: ignore[no-any-return]

    def group(self, children: Children) -> nodes.Expr:
        return children[1]  # type: ignore[no-any-return]

    # --- arrays and hashes ----------------------------------------------------------------------

    def array(self, children: Children) -> nodes.Expr:
        items = children[1] if isinstance(children[1], list) else ()
        return nodes.ArrayLiteral(around(children), tuple(items))

    def items(self, children: Children) -> Children:
        """Items, pairs, arms or patterns so far, in a list that grows."""
        if len(children) == 1:
            return children
        children[0].append(children[2])
        return children[0]  # type: ignore[no-any-return]

    pairs = arms = patterns = items

    def spread(self, children: Children) -> nodes.Spread:
        return nodes.Spread(around(children), children[1])

    def array_comprehension(self, children: Children) -> nodes.Expr:
        _, element, _, variable, _, iterable, condition, _ = children
        span = around(children)
        return nodes.ArrayComprehension(span, element, variable.value, iterable, condition)

    def hash(self, children: Children) -> nodes.Expr:
        pairs = children[1] if isinstance(children[1], list) else ()
        return nodes.HashLiteral(around(children), tuple(pairs))

    def hash_comprehension(self, children: Children) -> nodes.Expr:
        _, (key, value), _, variable, _, iterable, condition, _ = children
        span = around(children)
        return nodes.HashComprehension(span, key, value, variable.value, iterable, condition)

    def named_pair(self, children: Children) -> tuple[nodes.Expr, nodes.Expr]:
        key, value = children
        return nodes.Literal(Span(key.start, key.end), key.value), value

    def short_pair(self, children: Children) -> tuple[nodes.Expr, nodes.Expr]:
        span = children[0].span
        return nodes.Literal(span, children[0].value), nodes.Name(span, children[0].value)

    def plain_pair(self, children: Children) -> tuple[nodes.Expr, nodes.Expr]:
        return children[0], children[2]

    def short_string_pair(self, children: Children) -> tuple[nodes.Expr, nodes.Expr]:
        key = children[0]
        if isinstance(key, nodes.Literal) and isinstance(key.value, str):
            return key, nodes.Name(key.span, key.value)
        hint = "only a name or a string may stand without its value"
        self.error("Expected a value after this key", around(children), hint=hint)
        return key, key

    def condition(self, children: Children) -> nodes.Expr | None:
        return children[1] if children else None

    # --- members and calls ----------------------------------------------------------------------

    def member_access(self, children: Children) -> nodes.Expr:
        receiver, dot, name = children
        span = Span(receiver.span[0], name.end)
        return nodes.Member(span, receiver, name.value, dot.value in SAFE_DOTS)

    def cast(self, children: Children) -> nodes.Expr:
        """`value as Float` is `value.to_f`."""
        value, _, wanted = children
        span = around(children)
        method = _CASTS.get(wanted.value)
        if method is None:
            hint = "`as` makes an Int, Float or String: `value as Float` is `value.to_f`"
            self.error(f"cannot convert to '{wanted.value}'", wanted.span, hint=hint)
            return value  # type: ignore[no-any-return]
        return nodes.Call(span, nodes.Member(span, value, method), ())

    def scoped_name(self, children: Children) -> nodes.Expr:
        return nodes.ScopedName(around(children), children[0], children[2].value)

    def index(self, children: Children) -> nodes.Expr:
        return nodes.Index(around(children), children[0], children[2])

    def arguments(self, children: Children) -> Children:
        return children[::2]

    def argument(self, children: Children) -> nodes.Argument:
        value = children[0]
        return nodes.Argument(value.span, value)

    def labelled(self, children: Children) -> nodes.Argument:
        return nodes.Argument(around(children), children[1], children[0].value)

    def block_argument(self, children: Children) -> BlockArgument:
        return BlockArgument(around(children), children[1])

    def call(self, children: Children) -> nodes.Expr:
        callee, opening, given, _ = children
        arguments, block = self._sort_arguments(given)
        span = around(children)
        if isinstance(callee, nodes.Next):
            if not arguments and block is None:
                return nodes.Next(span)
            callee = nodes.Name(callee.span, "next")
        return nodes.Call(span, callee, arguments, block, opening.value == "command")

    def _sort_arguments(
        self, given: list[nodes.Argument | BlockArgument]
    ) -> tuple[tuple[nodes.Argument, ...], nodes.Expr | None]:
        arguments: list[nodes.Argument] = []
        block: nodes.Expr | None = None
        named = False
        if len(given) > MAX_PARTS:
            message = f"too many arguments in one call: {len(given)} (limit {MAX_PARTS})"
            self.error(message, given[MAX_PARTS].span)
            given = given[:MAX_PARTS]
        for argument in given:
            if isinstance(argument, BlockArgument):
                if block is not None:
                    self.error("a call takes only one block", argument.span)
                block = argument.block
                continue
            if argument.label is not None:
                named = True
            elif named:
                message = "positional argument cannot follow named argument"
                self.error(message, argument.span)
            arguments.append(argument)
        return tuple(arguments), block

    def plain_arguments(
        self, given: list[nodes.Argument | BlockArgument], what: str
    ) -> tuple[nodes.Argument, ...]:
        arguments, block = self._sort_arguments(given)
        if block is not None:
            self.error(f"{what} does not support block arguments", block.span)
        return arguments

    def block_call(self, children: Children) -> nodes.Expr:
        callee, block = children
        span = around(children)
        if isinstance(callee, nodes.Call):
            if callee.block is not None:
                self.error("a call takes only one block", block.span)
            return nodes.Call(span, callee.callee, callee.arguments, block, callee.is_command)
        if isinstance(callee, nodes.New | nodes.SuperCall):
            self.error("constructor does not support block arguments", block.span)
        return nodes.Call(span, callee, (), block)

    def new(self, children: Children) -> nodes.Expr:
        _, target, _, given, _ = children
        return nodes.New(around(children), target, self.plain_arguments(given, "constructor"))

    def class_path(self, children: Children) -> nodes.Expr:
        path: nodes.Expr = nodes.Name(children[0].span, children[0].value)
        for name in children[2::2]:
            path = nodes.ScopedName(Span(path.span.start, name.end), path, name.value)
        return path

    def super_call(self, children: Children) -> nodes.Expr:
        arguments = self.plain_arguments(children[2], "constructor")
        return nodes.SuperCall(around(children), arguments)

    def super_member(self, children: Children) -> nodes.Expr:
        return nodes.SuperMember(around(children), children[2].value)

    # --- lambdas and blocks ---------------------------------------------------------------------

    def lambda_(self, children: Children) -> nodes.Expr:
        _, params, returns, body = children
        span = around(children)
        return nodes.Lambda(span, nodes.FunctionNode(span, "<lambda>", params, returns, body))

    def block(self, children: Children) -> nodes.Expr:
        return self.lambda_(children)

    def bare_block(self, children: Children) -> nodes.Expr:
        span = around(children)
        function = nodes.FunctionNode(span, "<lambda>", (), None, children[1], False)
        return nodes.Lambda(span, function)

    def braces(self, children: Children) -> nodes.Expr:
        return nodes.BlockExpr(around(children), children[1])

    def params(self, children: Children) -> tuple[nodes.Param, ...]:
        params = tuple(children[1:-1:2])
        seen: set[str] = set()
        for param in params:
            if param.name in seen:
                message = f"there are two parameters '{param.name}'"
                self.error(message, param.span, hint="give one of them another name")
            seen.add(param.name)
        return params

    def param(self, children: Children) -> nodes.Param:
        is_block, name, annotation, default = children
        last = default or annotation or name
        span = Span(name.start, end(last))
        return nodes.Param(span, name.value, annotation, default, is_block)

    def block_mark(self, children: Children) -> bool:
        return bool(children)

    def returns(self, children: Children) -> nodes.TypeRef | None:
        return type_ref(children[1]) if children else None

    annotation = returns

    def initial(self, children: Children) -> nodes.Expr | None:
        return children[1] if children else None

    # --- match ----------------------------------------------------------------------------------

    def match(self, children: Children) -> nodes.Expr:
        arms = children[3] if isinstance(children[3], list) else ()
        return nodes.Match(around(children), children[1], tuple(arms))

    def arm(self, children: Children) -> nodes.Arm:
        pattern, guard, _, body = children
        return nodes.Arm(around(children), pattern, guard, body)

    guard = initial

    def literal_pattern(self, children: Children) -> nodes.Pattern:
        token = children[0]
        if token.value is not None and not isinstance(token.value, bool | int | float | str):
            hint = "use a name and a guard: `x if x == ...`"
            self.error("this literal cannot be a pattern", token.span, hint=hint)
        return nodes.LiteralPattern(token.span, token.value)

    def name_pattern(self, children: Children) -> nodes.Pattern:
        token = children[0]
        if token.value == "_":
            return nodes.WildcardPattern(token.span)
        return nodes.NamePattern(token.span, token.value)

    def type_pattern(self, children: Children) -> nodes.Pattern:
        key, name = children
        if key.value not in TYPE_NAMES:
            hint = "`Int: n` matches by type; other types take a name and a guard"
            self.error(f"unknown type '{key.value}' in pattern", key.span, hint=hint)
        return nodes.TypePattern(around(children), key.value, name.value)

    def unit_pattern(self, children: Children) -> nodes.Pattern:
        return nodes.EnumPattern(around(children), children[0].value, children[2].value, None)

    def payload_pattern(self, children: Children) -> nodes.Pattern:
        fields = children[4] if isinstance(children[4], list) else ()
        variant = children[2].value
        return nodes.EnumPattern(around(children), children[0].value, variant, tuple(fields))

    def array_pattern(self, children: Children) -> nodes.Pattern:
        items, rest = self._split_rest(children[1])
        return nodes.ArrayPattern(around(children), tuple(items), rest)

    def hash_pattern(self, children: Children) -> nodes.Pattern:
        pairs, rest = self._split_rest(children[1])
        return nodes.HashPattern(around(children), tuple(pairs), rest)

    def pattern_pair(self, children: Children) -> tuple[str, nodes.Pattern]:
        return children[0].value, children[1]

    def array_pattern_items(self, children: Children) -> Children:
        return children[::2]

    hash_pattern_items = array_pattern_items

    def rest(self, children: Children) -> Token:
        return children[1]  # type: ignore[no-any-return]

    def _split_rest(self, items: Children) -> tuple[Children, str | None]:
        """Patterns, and the name after `...`, which must come last."""
        rests = [item for item in items if type(item) is Token]
        if not rests:
            return items, None
        if len(rests) > 1 or items[-1] is not rests[0]:
            self.error("`...rest` must come last in a pattern", rests[0].span)
        return [item for item in items if type(item) is not Token], rests[-1].value


def type_ref(token: Token) -> nodes.TypeRef:
    """The type that a `TYPE` token spells (docs/spec §7.1)."""
    text: str = token.value
    if "(" in text:
        return nodes.TypeRef(token.span, text, "fn")
    found = _TYPE_NAME.match(text)
    name = found[0] if found else text
    is_nullable = text.endswith("?")
    return nodes.TypeRef(token.span, text, name, text.rstrip("?").endswith("]"), is_nullable)
