"""What every instance and every class answers to (docs/spec §8.11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import SoliNameError, SoliPlainTypeError, SoliTypeError, SoliValueError
from soli_lang.values.display import inspect, to_text
from soli_lang.values.objects import Instance, SoliClass, is_callable
from soli_lang.values.values import Function, Symbol, Value

from .calling import Given
from .functions import Code, wrong_number
from .scopes import Scope

if TYPE_CHECKING:
    from .members import Site

Run = Callable[["Site", Any, Given], Value]


def named(value: Value, user: str) -> str:
    """A name that was given as a String or Symbol."""
    if isinstance(value, Symbol):
        return value.name
    if type(value) is str:
        return value
    raise SoliPlainTypeError(f"{user} expects a string or symbol argument")


def counted(passed: Given, count: int) -> list[Value]:
    """The arguments, of which there must be *count*; a block is the last one."""
    values = [*passed.values, *([passed.named] if passed.named else [])]
    if passed.block is not None:
        values.append(passed.block)
    if len(values) != count:
        raise wrong_number(count, len(values))
    return values


def function_given(value: Value, user: str) -> Value:
    if not is_callable(value):
        raise SoliTypeError(f"{user} expects a function argument")
    return value


# --- instances ---


def is_a(site: Site, value: Instance, passed: Given) -> Value:
    (name,) = counted(passed, 1)
    if type(name) is not str:
        raise SoliTypeError("is_a? expects a string argument")
    return value.soli_class.is_a(name)


def responds(site: Site, value: Instance, passed: Given) -> Value:
    (given,) = counted(passed, 1)
    name = named(given, "respond_to?")
    return name in INSTANCE_MEMBERS or value.soli_class.find_method(name) is not None


def send(site: Site, value: Instance, passed: Given) -> Value:
    from .members import call_instance_member

    if not passed.values:
        raise wrong_number(1, 0)
    name = named(passed.values[0], "send")
    rest = Given(passed.values[1:], passed.named, passed.block)
    find = value.soli_class.find_method
    known = name in INSTANCE_MEMBERS or name in value.fields or find(name) is not None
    if not known and find("method_missing") is None:
        raise SoliNameError(f"undefined method `{name}`")
    return call_instance_member(site.quiet(), value, name, rest)


def variables(site: Site, value: Instance, passed: Given) -> Value:
    return [f"@{name}" for name in value.fields]


def variable_get(site: Site, value: Instance, passed: Given) -> Value:
    (given,) = counted(passed, 1)
    return value.fields.get(named(given, "instance_variable_get").removeprefix("@"))


def variable_set(site: Site, value: Instance, passed: Given) -> Value:
    from .members import write_member

    given, new = counted(passed, 2)
    write_member(value, named(given, "instance_variable_set").removeprefix("@"), new)
    return new


def methods(site: Site, value: Instance, passed: Given) -> Value:
    names: list[Value] = []
    for klass in value.soli_class.ancestors:
        names += [name for name in klass.methods if name not in names]
    return names + [name for name in INSTANCE_MEMBERS if name not in names]


def define_on_instance(site: Site, value: Instance, passed: Given) -> Value:
    return define_method(site, value.soli_class, passed)


def alias_on_instance(site: Site, value: Instance, passed: Given) -> Value:
    return alias_method(site, value.soli_class, passed)


def evaluated(site: Site, value: Value, passed: Given, user: str) -> Value:
    """Run a function with `this` bound to *value*."""
    (given,) = counted(passed, 1)
    function = function_given(given, user)
    if not isinstance(function, Function):
        return site.call(function, Given([]))
    code = function.code
    assert isinstance(code, Code)
    arguments = [value] if code.node.has_params and code.arity != 0 else []
    return function.rebind(value).call(arguments, None, None)


def instance_eval(site: Site, value: Instance, passed: Given) -> Value:
    return evaluated(site, value, passed, "instance_eval")


INSTANCE_MEMBERS: dict[str, Run] = {
    "inspect": lambda site, value, passed: inspect(value),
    "class": lambda site, value, passed: value.soli_class.name,
    "nil?": lambda site, value, passed: False,
    "blank?": lambda site, value, passed: False,
    "present?": lambda site, value, passed: True,
    "is_a?": is_a,
    "respond_to?": responds,
    "send": send,
    "instance_variables": variables,
    "instance_variable_get": variable_get,
    "instance_variable_set": variable_set,
    "define_method": define_on_instance,
    "alias_method": alias_on_instance,
    "instance_eval": instance_eval,
    "methods": methods,
}
NEED_NOTHING = frozenset(
    ("inspect", "class", "nil?", "blank?", "present?", "instance_variables", "methods")
)
"""Those, of instances and classes, that run without parentheses."""


# --- classes ---


def builtin_kinds(klass: SoliClass, scope: Scope) -> tuple[type, ...]:
    """The Python classes of the values of a builtin class such as `String`."""
    if scope.oracle.machine.globals.get(klass.name) is not klass:
        return ()
    return scope.oracle.machine.type_classes.get(klass.name, ())


def define_method(site: Site, klass: SoliClass, passed: Given) -> Value:
    """Add an instance method; `this` in it is the receiver."""
    given, function = counted(passed, 2)
    name = named(given, "define_method")
    function_given(function, "define_method")
    if isinstance(function, Function):
        code = Code(function.node, klass, name)
        function = code.bind(function.captured, function.receiver)
    kinds = builtin_kinds(klass, site.scope)
    for kind in kinds:
        site.scope.oracle.added.setdefault(kind, {})[name] = function
    if not kinds:
        klass.add_method(name, function)
    return None


def alias_method(site: Site, klass: SoliClass, passed: Given) -> Value:
    given, old = counted(passed, 2)
    name, known = named(given, "alias_method"), named(old, "alias_method")
    kinds = builtin_kinds(klass, site.scope)
    if kinds:
        added = [site.scope.oracle.added.get(kind, {}).get(known) for kind in kinds]
        if None in added:
            raise SoliValueError(f"alias_method: method '{known}' not found")
        for kind, function in zip(kinds, added, strict=True):
            assert function is not None
            site.scope.oracle.added[kind][name] = function
        return None
    method = klass.find_method(known)
    if method is None:
        return f"alias_method: method '{known}' not found"
    klass.add_method(name, method)
    return None


def class_eval(site: Site, klass: SoliClass, passed: Given) -> Value:
    return evaluated(site, klass, passed, "class_eval")


def class_responds(site: Site, klass: SoliClass, passed: Given) -> Value:
    (given,) = counted(passed, 1)
    name = named(given, "respond_to?")
    return name in CLASS_MEMBERS or is_callable(klass.find_static(name))


def class_send(site: Site, klass: SoliClass, passed: Given) -> Value:
    from .classes import call_class_member, class_missing

    if not passed.values:
        raise wrong_number(1, 0)
    name = named(passed.values[0], "send")
    known = name in CLASS_MEMBERS or name == "new" or name in klass.static_names()
    if not known and class_missing(klass) is None:
        raise SoliNameError(f"undefined method `{name}`")
    rest = Given(passed.values[1:], passed.named, passed.block)
    return call_class_member(site.quiet(), klass, name, rest)


def class_methods(site: Site, klass: SoliClass, passed: Given) -> Value:
    names: list[Value] = []
    for one in klass.ancestors:
        names += [n for n, v in one.statics.items() if isinstance(v, Function) and n not in names]
    return names + [name for name in CLASS_MEMBERS if name not in names]


CLASS_MEMBERS: dict[str, Run] = {
    "inspect": lambda site, klass, passed: to_text(klass),
    "to_s": lambda site, klass, passed: to_text(klass),
    "name": lambda site, klass, passed: klass.name,
    "class": lambda site, klass, passed: "class",
    "nil?": lambda site, klass, passed: False,
    "blank?": lambda site, klass, passed: False,
    "present?": lambda site, klass, passed: True,
    "respond_to?": class_responds,
    "send": class_send,
    "define_method": define_method,
    "alias_method": alias_method,
    "class_eval": class_eval,
    "methods": class_methods,
}
BARE_ON_CLASSES = frozenset(
    ("inspect", "to_s", "name", "class", "nil?", "blank?", "present?", "methods")
)
