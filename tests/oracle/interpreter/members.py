"""`value.name` and `value.name(…)` by the kind of value (docs/spec §4.8, §6.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliAttributeError, SoliPlainTypeError, SoliTypeError
from soli_lang.base.source import Span
from soli_lang.native.native import UNLIMITED, BoundMethod, NativeFunction, NativeMethod
from soli_lang.tree import nodes
from soli_lang.values.display import to_text
from soli_lang.values.kinds import owner_name, type_name
from soli_lang.values.objects import EnumValue, ErrorValue, Instance, SoliClass, is_callable
from soli_lang.values.values import UNSET, Function, Value

from .calling import Given, call_value, given, traced
from .classes import call_class_member, read_class_member
from .functions import wrong_number
from .interpreting import answers
from .reflection import INSTANCE_MEMBERS, NEED_NOTHING
from .scopes import Scope


class Site:
    """Where a member is used. One that is *quiet* leaves no lines in backtraces."""

    def __init__(self, span: Span, scope: Scope, *, quiet: bool = False) -> None:
        self.span = span
        self.scope = scope
        self.is_quiet = quiet

    def quiet(self) -> Site:
        """The same place, for what is called by another name (`send`)."""
        return Site(self.span, self.scope, quiet=True)

    def call(self, callee: Value, passed: Given) -> Value:
        """Call a value that something held; no line of the backtrace."""
        if isinstance(callee, Function):
            return self.call_method(None, callee, passed)
        return call_value(callee, passed, self.span, self.scope)

    def traced(self, label: str | None, run: Callable[[], Value]) -> Value:
        """Run a call with a line of the backtrace for it."""
        label = None if self.is_quiet else label
        return traced(label, self.span, self.scope, run)

    def call_method(self, label: str | None, function: Function, passed: Given) -> Value:
        return self.traced(label, lambda: function.call(passed.values, passed.named, passed.block))


def unknown(value: Value, name: str) -> SoliAttributeError:
    return SoliAttributeError(f"Cannot access property '{name}' on {owner_name(value)}")


# --- without parentheses ---


@answers(nodes.Member)
def member(node: nodes.Member, scope: Scope) -> Value:
    value = scope.evaluate(node.object)
    return read_member(value, node, scope)


def read_member(value: Value, node: nodes.Member, scope: Scope) -> Value:
    """`value.name` without parentheses."""
    if value is None and node.is_safe:
        return None
    site = Site(node.span, scope)
    if isinstance(value, SoliClass):
        return read_class_member(site, value, node.name)
    if isinstance(value, Instance):
        return read_instance_member(site, value, node.name)
    return read_builtin_member(site, value, node.name)


def read_instance_member(site: Site, value: Instance, name: str) -> Value:
    if name in INSTANCE_MEMBERS:
        return read_universal_member(site, value, name)
    if name in value.fields:
        return value.fields[name]
    method = value.soli_class.find_method(name)
    if isinstance(method, Function):
        return read_method(site, value, name, method.rebind(value))
    if isinstance(value, ErrorValue) and text_method(site, name) is not None:
        return read_builtin_member(site, to_text(value), name)
    if isinstance(value, EnumValue) and name == "variant":
        return value.variant
    missing = value.soli_class.find_method("method_missing")
    if missing is None:
        raise unknown(value, name)

    def run(*arguments: Value) -> Value:
        return call_missing(site, value, name, Given(list(arguments)), missing)

    return NativeFunction(name, 0, UNLIMITED, run)


def read_universal_member(site: Site, value: Instance, name: str) -> Value:
    if name in NEED_NOTHING:
        return INSTANCE_MEMBERS[name](site, value, Given([]))

    def run(*arguments: Value) -> Value:
        return INSTANCE_MEMBERS[name](site, value, Given(list(arguments)))

    return NativeFunction(name, 0, UNLIMITED, run)


def read_method(site: Site, value: Instance, name: str, function: Function) -> Value:
    """A method without parentheses: run where it demands no argument, else as a value."""
    if not function.auto:
        return function
    return site.call_method(f"{value.soli_class.name}#{name}", function, Given([]))


def text_method(site: Site, name: str) -> Any:
    """The method *name* of strings, for an error that acts as its text (docs/spec §9.1)."""
    added = site.scope.oracle.added.get(str, {}).get(name)
    return added or site.scope.oracle.machine.find_method("", name)


def read_builtin_member(site: Site, value: Value, name: str) -> Value:
    added = site.scope.oracle.added.get(type(value), {}).get(name)
    if added is not None:
        function = added.rebind(value)
        return site.call(function, Given([])) if function.auto else function
    method = site.scope.oracle.machine.find_method(value, name)
    if isinstance(method, NativeMethod):
        return method.call(value, [], None, None) if method.bare else BoundMethod(value, method)
    if isinstance(value, dict):
        return value.get(name)
    raise unknown(value, name)


# --- with parentheses ---


def call_member(value: Value, name: str, passed: Given, span: Span, scope: Scope) -> Value:
    """`value.name(…)`"""
    site = Site(span, scope)
    if isinstance(value, SoliClass):
        return call_class_member(site, value, name, passed)
    if isinstance(value, Instance):
        return call_instance_member(site, value, name, passed)
    return call_builtin_member(site, value, name, passed)


def call_instance_member(site: Site, value: Instance, name: str, passed: Given) -> Value:
    if name in INSTANCE_MEMBERS:
        if name in NEED_NOTHING and passed.values:
            raise wrong_number(0, len(passed.values))
        return INSTANCE_MEMBERS[name](site, value, passed)
    if name in value.fields:
        return call_held(site, value.fields[name], passed)
    method = value.soli_class.find_method(name)
    if isinstance(method, Function):
        label = f"{value.soli_class.name}#{name}"
        return site.call_method(label, method.rebind(value), passed)
    if isinstance(value, ErrorValue) and text_method(site, name) is not None:
        return call_builtin_member(site, to_text(value), name, passed)
    if isinstance(value, EnumValue) and name == "variant":
        return value.variant
    missing = value.soli_class.find_method("method_missing")
    if missing is None:
        raise unknown(value, name)
    return call_missing(site, value, name, passed, missing)


def call_missing(site: Site, value: Instance, name: str, passed: Given, missing: Function) -> Value:
    """`method_missing(name, args)`: a last parameter `args` takes the rest as an array, others
    that are not given are null."""
    arguments = [name, *passed.values]
    params = [one for one in missing.node.params if not one.is_block]
    named = dict(passed.named or {})
    if params and params[-1].name == "args":
        params.pop()
        named["args"] = arguments[len(params) :]
        del arguments[len(params) :]
    for one in params[len(arguments) :]:
        if one.default is None:
            named.setdefault(one.name, None)
    return site.call(missing.rebind(value), Given(arguments, named, passed.block))


def call_held(site: Site, value: Value, passed: Given) -> Value:
    """`x.name(…)` where `x.name` is a value that x holds."""
    if is_callable(value):
        return site.call(value, passed)
    if passed.is_plain and not passed.values:
        return value
    if passed.is_plain:
        raise SoliPlainTypeError("Cannot call non-function value")
    raise SoliTypeError(f"{type_name(value)} is not callable")


def call_builtin_member(site: Site, value: Value, name: str, passed: Given) -> Value:
    added = site.scope.oracle.added.get(type(value), {}).get(name)
    if added is not None:
        return site.call(added.rebind(value), passed)
    method = site.scope.oracle.machine.find_method(value, name)
    if isinstance(method, NativeMethod):
        return method.call(value, passed.values, passed.named, passed.block)
    if isinstance(value, dict) and name in value:
        return call_held(site, value[name], passed)
    raise unknown(value, name)


# --- super ---


def above(scope: Scope) -> SoliClass:
    """The class above the one in which the running method stands."""
    home = scope.home_class()
    if home.superclass is None:
        raise SoliTypeError("class has no superclass")
    return home.superclass  # type: ignore[no-any-return]


@answers(nodes.SuperMember)
def super_member(node: nodes.SuperMember, scope: Scope) -> Value:
    return super_(Site(node.span, scope), node.name, None)


def call_super_member(callee: nodes.SuperMember, node: nodes.Call, scope: Scope) -> Value:
    passed = given(node, scope)
    return super_(Site(node.span, scope), callee.name, passed)


def super_(site: Site, name: str, passed: Given | None) -> Value:
    """`super.name(…)`; *passed* is None without parentheses."""
    superclass = site.traced(super_label(site.scope, name), lambda: above(site.scope))
    value, is_method = found_above(superclass, site.scope, name)
    if not is_method:
        return value if passed is None else call_held(site, value, passed)
    if passed is None and not value.auto:
        return value
    label = super_label(site.scope, name)
    return site.call_method(label, value, passed or Given([]))


def super_label(scope: Scope, name: str) -> str | None:
    """How backtraces call `super.name`; None where there is no class to name."""
    try:
        home = scope.home_class()
        if scope.is_static():
            return f"{home.name}.{name}"
        return f"{scope.receiver().soli_class.name}#{name}"
    except SoliTypeError:
        return None


def found_above(superclass: SoliClass, scope: Scope, name: str) -> tuple[Any, bool]:
    """What `super.name` means, and whether that is a method: else it is a field of `this`."""
    if scope.is_static():
        held = superclass.find_static(name, UNSET)
        if held is UNSET:
            raise unknown(superclass, name)
        return held, isinstance(held, Function)
    this = scope.receiver()
    method = superclass.find_method(name)
    if isinstance(method, Function):
        return method.rebind(this), True
    if name not in this.fields:
        raise unknown(this, name)
    return this.fields[name], False


# --- assignment ---


def write_member(value: Value, name: str, new: Value) -> None:
    """`value.name = new`"""
    if isinstance(value, SoliClass):
        if value.is_enum and name in value.variants:
            raise SoliTypeError(f"cannot reassign enum variant '{name}'")
        if value.is_const("." + name):
            raise SoliTypeError(f"cannot reassign static const field '{name}'")
        value.statics[name] = new
    elif isinstance(value, Instance):
        if value.soli_class.is_const(name):
            raise SoliTypeError(f"cannot reassign const field '{name}'")
        value.fields[name] = new
    elif isinstance(value, dict):
        value[name] = new
    else:
        raise SoliTypeError(f"cannot set property on {type_name(value)}")
