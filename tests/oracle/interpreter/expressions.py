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
from .environments import BreakSignal, Environment, NextSignal, ReturnSignal
from .functions import new_function
from .interpreting import Oracle, answers
from .operators import binary, negate
from .statements import iterated_name
from .targets import Place, place


@answers(nodes.Literal)
def literal(oracle: Oracle, node: nodes.Literal, environment: Environment) -> Value:
    return node.value


@answers(nodes.Interpolation)
def interpolation(oracle: Oracle, node: nodes.Interpolation, environment: Environment) -> Value:
    text = ""
    for part in node.parts:
        text += part if isinstance(part, str) else to_text(oracle.evaluate(part, environment))
        oracle.machine.check_length(len(text))
    return text


@answers(nodes.ArrayLiteral)
def array(oracle: Oracle, node: nodes.ArrayLiteral, environment: Environment) -> Value:
    items: list[Value] = []
    for item in node.items:
        if not isinstance(item, nodes.Spread):
            items.append(oracle.evaluate(item, environment))
            continue
        items.extend(oracle.evaluate(item, environment))
    return items


@answers(nodes.Spread)
def spread(oracle: Oracle, node: nodes.Spread, environment: Environment) -> Value:
    value = oracle.evaluate(node.value, environment)
    if type(value) is not list:
        raise SoliTypeError("cannot spread non-array value")
    return value


@answers(nodes.HashLiteral)
def hash_(oracle: Oracle, node: nodes.HashLiteral, environment: Environment) -> Value:
    pairs: dict[Any, Value] = {}
    for key_node, value_node in node.pairs:
        key = oracle.evaluate(key_node, environment)
        value = oracle.evaluate(value_node, environment)
        put(pairs, key, value, key_node, environment)
    return pairs


def put(
    pairs: dict[Any, Value],
    key: Value,
    value: Value,
    node: nodes.Expr,
    environment: Environment,
) -> None:
    try:
        pairs[to_key(key)] = value
    except SoliError as error:
        error.locate(node.span, environment.source)
        raise


def rounds(
    oracle: Oracle,
    node: nodes.ArrayComprehension | nodes.HashComprehension,
    environment: Environment,
) -> Iterator[Environment]:
    """The scopes of those rounds of a comprehension whose condition holds."""
    items = oracle.evaluate(node.iterable, environment)
    if type(items) is not list:
        shown = f"cannot iterate over {iterated_name(items)}"
        raise SoliTypeError(shown, node.iterable.span, environment.source)
    for item in items:
        scope = environment.inner()
        scope.define(node.variable, item)
        if node.condition is None or is_truthy(oracle.evaluate(node.condition, scope)):
            yield scope


@answers(nodes.ArrayComprehension)
def array_comprehension(
    oracle: Oracle, node: nodes.ArrayComprehension, environment: Environment
) -> Value:
    return [oracle.evaluate(node.element, scope) for scope in rounds(oracle, node, environment)]


@answers(nodes.HashComprehension)
def hash_comprehension(
    oracle: Oracle, node: nodes.HashComprehension, environment: Environment
) -> Value:
    pairs: dict[Any, Value] = {}
    for scope in rounds(oracle, node, environment):
        key = oracle.evaluate(node.key, scope)
        value = oracle.evaluate(node.value, scope)
        put(pairs, key, value, node.key, environment)
    return pairs


@answers(nodes.Name)
def name(oracle: Oracle, node: nodes.Name, environment: Environment) -> Value:
    return bare(oracle, environment.get(node.name), node, environment)


@answers(nodes.This)
def this(oracle: Oracle, node: nodes.This, environment: Environment) -> Value:
    return environment.receiver()


@answers(nodes.Lambda)
def lambda_(oracle: Oracle, node: nodes.Lambda, environment: Environment) -> Value:
    return new_function(oracle, node.function, environment)


@answers(nodes.BlockExpr)
def block_expression(oracle: Oracle, node: nodes.BlockExpr, environment: Environment) -> Value:
    try:
        return oracle.block(node.body, environment)
    except ReturnSignal as signal:
        return signal.value
    except (NextSignal, BreakSignal):
        return None


