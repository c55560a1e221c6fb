"""What can be assigned to: names, members, indexes (docs/spec §4.6)."""

from __future__ import annotations

from soli_lang.base.errors import SoliIndexError, SoliTypeError
from soli_lang.tree import nodes
from soli_lang.values.display import to_text
from soli_lang.values.kinds import is_key, to_key, type_name
from soli_lang.values.objects import ErrorValue, Instance
from soli_lang.values.values import Symbol, Value

from .interpreting import answers
from .members import write_member
from .scopes import Scope


def check(target: nodes.Expr, scope: Scope) -> None:
    """A constant is refused before anything of its assignment is evaluated."""
    if isinstance(target, nodes.Name):
        scope.target(target.name, target.span.start)


def write(target: nodes.Expr, value: Value, scope: Scope) -> None:
    """`target = value`; evaluates object and index of the target."""
    if isinstance(target, nodes.Name):
        scope.target(target.name, target.span.start).names[target.name] = value
    elif isinstance(target, nodes.Member):
        held = scope.evaluate(target.object)
        with scope.at(target):
            write_member(held, target.name, value)
    else:
        assert isinstance(target, nodes.Index)
        held = scope.evaluate(target.object)
        write_index(held, scope.evaluate(target.index), value)


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
    if isinstance(value, Instance) and isinstance(index, str | Symbol):
        return value.fields.get(getattr(index, "name", index))
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
def index_(node: nodes.Index, scope: Scope) -> Value:
    value = scope.evaluate(node.object)
    return read_index(value, scope.evaluate(node.index))


@answers(nodes.SafeIndex)
def safe_index(node: nodes.SafeIndex, scope: Scope) -> Value:
    value = scope.evaluate(node.object)
    index = scope.evaluate(node.index)
    return None if value is None else read_index(value, index)
