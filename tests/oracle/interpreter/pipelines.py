"""`value |> stage` (docs/spec §4.11)."""

from __future__ import annotations

from soli_lang.base.errors import SoliTypeError
from soli_lang.tree import nodes
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import is_callable
from soli_lang.values.values import Value

from .calling import Given, call_value, given
from .interpreting import answers
from .members import Site, builtin_member, member
from .scopes import Scope

ON_ARRAYS = ("map", "filter", "each")


@answers(nodes.Pipeline)
def pipeline(node: nodes.Pipeline, scope: Scope) -> Value:
    value = scope.evaluate(node.value)
    stage = node.stage
    if not isinstance(stage, nodes.Call):
        function = scope.named(stage)
        if not is_callable(function):
            message = "right side of pipeline must be a function call or a function value"
            raise SoliTypeError(message)
        return call_value(function, Given([value]), node.span, scope)
    refuse(stage)
    callee = stage.callee
    if isinstance(callee, nodes.Name) and callee.name in ON_ARRAYS:
        return on_array(callee.name, value, stage, scope)
    return call_stage(value, node, stage, scope)


def on_array(name: str, value: Value, stage: nodes.Call, scope: Scope) -> Value:
    """`[1] |> map(f)` is the method of arrays."""
    if type(value) is not list:
        raise SoliTypeError(f"{name}() expects array, got {type_name(value)}")
    return builtin_member(Site(stage.span, scope), value, name, given(stage, scope))


def refuse(stage: nodes.Call) -> None:
    kind = "named" if any(one.label for one in stage.arguments) else "block"
    if kind == "named" or stage.block is not None:
        raise SoliTypeError(f"pipeline method does not support {kind} arguments")


def call_stage(value: Value, node: nodes.Pipeline, stage: nodes.Call, scope: Scope) -> Value:
    callee = stage.callee
    if isinstance(callee, nodes.Member):
        receiver = scope.evaluate(callee.object)
        passed = [value, *given(stage, scope).values]
        return member(Site(node.span, scope), receiver, callee.name, Given(passed))
    function = scope.named(callee)
    passed = [value, *given(stage, scope).values]
    return call_value(function, Given(passed), node.span, scope)
