"""Assignment, plain and compound, and `++` (docs/spec §4.1, §4.6, §4.13)."""

from __future__ import annotations

from typing import Any

from ...base.errors import SoliTypeError
from ...machine.machine import CROWDED
from ...meaning.declared import checks_types
from ...tree import nodes
from .. import python as py
from ..emitters import EXPR, STMT, Emitters, emits
from ..writer import Writer
from .declared import checked_value
from .names import fail, is_quiet
from .operators import INLINE_JOIN

EMITTERS: Emitters = {}

SMALL_HASH = 100_000
"""Entries up to which a hash grows without a look at the limits."""


@emits(EMITTERS, nodes.Assign, at=(EXPR, STMT))
def _assignment(writer: Writer, node: nodes.Assign, position: str) -> Any:
    return _assign(writer, node, wanted=position == EXPR)


def _assign(writer: Writer, node: nodes.Assign, *, wanted: bool) -> Any:
    """Evaluates the right side, then the target's object, then its index (docs/spec §4.1)."""
    target = node.target
    if isinstance(target, nodes.Name):
        return _assign_variable(writer, target, node, wanted=wanted)
    if isinstance(target, nodes.Member):
        return _assign_member(writer, target, node.value)
    if isinstance(target, nodes.Index):
        return _assign_element(writer, target, node.value)
    raise SoliTypeError("invalid assignment target", node.span, writer.unit.source)


def _assign_variable(
    writer: Writer, target: nodes.Name, node: nodes.Assign, *, wanted: bool
) -> Any:
    variable = writer.block.find(target.name, target.span.start)
    if variable is None:
        variable = writer.block.function.declare(target.name)
    if variable.is_const:
        return _refuse(writer, target)
    if _grows_text(writer, variable, node):
        _grow_text(writer, variable, node)
        return writer.load(variable)
    result = checked_value(writer, variable, writer.value(node.value), node)
    if wanted and not isinstance(result, py.Constant):
        result = writer.kept(result)
    writer.store(variable, result)
    return py.constant(result.value) if isinstance(result, py.Constant) else result


def _refuse(writer: Writer, constant: nodes.Name) -> Any:
    """Nothing but its `const` gives a constant a value."""
    message = f"cannot reassign constant '{constant.name}'"
    writer.out.append(py.run(fail(writer, constant, None, message)))
    return py.none()


def _grows_text(writer: Writer, variable: Any, node: nodes.Assign) -> bool:
    """Whether it is `text = text + …`, of a variable that only ever holds Strings."""
    value = node.value
    return (
        value.__class__ is nodes.Binary
        and value.operator == "+"
        and variable.kind is str
        and variable.home is not None
        and writer.is_settled(variable)
        and value.left.__class__ is nodes.Name
        and value.left.name == variable.name
        and not _may_assign(value.right)
    )


def _may_assign(node: Any) -> bool:
    assigning = (nodes.Assign, nodes.CompoundAssign, nodes.Increment, nodes.Match)
    return any(isinstance(one, assigning) for one in nodes.walk(node))


def _grow_text(writer: Writer, variable: Any, node: nodes.Assign) -> None:
    """Python appends in place to a text that only the variable holds, where nothing is between
    the sum and the variable."""
    value: Any = node.value
    more = writer.kept(writer.value(value.right))
    identifier = writer.identifier(variable)
    size = writer.fresh()
    lengths = py.binary(py.length(py.name(identifier)), "+", py.length(more))
    grown = py.binary(py.name(identifier), "+", more)
    at = writer.at(value)
    lines = [
        py.assign(size, lengths),
        py.when(
            py.compare(py.name(size), ">", py.constant(INLINE_JOIN)),
            _paid_join(writer, size, py.call("joined", py.name(size), at=at)),
        ),
        py.assign(identifier, grown),
    ]
    writer.assigned.add(identifier)
    if writer.kind_of(value.right) is str:
        writer.out += lines
        return
    other = py.assign(identifier, py.call("add", py.name(identifier), more, at=at))
    writer.out.append(py.when(py.is_kind(more, "str"), lines, [other]))


def _paid_join(writer: Writer, size: str, joined: Any) -> list[Any]:
    """Pay for a text of *size* characters: what *joined* does, without a call where that is no
    more than two numbers that become less."""
    length, left, fuel = py.name(size), writer.fresh(), writer.fresh()
    steps = py.binary(length, ">>", py.constant(8))
    is_paid = py.both(
        py.compare(py.name(left), ">=", py.constant(0)),
        py.compare(py.name(fuel), ">", py.constant(0)),
        py.compare(length, "<=", py.constant(writer.machine.max_length)),
    )
    taken = [
        py.set_attribute("machine", "bytes_left", py.name(left)),
        py.set_attribute("machine", "fuel", py.name(fuel)),
    ]
    return [
        py.assign(left, py.binary(py.attribute("machine", "bytes_left"), "-", length)),
        py.assign(fuel, py.binary(py.attribute("machine", "fuel"), "-", steps)),
        py.when(is_paid, taken, [py.run(joined)]),
    ]


