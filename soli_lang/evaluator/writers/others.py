"""Expressions that programs seldom have: blocks for values, commands, questions about names, and
what is not to be had."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .. import python as py
from ..emitters import Emitters, emits
from ..writer import Writer
from .calls import collected
from .names import fail

EMITTERS: Emitters = {}


@emits(EMITTERS, nodes.BlockExpr)
def _block(writer: Writer, node: nodes.BlockExpr) -> Any:
    """`return v` inside ends only the block with v, `break` and `next` end it with null."""
    call = writer.outlined(lambda: writer.body(node.body, is_tail=True), is_tail=True)
    return py.call("plain", call)


@emits(EMITTERS, nodes.ShellCommand)
def _shell_command(writer: Writer, node: nodes.ShellCommand) -> Any:
    """Backticks run through `System.shell_sync`, if the host grants a shell by its name."""
    text = writer.value(nodes.Interpolation(node.span, node.parts))
    return py.call("shell", text, at=writer.at(node))


@emits(EMITTERS, nodes.Unsupported)
def _unsupported(writer: Writer, node: nodes.Unsupported) -> Any:
    return fail(writer, node, None, node.message)


def reflective(writer: Writer, node: nodes.Call, name: nodes.Name) -> Any:
    """`defined(name)` and `const_get(name)`: they see the variables visible where they stand."""
    listed, _, _ = collected(writer, [], node.arguments, None)
    literals = [one.value.value for one in node.arguments if one.value.__class__ is nodes.Literal]
    seen = set(writer.block.visible_names())
    if len(literals) == len(node.arguments):
        seen &= {one for one in literals if one.__class__ is str}
    keys, values = [], []
    for one in sorted(seen):
        variable = writer.block.find(one, node.span.start)
        if variable is not None and variable.home is not None and one != "this":
            keys.append(py.constant(one))
            values.append(writer.load(variable))
    file = writer.fixed(writer.unit.scopes.file.whole)
    is_test = py.constant(name.name == "defined")
    local = py.Dict(keys, values)
    return py.call("reflect", is_test, listed, local, file, at=writer.at(node))
