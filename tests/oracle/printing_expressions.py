"""Expressions as text, written in any of the ways that mean the same."""

from __future__ import annotations

import re
from decimal import Decimal
from random import Random
from typing import Any

from soli_lang.tree import nodes
from soli_lang.values.values import Symbol

LEVELS = {
    **dict.fromkeys(("*", "/", "%"), 10), **dict.fromkeys(("+", "-", "<<"), 9),
    **dict.fromkeys(("<", "<=", ">", ">=", ".."), 7), **dict.fromkeys(("==", "!="), 6),
    "&&": 5, "||": 4, "??": 3,
}  # fmt: skip
"""How tightly binary operators bind (the table of the specification's docs/spec §2.7)."""
POSTFIX, UNARY, PIPELINE, TERNARY, ASSIGNMENT, ANY = 12, 11, 8, 2, 1, 0
_FIXED = {
    nodes.Unary: UNARY, nodes.Pipeline: PIPELINE, nodes.Conditional: TERNARY,
    nodes.Assign: ASSIGNMENT, nodes.CompoundAssign: ASSIGNMENT, nodes.Rescue: ASSIGNMENT,
}  # fmt: skip
_GREEDY = (nodes.Lambda, nodes.Match, nodes.BlockExpr)
"""Operands that want parentheses wherever something follows or goes before."""
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_COMMAND_START = re.compile(r"(?!@sdbql)[\w\"':@]")
_NOT_COMMAND = re.compile(r"(fn|def|new|match|not|super|self|if|unless|class|end|from|as)\b")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_WORDS = {"&&": "and", "||": "or"}
_CONSTANTS = {"true", "false", "null", "nil"}


class Unprintable(Exception):
    """This tree comes from no text."""


def level(node: nodes.Expr) -> int:
    """How tightly the outermost operator of *node* binds."""
    if isinstance(node, nodes.Binary | nodes.Logical):
        return LEVELS[node.operator]
    return _FIXED.get(type(node), POSTFIX)


