"""`value |> stage` (docs/spec §4.11)."""

from __future__ import annotations

from soli_lang.base.errors import SoliTypeError
from soli_lang.tree import nodes
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import is_callable
from soli_lang.values.values import Value

from .calling import Given, as_function, call_value, given
from .environments import Environment
from .interpreting import Oracle, answers
from .members import Site as MemberSite
from .members import call_builtin_member, call_member

ON_ARRAYS = ("map", "filter", "each")


@answers(nodes.Pipeline)
def pipeline(oracle: Oracle, node: nodes.Pipeline, environment: Environment) -> Value:
    value = oracle.evaluate(node.value, environment)
    stage = node.stage
    if not isinstance(stage, nodes.Call):
        function = as_function(oracle, stage, environment)
        if not is_callable(function):
            raise SoliTypeError(
                "right side of pipeline must be a function call or a function value"
            )
        return call_value(oracle, function, Given([value]), node.span, environment)
    callee = stage.callee
    if isinstance(callee, nodes.Name) and callee.name in ON_ARRAYS:
        return on_array(oracle, callee.name, value, stage, environment)
    return call_stage(oracle, value, node, stage, environment)


def on_array(
    oracle: Oracle, name: str, value: Value, stage: nodes.Call, environment: Environment
) -> Value:
    """`[1] |> map(f)` is the method of arrays."""
    if type(value) is not list:
        raise SoliTypeError(f"{name}() expects array, got {type_name(value)}")
    passed = plain(given(oracle, stage, environment))
    site = MemberSite(oracle, stage.span, environment)
    return call_builtin_member(site, value, name, passed)


def plain(passed: Given) -> Given:
    if passed.named:
        raise SoliTypeError("pipeline method does not support named arguments")
    if passed.block is not None:
        raise SoliTypeError("pipeline method does not support block arguments")
    return passed


def call_stage(
    oracle: Oracle,
    value: Value,
    node: nodes.Pipeline,
    stage: nodes.Call,
    environment: Environment,
) -> Value:
    callee = stage.callee
    if isinstance(callee, nodes.Member):
        receiver = oracle.evaluate(callee.object, environment)
        passed = plain(given(oracle, stage, environment))
        passed.values.insert(0, value)
        return call_member(oracle, receiver, callee.name, passed, node.span, environment)
    function = as_function(oracle, callee, environment)
    passed = plain(given(oracle, stage, environment))
    passed.values.insert(0, value)
    return call_value(oracle, function, passed, node.span, environment)
