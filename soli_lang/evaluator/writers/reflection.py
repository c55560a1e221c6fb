"""`defined(name)` and `const_get(name)`: they see the variables visible where they stand."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .. import python as py
from ..writer import Writer
from .calls import collected


def reflective(writer: Writer, node: nodes.Call, name: nodes.Name) -> Any:
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
