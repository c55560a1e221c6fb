"""Variables, `this`, and what else a bare name may be."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeGuard

from ...base.errors import SoliTypeError
from ...tree import nodes
from ...values.values import UNSET
from .. import python as py
from ..emitters import Emitters, emits
from ..helpers.values import SPECIAL
from ..missing import fieldless
from ..scopes import HIDDEN
from ..writer import Writer

EMITTERS: Emitters = {}


@emits(EMITTERS, nodes.Name)
def _name(writer: Writer, node: nodes.Name) -> Any:
    """A name for its value: functions without required parameters are called."""
    variable = writer.block.find(node.name, node.span.start)
    if variable is None:
        return _builtin(writer, node)
    if writer.is_settled(variable):
        return writer.load(variable)
    found, first = writer.named(writer.load(variable))
    special = writer.special(node, found().id)
    is_plain = py.compare(py.kind(first), "not in", py.name("SPECIAL"))
    if variable in writer.asked:
        is_plain = py.either(py.name(writer.asked[variable]), is_plain)
    return py.choice(is_plain, found(), special)


def _builtin(writer: Writer, node: nodes.Name) -> Any:
    value = writer.machine.globals.get(node.name, UNSET)
    if value is not UNSET and value.__class__ not in SPECIAL:
        return writer.fixed(value)
    missing = writer.missing(node.name, node.span)
    return py.call("special", py.name("UNSET"), missing, at=writer.at(node))


def raw(writer: Writer, node: Any) -> tuple[Any, Any]:
    """The value of an operand; of a variable what it holds, and the node to read it properly.

    The fast path of an operator tests operands anyway; only when they are not what it wants does
    it matter whether a variable is unset or holds a function to be called.
    """
    if node.__class__ is nodes.Name:
        variable = writer.block.find(node.name, node.span.start)
        if variable is not None:
            settled = writer.is_settled(variable)
            return writer.load(variable), None if settled else node
    return writer.value(node), None


def resolved(writer: Writer, value: Any, node: Any) -> Any:
    """What `raw` gave, read properly; *value* is a name."""
    if node is None:
        return value
    special = writer.special(node, value.id)
    again = py.name(value.id)
    return py.choice(py.compare(py.kind(value), "not in", py.name("SPECIAL")), again, special)


def is_quiet(writer: Writer, node: Any) -> bool:
    """Whether computing *node* changes nothing and, but for reading a variable, cannot fail."""
    if node.__class__ is nodes.Name:
        return writer.block.find(node.name, node.span.start) is not None
    if node.__class__ is nodes.Unary and node.operator == "-":
        return is_number(node.operand)
    return node.__class__ is nodes.Literal


def is_entry(writer: Writer, node: Any) -> bool:
    """Whether it is `h["key"]` of a variable that only ever holds hashes: a read like others."""
    if node.__class__ is not nodes.Index or node.object.__class__ is not nodes.Name:
        return False
    key = node.index
    is_text = key.__class__ is nodes.Literal and key.value.__class__ is str
    return is_text and writer.kind_of(node.object) is dict


def is_number(node: Any) -> TypeGuard[nodes.Literal]:
    """Whether *node* is a literal of an Int or a Float."""
    return node.__class__ is nodes.Literal and node.value.__class__ in (int, float)


def callee(writer: Writer, name: str, span: Any) -> Any:
    """A name as a callee: never called by being read."""
    variable = writer.block.find(name, span.start)
    missing = writer.missing(name, span)
    if variable is None:
        return py.call("callee", py.name("UNSET"), missing)
    if writer.is_settled(variable):
        return writer.load(variable)
    found, first = writer.named(writer.load(variable))
    unset = py.call("callee", found(), missing)
    return py.choice(py.compare(first, "is not", py.name("UNSET")), found(), unset)


@emits(EMITTERS, nodes.This)
def _this(writer: Writer, node: nodes.This) -> Any:
    if not writer.block.has_receiver():
        is_static = writer.block.find(HIDDEN) is not None
        if is_static:
            return fail(writer, node, "a static method has no `this`; name the class")
        return fail(writer, node, fieldless(node, writer.unit.source.text))
    if writer.is_method:
        return py.name("this")
    return py.choice(
        py.compare(py.name("this"), "is not", py.name("UNSET")),
        py.name("this"),
        fail(writer, node, fieldless(node, writer.unit.source.text)),
    )


def fail(writer: Writer, node: Any, hint: str | None = None, message: str = "") -> Any:
    """An expression that raises."""
    message = message or "'this' outside of class"
    error = partial(SoliTypeError, message, node.span, writer.unit.source, hint=hint)
    return py.call("fail", writer.fixed(error))


def own_this(writer: Writer) -> Any:
    """`this` to hand on to a nested function."""
    return py.name("this" if writer.has_this else "UNSET")
