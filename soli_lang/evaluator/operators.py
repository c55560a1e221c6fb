"""Closures for operators, with fast ones for the shapes that programs use most.

What an operator means is in `arithmetic`; a fast closure handles the common operand types itself
and hands everything else over.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .. import nodes
from ..errors import SoliError, SoliOverflowError, SoliTypeError
from ..machine import Machine
from ..semantics import MAX_INT, MIN_INT, is_truthy, type_name
from ..values import Value
from .arithmetic import OPERATIONS, Operation
from .compiler import Closure, Compiler, Frame, Tables, register


def install(tables: Tables) -> None:
    register(tables.expressions, nodes.Binary)(compile_binary)
    register(tables.expressions, nodes.Unary)(compile_unary)
    register(tables.expressions, nodes.Logical)(compile_logical)
    register(tables.expressions, nodes.Conditional)(compile_conditional)
    register(tables.tails, nodes.Conditional)(compile_conditional_tail)
    register(tables.conditions, nodes.Unary)(condition_unary)
    register(tables.conditions, nodes.Logical)(condition_logical)
    register(tables.conditions, nodes.Binary)(condition_binary)


def slow_path(compiler: Compiler, operation: Operation, node: nodes.Node) -> Callable[..., Value]:
    """The general operation with its place in errors: what fast closures fall back on."""
    machine, span, source = compiler.machine, node.span, compiler.source

    def slow(left: Value, right: Value) -> Value:
        try:
            return operation(machine, left, right)
        except SoliError as error:
            error.locate(span, source)
            raise

    return slow


def compile_binary(compiler: Compiler, node: nodes.Binary) -> Closure:
    slow = slow_path(compiler, OPERATIONS[node.operator], node)
    left = compiler.expr(node.left)
    right = compiler.expr(node.right)
    constant = node.right.value if node.right.__class__ is nodes.Literal else None
    local = local_index(compiler, node.left)
    make = _FAST.get(node.operator)
    if make is not None:
        return make(left, right, constant, local, slow, compiler.machine)

    def binary(frame: Frame) -> Value:
        return slow(left(frame), right(frame))

    return binary


def local_index(compiler: Compiler, node: nodes.Node) -> int:
    """The slot of *node* in the running frame when it is such a variable, else 0."""
    if node.__class__ is not nodes.Name:
        return 0
    variable = compiler.block.find(node.name)  # type: ignore[attr-defined]
    if variable is None or variable.home is None or compiler.block.hops(variable) != 0:
        return 0
    return variable.index


def _fast_add(  # noqa: C901 - variants of one closure
    left: Closure, right: Closure, constant: Value, local: int, slow: Any, machine: Machine
) -> Closure:
    max_length = machine.max_length
    if constant.__class__ is int:
        if local:

            def add_local_constant(frame: Frame) -> Value:
                a = frame[local]
                if a.__class__ is int:
                    result = a + constant
                    if MIN_INT <= result <= MAX_INT:
                        return result
                return slow(left(frame), constant)

            return add_local_constant

        def add_constant(frame: Frame) -> Value:
            a = left(frame)
            if a.__class__ is int:
                result = a + constant
                if MIN_INT <= result <= MAX_INT:
                    return result
            return slow(a, constant)

        return add_constant

    def add_any(frame: Frame) -> Value:
        a = left(frame)
        b = right(frame)
        kind = a.__class__
        if kind is b.__class__:
            if kind is int:
                result = a + b
                if MIN_INT <= result <= MAX_INT:
                    return result
            elif kind is str and len(a) + len(b) <= max_length:
                return a + b
        return slow(a, b)

    return add_any


def _fast_subtract(  # noqa: C901 - variants of one closure
    left: Closure, right: Closure, constant: Value, local: int, slow: Any, machine: Machine
) -> Closure:
    if constant.__class__ is int:
        if local:

            def subtract_local_constant(frame: Frame) -> Value:
                a = frame[local]
                if a.__class__ is int:
                    result = a - constant
                    if MIN_INT <= result <= MAX_INT:
                        return result
                return slow(left(frame), constant)

            return subtract_local_constant

        def subtract_constant(frame: Frame) -> Value:
            a = left(frame)
            if a.__class__ is int:
                result = a - constant
                if MIN_INT <= result <= MAX_INT:
                    return result
            return slow(a, constant)

        return subtract_constant

    def subtract_any(frame: Frame) -> Value:
        a = left(frame)
        b = right(frame)
        if a.__class__ is int and b.__class__ is int:
            result = a - b
            if MIN_INT <= result <= MAX_INT:
                return result
        return slow(a, b)

    return subtract_any


def _fast_multiply(
    left: Closure, right: Closure, constant: Value, local: int, slow: Any, machine: Machine
) -> Closure:
    def multiply_any(frame: Frame) -> Value:
        a = left(frame)
        b = right(frame)
        if a.__class__ is int and b.__class__ is int:
            result = a * b
            if MIN_INT <= result <= MAX_INT:
                return result
        elif a.__class__ is float and b.__class__ is float:
            return a * b
        return slow(a, b)

    return multiply_any


def _fast_modulo(
    left: Closure, right: Closure, constant: Value, local: int, slow: Any, machine: Machine
) -> Closure:
    def modulo_any(frame: Frame) -> Value:
        a = left(frame)
        b = right(frame)
        if a.__class__ is int and b.__class__ is int and a >= 0 and b > 0:
            return a % b
        return slow(a, b)

    return modulo_any


def _fast_equal(
    left: Closure, right: Closure, constant: Value, local: int, slow: Any, machine: Machine
) -> Closure:
    if constant.__class__ is str or constant.__class__ is int:
        kind = constant.__class__

        def equal_constant(frame: Frame) -> Value:
            a = left(frame)
            if a.__class__ is kind:
                return a == constant
            return a is not None and slow(a, constant)

        return equal_constant

    def equal_any(frame: Frame) -> Value:
        a = left(frame)
        b = right(frame)
        if a.__class__ is b.__class__ and (a.__class__ is int or a.__class__ is str):
            return a == b
        return slow(a, b)

    return equal_any


def _fast_unequal(
    left: Closure, right: Closure, constant: Value, local: int, slow: Any, machine: Machine
) -> Closure:
    def unequal_any(frame: Frame) -> Value:
        a = left(frame)
        b = right(frame)
        if a.__class__ is b.__class__ and (a.__class__ is int or a.__class__ is str):
            return a != b
        return slow(a, b)

    return unequal_any


def _fast_less(
    left: Closure, right: Closure, constant: Value, local: int, slow: Any, machine: Machine
) -> Closure:
    if constant.__class__ is int:
        if local:

            def less_local_constant(frame: Frame) -> Value:
                a = frame[local]
                if a.__class__ is int:
                    return a < constant
                return slow(left(frame), constant)

            return less_local_constant

        def less_constant(frame: Frame) -> Value:
            a = left(frame)
            if a.__class__ is int:
                return a < constant
            return slow(a, constant)

        return less_constant

    def less_any(frame: Frame) -> Value:
        a = left(frame)
        b = right(frame)
        if a.__class__ is int and b.__class__ is int:
            return a < b
        return slow(a, b)

    return less_any


def _fast_compare(compare_numbers: Callable[[Any, Any], Any]) -> Any:
    def make(
        left: Closure, right: Closure, constant: Value, local: int, slow: Any, machine: Machine
    ) -> Closure:
        def compare_any(frame: Frame) -> Value:
            a = left(frame)
            b = right(frame)
            if a.__class__ is int and b.__class__ is int:
                return compare_numbers(a, b)
            return slow(a, b)

        return compare_any

    return make


_FAST: dict[str, Any] = {
    "+": _fast_add,
    "-": _fast_subtract,
    "*": _fast_multiply,
    "%": _fast_modulo,
    "==": _fast_equal,
    "!=": _fast_unequal,
    "<": _fast_less,
    "<=": _fast_compare(python.le),
    ">": _fast_compare(python.gt),
    ">=": _fast_compare(python.ge),
}

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def condition_binary(compiler: Compiler, node: nodes.Binary) -> Closure:
    """Comparisons yield Python's own true and false; everything else is asked for its truth."""
    value = compile_binary(compiler, node)
    if node.operator in _COMPARISONS:
        return value
    return lambda frame: is_truthy(value(frame))


