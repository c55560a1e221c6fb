"""Calls (docs/spec §6.3-6.6)."""

from __future__ import annotations

from collections.abc import Callable

from soli_lang.base.errors import SoliError, SoliPlainTypeError, SoliTypeError
from soli_lang.base.source import Span
from soli_lang.native.native import NativeFunction
from soli_lang.tree import nodes
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Function, Value

from .functions import Code, wrong_number
from .interpreting import answers
from .scopes import Scope


class Given:
    """The arguments of one call, as evaluated."""

    def __init__(
        self, values: list[Value], named: dict[str, Value] | None = None, block: Value = None
    ) -> None:
        self.values = values
        self.named = named or None
        self.block = block

    def call(self, function: Function) -> Value:
        return function.call(self.values, self.named, self.block)

    @property
    def is_plain(self) -> bool:
        return self.named is None and self.block is None


def given(node: nodes.Call, scope: Scope) -> Given:
    """Evaluate the arguments of *node* in their order, then its block."""
    found = given_arguments(node.arguments, scope)
    if node.block is not None:
        found.block = scope.named(node.block)
    return found


def given_arguments(arguments: tuple[nodes.Argument, ...], scope: Scope) -> Given:
    values: list[Value] = []
    named: dict[str, Value] = {}
    twice: list[nodes.Argument] = []
    for argument in arguments:
        value = scope.evaluate(argument.value)
        if argument.label is None:
            values.append(value)
        else:
            twice += [argument] if argument.label in named else []
            named[argument.label] = value
    for argument in twice:
        message = f"duplicate named argument '{argument.label}'"
        raise SoliTypeError(message, argument.span, scope.source)
    return Given(values, named)


def traced(label: str | None, span: Span, scope: Scope, run: Callable[[], Value]) -> Value:
    """A call of a function of the program: counted, and with a *label* a line of the backtrace."""
    scope.oracle.enter(label or "<lambda>", scope.source, span)
    try:
        return run()
    except SoliError as error:
        error.locate(span, scope.source)
        if label is not None:
            error.leave(label, scope.source, span)
        raise
    finally:
        scope.oracle.calls -= 1


def call_function(function: Function, passed: Given, span: Span, scope: Scope) -> Value:
    code = function.code
    assert isinstance(code, Code)
    return traced(code.label, span, scope, lambda: passed.call(function))


def call_value(callee: Value, passed: Given, span: Span, scope: Scope) -> Value:
    """`callee(…)`"""
    from .classes import make_instance

    if isinstance(callee, Function):
        return call_function(callee, passed, span, scope)
    if isinstance(callee, SoliClass):
        return traced(
            callee.name, span, scope, lambda: make_instance(callee, passed, None, span, scope)
        )
    call = getattr(callee, "soli_call", None)
    if call is not None:
        return call(passed.values, passed.named, passed.block)
    if passed.is_plain:
        raise SoliPlainTypeError("Cannot call non-function value")
    raise SoliTypeError(f"{type_name(callee)} is not callable")


def bare(value: Value, node: nodes.Expr, scope: Scope) -> Value:
    """What a name alone means that has *value*: a function without need of arguments is called."""
    if isinstance(value, Function) and value.auto:
        return call_function(value, Given([]), node.span, scope)
    if isinstance(value, NativeFunction) and value.auto:
        return value.soli_call([], None, None)
    return value


@answers(nodes.Call)
def call(node: nodes.Call, scope: Scope) -> Value:
    from .members import Site, call_super_member, member

    callee = node.callee
    if isinstance(callee, nodes.Member):
        receiver = scope.evaluate(callee.object)
        if receiver is None and callee.is_safe:
            return None
        passed = given(node, scope)
        return member(Site(node.span, scope), receiver, callee.name, passed)
    if isinstance(callee, nodes.SuperMember):
        return call_super_member(callee, node, scope)
    outside = scope
    if isinstance(callee, nodes.Name):
        outside = scope.outside_of_it(callee.name)
        if outside.find(callee.name, callee.span.start) is None:
            return call_unknown(callee, node, scope)
    function = outside.named(callee)
    passed = given(node, scope)
    return call_value(function, passed, node.span, scope)


def call_unknown(callee: nodes.Name, node: nodes.Call, scope: Scope) -> Value:
    """`name(…)` where nothing has that name: what looks at variables, and what a class that is
    `this` (in `class_eval`) does to itself."""
    from .members import Site, member

    if callee.name in ("defined", "const_get"):
        return look_up(callee, given(node, scope), scope)
    this = scope.receiver(None)
    if callee.name in ("define_method", "alias_method") and this is not None:
        return member(Site(node.span, scope), this, callee.name, given(node, scope))
    return scope.outside_of_it(callee.name).evaluate(callee)


def look_up(callee: nodes.Name, passed: Given, scope: Scope) -> Value:
    """`defined("name")` and `const_get("name")` see the variables around the call."""
    if len(passed.values) != 1 or not passed.is_plain:
        raise wrong_number(1, len(passed.values))
    (name,) = passed.values
    if type(name) is not str:
        raise SoliPlainTypeError(f"{callee.name}() expects a string, got {type_name(name)}")
    holder = scope.find(name, callee.span.start)
    if callee.name == "defined":
        return holder is not None
    return None if holder is None else holder.names[name]
