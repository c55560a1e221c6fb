"""Member access: what `x.name` and `x.name(...)` find, for every kind of receiver.

Order of look-up: docs/spec §4.8, §L0.5 and §L12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base.errors import (
    SoliArgumentError,
    SoliAttributeError,
    SoliError,
    SoliPlainTypeError,
    SoliTypeError,
    SoliValueError,
)
from ..machine.machine import Machine, arity_error
from ..native.native import BoundMethod, NativeFunction, NativeMethod
from ..values.display import error_text
from ..values.kinds import owner_name, type_name
from ..values.objects import EnumValue, ErrorValue, Instance, SoliClass
from ..values.values import UNSET, Function, Symbol, Value
from .method_missing import call_missing, constructor_hint, missing_function
from .methods import Method, function_as_method
from .near_members import near_member

Named = dict[str, Value] | None


def no_member(name: str, value: Value, machine: Machine | None = None) -> SoliError:
    """`Cannot access property 'name' on T`; with *machine*, methods of T may be its hint."""
    error = SoliAttributeError(f"Cannot access property '{name}' on {owner_name(value)}")
    if value is not None:
        error.suggest(lambda: near_member(name, value, machine))
    return error


def not_callable(value: Value, *, with_extras: bool) -> SoliError:
    """What calling a value that is no callable raises (docs/spec §6.3)."""
    if with_extras:
        return SoliTypeError(f"{type_name(value)} is not callable")
    return SoliPlainTypeError("Cannot call non-function value")


def call_value(function: Value, arguments: list[Value], named: Named, block: Value) -> Value:
    """Call any callable. Raises the spec's error when *function* is none."""
    if function.__class__ is Function:
        return function.call(arguments, named, block)
    call = getattr(function, "soli_call", None)
    if call is None:
        raise not_callable(function, with_extras=bool(named) or block is not None)
    return call(arguments, named, block)


# --- reading ---


def get_member(machine: Machine, value: Value, name: str) -> Value:
    """`value.name` without parentheses, auto-invoke included (docs/spec §6.6)."""
    if isinstance(value, Instance):
        return _instance_member(machine, value, name)
    if value.__class__ is SoliClass:
        return _class_member(machine, value, name)
    method = machine.find_method(value, name)
    if method is not None:
        return _run_bare(value, method)
    if value.__class__ is dict:
        return value.get(name)
    raise no_member(name, value, machine)


def _run_bare(value: Value, method: Any) -> Value:
    if method.__class__ is NativeMethod:
        return method.invoke(value) if method.bare else BoundMethod(value, method)
    return method.call(value, [], None, None) if method.auto else method.bind(value)


def _instance_member(machine: Machine, value: Instance, name: str) -> Value:
    universal = UNIVERSAL.get(name)
    if universal is not None:
        if universal.bare:
            return universal.run(machine, value, [], None)
        return _universal_function(machine, value, name, universal)
    if name in value.fields:
        return value.fields[name]
    method = value.soli_class.find_method(name)
    if method is not None:
        return method.call(value, [], None, None) if method.auto else method.bind(value)
    if isinstance(value, EnumValue) and name == "variant":
        return value.variant
    native = machine.find_method(value, name)
    if native is not None:
        return _run_bare(value, native)
    missing = value.soli_class.find_method("method_missing")
    if missing is not None:
        return missing_function(value, missing, name)
    if isinstance(value, ErrorValue):
        return (
            get_member(machine, error_text(value), name)
            if _is_text_method(machine, name)
            else _fail(machine, name, value)
        )
    return _fail(machine, name, value)


def _fail(machine: Machine, name: str, value: Value) -> Value:
    raise no_member(name, value, machine)


def _is_text_method(machine: Machine, name: str) -> bool:
    """Error objects answer String methods with their text (docs/spec §9.1)."""
    return machine.find_method("", name) is not None


def _universal_function(
    machine: Machine, value: Value, name: str, universal: Universal
) -> NativeFunction:
    return NativeFunction(
        name, 0, 10**9, lambda *arguments: universal.run(machine, value, list(arguments), None)
    )


