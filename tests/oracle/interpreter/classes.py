"""Classes, modules, enums (docs/spec §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import (
    SoliArgumentError,
    SoliAttributeError,
    SoliPlainTypeError,
    SoliTypeError,
)
from soli_lang.base.source import Span
from soli_lang.native.native import UNLIMITED, NativeFunction
from soli_lang.tree import nodes
from soli_lang.values.kinds import owner_name, type_name
from soli_lang.values.objects import EnumValue, ErrorValue, Instance, SoliClass
from soli_lang.values.values import UNSET, Function, Value

from .calling import Given, given_arguments, traced
from .functions import Code
from .interpreting import answers
from .reflection import BARE_ON_CLASSES, CLASS_MEMBERS
from .scopes import Scope

if TYPE_CHECKING:
    from .members import Site


# --- making instances ---


@answers(nodes.New)
def new(node: nodes.New, scope: Scope) -> Value:
    target = node.target
    if isinstance(target, nodes.Name):
        klass = named_class(target, scope)
    else:
        klass = scope.evaluate(target)
    if not isinstance(klass, SoliClass):
        raise SoliTypeError(f"expected class name, got {type_name(klass)}")
    passed = given_arguments(node.arguments, scope)
    return make_instance(klass, passed, f"{klass.name}.new", node.span, scope)


def named_class(node: nodes.Name, scope: Scope) -> Value:
    """What a name means where a class is expected; nothing is called."""
    holder = scope.find(node.name)
    if holder is None:
        error = SoliAttributeError(f"Undefined variable '{node.name}'")
        error.locate(node.span, scope.source)
        raise error
    return holder.names[node.name]


def make_instance(
    klass: SoliClass, passed: Given, label: str | None, span: Span, scope: Scope
) -> Value:
    """`new C(…)`, `C(…)` or `C.new(…)`: fields first, then the constructor (docs/spec §8.2)."""
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
    """An instance of a class without a constructor takes a hash of attributes (docs/spec §8.2)."""
    if klass.instantiate is None:
        if scope.oracle.machine.globals.get(klass.name) is klass:
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


def set_fields(klass: SoliClass, value: Instance) -> None:
    """The declared fields, those of the superclass first."""
    for one in reversed(klass.ancestors):
        for name, compute in one.fields:
            value.fields[name] = None if compute is None else compute(value)


def take_attributes(value: Instance, passed: Given) -> None:
    attributes: dict[Any, Value] = {}
    if passed.named:
        attributes = passed.named
    if len(passed.values) == 1 and isinstance(passed.values[0], dict):
        attributes = passed.values[0]
    for name, attribute in attributes.items():
        if isinstance(name, str) and not name.startswith("_"):
            value.fields[name] = attribute


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
        run = constructor.rebind(this).call
        traced("new", node.span, scope, lambda: run(passed.values, passed.named, passed.block))
    elif home.superclass.instantiate is not None:
        made = home.superclass.instantiate(home.superclass, passed.values, passed.named)
        this.fields.update(made.fields)
    return None


# --- members of classes ---


def class_missing(klass: SoliClass) -> Function | None:
    """The static `method_missing`."""
    found = klass.find_static("method_missing")
    return found if isinstance(found, Function) else None


def module_method(klass: SoliClass, name: str) -> Function | None:
    """A module's instance methods can be called on it directly."""
    method = klass.methods.get(name) if klass.is_module and not klass.is_enum else None
    return method if isinstance(method, Function) else None


def static_member(klass: SoliClass, name: str) -> Value:
    """The static member *name*; what came from a module has `this`, the class."""
    held = klass.find_static(name, UNSET)
    if isinstance(held, Function) and isinstance(held.code, Code) and held.code.takes_class:
        return held.rebind(klass)
    return held


def read_class_member(site: Site, klass: SoliClass, name: str) -> Value:
    """`C.name` without parentheses."""
    if name == "new" and makes(klass):
        return make_new(site, klass, Given([]))
    label = f"{klass.name}.{name}"
    held = static_member(klass, name)
    is_function = isinstance(held, Function) and held.code.static  # type: ignore[attr-defined]
    if held is not UNSET and not is_function and not isinstance(held, NativeFunction):
        return held
    return site.traced(label, lambda: read_class_function(site, klass, name, held))


