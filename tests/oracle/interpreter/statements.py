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

from .functions import new_function
from .interpreting import Oracle, answers
from .operators import span_of
from .scopes import BreakSignal, NextSignal, ReturnSignal, Scope


@answers(nodes.Body)
def body(oracle: Oracle, node: nodes.Body, scope: Scope) -> Value:
    return oracle.block(node, scope)


@answers(nodes.Let)
def let(oracle: Oracle, node: nodes.Let, scope: Scope) -> None:
    value = None if node.value is None else oracle.evaluate(node.value, scope)
    scope.define(node.name, value)


@answers(nodes.Const)
def const(oracle: Oracle, node: nodes.Const, scope: Scope) -> None:
    scope.define(node.name, oracle.evaluate(node.value, scope), constant=True)


@answers(nodes.FunctionDecl)
def function(oracle: Oracle, node: nodes.FunctionDecl, scope: Scope) -> None:
    scope.define(node.function.name, new_function(oracle, node.function, scope))


@answers(nodes.If)
def if_(oracle: Oracle, node: nodes.If, scope: Scope) -> Value:
    if is_truthy(oracle.evaluate(node.condition, scope)):
        return oracle.evaluate(node.then, scope)
    return None if node.otherwise is None else oracle.evaluate(node.otherwise, scope)


def turn(oracle: Oracle, node: nodes.Body, scope: Scope) -> bool:
    """One turn of a loop; False when it ended in `break`."""
    try:
        oracle.evaluate(node, scope)
    except NextSignal:
        pass
    except BreakSignal:
        return False
    return True


@answers(nodes.While)
def while_(oracle: Oracle, node: nodes.While, scope: Scope) -> None:
    while is_truthy(oracle.evaluate(node.condition, scope)):
        if not turn(oracle, node.body, scope):
            break


@answers(nodes.For)
def for_(oracle: Oracle, node: nodes.For, scope: Scope) -> None:
    items = iterated(oracle, node.iterable, scope)
    at = 0
    while at < len(items):
        inner = scope.inner()
        inner.define(node.variable, items[at])
        if node.index is not None:
            inner.define(node.index, at)
        if not turn(oracle, node.body, inner):
            break
        at += 1


def iterated(oracle: Oracle, node: nodes.Expr, scope: Scope) -> list[Value] | range:
    """What a loop goes through; a range that is written there makes no array."""
    if isinstance(node, nodes.Binary) and node.operator == "..":
        left = oracle.evaluate(node.left, scope)
        right = oracle.evaluate(node.right, scope)
        try:
            return span_of(oracle.machine, left, right)
        except SoliError as error:
            error.locate(node.span, scope.source)
            raise
    items = oracle.evaluate(node, scope)
    if not isinstance(items, list):
        shown = f"cannot iterate over {iterated_name(items)}"
        raise SoliTypeError(shown, node.span, scope.source)
    return items


def iterated_name(value: Value) -> str:
    """How the error calls what no loop goes through."""
    name = type_name(value)
    if type(value) is str:
        return f'string "{value}"'
    return f"{name} {to_text(value)}" if name in ("int", "float", "bool") else name


@answers(nodes.Return)
def return_(oracle: Oracle, node: nodes.Return, scope: Scope) -> None:
    raise ReturnSignal(None if node.value is None else oracle.evaluate(node.value, scope))


@answers(nodes.Break)
def break_(oracle: Oracle, node: nodes.Break, scope: Scope) -> None:
    raise BreakSignal


@answers(nodes.Throw)
def throw(oracle: Oracle, node: nodes.Throw, scope: Scope) -> None:
    value = oracle.evaluate(node.value, scope)
    raise Thrown(value, thrown_text(value), node.span, scope.source)


def thrown_text(value: Value) -> str:
    """What the report of an uncaught *value* says (docs/spec §9.3)."""
    if isinstance(value, Instance):
        if "message" in value.fields:
            return to_text(value.fields["message"])
        return f"<{value.soli_class.name} instance>"
    return to_text(value)


@answers(nodes.Try)
def try_(oracle: Oracle, node: nodes.Try, scope: Scope) -> Value:
    try:
        return handled(oracle, node, scope)
    finally:
        if node.final is not None:
            oracle.evaluate(node.final, scope)


def handled(oracle: Oracle, node: nodes.Try, scope: Scope) -> Value:
    """The body, and the first handler that takes its error."""
    try:
        return oracle.evaluate(node.body, scope)
    except UNCATCHABLE:
        raise
    except SoliError as error:
        value = caught(oracle, error)
        for handler in node.handlers:
            if takes(handler, value):
                return handle(oracle, handler, value, scope)
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
def handler_(oracle: Oracle, node: nodes.Handler, scope: Scope) -> Value:
    scope.declare(node.body)
    return oracle.body(node.body, scope)


def handle(oracle: Oracle, handler: nodes.Handler, value: Value, scope: Scope) -> Value:
    inner = scope.inner()
    if handler.variable is not None:
        inner.define(handler.variable, value)
    return oracle.evaluate(handler, inner)


@answers(nodes.BlockStmt)
def block(oracle: Oracle, node: nodes.BlockStmt, scope: Scope) -> Value:
    return oracle.evaluate(node.body, scope)