def _class_member(machine: Machine, value: SoliClass, name: str) -> Value:
    found = value.find_static(name, UNSET)
    if found is not UNSET:
        if found.__class__ is Method:
            return found.call(value, [], None, None) if found.auto else found.bind(value)
        if found.__class__ is NativeFunction and found.auto:
            return found.invoke()
        return found
    if name == "new":
        return new_instance(value, [], None)
    universal = CLASS_UNIVERSAL.get(name)
    if universal is not None:
        if universal.bare:
            return universal.run(machine, value, [], None)
        return _universal_function(machine, value, name, universal)
    missing = value.find_static("method_missing")
    if missing is not None:
        return NativeFunction(
            name,
            0,
            10**9,
            lambda *arguments: missing.call(value, [name, list(arguments)], None, None),
        )
    if value.is_module:
        method = value.find_method(name)
        if method is not None:
            return method.call(value, [], None, None) if method.auto else method.bind(value)
    raise no_member(name, value, machine)


# --- calling ---


def call_member(
    machine: Machine, value: Value, name: str, arguments: list[Value], named: Named, block: Value
) -> Value:
    """`value.name(arguments)`."""
    if isinstance(value, Instance):
        return _call_on_instance(machine, value, name, arguments, named, block)
    if value.__class__ is SoliClass:
        return _call_on_class(machine, value, name, arguments, named, block)
    method = machine.find_method(value, name)
    if method is not None:
        return method.call(value, arguments, named, block)
    if value.__class__ is dict and name in value:
        return call_found(value[name], arguments, named, block)
    raise no_member(name, value, machine)


def call_found(found: Value, arguments: list[Value], named: Named, block: Value) -> Value:
    """Call what a field or key holds; `x.name()` on a plain value is that value (§6.6)."""
    if found.__class__ is Function or hasattr(found, "soli_call"):
        return call_value(found, arguments, named, block)
    if not arguments and not named and block is None:
        return found
    raise not_callable(found, with_extras=bool(named) or block is not None)


def _call_on_instance(
    machine: Machine, value: Instance, name: str, arguments: list[Value], named: Named, block: Value
) -> Value:
    universal = UNIVERSAL.get(name)
    if universal is not None:
        return _call_universal(machine, universal, value, arguments, named, block)
    if name in value.fields:
        return call_found(value.fields[name], arguments, named, block)
    method = value.soli_class.find_method(name)
    if method is not None:
        return method.call(value, arguments, named, block)
    if isinstance(value, EnumValue) and name == "variant":
        if arguments:
            raise arity_error(0, len(arguments))
        return value.variant
    native = machine.find_method(value, name)
    if native is not None:
        return native.call(value, arguments, named, block)
    missing = value.soli_class.find_method("method_missing")
    if missing is not None:
        return call_missing(missing, value, name, arguments, named, block)
    if isinstance(value, ErrorValue) and _is_text_method(machine, name):
        return call_member(machine, error_text(value), name, arguments, named, block)
    raise no_member(name, value, machine)


def _call_universal(
    machine: Machine,
    universal: Universal,
    value: Value,
    arguments: list[Value],
    named: Named,
    block: Value,
) -> Value:
    if named and universal.run is _send:
        return _send(machine, value, arguments, block, named)
    if universal.bare and arguments:
        raise arity_error(0, len(arguments))
    return universal.run(machine, value, arguments, block)


def _call_on_class(
    machine: Machine,
    value: SoliClass,
    name: str,
    arguments: list[Value],
    named: Named,
    block: Value,
) -> Value:
    found = value.find_static(name, UNSET)
    if found is not UNSET:
        if found.__class__ is Method:
            return found.call(value, arguments, named, block)
        return call_found(found, arguments, named, block)
    if name == "new":
        return new_instance(value, arguments, named)
    universal = CLASS_UNIVERSAL.get(name)
    if universal is not None:
        return _call_universal(machine, universal, value, arguments, named, block)
    if value.is_module:
        method = value.find_method(name)
        if method is not None:
            return method.call(value, arguments, named, block)
    missing = value.find_static("method_missing")
    if missing is not None:
        return missing.call(value, [name, arguments], named, block)
    raise no_member(name, value, machine)