def _assign_member(writer: Writer, target: nodes.Member, value: Any) -> Any:
    result, receiver = writer.operands(value, target.object)
    result = writer.kept(result)
    identifier, first = writer.named(receiver)
    if first.__class__ is not py.Name:
        writer.out.append(py.run(first))
    put = py.call(
        "put_member", identifier(), py.constant(target.name), result, at=writer.at(target)
    )
    if checks_types(writer.machine):
        writer.out.append(py.run(put))  # which has a place, should the field have a type
        return result
    if target.object.__class__ is nodes.This and writer.is_method:
        fields = writer.own_fields()
        is_instance = py.compare(fields, "is not", py.name("NO_FIELDS"))
    else:
        fields = py.attribute(identifier(), "fields")
        is_instance = py.is_kind(identifier(), "Instance")
    constants = py.attribute(py.attribute(identifier(), "soli_class"), "has_constants")
    is_plain = py.both(is_instance, py.negation(constants))
    store = py.put(fields, py.constant(target.name), result)
    writer.out.append(py.when(is_plain, [store], [py.run(put)]))
    return result


def _assign_element(writer: Writer, target: nodes.Index, value: Any) -> Any:
    result, holder, index = writer.operands(value, target.object, target.index)
    result = writer.kept(result)
    if not (is_quiet(writer, target.index) and writer.is_variable(holder)):
        holder = writer.kept(holder)
    if not writer.is_variable(index):
        index = writer.kept(index)
    is_plain = _is_free_key(holder, index, writer.kind_of(target.index))
    if writer.kind_of(target.object) is not dict:
        is_plain = py.both(py.is_kind(holder, "dict"), is_plain)
    put = py.call("put_index", holder, index, result, at=writer.at(target))
    writer.out.append(py.when(is_plain, [py.put(holder, index, result)], [py.run(put)]))
    return result


def _is_free_key(holder: Any, index: Any, kind: type | None) -> Any:
    """Whether *index*, of that *kind* if it is known, is a text or an Int under which the hash
    *holder* takes what it is given without a look at the limits."""
    size = py.length(holder)
    text = py.compare(size, "<", py.constant(SMALL_HASH))
    number = py.compare(size, "<=", py.constant(CROWDED))
    if kind is str:
        return text
    if kind is int:
        return number
    number = py.both(py.is_kind(index, "int"), number)
    return py.choice(py.is_kind(index, "str"), text, number)


# --- compound ---


@emits(EMITTERS, nodes.CompoundAssign, at=(EXPR, STMT))
def _compound(writer: Writer, node: nodes.CompoundAssign, position: str) -> Any:
    """`t op= v` reads the target, then writes it (§4.1); `||=` and its like only if needed."""
    target, operator = node.target, node.operator
    if operator not in ("||", "&&", "??"):
        value = nodes.Binary(node.span, operator, target, node.value)
        return _assign(writer, nodes.Assign(node.span, target, value), wanted=position == EXPR)
    write = nodes.Assign(node.span, target, node.value)
    if isinstance(target, nodes.Name):
        if writer.block.find(target.name, target.span.start) is None:
            writer.block.function.declare(target.name)
        return _default_assign(writer, target, operator, write)
    logical = nodes.Logical(node.span, operator, target, write)
    return writer.value(logical)


def _default_assign(writer: Writer, target: nodes.Name, operator: str, write: nodes.Assign) -> Any:
    """`x ||= v`, `x ??= v` and `x &&= v`, also for an `x` that has no value yet: it is null."""
    variable = writer.block.find(target.name, target.span.start)
    assert variable is not None
    found = writer.fresh()
    writer.out.append(py.assign(found, writer.load(variable)))
    is_unset = py.compare(py.name(found), "is", py.name("UNSET"))
    writer.out.append(py.when(is_unset, [py.assign(found, py.none())]))
    if operator == "??":
        wanted = py.compare(py.name(found), "is", py.none())
    else:
        truth = py.call("is_truthy", py.name(found))
        wanted = truth if operator == "&&" else py.negation(truth)

    def assign() -> None:
        writer.out.append(py.assign(found, _assign(writer, write, wanted=True)))

    writer.out.append(py.when(wanted, writer.lines(assign)))
    return py.name(found)


@emits(EMITTERS, nodes.Increment)
def _increment(writer: Writer, node: nodes.Increment) -> Any:
    """`x++` yields the old value."""
    target, operator = node.target, "+" if node.step > 0 else "-"
    one = nodes.Literal(node.span, 1)
    variable = None
    if isinstance(target, nodes.Name):
        variable = writer.block.find(target.name, target.span.start)
        if variable is not None and variable.is_const:
            return _refuse(writer, target)
    old = writer.kept(writer.value(target))
    if variable is not None:
        held = _Held(target.span, old.id)
        writer.store(variable, writer.value(nodes.Binary(node.span, operator, held, one)))
        return old
    value = nodes.Binary(node.span, operator, target, one)
    _assign(writer, nodes.Assign(node.span, target, value), wanted=False)
    return old


class _Held(nodes.Expr, texts=("identifier",)):
    """A value that a variable of the Python function has already."""

    identifier: str


@emits(EMITTERS, _Held)
def _held(writer: Writer, node: _Held) -> Any:
    return py.name(node.identifier)
