"""Assignment, plain and compound, and `++` (spec/language.md §4.1, §4.6, §4.13)."""

from __future__ import annotations

from typing import Any

from ...base.errors import SoliError, SoliIndexError, SoliTypeError
from ...machine.machine import CROWDED
from ...tree import nodes
from ...values.kinds import to_key, type_name
from ...values.objects import Instance, SoliClass
from ...values.semantics import is_truthy
from ...values.values import UNSET, Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from ..written_out.inline import SMALL_HASH, Inliner
from .arithmetic import OPERATIONS
from .names import assign_variable, read_variable, store
from .operators import slow_path


def install(tables: Tables) -> None:
    tables.member_writer = member_writer
    tables.element_writer = element_writer
    register(tables.expressions, nodes.Assign)(_assign)
    register(tables.expressions, nodes.CompoundAssign)(_compound_assign)
    register(tables.expressions, nodes.Increment)(_increment)


def _assign(compiler: Compiler, node: nodes.Assign) -> Closure:
    """Evaluates the right side first, then the target's object, then its index (spec §4.1)."""
    target = node.target
    if isinstance(target, nodes.Name) and compiler.block.find(target.name) is None:
        compiler.block.function.declare(target.name)
    inliner = Inliner(compiler)
    lines = inliner.assignment(node)
    if lines is not None:
        return inliner.make(*lines, "return result")
    if isinstance(target, nodes.Name):
        variable = compiler.block.find(target.name)
        assert variable is not None
        return assign_variable(compiler, variable, compiler.expr(node.value), target)
    if isinstance(target, nodes.Member):
        return _assign_member(compiler, target, node.value)
    raise SoliTypeError("invalid assignment target", node.span, compiler.source)


def _assign_member(compiler: Compiler, target: nodes.Member, value: nodes.Expr) -> Closure:
    put, result = member_writer(compiler, target), compiler.expr(value)
    receiver = compiler.expr(target.object)

    def assign(frame: Frame) -> Value:
        assigned = result(frame)
        put(receiver(frame), assigned)
        return assigned

    return assign


def element_writer(compiler: Compiler, target: nodes.Index) -> Any:
    """(collection, index, value) -> None: `collection[index] = value`."""
    machine, span, source = compiler.machine, target.span, compiler.source

    def put(collection: Value, index: Value, value: Value) -> None:
        if collection.__class__ is dict and index.__class__ is str and len(collection) < SMALL_HASH:
            collection[index] = value
            return
        try:
            set_index(machine, collection, index, value)
        except SoliError as error:
            error.locate(span, source)
            raise

    return put


def set_index(machine: Any, collection: Value, index: Value, value: Value) -> None:
    """`collection[index] = value` (spec/language.md §3.7-3.9)."""

    if collection.__class__ is dict:
        machine.check_growth(8 * (len(collection) + 1))
        if index.__class__ is int and len(collection) > CROWDED:
            machine.check_time()
        collection[to_key(index)] = value
        return
    if collection.__class__ is list:
        if index.__class__ is not int:
            raise SoliTypeError(f"cannot index array with {type_name(index)}")
        if not -len(collection) <= index < len(collection):
            raise SoliIndexError(f"Index out of bounds: {index} (length {len(collection)})")
        collection[index] = value
        return
    raise SoliTypeError("invalid assignment target")


def member_writer(compiler: Compiler, target: nodes.Member) -> Any:
    """(receiver, value) -> None: `receiver.name = value`."""
    name, span, source = target.name, target.span, compiler.source

    def put(receiver: Value, value: Value) -> None:
        if receiver.__class__ is Instance and not receiver.soli_class.has_constants:
            receiver.fields[name] = value
            return
        try:
            set_member(receiver, name, value)
        except SoliError as error:
            error.locate(span, source)
            raise

    return put


def set_member(receiver: Value, name: str, value: Value) -> None:
    """`receiver.name = value` (spec/language.md §4.6)."""
    if isinstance(receiver, Instance):
        if receiver.soli_class.is_const(name) and name in receiver.fields:
            raise SoliTypeError(f"cannot reassign const field '{name}'")
        receiver.fields[name] = value
    elif receiver.__class__ is dict:
        receiver[name] = value
    elif receiver.__class__ is SoliClass:
        if receiver.is_const("." + name) and name in receiver.statics:
            raise SoliTypeError(f"cannot reassign static const field '{name}'")
        if receiver.is_enum and name in receiver.variants:
            raise SoliTypeError(f"cannot reassign enum variant '{name}'")
        receiver.statics[name] = value
    else:
        raise SoliTypeError(f"cannot set property on {type_name(receiver)}")


def _compound_assign(compiler: Compiler, node: nodes.CompoundAssign) -> Closure:
    """`t op= v` reads the target, then writes it (spec §4.1); `||=` and its like only if needed."""
    target = node.target
    if node.operator in ("||", "&&", "??"):
        read: Any = target
        if isinstance(target, nodes.Name) and compiler.block.find(target.name) is None:
            compiler.block.function.declare(target.name)
        if isinstance(target, nodes.Name) and node.operator != "&&":
            return _default_assign(compiler, node, target)
        write = nodes.Assign(node.span, target, node.value)
        return compiler.expr(nodes.Logical(node.span, node.operator, read, write))
    return compiler.expr(
        nodes.Assign(node.span, target, nodes.Binary(node.span, node.operator, target, node.value))
    )


def _default_assign(compiler: Compiler, node: nodes.CompoundAssign, target: nodes.Name) -> Closure:
    """`x ||= v` and `x ??= v`, also for an `x` that has no value yet."""

    variable = compiler.block.find(target.name)
    assert variable is not None
    raw, is_or = read_variable(compiler, variable), node.operator == "||"
    assign = compiler.expr(nodes.Assign(node.span, target, node.value))

    def default(frame: Frame) -> Value:
        value = raw(frame)
        if value is UNSET or value is None or (is_or and not is_truthy(value)):
            return assign(frame)
        return value

    return default


def _increment(compiler: Compiler, node: nodes.Increment) -> Closure:
    """`x++` yields the old value."""
    target, step = node.target, node.step
    operation = slow_path(compiler, OPERATIONS["+" if step > 0 else "-"], node)
    read = compiler.expr(target)
    if isinstance(target, nodes.Name):
        variable = compiler.block.find(target.name)
        if variable is not None and not variable.is_const:
            put = store(compiler, variable)

            def increment(frame: Frame) -> Value:
                old = read(frame)
                if old.__class__ is int and -(2**62) < old < 2**62:
                    put(frame, old + step)
                else:
                    put(frame, operation(old, 1))
                return old

            return increment
    write = compiler.expr(
        nodes.Assign(
            node.span,
            target,
            nodes.Binary(node.span, "+" if step > 0 else "-", target, nodes.Literal(node.span, 1)),
        )
    )

    def increment_target(frame: Frame) -> Value:
        old = read(frame)
        write(frame)
        return old

    return increment_target
