"""`super` and pipelines: calls whose receiver or first argument is not written in place."""

from __future__ import annotations

from typing import Any

from ...base.errors import SoliError, SoliTypeError
from ...native.native import NativeFunction
from ...tree import nodes
from ...values.kinds import type_name
from ...values.objects import Instance, SoliClass
from ...values.values import Function, Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from ..expressions.members import call_member, call_value, no_member
from ..expressions.names import raw_name, read_variable
from ..scopes import CLASS, HIDDEN, THIS
from .calls import Arguments
from .sites import MethodSite, Site


def install(tables: Tables) -> None:
    register(tables.expressions, nodes.Pipeline)(_pipeline)
    register(tables.expressions, nodes.SuperCall)(_super_call)
    register(tables.expressions, nodes.SuperMember)(_super_member)
    tables.super_method_call = super_method_call


_ARRAY_STAGES = frozenset({"map", "filter", "each"})


def _pipeline(compiler: Compiler, node: nodes.Pipeline) -> Closure:
    """`x |> f(a)` is `f(x, a)` (spec/language.md §4.11)."""
    value, stage = compiler.expr(node.value), node.stage
    machine, site = compiler.machine, Site(compiler, node)
    extra: tuple[Closure, ...] = ()
    callee_node: Any = stage
    if isinstance(stage, nodes.Call):
        callee_node = stage.callee
        arguments = Arguments(compiler, stage.arguments, stage.block)
        _check_stage(compiler, node, arguments)
        extra = arguments.positional
    array_method = _array_stage(compiler, callee_node)
    callee = (lambda frame: None) if array_method else _callee(compiler, callee_node)

    def pipe(frame: Frame) -> Value:
        first = value(frame)
        function = callee(frame)
        rest = [argument(frame) for argument in extra]
        try:
            if array_method:
                if first.__class__ is not list:
                    raise SoliTypeError(f"{array_method}() expects array, got {type_name(first)}")
                return call_member(machine, first, array_method, rest, None, None)
            if function.__class__ is not Function and not hasattr(function, "soli_call"):
                raise SoliTypeError(
                    "right side of pipeline must be a function call or a function value"
                )
            return call_value(function, [first, *rest], None, None)
        except SoliError as error:
            site.passed(error, function)
            raise

    return pipe


def _check_stage(compiler: Compiler, node: nodes.Pipeline, arguments: Arguments) -> None:
    kind = "named" if arguments.named else "block" if arguments.block is not None else ""
    if kind:
        raise SoliTypeError(
            f"pipeline method does not support {kind} arguments", node.span, compiler.source
        )


def _array_stage(compiler: Compiler, callee: Any) -> str:
    if not isinstance(callee, nodes.Name) or callee.name not in _ARRAY_STAGES:
        return ""
    return "" if compiler.block.find(callee.name) is not None else callee.name


def _callee(compiler: Compiler, node: Any) -> Closure:
    """A callee read without being called."""
    if isinstance(node, nodes.Name):
        return raw_name(compiler, node)
    if isinstance(node, nodes.Member):
        target, name, machine = compiler.expr(node.object), node.name, compiler.machine

        def bound(frame: Frame) -> Value:
            value = target(frame)
            return NativeFunction(
                name,
                0,
                10**9,
                lambda *given: call_member(machine, value, name, list(given), None, None),
            )

        return bound
    return compiler.expr(node)


def _super_parts(compiler: Compiler, node: nodes.Node) -> tuple[Closure, Closure]:
    """Closures for `this` and for the class in which the method was written."""
    owner_variable = compiler.block.find(CLASS)
    hidden = compiler.block.find(HIDDEN)
    span, source = node.span, compiler.source
    if owner_variable is None or (hidden is None and compiler.block.find(THIS) is None):

        def outside(frame: Frame) -> Value:
            raise SoliTypeError("'super' outside of class", span, source)

        return outside, outside

    if hidden is not None:
        this = read_variable(compiler, hidden)
    else:
        this = compiler.expr(nodes.This(node.span))
    return this, read_variable(compiler, owner_variable)


def _superclass(owner: SoliClass) -> SoliClass:
    if owner.superclass is None:
        raise SoliTypeError("class has no superclass")
    return owner.superclass


def _super_call(compiler: Compiler, node: nodes.SuperCall) -> Closure:
    """`super(args)`: the superclass's own constructor on `this`; yields null."""
    this, owner = _super_parts(compiler, node)
    arguments, site = Arguments(compiler, node.arguments, None), Site(compiler, node)

    def call(frame: Frame) -> Value:
        klass, receiver = owner(frame), this(frame)
        positional, named, _ = arguments.evaluate(frame)
        try:
            above = _superclass(klass)
            constructor = above.constructor
            if constructor is not None:
                constructor.call(receiver, positional, named, None)
            elif above.instantiate is not None:  # a native class: take over its fields
                receiver.fields.update(above.instantiate(above, positional, named).fields)
        except SoliError as error:
            site.passed(error, constructor if "constructor" in locals() else None)
            raise
        return None

    return call


def super_method_call(compiler: Compiler, node: nodes.Call, callee: nodes.SuperMember) -> Closure:
    this, owner = _super_parts(compiler, callee)
    arguments, name = Arguments(compiler, node.arguments, node.block), callee.name
    site = MethodSite(compiler, node, name)

    def call(frame: Frame) -> Value:
        klass, receiver = owner(frame), this(frame)
        positional, named, block = arguments.evaluate(frame)
        try:
            method = _above(klass, receiver, name)
            if method is None:
                raise no_member(name, receiver)
            return method.call(receiver, positional, named, block)
        except SoliError as error:
            site.passed(error, receiver)
            raise

    return call


def _above(klass: SoliClass, receiver: Value, name: str) -> Any:
    above = _superclass(klass)
    return above.find_static(name) if receiver.__class__ is SoliClass else above.find_method(name)


def _super_member(compiler: Compiler, node: nodes.SuperMember) -> Closure:
    """`super.f`: a method above without parentheses, else a field of `this`."""
    this, owner = _super_parts(compiler, node)
    name, site = node.name, Site(compiler, node)

    def read(frame: Frame) -> Value:
        klass, receiver = owner(frame), this(frame)
        try:
            method = _above(klass, receiver, name)
            if method is not None:
                if method.auto:
                    return method.call(receiver, [], None, None)
                return method.bind(receiver)
            if isinstance(receiver, Instance) and name in receiver.fields:
                return receiver.fields[name]
            raise no_member(name, receiver)
        except SoliError as error:
            error.locate(site.span, site.source)
            raise

    return read