def compile_unary(compiler: Compiler, node: nodes.Unary) -> Closure:
    if node.operator == "!":
        truth = compiler.condition(node.operand)
        return lambda frame: not truth(frame)
    span, source = node.span, compiler.source
    if node.operand.__class__ is nodes.Literal and node.operand.value.__class__ in (int, float):
        constant = -node.operand.value
        return lambda frame: constant
    operand = compiler.expr(node.operand)

    def negate(frame: Frame) -> Value:
        value = operand(frame)
        kind = value.__class__
        if kind is int:
            if value == MIN_INT:
                raise SoliOverflowError("Integer overflow", span, source)
            return -value
        if kind is float or kind is Decimal:
            return -value if kind is float else value.copy_negate()
        raise SoliTypeError(f"Cannot negate {type_name(value)}", span, source)

    return negate


def condition_unary(compiler: Compiler, node: nodes.Unary) -> Closure:
    if node.operator == "!":
        return compile_unary(compiler, node)
    value = compile_unary(compiler, node)
    return lambda frame: is_truthy(value(frame))


def compile_logical(compiler: Compiler, node: nodes.Logical) -> Closure:
    if node.operator == "??":
        return _coalesce(compiler, node)
    left, right = compiler.expr(node.left), compiler.expr(node.right)
    if node.operator == "&&":

        def both(frame: Frame) -> Value:
            value = left(frame)
            if value is True or (value is not False and is_truthy(value)):
                return right(frame)
            return value

        return both

    def either(frame: Frame) -> Value:
        value = left(frame)
        if value is True or (value is not False and is_truthy(value)):
            return value
        return right(frame)

    return either


