"""Calls of functions that are one piece of arithmetic, written where they stand.

`add(i, 1)` with `def add(a, b) a + b end` computes the sum itself while the name holds that very
function and both are Ints, whose sum is one. Nothing can fail there, so no place is needed in the
function; its step is paid for. Whatever else is called as before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...tree import nodes
from ...values.values import Function
from .. import python as py
from ..facts import IN_LOOP
from ..int_trees import Argument, int_leaf
from ..scopes import Variable
from ..writer import Writer
from .names import raw, resolved

Leaf = tuple[Any, nodes.FunctionNode]
"""(what the value of the name is compared with or None where it is no other, the function)"""


def leaf_of(variable: Variable | None, known: Function | None) -> Leaf | None:
    """The leaf that a variable holds: of the file *known*, of a function a lambda."""
    if known is not None:
        function: Any = known.code.node
        return (known, function) if not known.code.skips and _is_plain(function) else None
    if variable is None or variable.home is None or variable.cell or variable.unset:
        return None
    writes = [one for one in variable.writes if one is not IN_LOOP]
    if len(writes) != 1 or writes[0] is None or writes[0][0].__class__ is not nodes.Lambda:
        return None
    function = writes[0][0].function
    return (None, function) if _is_plain(function) else None


def _is_plain(function: nodes.FunctionNode) -> bool:
    is_plain = all(
        one.default is None and not one.is_block and one.type is None for one in function.params
    )
    return is_plain and function.return_type is None and _result(function) is not None


def _result(function: nodes.FunctionNode) -> Any:
    """The operator that is all of the body; None where there is more or something else."""
    statements = function.body.statements
    if len(statements) != 1:
        return None
    result = statements[0].value if statements[0].__class__ is nodes.Return else statements[0]
    return result if result.__class__ is nodes.Binary else None


Calling = Callable[[Any, list[Any]], Any]
"""(what is called, its arguments) -> an expression of the call"""


def leaf_call(writer: Writer, node: nodes.Call, held: Any, leaf: Leaf, calling: Calling) -> Any:
    """*node*, a call of what *held* gives, as the *leaf* that it is most likely; None where that
    cannot be. Anything else is called by what *calling* writes."""
    known, function = leaf
    given = [one.value for one in node.arguments]
    if len(given) != len(function.params):
        return None
    start = len(writer.out)
    called = writer.kept(held)
    values, general = _arguments(writer, given)
    names = [one.name for one in function.params]
    found = int_leaf(writer, _result(function), dict(zip(names, values, strict=True)))
    if found is None:
        del writer.out[start:]
        return None
    is_paid, pay = writer.step_ahead(node)
    is_known = [] if known is None else [py.compare(called, "is", writer.fixed(known))]
    result = writer.fresh()
    inlined = [pay, py.assign(result, found[1])]
    condition = py.both(*is_known, is_paid, *found[0])
    otherwise = [py.assign(result, calling(called, general()))]
    writer.out.append(py.when(condition, inlined, otherwise))
    return py.name(result)


def _arguments(writer: Writer, given: list[Any]) -> tuple[list[Argument], Callable[[], list[Any]]]:
    """(what the arguments are, what gives them for a call)"""
    if all(one.__class__ in (nodes.Name, nodes.Literal) for one in given):
        pairs = [raw(writer, one) for one in given]
    else:
        pairs = [(one, None) for one in writer.operands(*given)]
    values = [value if _stays(writer, value) else writer.kept(value) for value, _ in pairs]
    reads = [node for _, node in pairs]
    arguments = [
        Argument(value, writer.kind_of(one), writer.is_natural(one))
        for one, value in zip(given, values, strict=True)
    ]
    return arguments, lambda: [
        resolved(writer, value, node) for value, node in zip(values, reads, strict=True)
    ]


def _stays(writer: Writer, value: Any) -> bool:
    """Whether *value* is the same each time it is read before the call."""
    is_name = writer.is_fixed(value) or writer.is_variable(value)
    return is_name or isinstance(value, py.Constant)
