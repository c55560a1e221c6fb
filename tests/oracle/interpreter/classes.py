"""What is made from classes (docs/spec §8.2)."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import SoliArgumentError, SoliPlainTypeError, SoliTypeError
from soli_lang.base.source import Span
from soli_lang.tree import nodes
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import ErrorValue, Instance, SoliClass
from soli_lang.values.values import Value

from .calling import Given, given_arguments, traced
from .interpreting import answers
from .scopes import Scope


@answers(nodes.New)
def new(node: nodes.New, scope: Scope) -> Value:
    klass = scope.named(node.target)
    passed = given_arguments(node.arguments, scope)
    if not isinstance(klass, SoliClass):
        raise SoliTypeError(f"expected class name, got {type_name(klass)}")
    return make_instance(klass, passed, f"{klass.name}.new", node.span, scope)


def make_instance(
    klass: SoliClass, passed: Given, label: str | None, span: Span, scope: Scope
) -> Value:
    """`new C(…)`, `C(…)` or `C.new(…)`: fields first, then the constructor."""
    if passed.block is not None:
        raise SoliArgumentError("constructor does not support block arguments")
    if klass.is_module or klass.is_enum:
        raise SoliTypeError(f"cannot instantiate module {klass.name}")
    constructor = klass.constructor
    if constructor is None:
        return without_constructor(klass, passed, scope)
    value = ErrorValue(klass) if klass.instantiate is not None else Instance(klass)

    def run() -> Value:
        set_fields(klass, value)
        return constructor.rebind(value).call(passed.values, passed.named, None)

    traced(label, span, scope, run)
    return value


def without_constructor(klass: SoliClass, passed: Given, scope: Scope) -> Value:
    """An instance of a class without a constructor takes a hash of attributes."""
    if klass.instantiate is None:
        if is_native(klass, scope):
            raise SoliTypeError(f"cannot instantiate {klass.name}")
        value = Instance(klass)
        set_fields(klass, value)
        take_attributes(value, passed)
        return value
    value = klass.instantiate(klass, passed.values, passed.named)
    if isinstance(value, ErrorValue):
        set_fields(klass, value)
        value.fields.update(passed.named or {})
    return value


def is_native(klass: SoliClass, scope: Scope) -> bool:
    """Whether *klass* is one of the library's."""
    return scope.oracle.machine.globals.get(klass.name) is klass


def set_fields(klass: SoliClass, value: Instance) -> None:
    """The declared fields, those of the superclass first."""
    for one in reversed(klass.ancestors):
        for name, compute in one.fields:
            value.fields[name] = None if compute is None else compute(value)


def take_attributes(value: Instance, passed: Given) -> None:
    attributes: dict[Any, Value] = passed.named or {}
    if len(passed.values) == 1 and isinstance(passed.values[0], dict):
        attributes = passed.values[0]
    for name, attribute in attributes.items():
        if isinstance(name, str) and not name.startswith("_"):
            value.fields[name] = attribute


def check_attributes(klass: SoliClass, passed: Given, scope: Scope) -> None:
    """Refuse what `C.new` cannot take where there is no constructor."""
    values = passed.values
    if klass.constructor is not None or klass.instantiate is not None:
        return
    if is_native(klass, scope) or klass.is_module:
        return
    if len(values) > 1:
        raise SoliArgumentError(f"new() expects 0 or 1 arguments, got {len(values)}")
    if values and not isinstance(values[0], dict | None):
        got = type_name(values[0])
        raise SoliPlainTypeError(f"new() expects a Hash of attributes, got {got}")


@answers(nodes.SuperCall)
def super_call(node: nodes.SuperCall, scope: Scope) -> Value:
    """`super(…)`: the constructor above, on `this`; yields null."""
    home = scope.home_class()
    if home.superclass is None:
        raise SoliTypeError("class has no superclass")
    this = scope.receiver()
    passed = given_arguments(node.arguments, scope)
    constructor = home.superclass.constructor
    if constructor is not None:
        traced("new", node.span, scope, lambda: passed.call(constructor.rebind(this)))
    elif home.superclass.instantiate is not None:
        made = home.superclass.instantiate(home.superclass, passed.values, passed.named)
        this.fields.update(made.fields)
    return None