def _coalesce(compiler: Compiler, node: nodes.Logical) -> Closure:
    """`a.x.y ?? d`: a null anywhere on the way counts as null (decision 15)."""
    left, right = compiler.expr(soft(node.left)), compiler.expr(node.right)

    def coalesce(frame: Frame) -> Value:
        value = left(frame)
        return right(frame) if value is None else value

    return coalesce


def soft(node: Any) -> Any:
    """The chain *node* with every member access safe and every index of null giving null."""
    kind = node.__class__
    if kind is nodes.Member:
        return nodes.Member(node.span, soft(node.object), node.name, True)
    if kind is nodes.Index:
        return nodes.SafeIndex(node.span, soft(node.object), node.index)
    return node


def condition_logical(compiler: Compiler, node: nodes.Logical) -> Closure:
    if node.operator == "??":
        value = compile_logical(compiler, node)
        return lambda frame: is_truthy(value(frame))
    left, right = compiler.condition(node.left), compiler.condition(node.right)
    if node.operator == "&&":
        return lambda frame: left(frame) and right(frame)
    return lambda frame: left(frame) or right(frame)


def compile_conditional(compiler: Compiler, node: nodes.Conditional) -> Closure:
    return _conditional(compiler, node, compiler.expr(node.then), compiler.expr(node.otherwise))


def compile_conditional_tail(compiler: Compiler, node: nodes.Conditional) -> Closure:
    return _conditional(compiler, node, compiler.tail(node.then), compiler.tail(node.otherwise))


def _conditional(
    compiler: Compiler, node: nodes.Conditional, then: Closure, otherwise: Closure
) -> Closure:
    condition = compiler.condition(node.condition)

    def conditional(frame: Frame) -> Value:
        return then(frame) if condition(frame) else otherwise(frame)

    return conditional