class ExpressionPrinter:
    """Writes expressions; *chance* picks among the ways, without it they are always the same."""

    def __init__(self, chance: Random | None = None) -> None:
        self._chance = chance

    def toss(self, probability: float = 0.3) -> bool:
        return self._chance is not None and self._chance.random() < probability

    def one_of(self, *ways: str) -> str:
        """The first, or any by chance."""
        return ways[0] if self._chance is None else self._chance.choice(ways)

    def lambda_(self, function: nodes.FunctionNode, *, in_call: bool = False) -> str:
        raise NotImplementedError

    def trailing_block(self, function: nodes.FunctionNode) -> str:
        raise NotImplementedError

    def block(self, body: nodes.Body, *, first_plain: bool = False) -> str:
        raise NotImplementedError

    # --- in general -----------------------------------------------------------------------------

    def expression(self, node: Any, least: int = ANY) -> str:
        """*node*, in parentheses when it binds more loosely than *least*, and now and then."""
        text: str = getattr(self, "of_" + type(node).__name__.lower())(node)
        own = level(node)
        needed = own < least or (least > ASSIGNMENT and isinstance(node, _GREEDY))
        if needed or (least and self.toss(0.06) and not isinstance(node, nodes.Next)):
            return f"({text})"
        return text

    def header(self, node: nodes.Expr) -> str:
        """A condition, an iterable or a subject: braces in it need parentheses around them."""
        text = self.expression(node)
        return f"({text})" if "{" in text or "\n" in text or "|" in text else text

    def listed(self, items: list[str]) -> str:
        """*items* between commas, on one line or several."""
        if len(items) > 1 and self.toss(0.08) and not any(map(_NOT_COMMAND.match, items)):
            return ",\n".join(items)
        return self.one_of(", ", ", ", ",").join(items)

    # --- leaves ---------------------------------------------------------------------------------

    def of_literal(self, node: nodes.Literal) -> str:
        return self.value(node.value)

    def value(self, value: Any) -> str:
        if value is None:
            return self.one_of("null", "nil")
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, Symbol):
            return f":{value.name}"
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, Decimal):
            return f"{value:f}" + ("D" if "." in f"{value:f}" else ".0D")
        if isinstance(value, float):
            text = f"{Decimal(repr(value)):f}"
            return text if "." in text else text + ".0"
        return f"{value:_}" if self.toss(0.1) else str(value)

    def string(self, text: str) -> str:
        if "#{" in text:
            if "'" in text or "\n" in text:
                raise Unprintable
            return f"r'{text}'"
        quote = self.one_of('"', "'")
        return quote + self.escaped(text, quote) + quote

    def escaped(self, text: str, quote: str) -> str:
        if "#{" in text or "\0" in text:
            raise Unprintable
        escaped = "".join(_ESCAPES.get(char, char) for char in text)
        return escaped.replace(quote, "\\" + quote).replace("#", "#")

    def of_interpolation(self, node: nodes.Interpolation) -> str:
        texts = [self.expression(one) if not isinstance(one, str) else "" for one in node.parts]
        if any("\n" in one for one in texts):
            raise Unprintable
        parts = [
            self.escaped(part, '"') if isinstance(part, str) else f"#{{{text}}}"
            for part, text in zip(node.parts, texts, strict=True)
        ]
        return '"' + "".join(parts) + '"'

    def of_name(self, node: nodes.Name) -> str:
        return node.name

    def of_this(self, node: nodes.This) -> str:
        return self.one_of("this", "self")

    def of_next(self, node: nodes.Next) -> str:
        return self.one_of("next", "next()")

    def of_shellcommand(self, node: nodes.ShellCommand) -> str:
        return "`" + "".join(str(part) for part in node.parts) + "`"

    def of_unsupported(self, node: nodes.Unsupported) -> str:
        return "@sdbql{ FOR d IN docs RETURN d }"

    # --- collections ----------------------------------------------------------------------------

    def of_spread(self, node: nodes.Spread) -> str:
        return "..." + self.expression(node.value)

    def of_arrayliteral(self, node: nodes.ArrayLiteral) -> str:
        values = [one.value for one in node.items if isinstance(one, nodes.Literal)]
        if (
            values and len(values) == len(node.items) and self.toss()
            and all(isinstance(one, str) and re.fullmatch(r"\w+", one) for one in values)
        ):  # fmt: skip
            return f"%w[{' '.join(values)}]"
        items = [self.expression(one) for one in node.items]
        end = "," if items and self.toss(0.05) else ""
        start = "[ " if items and items[0].startswith("[") else "["
        return f"{start}{self.listed(items)}{end}]"

    def of_hashliteral(self, node: nodes.HashLiteral) -> str:
        if not node.pairs:
            return "{}"
        pairs = [self.pair(key, value) for key, value in node.pairs]
        return "{ " + self.listed(pairs) + " }"

    def pair(self, key: Any, value: Any) -> str:
        given = self.expression(value)
        if not isinstance(key, nodes.Literal):
            return f"({self.expression(key)})" + self.one_of(": ", " => ") + given
        text = key.value
        if isinstance(text, str) and _IDENTIFIER.fullmatch(text) and text not in _CONSTANTS:
            same = isinstance(value, nodes.Name) and value.name == text
            if same and self.toss():
                return f"{text}:"
            if not self.toss():
                return f"{text}: {given}"
        sign = " => " if isinstance(text, Symbol) else self.one_of(": ", " => ")
        return self.value(text) + sign + given

    def comprehended(self, node: Any) -> str:
        text = f" for {node.variable} in {self.expression(node.iterable, TERNARY)}"
        if node.condition is not None:
            text += f" if {self.expression(node.condition)}"
        return text

    def of_arraycomprehension(self, node: nodes.ArrayComprehension) -> str:
        element = self.expression(node.element, TERNARY)
        return f"[ {element}{self.comprehended(node)} ]"

    def of_hashcomprehension(self, node: nodes.HashComprehension) -> str:
        value = f"({self.expression(node.value)})"
        key = f"({self.expression(node.key)})" if not isinstance(node.key, nodes.Literal) else ""
        key = key or self.value(node.key.value)  # type: ignore[attr-defined]
        return "{ " + f"{key}: {value}{self.comprehended(node)}" + " }"

    # --- operators ------------------------------------------------------------------------------

    def operated(self, left: str, sign: str, right: str) -> str:
        space = self.one_of(" ", " ", " ", "\n" if sign not in ("-", "<<", "<") else " ")
        if self.toss(0.04) and sign not in ("<<", "<", ">", "?"):
            return f"{left}\n{sign} {right}"
        return f"{left} {sign}{space}{right}"

    def of_binary(self, node: nodes.Binary) -> str:
        own = level(node)
        left, right = self.expression(node.left, own), self.expression(node.right, own + 1)
        return self.operated(left, node.operator, right)

    def of_logical(self, node: nodes.Logical) -> str:
        own = level(node)
        left, right = self.expression(node.left, own), self.expression(node.right, own + 1)
        sign = node.operator
        return self.operated(left, self.one_of(sign, _WORDS.get(sign, sign)), right)

    def of_unary(self, node: nodes.Unary) -> str:
        operand = self.expression(node.operand, UNARY)
        if node.operator == "!":
            return self.one_of("!", "not ") + operand
        return f"-({operand})" if operand.startswith("-") else "-" + operand

    def of_conditional(self, node: nodes.Conditional) -> str:
        condition = self.expression(node.condition, TERNARY + 1)
        then = self.expression(node.then, ASSIGNMENT)
        then = f"({then})" if ":" in then or "?" in then else then
        return f"{condition} ? {then} : {self.expression(node.otherwise, TERNARY)}"

    def of_pipeline(self, node: nodes.Pipeline) -> str:
        left, stage = self.expression(node.value, PIPELINE), self.expression(node.stage, 9)
        return self.one_of(f"{left} |> {stage}", f"{left}\n|> {stage}")

    def of_rescue(self, node: nodes.Rescue) -> str:
        left = self.expression(node.body, TERNARY)
        return f"{left} rescue {self.expression(node.fallback, ASSIGNMENT)}"

    def of_assign(self, node: nodes.Assign) -> str:
        target = self.expression(node.target, ANY)
        return f"{target} = {self.expression(node.value, ASSIGNMENT)}"

    def of_compoundassign(self, node: nodes.CompoundAssign) -> str:
        target = self.expression(node.target, ANY)
        return f"{target} {node.operator}= {self.expression(node.value, ASSIGNMENT)}"

    def of_increment(self, node: nodes.Increment) -> str:
        return self.expression(node.target, ANY) + ("++" if node.step > 0 else "--")

    # --- members and calls ----------------------------------------------------------------------

    def receiver(self, node: nodes.Expr) -> str:
        text = self.expression(node, POSTFIX)
        return f"({text})" if isinstance(node, nodes.Next) else text

    def of_member(self, node: nodes.Member) -> str:
        if isinstance(node.object, nodes.This) and not node.is_safe and self.toss(0.7):
            return f"@{node.name}"
        sign = "&." if node.is_safe else "."
        break_ = "\n  " if self.toss(0.05) else ""
        return f"{self.receiver(node.object)}{break_}{sign}{node.name}"

    def of_scopedname(self, node: nodes.ScopedName) -> str:
        return f"{self.receiver(node.object)}::{node.name}"

    def of_supermember(self, node: nodes.SuperMember) -> str:
        return f"super.{node.name}"

    def of_index(self, node: nodes.Index) -> str:
        index = self.expression(node.index)
        return f"{self.receiver(node.object)}[{index}]".replace("[[", "[ [")

    def argument(self, node: nodes.Argument) -> str:
        value = node.value
        if isinstance(value, nodes.Lambda):
            text = self.lambda_(value.function, in_call=True)
        else:
            text = self.expression(value, ASSIGNMENT)
        return text if node.label is None else f"{node.label}: {text}"

    def arguments(self, given: tuple[nodes.Argument, ...]) -> str:
        return "(" + self.listed([self.argument(one) for one in given]) + ")"

    def of_call(self, node: nodes.Call) -> str:
        callee = self.receiver(node.callee)
        if isinstance(node.block, nodes.Lambda) and not self.is_safe(node.callee):
            bare = isinstance(node.callee, nodes.Member) and not node.arguments and self.toss(0.7)
            given = "" if bare and callee[0] not in "(@" else self.arguments(node.arguments)
            return callee + given + self.trailing_block(node.block.function)
        listed = [self.argument(one) for one in node.arguments]
        if node.block is not None:
            listed.append("&" + self.block_argument(node.block))
        return f"{callee}({self.listed(listed)})"

    def block_argument(self, node: nodes.Expr) -> str:
        """Never in parentheses, which would be those of a lambda's parameters."""
        text = node.name if isinstance(node, nodes.Name) else self.expression(node, POSTFIX)
        if text.startswith("("):
            raise Unprintable
        return text

    def is_safe(self, node: nodes.Expr) -> bool:
        return isinstance(node, nodes.Member) and node.is_safe

    def command(self, node: nodes.Expr) -> str | None:
        """A call without parentheses, where *node*, a statement, can be one."""
        if not isinstance(node, nodes.Call) or not isinstance(node.callee, nodes.Name):
            return None
        if not node.arguments or node.block is not None:
            return None
        if isinstance(node.arguments[-1].value, nodes.Lambda):
            return None  # an `end` on the next line would be that of `fn(x) x`
        texts = [self.argument(one) for one in node.arguments]
        first = texts[0]
        if not _COMMAND_START.match(first) or _NOT_COMMAND.match(first) or "\n" in "".join(texts):
            return None
        return f"{node.callee.name} {', '.join(texts)}"

    def of_new(self, node: nodes.New) -> str:
        target = node.target
        name = target.name  # type: ignore[attr-defined]
        if isinstance(target, nodes.ScopedName):
            name = f"{self.expression(target.object)}::{target.name}"
        return f"new {name}{self.arguments(node.arguments)}"

    def of_supercall(self, node: nodes.SuperCall) -> str:
        return "super" + self.arguments(node.arguments)

    def of_lambda(self, node: nodes.Lambda) -> str:
        return self.lambda_(node.function)

    def of_blockexpr(self, node: nodes.BlockExpr) -> str:
        return self.block(node.body, first_plain=True)

    # --- match ----------------------------------------------------------------------------------

    def of_match(self, node: nodes.Match) -> str:
        arms = ",\n".join(self.arm(one) for one in node.arms) + self.one_of("", ",")
        arms = arms if node.arms else ""
        wants_braces = arms.startswith("{")
        open_, close = ("", "end") if self.toss(0.2) and not wants_braces else ("{", "}")
        return f"match {self.header(node.subject)} {open_}\n{arms}\n{close}"

    def arm(self, node: nodes.Arm) -> str:
        guard = f" if {self.expression(node.guard)}" if node.guard is not None else ""
        return f"{self.pattern(node.pattern)}{guard} => {self.expression(node.body, ASSIGNMENT)}"

    def pattern(self, node: nodes.Pattern) -> str:
        if isinstance(node, nodes.WildcardPattern):
            return "_"
        if isinstance(node, nodes.LiteralPattern):
            return self.value(node.value)
        if isinstance(node, nodes.NamePattern):
            return node.name
        if isinstance(node, nodes.TypePattern):
            return f"{node.type_name}: {node.name}"
        if isinstance(node, nodes.EnumPattern):
            return f"{node.enum}.{node.variant}{self._fields(node)}"
        if isinstance(node, nodes.ArrayPattern):
            items = [self.pattern(one) for one in node.items]
            return "[ " + ", ".join(items + self._rest(node.rest)) + " ]"
        assert isinstance(node, nodes.HashPattern)
        items = [f"{name}: {self.pattern(one)}" for name, one in node.pairs]
        return "{" + ", ".join(items + self._rest(node.rest)) + "}"

    def _fields(self, node: nodes.EnumPattern) -> str:
        if node.fields is None:
            return ""
        return "(" + ", ".join(self.pattern(one) for one in node.fields) + ")"

    def _rest(self, name: str | None) -> list[str]:
        return [] if name is None else [f"...{name}"]
