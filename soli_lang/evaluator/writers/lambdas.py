"""Functions inside functions: what is made where they stand."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .. import python as py
from ..code import Code
from ..emitters import STMT, Emitters, emits
from ..scopes import THIS, Variable
from ..writer import Writer
from .names import own_this

EMITTERS: Emitters = {}


def code_of(writer: Writer, node: nodes.FunctionNode, **options: Any) -> tuple[Code, Any]:
    """The code of a function written here, and a tuple of what it captures, as an expression."""
    captured = captured_by(writer, writer.unit.summaries.of(node), node.span.start)
    code = Code(writer.unit, node, writer.block, captured, **options)
    return code, py.Tuple([py.name(writer.identifier(one)) for one in captured], py.LOAD)


def captured_by(writer: Writer, summary: Any, at: int) -> list[Variable]:
    """Variables of this function and those around it that a nested one, at offset *at*, may
    mention."""
    names = summary.mentioned
    if summary.is_reflective or writer.unit.watcher is not None:
        names = names | set(writer.block.visible_names())
    found = []
    for name in sorted(names):
        variable = writer.block.find(name, at)
        if variable is None or variable.home is None or name == THIS:
            continue
        found.append(variable)
    return found


def function_value(writer: Writer, node: nodes.FunctionNode) -> Any:
    """A function made from *node*."""
    code, captured = code_of(writer, node)
    this = own_this(writer) if code.has_this else py.name("UNSET")
    return py.call(writer.fixed(code.bind), captured, this)


@emits(EMITTERS, nodes.Lambda)
def _lambda(writer: Writer, node: nodes.Lambda) -> Any:
    return function_value(writer, node.function)


@emits(EMITTERS, nodes.FunctionDecl, at=(STMT,))
def _declaration(writer: Writer, node: nodes.FunctionDecl) -> None:
    """`def name`: binds the name when executed."""
    variable = writer.block.declare(node.function.name)
    writer.store(variable, function_value(writer, node.function))
