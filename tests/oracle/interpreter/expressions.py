"""Expressions that are neither calls nor members (docs/spec §4)."""

from __future__ import annotations

from collections.abc import Iterator
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
from .interpreting import answers
from .operators import binary, negate
from .scopes import BreakSignal, NextSignal, ReturnSignal, Scope
from .statements import iterated
from .targets import check, write


@answers(nodes.Literal)
def literal(node: nodes.Literal, scope: Scope) -> Value:
    return node.value


@answers(nodes.Interpolation)
def interpolation(node: nodes.Interpolation, scope: Scope) -> Value:
    text = ""
    for part in node.parts:
        text += part if isinstance(part, str) else to_text(scope.evaluate(part))
        scope.oracle.machine.check_length(len(text))
    return text


@answers(nodes.ArrayLiteral)
def array(node: nodes.ArrayLiteral, scope: Scope) -> Value:
    items: list[Value] = []
    for item in node.items:
        if not isinstance(item, nodes.Spread):
            items.append(scope.evaluate(item))
            continue
        items.extend(scope.evaluate(item))
    return items


@answers(nodes.Spread)
def spread(node: nodes.Spread, scope: Scope) -> Value:
    value = scope.evaluate(node.value)
    if type(value) is not list:
        raise SoliTypeError("cannot spread non-array value")
    return value


@answers(nodes.HashLiteral)
def hash_(node: nodes.HashLiteral, scope: Scope) -> Value:
    pairs: dict[Any, Value] = {}
    for key_node, value_node in node.pairs:
        key = key_of(key_node, scope)
        pairs[key] = scope.evaluate(value_node)
    return pairs


def key_of(node: nodes.Expr, scope: Scope) -> Any:
    """A key, refused before its value is evaluated where it can be none."""
    key = scope.evaluate(node)
    with scope.at(node):
        return to_key(key)


def rounds(node: Any, scope: Scope) -> Iterator[Scope]:
    """The scopes of those rounds of a comprehension whose condition holds."""
    for item in iterated(node.iterable, scope):
        inner = scope.inner()
        inner.define(node.variable, item)
        inner.declare_inside(one for one in nodes.children(node) if one is not node.iterable)
        if node.condition is None or is_truthy(inner.evaluate(node.condition)):
            yield inner


@answers(nodes.ArrayComprehension)
def array_comprehension(node: nodes.ArrayComprehension, scope: Scope) -> Value:
    return [inner.evaluate(node.element) for inner in rounds(node, scope)]


@answers(nodes.HashComprehension)
def hash_comprehension(node: nodes.HashComprehension, scope: Scope) -> Value:
    pairs: dict[Any, Value] = {}
    for inner in rounds(node, scope):
        key = key_of(node.key, inner)
        pairs[key] = inner.evaluate(node.value)
    return pairs


@answers(nodes.Name)
def name(node: nodes.Name, scope: Scope) -> Value:
    return bare(scope.get(node.name, node), node, scope)


@answers(nodes.This)
def this(node: nodes.This, scope: Scope) -> Value:
    return scope.receiver()


@answers(nodes.Lambda)
def lambda_(node: nodes.Lambda, scope: Scope) -> Value:
    return new_function(node.function, scope)


@answers(nodes.BlockExpr)
def block_expression(node: nodes.BlockExpr, scope: Scope) -> Value:
    try:
        return scope.block(node.body)
    except ReturnSignal as signal:
        return signal.value
    except (NextSignal, BreakSignal):
        return None


@answers(nodes.Unary)
def unary(node: nodes.Unary, scope: Scope) -> Value:
    value = scope.evaluate(node.operand)
    return negate(value) if node.operator == "-" else not is_truthy(value)


@answers(nodes.Binary)
def binary_(node: nodes.Binary, scope: Scope) -> Value:
    left = scope.evaluate(node.left)
    right = scope.evaluate(node.right)
    return binary(scope.oracle.machine, node.operator, left, right)


def decides(operator: str, left: Value) -> bool:
    """Whether *left* is the value of `left operator …` without a look at the right side."""
    if operator == "??":
        return left is not None
    return is_truthy(left) == (operator == "||")


def lenient(node: nodes.Expr, scope: Scope) -> Value:
    """The left side of `??`: null when anything on the way of `a["x"].y` is (docs/spec §4.3)."""
    if not isinstance(node, nodes.Member | nodes.Index):
        return scope.evaluate(node)
    value = lenient(node.object, scope)
    if value is None:
        if isinstance(node, nodes.Index):
            scope.evaluate(node.index)
        return None
    held = nodes.Literal(node.object.span, value)
    if isinstance(node, nodes.Member):
        return scope.evaluate(nodes.Member(node.span, held, node.name, node.is_safe))
    return scope.evaluate(nodes.Index(node.span, held, node.index))


@answers(nodes.Logical)
def logical(node: nodes.Logical, scope: Scope) -> Value:
    left = lenient(node.left, scope) if node.operator == "??" else scope.evaluate(node.left)
    return left if decides(node.operator, left) else scope.evaluate(node.right)


@answers(nodes.Conditional)
def conditional(node: nodes.Conditional, scope: Scope) -> Value:
    condition = scope.evaluate(node.condition)
    return scope.evaluate(node.then if is_truthy(condition) else node.otherwise)


@answers(nodes.Assign)
def assign(node: nodes.Assign, scope: Scope) -> Value:
    check(node.target, scope)
    value = scope.evaluate(node.value)
    write(node.target, value, scope)
    return value


@answers(nodes.CompoundAssign)
def compound(node: nodes.CompoundAssign, scope: Scope) -> Value:
    """Object and index are evaluated once to read and again to write (docs/spec §4.1)."""
    operator, target = node.operator, node.target
    if operator not in ("&&", "||", "??"):
        check(target, scope)
        old = scope.evaluate(target)
        value = binary(scope.oracle.machine, operator, old, scope.evaluate(node.value))
    else:
        old: Value = None
        if not isinstance(target, nodes.Name):
            old = lenient(target, scope) if operator == "??" else scope.evaluate(target)
        elif (holder := scope.find(target.name, target.span.start)) and holder.outer:
            old = holder.names[target.name]  # a function is not called, a builtin no variable
        if decides(operator, old):
            return old
        check(target, scope)
        value = scope.evaluate(node.value)
    write(target, value, scope)
    return value


@answers(nodes.Increment)
def increment(node: nodes.Increment, scope: Scope) -> Value:
    check(node.target, scope)
    old = scope.evaluate(node.target)
    operator = "+" if node.step > 0 else "-"
    write(node.target, binary(scope.oracle.machine, operator, old, 1), scope)
    return old


@answers(nodes.Rescue)
def rescue(node: nodes.Rescue, scope: Scope) -> Value:
    try:
        return scope.evaluate(node.body)
    except UNCATCHABLE:
        raise
    except SoliError:
        return scope.evaluate(node.fallback)


@answers(nodes.Next)
def next_(node: nodes.Next, scope: Scope) -> Value:
    if node not in scope.oracle.whole:
        raise SoliTypeError("'next' can only be a statement of its own")
    raise NextSignal


@answers(nodes.ShellCommand)
def shell(node: nodes.ShellCommand, scope: Scope) -> Value:
    for part in node.parts:
        if not isinstance(part, str):
            scope.evaluate(part)
    raise CapabilityError(
        "a command in backticks: not allowed here (the host did not grant the capability 'shell')"
    )


@answers(nodes.Unsupported)
def unsupported(node: nodes.Unsupported, scope: Scope) -> Value:
    raise SoliTypeError(node.message)
