"""What can be assigned to: names, members, indexes (docs/spec §4.6)."""

from __future__ import annotations

from soli_lang.base.errors import SoliIndexError, SoliTypeError
from soli_lang.tree import nodes
from soli_lang.values.display import to_text
from soli_lang.values.kinds import is_key, to_key, type_name
from soli_lang.values.objects import ErrorValue, Instance
from soli_lang.values.values import Value

from .interpreting import Oracle, answers
from .members import write_member
from .scopes import Scope


class Place:
    """Something that can be given a value."""

    def write(self, value: Value) -> None:
        raise NotImplementedError


class Variable(Place):
    def __init__(self, oracle: Oracle, node: nodes.Name, scope: Scope) -> None:
        self.name = node.name
        self.scope = scope

    def write(self, value: Value) -> None:
        self.scope.assign(self.name, value)


class Attribute(Place):
    def __init__(self, oracle: Oracle, node: nodes.Member, scope: Scope) -> None:
        self.oracle = oracle
        self.node = node
        self.scope = scope
        self.object = oracle.evaluate(node.object, scope)

    def write(self, value: Value) -> None:
        write_member(self.object, self.node.name, value)


class Element(Place):
    def __init__(self, oracle: Oracle, node: nodes.Index, scope: Scope) -> None:
        self.object = oracle.evaluate(node.object, scope)
        self.index = oracle.evaluate(node.index, scope)

    def write(self, value: Value) -> None:
        write_index(self.object, self.index, value)


def place(oracle: Oracle, node: nodes.Expr, scope: Scope) -> Place:
    """The place that *node* means; evaluates object and index of it."""
    if isinstance(node, nodes.Name):
        return Variable(oracle, node, scope)
    if isinstance(node, nodes.Member):
        return Attribute(oracle, node, scope)
    if isinstance(node, nodes.Index):
        return Element(oracle, node, scope)
    raise SoliTypeError("invalid assignment target")


def position(items: list[Value] | str, index: Value, kind: str) -> int:
    """Where *index* points in *items*; negative ones count from the end."""
    if type(index) is not int:
        raise SoliTypeError(f"cannot index {kind} with {type_name(index)}")
    length = len(items)
    at = index + length if index < 0 else index
    if not 0 <= at < length:
        raise SoliIndexError(f"Index out of bounds: {index} (length {length})")
    return at


def read_index(value: Value, index: Value) -> Value:
    """`value[index]`"""
    if isinstance(value, list):
        return value[position(value, index, "array")]
    if isinstance(value, ErrorValue) and type(index) is int:
        value = to_text(value)
    if isinstance(value, str):
        return value[position(value, index, "string")]
    if isinstance(value, dict):
        return value.get(to_key(index)) if is_key(index) else None
    if isinstance(value, Instance) and isinstance(index, str):
        return value.fields.get(index)
    raise SoliTypeError(f"cannot index {type_name(value)}")


def write_index(value: Value, index: Value, new: Value) -> None:
    """`value[index] = new`"""
    if isinstance(value, list):
        value[position(value, index, "array")] = new
    elif isinstance(value, dict):
        value[to_key(index)] = new
    else:
        raise SoliTypeError("invalid assignment target")


@answers(nodes.Index)
def index_(oracle: Oracle, node: nodes.Index, scope: Scope) -> Value:
    value = oracle.evaluate(node.object, scope)
    return read_index(value, oracle.evaluate(node.index, scope))


@answers(nodes.SafeIndex)
def safe_index(oracle: Oracle, node: nodes.SafeIndex, scope: Scope) -> Value:
    value = oracle.evaluate(node.object, scope)
    if value is None:
        return None
    return read_index(value, oracle.evaluate(node.index, scope))
