"""Closures for operators, with fast ones for the shapes that programs use most.

What an operator means is in `arithmetic`; a fast closure handles the common operand types itself
and hands everything else over.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .. import nodes
from ..errors import SoliError, SoliOverflowError, SoliTypeError
from ..semantics import MIN_INT, is_truthy, type_name
from ..values import Value
from .arithmetic import OPERATIONS, Operation
from .compiler import Closure, Compiler, Frame, Tables, register
from .templates import FAST_OPERATORS, maker, operator_text

INLINE_JOIN = 256
"""Characters up to which two strings are joined without claiming memory for the result."""


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
    left, right = compiler.expr(node.left), compiler.expr(node.right)
    if node.operator in FAST_OPERATORS:
        left_slot, right_slot = local_index(compiler, node.left), local_index(compiler, node.right)
        constant = node.right.value if isinstance(node.right, nodes.Literal) else None
        right_kind = "constant" if constant is not None else "local" if right_slot else "any"
        text = operator_text(node.operator, "local" if left_slot else "any", right_kind)
        joined = min(INLINE_JOIN, compiler.machine.max_length)
        operate: Closure = maker(text)(left, right, left_slot, right_slot, constant, slow, joined)
        return operate

    def binary(frame: Frame) -> Value:
        return slow(left(frame), right(frame))

    return binary


def local_index(compiler: Compiler, node: nodes.Node) -> int:
    """The slot of *node* in the running frame when it is such a variable, else 0."""
    if not isinstance(node, nodes.Name):
        return 0
    variable = compiler.block.find(node.name)
    if variable is None or variable.home is None or compiler.block.hops(variable) != 0:
        return 0
    return variable.index


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