def new_instance(klass: SoliClass, arguments: list[Value], named: Named) -> Value:
    """`C.new(...)` is `new C(...)`; a class without any constructor takes a Hash of attributes
    (docs/spec §8.2)."""
    if klass.is_module:
        raise SoliTypeError(f"cannot instantiate module {klass.name}")
    is_native = klass.instantiate is not None  # which takes what `new C(...)` does
    if klass.constructor is not None or klass.construct is None or is_native:
        return klass.soli_call(arguments, named, None)
    if len(arguments) > 1:
        message = f"new() expects 0 or 1 arguments, got {len(arguments)}"
        raise SoliArgumentError(message, hint=constructor_hint(klass))
    attributes = arguments[0] if arguments else named
    if attributes is not None and attributes.__class__ is not dict:
        message = f"new() expects a Hash of attributes, got {type_name(attributes)}"
        raise SoliPlainTypeError(message, hint=constructor_hint(klass))
    instance = klass.construct(klass, [], None)
    for key, item in (attributes or {}).items():
        if key.__class__ is str and not key.startswith("_"):
            instance.fields[key] = item
    return instance


# --- members that everything has ---


class Universal:
    """A member that cannot be overridden. `run(machine, receiver, arguments, block)`."""

    __slots__ = ("bare", "run")

    def __init__(
        self, run: Callable[[Machine, Any, list[Value], Value], Value], *, bare: bool = False
    ) -> None:
        self.run = run
        self.bare = bare


def _name_of(value: Value, user: str) -> str:
    if value.__class__ is str:
        return value
    if value.__class__ is Symbol:
        return value.name
    raise SoliPlainTypeError(f"{user} expects a string or symbol argument")


def _need(arguments: list[Value], count: int) -> None:
    if len(arguments) != count:
        raise arity_error(count, len(arguments))


def _is_a(machine: Machine, value: Instance, arguments: list[Value], block: Value) -> Value:
    _need(arguments, 1)
    if arguments[0].__class__ is not str:
        raise SoliTypeError("is_a? expects a string argument")
    return value.soli_class.is_a(arguments[0]) or arguments[0] == "object"


def _respond_to(machine: Machine, value: Instance, arguments: list[Value], block: Value) -> Value:
    _need(arguments, 1)
    name = _name_of(arguments[0], "respond_to?")
    return name in UNIVERSAL or value.soli_class.find_method(name) is not None


def _send(
    machine: Machine,
    value: Instance,
    arguments: list[Value],
    block: Value,
    named: Named = None,
) -> Value:
    if not arguments:
        raise arity_error(1, 0)
    name = _name_of(arguments[0], "send")
    if name in UNIVERSAL:
        return UNIVERSAL[name].run(machine, value, arguments[1:], block)
    method = value.soli_class.find_method(name)
    if method is not None:
        return method.call(value, arguments[1:], named, block)
    missing = value.soli_class.find_method("method_missing")
    if missing is not None:
        return call_missing(missing, value, name, arguments[1:], named, block)
    raise SoliAttributeError(f"undefined method `{name}`")


def _variables(machine: Machine, value: Instance, arguments: list[Value], block: Value) -> Value:
    return [f"@{name}" for name in value.fields]


def _get_variable(machine: Machine, value: Instance, arguments: list[Value], block: Value) -> Value:
    _need(arguments, 1)
    return value.fields.get(_name_of(arguments[0], "instance_variable_get").removeprefix("@"))


def _set_variable(machine: Machine, value: Instance, arguments: list[Value], block: Value) -> Value:
    _need(arguments, 2)
    name = _name_of(arguments[0], "instance_variable_set").removeprefix("@")
    value.fields[name] = arguments[1]
    return arguments[1]


def _define_on_instance(
    machine: Machine, value: Instance, arguments: list[Value], block: Value
) -> Value:
    return define_method(machine, value.soli_class, arguments, block)


def _alias_on_instance(
    machine: Machine, value: Instance, arguments: list[Value], block: Value
) -> Value:
    return alias_method(machine, value.soli_class, arguments, block)


def define_method(
    machine: Machine, klass: SoliClass, arguments: list[Value], block: Value
) -> Value:
    """`C.define_method(name, fn)`: an instance method whose `this` is the receiver."""
    if block is not None:
        arguments = [*arguments, block]
    _need(arguments, 2)
    name = _name_of(arguments[0], "define_method")
    function = arguments[1]
    if function.__class__ is not Function:
        raise SoliTypeError("define_method expects a function argument")
    method = function_as_method(function, klass)
    builtin = machine.type_classes.get(klass.name) if klass.construct is None else None
    if builtin:
        for kind in builtin:
            machine.methods_named(name)[kind] = method
    else:
        klass.add_method(name, method)
    return None


