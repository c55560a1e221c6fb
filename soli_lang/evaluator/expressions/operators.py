"""Closures for operators, with fast ones for the shapes that programs use most.

What an operator means is in `arithmetic`; a fast closure handles the common operand types itself
and hands everything else over.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ...base.errors import SoliError, SoliOverflowError, SoliTypeError
from ...tree import nodes
from ...values.kinds import type_name
from ...values.semantics import MIN_INT, is_truthy
from ...values.values import Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from .arithmetic import OPERATIONS, Operation


def install(tables: Tables) -> None:
    tables.slow_operator = slow_operator
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


def slow_operator(compiler: Compiler, node: nodes.Binary) -> Callable[..., Value]:
    """The general operation of *node*, on values."""
    return slow_path(compiler, OPERATIONS[node.operator], node)


def compile_binary(compiler: Compiler, node: nodes.Binary) -> Closure:
    """The general operation; frequent shapes never get here (see `inline`)."""
    slow = slow_operator(compiler, node)
    left, right = compiler.expr(node.left), compiler.expr(node.right)

    def binary(frame: Frame) -> Value:
        return slow(left(frame), right(frame))

    return binary


def condition_binary(compiler: Compiler, node: nodes.Binary) -> Closure:
    """Comparisons yield Python's own true and false; everything else is asked for its truth."""
    value = compiler.expr(node)
    if node.operator in nodes.COMPARISONS:
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
    raise AssertionError("logical operators are always written out")


def condition_logical(compiler: Compiler, node: nodes.Logical) -> Closure:
    if node.operator == "??":
        value = compiler.expr(node)
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
