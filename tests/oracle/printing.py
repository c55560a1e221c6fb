"""Trees as text: a program read again must be the same tree, however it was written.

`Printer(None)` always writes in the same way; with a `Random` it picks among keywords that mean the
same, braces and `end`, line breaks, postfix conditions, calls without parentheses, comments.
"""

from __future__ import annotations

from random import Random
from typing import Any

from soli_lang.tree import nodes

from .printing_expressions import ASSIGNMENT, ExpressionPrinter, Unprintable

SIMPLE = (nodes.Expr, nodes.Return, nodes.Throw, nodes.Break)
"""Statements that take a condition after them."""


def indented(text: str) -> str:
    return "\n".join("  " + line if line else line for line in text.split("\n"))


def after_header(lines: str) -> str:
    """*lines* as the body of what a header begins, where braces would be all of that body."""
    return ";" + lines if lines.startswith("{") else lines


class Printer(ExpressionPrinter):
    """Writes programs."""

    def __init__(self, chance: Random | None = None) -> None:
        super().__init__(chance)
        self._last: set[int] = set()
        """The last statement of each branch, by its id: an `else` after its braces would be taken
        for its own."""

    def program(self, node: nodes.Program) -> str:
        return self.lines(node.body.statements) + "\n"

    # --- statements and bodies ------------------------------------------------------------------

    def lines(self, statements: tuple[Any, ...], *, first_plain: bool = False) -> str:
        text = ""
        for at, one in enumerate(statements):
            written = self.statement(one, plain=first_plain and at == 0)
            simple = "\n" not in written and isinstance(one, SIMPLE)
            if at:
                text += "\n"
            text += written
            if simple and self.toss(0.08):
                text += self.one_of(";", " # note", " // note", " /* a /* b */ */", "\n")
        return text

    def statement(self, node: Any, *, plain: bool = False) -> str:
        if not isinstance(node, nodes.Expr):
            if plain and isinstance(node, nodes.If):
                return self._whole_if(node)
            return getattr(self, "of_" + type(node).__name__.lower())(node)  # type: ignore[no-any-return]
        text = self.command(node) if self.toss(0.5) and not plain else None
        if isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Name) and not plain:
            text = self.bare_block_call(node, node.callee.name) or text
        text = text or self.expression(node)
        wrapped = text[0] == "{" or (text[0] == "-" and (text[1] == " " or not self.toss(0.7)))
        return f"({text})" if wrapped else text

    def bare_block_call(self, node: nodes.Call, name: str) -> str | None:
        """`name { ... }`, where that is a call: the name is no variable of anything."""
        block = node.block
        if node.arguments or not isinstance(block, nodes.Lambda) or name != "bare":
            return None
        if not block.function.body.statements or not self.toss(0.7):
            return None
        params = f"|{self.params(block.function.params)}|" if block.function.has_params else ""
        params = "||" if params == "" and block.function.has_params else params
        return f"{name} {{ {params}{self.body(block.function.body, end=chr(10) + '}')}"

    def block(self, body: nodes.Body, *, first_plain: bool = False) -> str:
        """*body* between braces."""
        if not body.statements:
            raise Unprintable
        return "{\n" + indented(self.lines(body.statements, first_plain=first_plain)) + "\n}"

    def body(self, body: nodes.Body, *, braces: bool = False, end: str = "\nend") -> str:
        """What follows a header: braces, or lines up to *end*."""
        if braces and body.statements:
            return " " + self.block(body)
        inner = indented(after_header(self.lines(body.statements)))
        return ("\n" + inner if inner else "") + end

    # --- functions ------------------------------------------------------------------------------

    def params(self, params: tuple[nodes.Param, ...]) -> str:
        return ", ".join(self.param(one) for one in params)

    def param(self, node: nodes.Param) -> str:
        text = ("&" if node.is_block else "") + node.name
        if node.type is not None:
            text += f": {node.type.text}"
        if node.default is not None:
            text += f" = {self.expression(node.default, ASSIGNMENT)}"
        return text

    def returns(self, node: nodes.FunctionNode) -> str:
        return "" if node.return_type is None else f" -> {node.return_type.text}"

    def signature(self, node: nodes.FunctionNode) -> str:
        params = self.params(node.params)
        return (f"({params})" if params or self.toss(0.5) else "") + self.returns(node)

    def function(self, node: nodes.FunctionNode, name: str) -> str:
        text = f"{name}{self.signature(node)}"
        if node.body.statements and self.toss(0.1):
            return text + " do" + self.body(node.body)
        return text + self.body(node.body, braces=self.toss())

    def of_functiondecl(self, node: nodes.FunctionDecl) -> str:
        return self.function(node.function, f"{self.one_of('def', 'fn')} {node.function.name}")

    def lambda_(self, function: nodes.FunctionNode, *, in_call: bool = False) -> str:
        params, returns = self.params(function.params), self.returns(function)
        head = f"fn({params})"
        if in_call and self.toss() and not any(one.type for one in function.params):
            head = f"|{params}|" if params else "||"
        elif in_call and self.toss(0.1) and not returns:
            head = f"-> ({params})"
        statements = function.body.statements
        if len(statements) == 1 and in_call and self.toss(0.5) and not returns:
            # no command: it would take the arguments after this one
            text = self.statement(statements[0], plain=isinstance(statements[0], nodes.Expr))
            if isinstance(statements[0], nodes.Expr) and text[0] not in "(|-[":
                return f"{head} {text}"
            return f"{head}\n{after_header(text)}\nend"
        return head + returns + self.body(function.body, braces=self.toss(0.6))

    def trailing_block(self, function: nodes.FunctionNode) -> str:
        params = f"|{self.params(function.params)}|" if function.has_params else ""
        returns = self.returns(function)
        way = self.one_of("do", "{", "|")
        if params == "||" and way == "|":
            way = "do"
        if (returns or way == "|") and params not in ("", "||"):
            return f" {params}{returns}{self.body(function.body)}"
        if way == "{" and function.body.statements:
            return " { " + params + self.body(function.body, end="\n}")
        return f" do {params}{self.body(function.body)}"

    # --- simple statements ----------------------------------------------------------------------

    def of_let(self, node: nodes.Let) -> str:
        return f"let {node.name}{self._typed(node)}{self._initial(node.value)}"

    def of_const(self, node: nodes.Const) -> str:
        return f"const {node.name}{self._typed(node)}{self._initial(node.value)}"

    def _typed(self, node: Any) -> str:
        return "" if node.type is None else f": {node.type.text}"

    def _initial(self, value: nodes.Expr | None) -> str:
        return "" if value is None else f" = {self.expression(value, ASSIGNMENT)}"

    def of_return(self, node: nodes.Return) -> str:
        return "return" if node.value is None else f"return {self.expression(node.value, 1)}"

    def of_break(self, node: nodes.Break) -> str:
        return "break"

    def of_throw(self, node: nodes.Throw) -> str:
        return f"throw {self.expression(node.value, 1)}"

    def of_blockstmt(self, node: nodes.BlockStmt) -> str:
        return self.block(node.body)

    def of_export(self, node: nodes.Export) -> str:
        return "export " + self.statement(node.declaration)

    def of_import(self, node: nodes.Import) -> str:
        path = self.value(node.path)
        if node.namespace is not None:
            return f"import * as {node.namespace} from {path}"
        if node.items is None:
            return f"import {path}"
        items = [one if one == own else f"{one} as {own}" for one, own in node.items]
        return "import { " + ", ".join(items) + f" }} from {path}"

    # --- conditions and loops -------------------------------------------------------------------

    def of_if(self, node: nodes.If) -> str:
        only = node.then.statements[0] if len(node.then.statements) == 1 else None
        if node.otherwise is None and isinstance(only, SIMPLE) and self.toss(0.5):
            text = self.statement(only)
            if "\n" not in text and not text.startswith("{"):
                return f"{text} {self._condition(node.condition)}"
        return self._whole_if(node)

    def _condition(self, node: nodes.Expr) -> str:
        if isinstance(node, nodes.Unary) and node.operator == "!" and self.toss(0.6):
            return f"unless {self.header(node.operand)}"
        return f"if {self.header(node)}"

    def _whole_if(self, node: nodes.If) -> str:
        braces = id(node) not in self._last and self.toss(0.25)
        head = self._condition(node.condition)
        then = "" if braces or self.toss(0.8) else " then"
        text = head + then + self._branch(node.then, braces=braces)
        rest = node.otherwise
        while rest is not None:
            only = rest.statements[0] if len(rest.statements) == 1 else None
            joint = "" if text.endswith("\n") else (" " if braces else "\n")
            if not isinstance(only, nodes.If) or (braces and not only.then.statements):
                text += joint + "else" + self._branch(rest, braces=braces)
                break
            text += f"{joint}{self.one_of('elsif', 'else if')} {self.header(only.condition)}"
            text += self._branch(only.then, braces=braces)
            rest = only.otherwise
        return text if braces else text + "\nend"

    def _branch(self, body: nodes.Body, *, braces: bool) -> str:
        if braces and not body.statements:
            return " {}"
        if body.statements:
            self._last.add(id(body.statements[-1]))
        return self.body(body, braces=braces, end="")

    def of_while(self, node: nodes.While) -> str:
        return f"while {self.header(node.condition)}" + self.body(node.body, braces=self.toss())

    def of_for(self, node: nodes.For) -> str:
        names = node.variable if node.index is None else f"{node.variable}, {node.index}"
        head = f"{names} in {self.header(node.iterable)}"
        head = f"({head})" if self.toss(0.2) else head
        return f"for {head}" + self.body(node.body, braces=self.toss())

    def of_try(self, node: nodes.Try) -> str:
        braces = (
            self.toss(0.25)
            and node.final is not None
            and all(
                body is None or body.statements
                for body in (node.body, node.final, *(one.body for one in node.handlers))
            )
        )
        joint = " " if braces else "\n"
        text = self.one_of("try", "begin") + self.body(node.body, braces=braces, end="")
        for one in node.handlers:
            text += joint + self._handler(one) + self.body(one.body, braces=braces, end="")
        if node.final is not None:
            text += joint + self.one_of("finally", "ensure")
            text += self.body(node.final, braces=braces, end="")
        return text if braces else text + "\nend"

    def _handler(self, node: nodes.Handler) -> str:
        names = " ".join(one for one in (node.type_name, node.variable) if one)
        names = f"({names})" if names and self.toss() else names
        return self.one_of("catch", "rescue") + (" " + names if names else "")

    # --- classes, enums, interfaces ---------------------------------------------------------------

    def of_classdecl(self, node: nodes.ClassDecl) -> str:
        text = ("module " if node.is_module else "class ") + node.name
        if node.superclass is not None:
            text += self.one_of(" < ", " extends ") + node.superclass
        if node.interfaces:
            text += self.one_of(" ~ ", " implements ") + ", ".join(node.interfaces)
        return text + self._members(node.members, braces=self.toss(0.2))

    def _members(self, members: tuple[Any, ...], *, braces: bool = False) -> str:
        inner = indented("\n".join(self.member(one) for one in members))
        open_, close = (" {", "}") if braces else ("", "end")
        return f"{open_}\n{inner}\n{close}" if inner else f"{open_}\n{close}"

    def member(self, node: Any) -> str:
        return getattr(self, "of_" + type(node).__name__.lower())(node)  # type: ignore[no-any-return]

    def of_fielddecl(self, node: nodes.FieldDecl) -> str:
        words = [word for word, on in (("static", node.is_static), ("const", node.is_const)) if on]
        typed = self._typed(node)
        return " ".join([*words, f"{node.name}{typed}{self._initial(node.value)}"])

    def of_methoddecl(self, node: nodes.MethodDecl) -> str:
        words = "" if node.visibility == "public" else node.visibility + " "
        name, word = node.function.name, self.one_of("def", "fn")
        if node.is_constructor:
            return words + self.function(node.function, "new")
        if node.is_static and self.toss():
            return words + self.function(node.function, f"{word} self.{name}")
        words += "static " if node.is_static else ""
        return words + self.function(node.function, f"{word} {name}")

    def of_staticblock(self, node: nodes.StaticBlock) -> str:
        return "static " + self.block(node.body)

    def of_mixin(self, node: nodes.Mixin) -> str:
        names = ", ".join(node.names)
        return f"{node.kind}({names})" if self.toss() else f"{node.kind} {names}"

    def of_hookblock(self, node: nodes.HookBlock) -> str:
        if node.body.statements and self.toss():
            return f"{node.kind} {self.block(node.body)}"
        return f"{node.kind} do" + self.body(node.body)

    def of_classmethods(self, node: nodes.ClassMethods) -> str:
        return "class_methods do" + self._members(node.methods)

    def of_macrocall(self, node: nodes.MacroCall) -> str:
        if isinstance(node.call, nodes.Name):
            return node.call.name
        call = node.call
        assert isinstance(call, nodes.Call)
        return self.command(call) or self.of_call(call).replace(f"({node.name})", node.name, 1)

    def of_interfacedecl(self, node: nodes.InterfaceDecl) -> str:
        inner = "\n".join(f"def {name}()" for name in node.methods)
        return f"interface {node.name} {{\n{inner}\n}}"

    def of_enumdecl(self, node: nodes.EnumDecl) -> str:
        variants = [self._variant(one) for one in node.variants]
        inner = self.one_of("\n", ",\n", ", ").join(variants)
        methods = "\n".join(self.member(one) for one in node.methods)
        return f"enum {node.name}\n{indented(inner)}\n{indented(methods)}\nend"

    def _variant(self, node: nodes.Variant) -> str:
        return node.name + (f"({self.params(node.fields)})" if node.fields else "")


UNCOMPARED = {"span", "source", "is_command"}


def same(one: Any, other: Any) -> bool:
    """Whether two trees are equal but for places."""
    if isinstance(one, tuple):
        if not isinstance(other, tuple) or len(one) != len(other):
            return False
        return all(map(same, one, other))
    if not isinstance(one, nodes.Node):
        return type(one) is type(other) and repr(one) == repr(other)
    return type(one) is type(other) and all(
        same(getattr(one, name), getattr(other, name))
        for name in type(one).field_names
        if name not in UNCOMPARED
    )
