"""Expressions that are neither calls nor members (docs/spec §4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from soli_lang.base.errors import CapabilityError, SoliError, SoliTypeError
from soli_lang.machine.machine import UNCATCHABLE
from soli_lang.tree import nodes
from soli_lang.values.display import to_text
from soli_lang.values.kinds import to_key
from soli_lang.values.semantics import is_truthy
from soli_lang.values.values import Value

from .calling import bare
from .functions import new_function
from .interpreting import Oracle, answers
from .operators import binary, negate
from .scopes import BreakSignal, NextSignal, ReturnSignal, Scope
from .statements import iterated_name
from .targets import place


@answers(nodes.Literal)
def literal(oracle: Oracle, node: nodes.Literal, scope: Scope) -> Value:
    return node.value


@answers(nodes.Interpolation)
def interpolation(oracle: Oracle, node: nodes.Interpolation, scope: Scope) -> Value:
    text = ""
    for part in node.parts:
        text += part if isinstance(part, str) else to_text(oracle.evaluate(part, scope))
        oracle.machine.check_length(len(text))
    return text


@answers(nodes.ArrayLiteral)
def array(oracle: Oracle, node: nodes.ArrayLiteral, scope: Scope) -> Value:
    items: list[Value] = []
    for item in node.items:
        if not isinstance(item, nodes.Spread):
            items.append(oracle.evaluate(item, scope))
            continue
        items.extend(oracle.evaluate(item, scope))
    return items


@answers(nodes.Spread)
def spread(oracle: Oracle, node: nodes.Spread, scope: Scope) -> Value:
    value = oracle.evaluate(node.value, scope)
    if type(value) is not list:
        raise SoliTypeError("cannot spread non-array value")
    return value


@answers(nodes.HashLiteral)
def hash_(oracle: Oracle, node: nodes.HashLiteral, scope: Scope) -> Value:
    pairs: dict[Any, Value] = {}
    for key_node, value_node in node.pairs:
        key = oracle.evaluate(key_node, scope)
        value = oracle.evaluate(value_node, scope)
        put(pairs, key, value, key_node, scope)
    return pairs


def put(pairs: dict[Any, Value], key: Value, value: Value, node: nodes.Expr, scope: Scope) -> None:
    try:
        pairs[to_key(key)] = value
    except SoliError as error:
        error.locate(node.span, scope.source)
        raise


def rounds(
    oracle: Oracle, node: nodes.ArrayComprehension | nodes.HashComprehension, scope: Scope
) -> Iterator[Scope]:
    """The scopes of those rounds of a comprehension whose condition holds."""
    items = oracle.evaluate(node.iterable, scope)
    if type(items) is not list:
        shown = f"cannot iterate over {iterated_name(items)}"
        raise SoliTypeError(shown, node.iterable.span, scope.source)
    for item in items:
        inner = scope.inner()
        inner.define(node.variable, item)
        if node.condition is None or is_truthy(oracle.evaluate(node.condition, inner)):
            yield inner


@answers(nodes.ArrayComprehension)
def array_comprehension(oracle: Oracle, node: nodes.ArrayComprehension, scope: Scope) -> Value:
    return [oracle.evaluate(node.element, inner) for inner in rounds(oracle, node, scope)]


@answers(nodes.HashComprehension)
def hash_comprehension(oracle: Oracle, node: nodes.HashComprehension, scope: Scope) -> Value:
    pairs: dict[Any, Value] = {}
    for inner in rounds(oracle, node, scope):
        key = oracle.evaluate(node.key, inner)
        value = oracle.evaluate(node.value, inner)
        put(pairs, key, value, node.key, scope)
    return pairs


@answers(nodes.Name)
def name(oracle: Oracle, node: nodes.Name, scope: Scope) -> Value:
    return bare(oracle, scope.get(node.name), node, scope)


@answers(nodes.This)
def this(oracle: Oracle, node: nodes.This, scope: Scope) -> Value:
    return scope.receiver()


@answers(nodes.Lambda)
def lambda_(oracle: Oracle, node: nodes.Lambda, scope: Scope) -> Value:
    return new_function(oracle, node.function, scope)


@answers(nodes.BlockExpr)
def block_expression(oracle: Oracle, node: nodes.BlockExpr, scope: Scope) -> Value:
    try:
        return oracle.block(node.body, scope)
    except ReturnSignal as signal:
        return signal.value
    except (NextSignal, BreakSignal):
        return None


@answers(nodes.Unary)
def unary(oracle: Oracle, node: nodes.Unary, scope: Scope) -> Value:
    value = oracle.evaluate(node.operand, scope)
    return negate(value) if node.operator == "-" else not is_truthy(value)


@answers(nodes.Binary)
def binary_(oracle: Oracle, node: nodes.Binary, scope: Scope) -> Value:
    left = oracle.evaluate(node.left, scope)
    right = oracle.evaluate(node.right, scope)
    return binary(oracle.machine, node.operator, left, right)


def decides(operator: str, left: Value) -> bool:
    """Whether *left* is the value of `left operator …` without a look at the right side."""
    if operator == "??":
        return left is not None
    return is_truthy(left) == (operator == "||")


def lenient(oracle: Oracle, node: nodes.Expr, scope: Scope) -> Value:
    """The left side of `??`: null when anything on the way of `a["x"].y` is (§4.3)."""
    if not isinstance(node, nodes.Member | nodes.Index):
        return oracle.evaluate(node, scope)
    value = lenient(oracle, node.object, scope)
    if value is None:
        return None
    held = nodes.Literal(node.object.span, value)
    if isinstance(node, nodes.Member):
        return oracle.evaluate(nodes.Member(node.span, held, node.name, node.is_safe), scope)
    return oracle.evaluate(nodes.Index(node.span, held, node.index), scope)


@answers(nodes.Logical)
def logical(oracle: Oracle, node: nodes.Logical, scope: Scope) -> Value:
    walk = lenient if node.operator == "??" else Oracle.evaluate
    left = walk(oracle, node.left, scope)
    return left if decides(node.operator, left) else oracle.evaluate(node.right, scope)


@answers(nodes.Conditional)
def conditional(oracle: Oracle, node: nodes.Conditional, scope: Scope) -> Value:
    condition = oracle.evaluate(node.condition, scope)
    return oracle.evaluate(node.then if is_truthy(condition) else node.otherwise, scope)


@answers(nodes.Assign)
def assign(oracle: Oracle, node: nodes.Assign, scope: Scope) -> Value:
    value = oracle.evaluate(node.value, scope)
    place(oracle, node.target, scope).write(value)
    return value


def changed(
    oracle: Oracle,
    target: nodes.Expr,
    scope: Scope,
    change: Callable[[Value], tuple[bool, Value]],
    read: Callable[[Oracle, nodes.Expr, Scope], Value] = Oracle.evaluate,
) -> tuple[Value, Value]:
    """Read *target*, write what *change* makes of it if that says so; the old and the new value.

    Object and index are evaluated once to read and again to write (docs/spec §4.1).
    """
    old = read(oracle, target, scope)
    writes, new = change(old)
    if writes:
        place(oracle, target, scope).write(new)
    return old, new


@answers(nodes.CompoundAssign)
def compound(oracle: Oracle, node: nodes.CompoundAssign, scope: Scope) -> Value:
    def change(old: Value) -> tuple[bool, Value]:
        if node.operator in ("&&", "||", "??"):
            if decides(node.operator, old):
                return False, old
            return True, oracle.evaluate(node.value, scope)
        operand = oracle.evaluate(node.value, scope)
        return True, binary(oracle.machine, node.operator, old, operand)

    read = lenient if node.operator == "??" else Oracle.evaluate
    if node.operator in ("??", "||") and isinstance(node.target, nodes.Name):
        read = known
    return changed(oracle, node.target, scope, change, read)[1]


def known(oracle: Oracle, node: nodes.Expr, scope: Scope) -> Value:
    """The value of a variable, null where there is none: `x ||= 1` makes one."""
    assert isinstance(node, nodes.Name)
    return None if scope.find(node.name) is None else oracle.evaluate(node, scope)


@answers(nodes.Increment)
def increment(oracle: Oracle, node: nodes.Increment, scope: Scope) -> Value:
    operator = "+" if node.step > 0 else "-"

    def change(old: Value) -> tuple[bool, Value]:
        return True, binary(oracle.machine, operator, old, 1)

    return changed(oracle, node.target, scope, change)[0]


@answers(nodes.Rescue)
def rescue(oracle: Oracle, node: nodes.Rescue, scope: Scope) -> Value:
    try:
        return oracle.evaluate(node.body, scope)
    except UNCATCHABLE:
        raise
    except SoliError:
        return oracle.evaluate(node.fallback, scope)


@answers(nodes.Next)
def next_(oracle: Oracle, node: nodes.Next, scope: Scope) -> Value:
    if node not in oracle.whole:
        raise SoliTypeError("'next' can only be a statement of its own")
    raise NextSignal


@answers(nodes.ShellCommand)
def shell(oracle: Oracle, node: nodes.ShellCommand, scope: Scope) -> Value:
    for part in node.parts:
        if not isinstance(part, str):
            oracle.evaluate(part, scope)
    raise CapabilityError(
        "a command in backticks: not allowed here (the host did not grant the capability 'shell')"
    )


@answers(nodes.Unsupported)
def unsupported(oracle: Oracle, node: nodes.Unsupported, scope: Scope) -> Value:
    raise SoliTypeError(node.message)
