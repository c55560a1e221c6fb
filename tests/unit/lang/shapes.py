"""Nodes as short text, so that a test can say which tree it expects.

`1 + f(x)` is `(+ 1 (f x))`: a list in parentheses for everything that is not a leaf.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes
from soli_lang.values.values import Symbol


def program(text: str) -> nodes.Program:
    """Parse *text*."""
    return parse(Source("test.soli", text))


def only(text: str) -> Any:
    """The single statement that *text* consists of."""
    (statement,) = program(text).body.statements
    return statement


def shape(text: str) -> str:
    """The shapes of all statements of *text*, separated by `; `."""
    return "; ".join(show(one) for one in program(text).body.statements)


def show(value: Any) -> str:
    """*value*, a node or part of one, as short text."""
    special = _SHOWN.get(type(value))
    if special is not None:
        return special(value)
    if isinstance(value, nodes.Node):
        fields = [getattr(value, name) for name in type(value).field_names[1:]]
        return _list(type(value).__name__, *fields)
    if isinstance(value, tuple):
        return "[" + " ".join(show(item) for item in value) + "]"
    if isinstance(value, Symbol):
        return f":{value.name}"
    if isinstance(value, Decimal):
        return f"{value}D"
    return repr(value)


def _list(*parts: Any) -> str:
    shown = [
        part if isinstance(part, str) and not index else show(part)
        for index, part in enumerate(parts)
    ]
    return "(" + " ".join(shown) + ")"


def _call(node: nodes.Call) -> str:
    parts = [show(node.callee), *(show(one) for one in node.arguments)]
    if node.block is not None:
        parts.append(f"&{show(node.block)}")
    return ("!" if node.is_command else "") + "(" + " ".join(parts) + ")"


def _function(node: nodes.FunctionNode) -> str:
    params = " ".join(show(param) for param in node.params)
    marks = f"|{params}|" if node.has_params else ""
    returns = f"->{node.return_type.text} " if node.return_type else ""
    return f"{{{marks}{returns}{show(node.body)}}}"


def _param(node: nodes.Param) -> str:
    text = ("&" if node.is_block else "") + node.name
    if node.type is not None:
        text += f":{node.type.text}"
    return text + (f"={show(node.default)}" if node.default is not None else "")


_SHOWN: dict[type, Any] = {
    nodes.Literal: lambda node: show(node.value),
    nodes.Name: lambda node: node.name,
    nodes.This: lambda node: "this",
    nodes.Next: lambda node: "next",
    nodes.Member: lambda node: f"{show(node.object)}{'&.' if node.is_safe else '.'}{node.name}",
    nodes.ScopedName: lambda node: f"{show(node.object)}::{node.name}",
    nodes.Index: lambda node: f"{show(node.object)}[{show(node.index)}]",
    nodes.Call: _call,
    nodes.Argument: lambda node: (f"{node.label}:" if node.label else "") + show(node.value),
    nodes.Binary: lambda node: f"({node.operator} {show(node.left)} {show(node.right)})",
    nodes.Logical: lambda node: f"({node.operator} {show(node.left)} {show(node.right)})",
    nodes.Unary: lambda node: f"({node.operator} {show(node.operand)})",
    nodes.Assign: lambda node: f"(= {show(node.target)} {show(node.value)})",
    nodes.CompoundAssign: lambda node: f"({node.operator}= {show(node.target)} {show(node.value)})",
    nodes.Conditional: lambda node: (
        f"(? {show(node.condition)} {show(node.then)} {show(node.otherwise)})"
    ),
    nodes.Pipeline: lambda node: f"(|> {show(node.value)} {show(node.stage)})",
    nodes.Rescue: lambda node: f"(rescue {show(node.body)} {show(node.fallback)})",
    nodes.ArrayLiteral: lambda node: show(node.items),
    nodes.HashLiteral: lambda node: (
        "{" + ", ".join(f"{show(key)}: {show(value)}" for key, value in node.pairs) + "}"
    ),
    nodes.Lambda: lambda node: f"fn{_function(node.function)}",
    nodes.FunctionDecl: lambda node: f"def {node.function.name}{_function(node.function)}",
    nodes.FunctionNode: _function,
    nodes.Param: _param,
    nodes.Body: lambda node: "; ".join(show(one) for one in node.statements),
    nodes.TypeRef: lambda node: node.text,
}