@answers(nodes.Unary)
def unary(oracle: Oracle, node: nodes.Unary, environment: Environment) -> Value:
    value = oracle.evaluate(node.operand, environment)
    return negate(value) if node.operator == "-" else not is_truthy(value)


@answers(nodes.Binary)
def binary_(oracle: Oracle, node: nodes.Binary, environment: Environment) -> Value:
    left = oracle.evaluate(node.left, environment)
    right = oracle.evaluate(node.right, environment)
    return binary(oracle.machine, node.operator, left, right)


def decides(operator: str, left: Value) -> bool:
    """Whether *left* is the value of `left operator …` without a look at the right side."""
    if operator == "??":
        return left is not None
    return is_truthy(left) == (operator == "||")


@answers(nodes.Logical)
def logical(oracle: Oracle, node: nodes.Logical, environment: Environment) -> Value:
    left = oracle.evaluate(node.left, environment)
    return left if decides(node.operator, left) else oracle.evaluate(node.right, environment)


@answers(nodes.Conditional)
def conditional(oracle: Oracle, node: nodes.Conditional, environment: Environment) -> Value:
    condition = oracle.evaluate(node.condition, environment)
    return oracle.evaluate(node.then if is_truthy(condition) else node.otherwise, environment)


@answers(nodes.Assign)
def assign(oracle: Oracle, node: nodes.Assign, environment: Environment) -> Value:
    value = oracle.evaluate(node.value, environment)
    place(oracle, node.target, environment).write(value)
    return value


def changed(
    oracle: Oracle,
    target: nodes.Expr,
    environment: Environment,
    change: Callable[[Value], tuple[bool, Value]],
) -> tuple[Value, Value]:
    """Read *target*, write what *change* makes of it if that says so; the old and the new value.

    Object and index are evaluated once to read and again to write (docs/spec §4.1).
    """
    old = place(oracle, target, environment).read()
    if isinstance(target, nodes.Name):
        old = bare(oracle, old, target, environment)
    writes, new = change(old)
    if writes:
        again: Place = place(oracle, target, environment)
        again.write(new)
    return old, new


@answers(nodes.CompoundAssign)
def compound(oracle: Oracle, node: nodes.CompoundAssign, environment: Environment) -> Value:
    def change(old: Value) -> tuple[bool, Value]:
        if node.operator in ("&&", "||", "??"):
            if decides(node.operator, old):
                return False, old
            return True, oracle.evaluate(node.value, environment)
        operand = oracle.evaluate(node.value, environment)
        return True, binary(oracle.machine, node.operator, old, operand)

    return changed(oracle, node.target, environment, change)[1]


@answers(nodes.Increment)
def increment(oracle: Oracle, node: nodes.Increment, environment: Environment) -> Value:
    operator = "+" if node.step > 0 else "-"

    def change(old: Value) -> tuple[bool, Value]:
        return True, binary(oracle.machine, operator, old, 1)

    return changed(oracle, node.target, environment, change)[0]


@answers(nodes.Rescue)
def rescue(oracle: Oracle, node: nodes.Rescue, environment: Environment) -> Value:
    try:
        return oracle.evaluate(node.body, environment)
    except UNCATCHABLE:
        raise
    except SoliError:
        return oracle.evaluate(node.fallback, environment)


@answers(nodes.Next)
def next_(oracle: Oracle, node: nodes.Next, environment: Environment) -> Value:
    raise NextSignal


@answers(nodes.ShellCommand)
def shell(oracle: Oracle, node: nodes.ShellCommand, environment: Environment) -> Value:
    for part in node.parts:
        if not isinstance(part, str):
            oracle.evaluate(part, environment)
    raise CapabilityError(
        "a command in backticks: not allowed here (the host did not grant the capability 'shell')"
    )


@answers(nodes.Unsupported)
def unsupported(oracle: Oracle, node: nodes.Unsupported, environment: Environment) -> Value:
    raise SoliTypeError(node.message)
