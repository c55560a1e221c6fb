"""What written functions call to make classes, and to call above them."""

from __future__ import annotations

from typing import Any

from ...base.errors import SoliTypeError
from ...machine.machine import Machine
from ...meaning.classes import (
    EnumParser,
    VariantMaker,
    construct,
    extend,
    include,
)
from ...meaning.declared import check_field, inherited_construct
from ...meaning.members import call_found, call_member, call_value, no_member
from ...meaning.methods import Method
from ...tree.class_macros import FRAMEWORK_MACROS
from ...values.kinds import type_name
from ...values.objects import EnumValue, Instance, SoliClass
from ...values.values import UNSET, Function, Value


def superclass(value: Value, name: str) -> Value:
    if value.__class__ is not SoliClass:
        raise SoliTypeError(f"Cannot instantiate '{name}'")
    return value


def new_class(name: str, above: SoliClass | None, is_module: bool) -> SoliClass:
    klass = SoliClass(name, above, is_module=is_module)
    klass.construct = inherited_construct(above, construct)
    return klass


def new_enum(name: str, variants: dict[str, tuple[str, ...]]) -> SoliClass:
    enum = new_class(name, None, False)
    enum.is_enum = True
    for variant, names in variants.items():
        enum.variants[variant] = names
        enum.statics[variant] = (
            VariantMaker(enum, variant, names) if names else EnumValue(enum, variant, {})
        )
    enum.statics["parse"] = EnumParser(enum)
    return enum


def announce(klass: SoliClass) -> None:
    """Tell the class above of *klass*, if it wants to know."""
    if klass.superclass is not None:
        inherited = klass.superclass.find_static("inherited")
        if inherited.__class__ is Method:
            inherited.call(klass.superclass, [klass], None, None)


def add_method(klass: SoliClass, code: Any, captured: Any, name: str | None, static: bool) -> None:
    method = Method(code, captured, klass)
    if name is None:
        klass.constructor = method
    elif static:
        klass.statics[name] = method
    else:
        klass.add_method(name, method)


def add_hook(klass: SoliClass, kind: str, code: Any, captured: Any) -> None:
    method = Method(code, captured, klass)
    if kind == "class_method":
        klass.statics[method.name] = method
    klass.class_hooks.append((kind, method))


def add_field(
    klass: SoliClass, name: str, code: Any, captured: Any, static: bool, const: bool
) -> None:
    initial = None if code is None else Method(code, captured, klass)
    if const:
        klass.constants.add("." + name if static else name)
        klass.has_constants = True
    if static:
        klass.statics[name] = None if initial is None else initial.call(klass, [], None, None)
    else:
        klass.fields.append((name, initial))  # type: ignore[arg-type]


def add_static(klass: SoliClass, name: str, value: Value) -> None:
    klass.statics[name] = value


def mix_in(klass: SoliClass, module: Value, name: str, kind: str) -> None:
    if module.__class__ is not SoliClass or not module.is_module:
        what = f"class {name}" if module.__class__ is SoliClass else type_name(module)
        raise SoliTypeError(f"can only {kind} a module (got {what})")
    (include if kind == "include" else extend)(klass, module)


def run_in(klass: SoliClass, code: Any, captured: Any) -> None:
    """Run a static block or a call of a class body, with `this` = the class."""
    Method(code, captured, klass).call(klass, [], None, None)


def has_macro(klass: SoliClass, missing: Any, known: tuple[bool, bool]) -> bool:
    """Whether a call of a class body is to be made; raises where nobody knows its name."""
    found = klass.find_static(missing.name)
    if found.__class__ is Method or found.__class__ is Function or known[0]:
        return True
    if known[1]:
        return False
    error = missing.error(klass.static_names() | FRAMEWORK_MACROS)
    if error.hint is None:
        error.hint = f"{klass.name} has no static method of that name"
    raise error


# --- above ---


def _superclass(owner: SoliClass) -> SoliClass:
    if owner.superclass is None:
        raise SoliTypeError("class has no superclass")
    return owner.superclass


def _above(owner: SoliClass, receiver: Value, name: str) -> Value:
    above = _superclass(owner)
    if receiver.__class__ is SoliClass:
        return above.find_static(name, UNSET)
    method = above.find_method(name)
    return UNSET if method is None else method


def constructor_above(owner: SoliClass) -> Value:
    """The constructor of the class above; that class where it has none."""
    above = _superclass(owner)
    return above.constructor or above


def construct_above(found: Value, receiver: Value, arguments: list[Value], named: Any) -> None:
    if found.__class__ is not SoliClass:
        found.call(receiver, arguments, named, None)
    elif found.instantiate is not None:  # a native class: take over its fields
        receiver.fields.update(found.instantiate(found, arguments, named).fields)


def method_above(owner: SoliClass, receiver: Value, name: str) -> Value:
    """What `super.name` is: a method, or what a field holds."""
    found = _above(owner, receiver, name)
    if found is not UNSET:
        return found
    if isinstance(receiver, Instance) and name in receiver.fields:
        return receiver.fields[name]
    raise no_member(name, receiver)


def call_above(
    receiver: Value, arguments: list[Value], named: Any, block: Value, found: Value
) -> Value:
    if found.__class__ is Method:
        return found.call(receiver, arguments, named, block)
    return call_found(found, arguments, named, block)


def member_above(found: Value, receiver: Value) -> Value:
    if found.__class__ is not Method:
        return found
    return found.call(receiver, [], None, None) if found.auto else found.bind(receiver)


# --- pipelines ---


def pipe(first: Value, function: Value, rest: list[Value] | None) -> Value:
    """`first |> function`, and with *rest* `first |> function(rest)`."""
    is_callable = function.__class__ is Function or hasattr(function, "soli_call")
    if rest is None and not is_callable:
        raise SoliTypeError("right side of pipeline must be a function call or a function value")
    return call_value(function, [first, *(rest or ())], None, None)


def helpers(machine: Machine) -> dict[str, Any]:
    """The helpers of this module, by name."""

    def array_stage(first: Value, name: str, rest: list[Value]) -> Value:
        if first.__class__ is not list:
            raise SoliTypeError(f"{name}() expects array, got {type_name(first)}")
        return call_member(machine, first, name, rest, None, None)

    def on_class(klass: SoliClass) -> None:
        machine.on_class(klass)

    plain = (
        superclass, new_class, new_enum, announce, add_method, add_hook, add_field, add_static,
        mix_in, run_in, has_macro, constructor_above, construct_above, method_above, call_above,
        member_above, pipe, array_stage, on_class, check_field,
    )  # fmt: skip
    return {one.__name__: one for one in plain}
