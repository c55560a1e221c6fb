"""Statements other than declarations of classes (docs/spec §5)."""

from __future__ import annotations

from contextlib import suppress

from soli_lang.base.errors import SoliError, SoliTypeError, Thrown
from soli_lang.machine.machine import UNCATCHABLE
from soli_lang.tree import nodes
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import Instance
from soli_lang.values.semantics import is_truthy
from soli_lang.values.values import Value

from .functions import new_function
from .interpreting import answers
from .operators import span_of
from .scopes import BreakSignal, NextSignal, ReturnSignal, Scope, Signal


@answers(nodes.Body)
def body(node: nodes.Body, scope: Scope) -> Value:
    return scope.block(node)


@answers(nodes.Let)
def let(node: nodes.Let, scope: Scope) -> None:
    value = None if node.value is None else scope.evaluate(node.value)
    scope.define(node.name, value)


@answers(nodes.Const)
def const(node: nodes.Const, scope: Scope) -> None:
    scope.define(node.name, scope.evaluate(node.value))


@answers(nodes.FunctionDecl)
def function(node: nodes.FunctionDecl, scope: Scope) -> None:
    scope.define(node.function.name, new_function(node.function, scope))


@answers(nodes.If)
def if_(node: nodes.If, scope: Scope) -> Value:
    if is_truthy(scope.evaluate(node.condition)):
        return scope.evaluate(node.then)
    return None if node.otherwise is None else scope.evaluate(node.otherwise)


def turn(node: nodes.Body, scope: Scope) -> bool:
    """One turn of a loop; False when it ended in `break`."""
    try:
        scope.evaluate(node)
    except NextSignal:
        pass
    except BreakSignal:
        return False
    return True


@answers(nodes.While)
def while_(node: nodes.While, scope: Scope) -> None:
    while is_truthy(scope.evaluate(node.condition)):
        if not turn(node.body, scope):
            break


@answers(nodes.For)
def for_(node: nodes.For, scope: Scope) -> None:
    items = iterated(node.iterable, scope)
    at = 0
    while items[at : at + 1]:  # which may be longer than Python can say, or grow
        inner = scope.inner()
        inner.define(node.variable, items[at])
        if node.index is not None:
            inner.define(node.index, at)
        if not turn(node.body, inner):
            break
        at += 1


def iterated(node: nodes.Expr, scope: Scope) -> list[Value] | range:
    """What a loop goes through; a range that is written there makes no array."""
    if isinstance(node, nodes.Binary) and node.operator == "..":
        left = scope.evaluate(node.left)
        right = scope.evaluate(node.right)
        with scope.at(node):
            return span_of(scope.oracle.machine, left, right)
    items = scope.evaluate(node)
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
def return_(node: nodes.Return, scope: Scope) -> None:
    raise ReturnSignal(None if node.value is None else scope.evaluate(node.value))


@answers(nodes.Break)
def break_(node: nodes.Break, scope: Scope) -> None:
    raise BreakSignal


@answers(nodes.Throw)
def throw(node: nodes.Throw, scope: Scope) -> None:
    value = scope.evaluate(node.value)
    raise Thrown(value, thrown_text(value), node.span, scope.source)


def thrown_text(value: Value) -> str:
    """What the report of an uncaught *value* says (docs/spec §9.3)."""
    if isinstance(value, Instance):
        if value.fields.get("message") is not None:
            return to_text(value.fields["message"])
        return f"<{value.soli_class.name} instance>"
    return to_text(value)


@answers(nodes.Try)
def try_(node: nodes.Try, scope: Scope) -> Value:
    limit: SoliError | None = None
    try:
        return handled(node, scope)
    except UNCATCHABLE as error:
        limit = error
        raise
    finally:
        if node.final is not None and limit is None:
            scope.evaluate(node.final)
        elif node.final is not None:  # nothing takes the place of a limit
            with suppress(SoliError, Signal):
                scope.evaluate(node.final)


def handled(node: nodes.Try, scope: Scope) -> Value:
    """The body, and the first handler that takes its error."""
    try:
        return scope.evaluate(node.body)
    except UNCATCHABLE:
        raise
    except SoliError as error:
        value = caught(error, scope)
        for handler in node.handlers:
            name = handler.type_name
            if name is None or (isinstance(value, Instance) and value.soli_class.is_a(name)):
                return handle(handler, value, scope)
        raise


def caught(error: SoliError, scope: Scope) -> Value:
    """What a handler gets: the thrown value, or the object of an error of the language."""
    if isinstance(error, Thrown):
        return error.value
    if error.instance is None:
        error.instance = scope.oracle.machine.error_object(error)
    return error.instance


def handle(handler: nodes.Handler, value: Value, scope: Scope) -> Value:
    inner = scope.inner()
    if handler.variable is not None:
        inner.define(handler.variable, value)
    return inner.evaluate(handler.body)


@answers(nodes.BlockStmt)
def block(node: nodes.BlockStmt, scope: Scope) -> Value:
    return scope.evaluate(node.body)
