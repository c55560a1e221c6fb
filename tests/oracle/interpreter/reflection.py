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


def class_of(value: Value) -> SoliClass:
    """*value* if it is a class, else the class of that instance."""
    return value if isinstance(value, SoliClass) else value.soli_class


def members(value: Value) -> dict[str, Run]:
    return CLASS_MEMBERS if isinstance(value, SoliClass) else INSTANCE_MEMBERS


def find(value: Value, name: str) -> Value:
    """The method *name* of an instance, the static member of a class."""
    if isinstance(value, SoliClass):
        return value.find_static(name)
    return value.soli_class.find_method(name)


def is_a(site: Site, value: Instance, passed: Given) -> Value:
    (name,) = counted(passed, 1)
    if type(name) is not str:
        raise SoliTypeError("is_a? expects a string argument")
    return value.soli_class.is_a(name)


def responds(site: Site, value: Value, passed: Given) -> Value:
    (given,) = counted(passed, 1)
    name = named(given, "respond_to?")
    return name in members(value) or is_callable(find(value, name))


def send(site: Site, value: Value, passed: Given) -> Value:
    from .members import member

    if not passed.values:
        raise wrong_number(1, 0)
    name = named(passed.values[0], "send")
    held = ("new", *value.static_names()) if isinstance(value, SoliClass) else value.fields
    known = name in members(value) or name in held or find(value, name) is not None
    if not known and find(value, "method_missing") is None:
        raise SoliNameError(f"undefined method `{name}`")
    rest = Given(passed.values[1:], passed.named, passed.block)
    return member(site.quiet(), value, name, rest)


def variable_get(site: Site, value: Instance, passed: Given) -> Value:
    (given,) = counted(passed, 1)
    return value.fields.get(named(given, "instance_variable_get").removeprefix("@"))


def variable_set(site: Site, value: Instance, passed: Given) -> Value:
    from .members import write_member

    given, new = counted(passed, 2)
    write_member(value, named(given, "instance_variable_set").removeprefix("@"), new)
    return new


def methods(site: Site, value: Value, passed: Given) -> Value:
    """The names of what the program defined, then of what all have."""
    names: list[Value] = []
    for klass in class_of(value).ancestors:
        held = klass.statics if isinstance(value, SoliClass) else klass.methods
        names += [name for name, one in held.items() if isinstance(one, Function)]
    return list(dict.fromkeys([*names, *members(value)]))


def evaluated(site: Site, value: Value, passed: Given) -> Value:
    """`instance_eval` and `class_eval`: run a function with `this` bound to *value*."""
    (function,) = counted(passed, 1)
    user = "class_eval" if isinstance(value, SoliClass) else "instance_eval"
    function_given(function, user)
    if not isinstance(function, Function):
        return site.held(function, Given([]))
    arguments = [value] if function.node.params else []
    return function.rebind(value).call(arguments, None, None)


def builtin_kinds(klass: SoliClass, scope: Scope) -> Any:
    """The Python classes of the values of a builtin class such as `String`."""
    if scope.oracle.machine.globals.get(klass.name) is not klass:
        return ()
    return scope.oracle.machine.type_classes.get(klass.name, ())


def define_method(site: Site, value: Value, passed: Given) -> Value:
    """Add an instance method; `this` in it is the receiver."""
    klass = class_of(value)
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


def alias_method(site: Site, value: Value, passed: Given) -> Value:
    klass = class_of(value)
    given, old = counted(passed, 2)
    name, known = named(given, "alias_method"), named(old, "alias_method")
    missing = f"alias_method: method '{known}' not found"
    kinds = builtin_kinds(klass, site.scope)
    for kind in kinds:
        added = site.scope.oracle.added.get(kind, {})
        if known not in added:
            raise SoliValueError(missing)
        added[name] = added[known]
    method = klass.find_method(known)
    if kinds or method is None:
        return None if kinds else missing
    klass.add_method(name, method)
    return None


COMMON: dict[str, Run] = {
    "nil?": lambda site, value, passed: False,
    "blank?": lambda site, value, passed: False,
    "present?": lambda site, value, passed: True,
}
INSTANCE_MEMBERS: dict[str, Run] = {
    "inspect": lambda site, value, passed: inspect(value),
    "class": lambda site, value, passed: value.soli_class.name,
    **COMMON,
    "is_a?": is_a,
    "respond_to?": responds,
    "send": send,
    "instance_variables": lambda site, value, passed: [f"@{name}" for name in value.fields],
    "instance_variable_get": variable_get,
    "instance_variable_set": variable_set,
    "define_method": define_method,
    "alias_method": alias_method,
    "instance_eval": evaluated,
    "methods": methods,
}
CLASS_MEMBERS: dict[str, Run] = {
    "inspect": lambda site, klass, passed: to_text(klass),
    "to_s": lambda site, klass, passed: to_text(klass),
    "name": lambda site, klass, passed: klass.name,
    "class": lambda site, klass, passed: "class",
    **COMMON,
    "respond_to?": responds,
    "send": send,
    "define_method": define_method,
    "alias_method": alias_method,
    "class_eval": evaluated,
    "methods": methods,
}
NEED_NOTHING = frozenset(
    "inspect class nil? blank? present? instance_variables methods name to_s".split()
)
"""Those, of instances and classes, that run without parentheses."""