def read_class_function(site: Site, klass: SoliClass, name: str, held: Value) -> Value:
    if isinstance(held, Function):
        return held.call([], None, None) if held.auto else held
    if isinstance(held, NativeFunction):
        return held.soli_call([], None, None) if held.auto else held
    if name == "new":
        return make_new(site, klass, Given([]))
    method = module_method(klass, name)
    if method is not None:
        method = method.rebind(klass)
        return method.call([], None, None) if method.auto else method
    if name in BARE_ON_CLASSES:
        return CLASS_MEMBERS[name](site, klass, Given([]))
    if name in CLASS_MEMBERS or class_missing(klass) is not None:

        def run(*arguments: Value) -> Value:
            return call_class_member(site, klass, name, Given(list(arguments)))

        return NativeFunction(name, 0, UNLIMITED, run)
    raise SoliAttributeError(f"Cannot access property '{name}' on {klass.name}")


def makes(klass: SoliClass) -> bool:
    """Whether `C.new` runs a constructor."""
    return klass.constructor is not None and klass.find_static("new", UNSET) is UNSET


def make_new(site: Site, klass: SoliClass, passed: Given) -> Value:
    label = f"{klass.name}.new"
    values = passed.values
    is_native = site.scope.oracle.machine.globals.get(klass.name) is klass
    plain = klass.constructor is None and klass.instantiate is None and not is_native
    if plain and not klass.is_module:
        if len(values) > 1:
            raise SoliArgumentError(f"new() expects 0 or 1 arguments, got {len(values)}")
        if values and not isinstance(values[0], dict | None):
            got = type_name(values[0])
            raise SoliPlainTypeError(f"new() expects a Hash of attributes, got {got}")
    return make_instance(klass, passed, label, site.span, site.scope)


def call_class_member(site: Site, klass: SoliClass, name: str, passed: Given) -> Value:
    """`C.name(…)`"""
    held = static_member(klass, name)
    if name == "new" and makes(klass):
        return make_new(site, klass, passed)
    label = f"{klass.name}.{name}"
    return site.traced(label, lambda: run_class_member(site, klass, name, held, passed))


def run_class_member(site: Site, klass: SoliClass, name: str, held: Value, passed: Given) -> Value:
    from .members import call_held

    if isinstance(held, Function):
        return held.call(passed.values, passed.named, passed.block)
    if held is not UNSET:
        return call_held(site, held, passed)
    if name == "new":
        return make_new(site, klass, passed)
    method = module_method(klass, name)
    if method is not None:
        return method.rebind(klass).call(passed.values, passed.named, passed.block)
    if name in CLASS_MEMBERS:
        return CLASS_MEMBERS[name](site, klass, passed)
    missing = class_missing(klass)
    if missing is None:
        raise SoliAttributeError(f"Cannot access property '{name}' on {klass.name}")
    arguments = passed.values + ([dict(passed.named)] if passed.named else [])
    return missing.call([name, arguments], None, passed.block)


@answers(nodes.ScopedName)
def scoped(node: nodes.ScopedName, scope: Scope) -> Value:
    if isinstance(node.object, nodes.Name):
        value = named_class(node.object, scope)
    else:
        value = scope.evaluate(node.object)
    held = value.find_static(node.name, UNSET) if isinstance(value, SoliClass) else UNSET
    if held is UNSET:
        raise SoliAttributeError(f"Cannot access property '{node.name}' on {owner_name(value)}")
    return held


# --- helpers for declarations ---


def new_method(node: nodes.MethodDecl, klass: SoliClass, scope: Scope) -> Function:
    code = Code(node.function, klass)
    code.static = node.is_static
    return code.bind(scope, UNSET)


def enum_value(klass: SoliClass, variant: str, values: list[Value]) -> EnumValue:
    return EnumValue(klass, variant, dict(zip(klass.variants[variant], values, strict=True)))