def alias_method(machine: Machine, klass: SoliClass, arguments: list[Value], block: Value) -> Value:
    """`C.alias_method(new, old)`"""
    _need(arguments, 2)
    new, old = (_name_of(argument, "alias_method") for argument in arguments)
    builtin = machine.type_classes.get(klass.name) if klass.construct is None else None
    if builtin:
        method = machine.methods_named(old).get(builtin[0])
        if method.__class__ is not Method:
            raise SoliValueError(f"alias_method: method '{old}' not found")
        for kind in builtin:
            machine.methods_named(new)[kind] = method
        return None
    method = klass.find_method(old)
    if method is None:
        return f"alias_method: method '{old}' not found"
    klass.add_method(new, method)
    return None


def _evaluate(machine: Machine, value: Value, arguments: list[Value], block: Value) -> Value:
    """`o.instance_eval { ... }`, `C.class_eval { ... }`: a block with `this` bound."""
    function = block if block is not None else (arguments[0] if arguments else None)
    if function.__class__ is not Function:
        raise SoliTypeError("instance_eval expects a function argument")
    function = function.rebind(value)
    return function.call([value] if function.code.required else [], None, None)


def _methods(machine: Machine, value: Instance, arguments: list[Value], block: Value) -> Value:
    names: dict[str, None] = {}
    for klass in value.soli_class.ancestors:
        names.update(dict.fromkeys(klass.methods))
    return [*names, *(name for name in UNIVERSAL if name not in names)]


def _text(machine: Machine, value: Value, arguments: list[Value], block: Value) -> Value:
    return machine.text(value)


UNIVERSAL: dict[str, Universal] = {
    "inspect": Universal(lambda m, value, arguments, block: m.inspect(value), bare=True),
    "class": Universal(lambda m, value, arguments, block: value.soli_class.name, bare=True),
    "nil?": Universal(lambda m, value, arguments, block: False, bare=True),
    "blank?": Universal(lambda m, value, arguments, block: False, bare=True),
    "present?": Universal(lambda m, value, arguments, block: True, bare=True),
    "is_a?": Universal(_is_a),
    "respond_to?": Universal(_respond_to),
    "send": Universal(_send),
    "instance_variables": Universal(_variables, bare=True),
    "instance_variable_get": Universal(_get_variable),
    "instance_variable_set": Universal(_set_variable),
    "define_method": Universal(_define_on_instance),
    "alias_method": Universal(_alias_on_instance),
    "instance_eval": Universal(_evaluate),
    "methods": Universal(_methods, bare=True),
}


def _class_respond_to(
    machine: Machine, value: SoliClass, arguments: list[Value], block: Value
) -> Value:
    _need(arguments, 1)
    name = _name_of(arguments[0], "respond_to?")
    return name in CLASS_UNIVERSAL or value.find_static(name, UNSET).__class__ in (
        Method,
        NativeFunction,
    )


def _class_send(machine: Machine, value: SoliClass, arguments: list[Value], block: Value) -> Value:
    if not arguments:
        raise arity_error(1, 0)
    name = _name_of(arguments[0], "send")
    try:
        return _call_on_class(machine, value, name, arguments[1:], None, block)
    except SoliAttributeError as error:
        if error.span is None:
            raise SoliAttributeError(f"undefined method `{name}`") from None
        raise


def _class_methods(
    machine: Machine, value: SoliClass, arguments: list[Value], block: Value
) -> Value:
    names: dict[str, None] = {}
    for klass in value.ancestors:
        for name, member in klass.statics.items():
            if member.__class__ in (Method, NativeFunction):
                names[name] = None
    return [*names, *(name for name in CLASS_UNIVERSAL if name not in names)]


CLASS_UNIVERSAL: dict[str, Universal] = {
    "inspect": Universal(_text, bare=True),
    "to_s": Universal(_text, bare=True),
    "name": Universal(lambda m, value, arguments, block: value.name, bare=True),
    "class": Universal(lambda m, value, arguments, block: "class", bare=True),
    "nil?": Universal(lambda m, value, arguments, block: False, bare=True),
    "blank?": Universal(lambda m, value, arguments, block: False, bare=True),
    "present?": Universal(lambda m, value, arguments, block: True, bare=True),
    "respond_to?": Universal(_class_respond_to),
    "send": Universal(_class_send),
    "define_method": Universal(define_method),
    "alias_method": Universal(alias_method),
    "class_eval": Universal(_evaluate),
    "methods": Universal(_class_methods, bare=True),
}
