"""Statements other than declarations of classes (docs/spec §5)."""

from __future__ import annotations

from soli_lang.base.errors import SoliError, SoliTypeError, Thrown
from soli_lang.machine.machine import UNCATCHABLE
from soli_lang.tree import nodes
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import Instance
from soli_lang.values.semantics import is_truthy
from soli_lang.values.values import Value

from .environments import BreakSignal, Environment, NextSignal, ReturnSignal
from .functions import new_function
from .interpreting import Oracle, answers
from .operators import span_of


@answers(nodes.Body)
def body(oracle: Oracle, node: nodes.Body, environment: Environment) -> Value:
    return oracle.block(node, environment)


@answers(nodes.Let)
def let(oracle: Oracle, node: nodes.Let, environment: Environment) -> None:
    value = None if node.value is None else oracle.evaluate(node.value, environment)
    environment.define(node.name, value)


@answers(nodes.Const)
def const(oracle: Oracle, node: nodes.Const, environment: Environment) -> None:
    environment.define(node.name, oracle.evaluate(node.value, environment), constant=True)


@answers(nodes.FunctionDecl)
def function(oracle: Oracle, node: nodes.FunctionDecl, environment: Environment) -> None:
    environment.define(node.function.name, new_function(oracle, node.function, environment))


@answers(nodes.If)
def if_(oracle: Oracle, node: nodes.If, environment: Environment) -> Value:
    if is_truthy(oracle.evaluate(node.condition, environment)):
        return oracle.evaluate(node.then, environment)
    return None if node.otherwise is None else oracle.evaluate(node.otherwise, environment)


def turn(oracle: Oracle, node: nodes.Body, environment: Environment) -> bool:
    """One turn of a loop; False when it ended in `break`."""
    try:
        oracle.evaluate(node, environment)
    except NextSignal:
        pass
    except BreakSignal:
        return False
    return True


@answers(nodes.While)
def while_(oracle: Oracle, node: nodes.While, environment: Environment) -> None:
    while is_truthy(oracle.evaluate(node.condition, environment)):
        if not turn(oracle, node.body, environment):
            break


@answers(nodes.For)
def for_(oracle: Oracle, node: nodes.For, environment: Environment) -> None:
    items = iterated(oracle, node.iterable, environment)
    at = 0
    while at < len(items):
        scope = environment.inner()
        scope.define(node.variable, items[at])
        if node.index is not None:
            scope.define(node.index, at)
        if not turn(oracle, node.body, scope):
            break
        at += 1


def iterated(oracle: Oracle, node: nodes.Expr, environment: Environment) -> list[Value] | range:
    """What a loop goes through; a range that is written there makes no array."""
    if isinstance(node, nodes.Binary) and node.operator == "..":
        left = oracle.evaluate(node.left, environment)
        right = oracle.evaluate(node.right, environment)
        try:
            return span_of(oracle.machine, left, right)
        except SoliError as error:
            error.locate(node.span, environment.source)
            raise
    items = oracle.evaluate(node, environment)
    if not isinstance(items, list):
        shown = f"cannot iterate over {iterated_name(items)}"
        raise SoliTypeError(shown, node.span, environment.source)
    return items


def iterated_name(value: Value) -> str:
    """How the error calls what no loop goes through."""
    name = type_name(value)
    if type(value) is str:
        return f'string "{value}"'
    return f"{name} {to_text(value)}" if name in ("int", "float", "bool") else name


@answers(nodes.Return)
def return_(oracle: Oracle, node: nodes.Return, environment: Environment) -> None:
    raise ReturnSignal(None if node.value is None else oracle.evaluate(node.value, environment))


@answers(nodes.Break)
def break_(oracle: Oracle, node: nodes.Break, environment: Environment) -> None:
    raise BreakSignal


@answers(nodes.Throw)
def throw(oracle: Oracle, node: nodes.Throw, environment: Environment) -> None:
    value = oracle.evaluate(node.value, environment)
    raise Thrown(value, thrown_text(value), node.span, environment.source)


def thrown_text(value: Value) -> str:
    """What the report of an uncaught *value* says (docs/spec §9.3)."""
    if isinstance(value, Instance):
        if "message" in value.fields:
            return to_text(value.fields["message"])
        return f"<{value.soli_class.name} instance>"
    return to_text(value)


@answers(nodes.Try)
def try_(oracle: Oracle, node: nodes.Try, environment: Environment) -> Value:
    try:
        return handled(oracle, node, environment)
    finally:
        if node.final is not None:
            oracle.evaluate(node.final, environment)


def handled(oracle: Oracle, node: nodes.Try, environment: Environment) -> Value:
    """The body, and the first handler that takes its error."""
    try:
        return oracle.evaluate(node.body, environment)
    except UNCATCHABLE:
        raise
    except SoliError as error:
        value = caught(oracle, error)
        for handler in node.handlers:
            if takes(handler, value):
                return handle(oracle, handler, value, environment)
        raise


def caught(oracle: Oracle, error: SoliError) -> Value:
    """What a handler gets: the thrown value, or the object of an error of the language."""
    if isinstance(error, Thrown):
        return error.value
    if error.instance is None:
        error.instance = oracle.machine.error_object(error)
    return error.instance


def takes(handler: nodes.Handler, value: Value) -> bool:
    if handler.type_name is None:
        return True
    return isinstance(value, Instance) and value.soli_class.is_a(handler.type_name)


@answers(nodes.Handler)
def handler_(oracle: Oracle, node: nodes.Handler, environment: Environment) -> Value:
    return oracle.body(node.body, environment)


def handle(oracle: Oracle, handler: nodes.Handler, value: Value, environment: Environment) -> Value:
    scope = environment.inner()
    if handler.variable is not None:
        scope.define(handler.variable, value)
    return oracle.evaluate(handler, scope)


@answers(nodes.BlockStmt)
def block(oracle: Oracle, node: nodes.BlockStmt, environment: Environment) -> Value:
    return oracle.evaluate(node.body, environment)
