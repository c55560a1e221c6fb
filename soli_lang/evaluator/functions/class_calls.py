"""Calls in class bodies: `before_save :check`, `index ["a", "b"]` (decision record 30)."""

from __future__ import annotations

from ...tree import nodes
from ...tree.class_macros import CLASS_FUNCTIONS, FRAMEWORK_MACROS
from ...values.values import Function, Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from .methods import Method


def install(tables: Tables) -> None:
    register(tables.expressions, nodes.MacroCall)(_class_call)


def _class_call(compiler: Compiler, node: nodes.MacroCall) -> Closure:
    """Calls the static method of the class, its ancestors or its mixins; `this` is the class."""
    name, call = node.name, node.call
    this = nodes.This(call.span)
    arguments, block = (call.arguments, call.block) if isinstance(call, nodes.Call) else ((), None)
    member = nodes.Member(call.span, this, name)
    receiver = compiler.expr(this)
    run = compiler.expr(nodes.Call(node.span, member, arguments, block))
    at = call.callee.span if isinstance(call, nodes.Call) else call.span
    block_around = compiler.block

    def class_call(frame: Frame) -> Value:
        klass = receiver(frame)
        found = klass.find_static(name)
        if found.__class__ is Method or found.__class__ is Function or name in CLASS_FUNCTIONS:
            return run(frame)
        if name in FRAMEWORK_MACROS:
            return None
        error = compiler.undefined(name, at, block_around, klass.static_names() | FRAMEWORK_MACROS)
        if error.hint is None:
            error.hint = f"{klass.name} has no static method of that name"
        raise error

    return class_call
